package teamstest

import (
	"net/http"
	"slices"
	"strconv"
)

// connector carries out one request to the connector that has a good token.
func (c *Cloud) connector(in request) answer {
	for name := range in.http.URL.Query() {
		if in.op != OpMembers || (name != "pageSize" && name != "continuationToken") {
			return refusal(http.StatusBadRequest, "BadArgument", "teamstest does not model the parameter "+name)
		}
	}
	switch in.op {
	case OpCreate:
		return c.create(in)
	case OpTeam, OpChannels:
		return c.team(in)
	}
	chat, refused := c.reachable(in.ids[0])
	if refused.status != 0 {
		return refused
	}
	switch in.op {
	case OpMembers:
		return c.members(chat, in)
	case OpMember:
		return c.member(chat, in.ids[1])
	case OpPost, OpReply:
		return c.send(chat, in)
	default: // update, delete
		return c.change(in)
	}
}

// reachable returns the chat of a conversation id, or why the bot cannot reach it.
func (c *Cloud) reachable(conversation string) (*Chat, answer) {
	chat := c.chats[chatOf(conversation)]
	switch {
	case chat == nil:
		return nil, refusal(http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	case threadOf(conversation) != "" && (chat.Kind != Channel || c.find(Ref{chat.ID, threadOf(conversation)}) == nil):
		return nil, refusal(http.StatusNotFound, "ConversationNotFound", "There is no such thread.")
	case !c.installedIn(chat):
		return nil, refusal(http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case chat.Kind == Personal && slices.ContainsFunc(chat.members, func(id string) bool { return c.blocked[id] }):
		return nil, refusal(http.StatusForbidden, "MessageWritesBlocked", "Thread is blocked from message writes.")
	}
	return chat, answer{}
}

// send posts a message or a reply.
func (c *Cloud) send(chat *Chat, in request) answer {
	m, typing, refused := c.readActivity(chat, in)
	if refused.status != 0 {
		return refused
	}
	if typing {
		return answer{http.StatusCreated, object{"id": c.messageID()}}
	}
	conversation := in.ids[0]
	if in.op == OpReply {
		to := c.find(Ref{chat.ID, in.ids[1]})
		if to == nil || to.Deleted {
			return refusal(http.StatusNotFound, "ActivityNotFoundInConversation", "The message to reply to is not in the conversation.")
		}
		conversation = to.Conversation()
	}
	return answer{http.StatusCreated, object{"id": c.post(conversation, "28:"+c.opts.AppID, m).ID}}
}

// change updates or deletes one of the bot's own messages.
func (c *Cloud) change(in request) answer {
	m := c.find(Ref{in.ids[0], in.ids[1]})
	switch {
	case m == nil, m.Deleted, threadOf(in.ids[0]) != "" && threadOf(in.ids[0]) != m.Thread:
		return refusal(http.StatusNotFound, "ActivityNotFoundInConversation", "The message ID provided could not be found in the conversation.")
	case m.From != "28:"+c.opts.AppID:
		return refusal(http.StatusForbidden, "NotEnoughPermissions", "The message is not the bot's.")
	}
	if in.op == OpDelete {
		m.Deleted = true
		c.emit(Event{Kind: EventDeleted, Chat: m.Chat, Message: m.ID})
		return answer{http.StatusOK, object{}}
	}
	fresh, typing, refused := c.readActivity(c.chats[m.Chat], in)
	if refused.status != 0 {
		return refused
	}
	if typing {
		return refusal(http.StatusBadRequest, "BadSyntax", "Typing cannot replace a message.")
	}
	m.Text, m.Summary, m.card, m.Edited = fresh.Text, fresh.Summary, fresh.card, true
	m.reset()
	c.emit(Event{Kind: EventChanged, Chat: m.Chat, Message: m.ID})
	return answer{http.StatusOK, object{"id": m.ID}}
}

// create opens the chat with a person, or starts a thread in a channel with a first message.
func (c *Cloud) create(in request) answer {
	bad := func(text string) answer { return refusal(http.StatusBadRequest, "BadSyntax", text) }
	body, err := readObject(in.body)
	if err != nil {
		return bad(err.Error())
	}
	for name := range body {
		if !slices.Contains([]string{"bot", "members", "isGroup", "tenantId", "channelData", "activity", "topicName"}, name) {
			return bad("teamstest does not model the field " + name)
		}
	}
	if id := body.str("bot", "id"); id != "" && id != "28:"+c.opts.AppID && id != c.opts.AppID {
		return refusal(http.StatusForbidden, "InvalidBotApiHost", "That is another bot.")
	}
	if channel := body.str("channelData", "channel", "id"); channel != "" {
		return c.createThread(channel, body)
	}
	members := body.objs("members")
	tenant := body.str("channelData", "tenant", "id")
	if tenant == "" {
		tenant = body.str("tenantId")
	}
	switch {
	case body.at("isGroup") == true || len(members) != 1:
		return bad("Teams lets a bot create a chat with one person, or a thread in a channel.")
	case body.at("activity") != nil:
		return bad("teamstest does not model a first message in a personal chat.")
	case tenant == "":
		return bad("The tenant is missing.")
	}
	person := c.person(members[0].str("id"))
	switch {
	case person == nil || person.TenantID != tenant:
		return refusal(http.StatusNotFound, "MemberNotFound", "There is no such person in the tenant.")
	case !c.personal(person.ID).installed:
		return refusal(http.StatusForbidden, "ForbiddenOperationException", "Bot is not installed in user's personal scope.")
	case c.blocked[person.ID]:
		return refusal(http.StatusForbidden, "MessageWritesBlocked", "Thread is blocked from message writes.")
	}
	return answer{http.StatusCreated, object{"id": c.personal(person.ID).ID}}
}

func (c *Cloud) createThread(channel string, body object) answer {
	chat, refused := c.reachable(channel)
	switch {
	case refused.status != 0:
		return refused
	case chat.Kind != Channel || threadOf(channel) != "":
		return refusal(http.StatusBadRequest, "BadSyntax", "A thread is started in a channel.")
	case body.at("isGroup") != true || body.obj("activity") == nil:
		return refusal(http.StatusBadRequest, "BadSyntax", "A thread needs isGroup and a first activity.")
	}
	m, typing, refused := c.readActivity(chat, request{body: body.obj("activity").json(), ids: []string{channel}})
	if refused.status != 0 {
		return refused
	}
	if typing {
		return refusal(http.StatusBadRequest, "BadSyntax", "A thread does not start with typing.")
	}
	first := c.post(channel, "28:"+c.opts.AppID, m)
	return answer{http.StatusCreated, object{"id": first.Conversation(), "activityId": first.ID}}
}

// person returns somebody by the id towards the bot or the object id, or nil.
func (c *Cloud) person(id string) *Person {
	for _, p := range c.people {
		if id != "" && (p.ID == id || p.ObjectID == id) {
			return p
		}
	}
	return nil
}

// members answers with one page.
func (c *Cloud) members(chat *Chat, in request) answer {
	all, from, size := c.membersOf(chat), 0, c.opts.PageSize
	q := in.http.URL.Query()
	if token := q.Get("continuationToken"); token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(all) {
			return refusal(http.StatusBadRequest, "BadArgument", "The continuation token is not one of ours.")
		}
	}
	if wanted := q.Get("pageSize"); wanted != "" {
		n, err := strconv.Atoi(wanted)
		if err != nil || n < 1 || n > 500 {
			return refusal(http.StatusBadRequest, "BadArgument", "pageSize is 1 to 500.")
		}
		size = min(size, n)
	}
	to := min(from+size, len(all))
	list := []any{}
	for _, id := range all[from:to] {
		list = append(list, c.people[id].account())
	}
	out := object{"members": list}
	if to < len(all) {
		out["continuationToken"] = strconv.Itoa(to)
	}
	return answer{http.StatusOK, out}
}

func (c *Cloud) member(chat *Chat, id string) answer {
	p := c.person(id)
	if p == nil || !slices.Contains(c.membersOf(chat), p.ID) {
		return refusal(http.StatusNotFound, "MemberNotFoundInConversation", "The member is not in the conversation.")
	}
	return answer{http.StatusOK, p.account()}
}

// account is a person as the connector describes members.
func (p *Person) account() object {
	role := "user"
	if p.Guest {
		role = "guest"
	}
	return object{
		"id": p.ID, "name": p.Name, "objectId": p.ObjectID, "aadObjectId": p.ObjectID, "givenName": p.GivenName, "surname": p.Surname,
		"email": p.Email, "userPrincipalName": p.UPN, "tenantId": p.TenantID, "userRole": role,
	}
}

// team answers with a team, or with its channels.
func (c *Cloud) team(in request) answer {
	team := c.teams[in.ids[0]]
	switch {
	case team == nil:
		return refusal(http.StatusNotFound, "TeamNotFound", "Team not found.")
	case !team.installed:
		return refusal(http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the team.")
	case in.op == OpTeam:
		return answer{http.StatusOK, object{"id": team.ID, "name": team.Name, "aadGroupId": team.GroupID}}
	}
	list := []any{}
	for _, id := range c.chatIDs {
		if chat := c.chats[id]; chat.Team == team.ID {
			entry := object{"id": chat.ID}
			if chat.ID != team.ID {
				entry["name"] = chat.Name // the General channel comes without a name
			}
			list = append(list, entry)
		}
	}
	return answer{http.StatusOK, object{"conversations": list}}
}
