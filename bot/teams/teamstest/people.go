package teamstest

import (
	"fmt"
	"slices"
	"strings"
)

// Person is somebody as Teams knows them.
type Person struct {
	// ID is the person's id towards this bot, 29:…
	ID string `json:"id"`
	// ObjectID is the object id in Entra ID. Teams leaves it out for anonymous people.
	ObjectID  string `json:"aadObjectId,omitempty"`
	Name      string `json:"name"`
	GivenName string `json:"givenName,omitempty"`
	Surname   string `json:"surname,omitempty"`
	Email     string `json:"email,omitempty"`
	UPN       string `json:"userPrincipalName,omitempty"`
	// TenantID is the person's home; the default is the bot's tenant. Another one is a federated person, or somebody of
	// another organisation in a shared channel.
	TenantID string `json:"tenantId,omitempty"`
	// Guest is a guest of the bot's tenant.
	Guest bool `json:"guest,omitempty"`
}

// The kinds of chat.
const (
	Personal  = "personal"
	GroupChat = "groupChat"
	Channel   = "channel"
)

// Chat is a conversation: a person with the bot, several people, or a channel of a team.
type Chat struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
	// Team is the id of a channel's team.
	Team string `json:"team,omitempty"`
	// TenantID is where the chat lives; the default is the bot's tenant.
	TenantID string `json:"tenantId,omitempty"`

	members   []string
	installed bool // not for channels: there the team counts
}

// Team is a team. Its first channel has the team's own id and is called General.
type Team struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// GroupID is the object id of its group in Entra ID.
	GroupID string `json:"aadGroupId"`

	members   []string
	installed bool
}

// AddPerson adds somebody or replaces the one with the same id. What is empty is filled in.
func (c *Cloud) AddPerson(p Person) Person {
	c.mu.Lock()
	defer c.unlock()
	if p.ID == "" {
		p.ID = "29:1" + strings.ReplaceAll(p.ObjectID, "-", "") + c.next()
	}
	if p.TenantID == "" {
		p.TenantID = c.opts.TenantID
	}
	if given, rest, ok := strings.Cut(p.Name, " "); ok && p.GivenName == "" {
		p.GivenName, p.Surname = given, rest
	}
	if _, known := c.people[p.ID]; !known {
		c.order = append(c.order, p.ID)
	}
	c.people[p.ID] = &p
	c.personal(p.ID)
	c.emit(Event{Kind: EventPeople, Person: p.ID})
	return p
}

// People returns everybody in the order in which they came.
func (c *Cloud) People() []Person {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Person, 0, len(c.order))
	for _, id := range c.order {
		out = append(out, *c.people[id])
	}
	return out
}

// personal returns the chat between a person and the bot.
func (c *Cloud) personal(person string) *Chat {
	id := "a:1" + strings.TrimPrefix(person, "29:")
	if c.chats[id] == nil {
		c.chats[id] = &Chat{ID: id, Kind: Personal, Name: c.opts.BotName, TenantID: c.people[person].TenantID, members: []string{person}}
		c.chatIDs = append(c.chatIDs, id)
	}
	return c.chats[id]
}

// PersonalChat returns the id of the chat between a person and the bot, whether the app is installed there or not.
func (c *Cloud) PersonalChat(person string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.people[person] == nil {
		return ""
	}
	return c.personal(person).ID
}

// AddGroupChat adds a chat of several people, without the app.
func (c *Cloud) AddGroupChat(chat Chat, members ...string) Chat {
	c.mu.Lock()
	defer c.unlock()
	if chat.ID == "" {
		chat.ID = "19:" + c.next() + "@thread.v2"
	}
	chat.Kind, chat.members = GroupChat, members
	return c.add(chat)
}

// AddTeam adds a team with its General channel, without the app.
func (c *Cloud) AddTeam(team Team, members ...string) Team {
	c.mu.Lock()
	defer c.unlock()
	if team.ID == "" {
		team.ID = "19:" + c.next() + "@thread.tacv2"
	}
	if team.GroupID == "" {
		team.GroupID = "00000000-0000-4000-8000-" + c.next()
	}
	team.members = members
	c.teams[team.ID] = &team
	c.add(Chat{ID: team.ID, Kind: Channel, Name: "General", Team: team.ID})
	return team
}

// AddChannel adds a channel to a team. The people named see it without being in the team: it is shared with them.
func (c *Cloud) AddChannel(chat Chat, sharedWith ...string) Chat {
	c.mu.Lock()
	defer c.unlock()
	if chat.ID == "" {
		chat.ID = "19:" + c.next() + "@thread.tacv2"
	}
	chat.Kind, chat.members = Channel, sharedWith
	return c.add(chat)
}

func (c *Cloud) add(chat Chat) Chat {
	if chat.TenantID == "" {
		chat.TenantID = c.opts.TenantID
	}
	if c.chats[chat.ID] == nil {
		c.chatIDs = append(c.chatIDs, chat.ID)
	}
	c.chats[chat.ID] = &chat
	c.emit(Event{Kind: EventPeople, Chat: chat.ID})
	return chat
}

// Leave takes a person out of a chat or, for a channel, out of its team.
func (c *Cloud) Leave(person, chat string) error {
	c.mu.Lock()
	defer c.unlock()
	ch := c.chats[chatOf(chat)]
	if ch == nil {
		return fmt.Errorf("there is no chat %q", chat)
	}
	gone := func(id string) bool { return id == person }
	ch.members = slices.DeleteFunc(ch.members, gone)
	if team := c.teams[ch.Team]; team != nil {
		team.members = slices.DeleteFunc(team.members, gone)
	}
	c.emit(Event{Kind: EventPeople, Chat: ch.ID})
	return nil
}

// Block makes a person block the bot: nothing can be written to them until Unblock.
func (c *Cloud) Block(person string) { c.setBlocked(person, true) }

// Unblock undoes Block.
func (c *Cloud) Unblock(person string) { c.setBlocked(person, false) }

func (c *Cloud) setBlocked(person string, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocked[person] = on
}

// membersOf returns the people of a chat; of a channel those of its team and those it is shared with.
func (c *Cloud) membersOf(chat *Chat) []string {
	var all []string
	if team := c.teams[chat.Team]; team != nil {
		all = append(all, team.members...)
	}
	for _, id := range chat.members {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// installedIn says whether the app is there.
func (c *Cloud) installedIn(chat *Chat) bool {
	if team := c.teams[chat.Team]; team != nil {
		return team.installed
	}
	return chat.installed
}

// chatOf returns the chat's part of a conversation id, which in a channel may name a thread.
func chatOf(conversation string) string {
	chat, _, _ := strings.Cut(conversation, ";messageid=")
	return chat
}

// threadOf returns the id of a thread's first message, or "".
func threadOf(conversation string) string {
	_, thread, _ := strings.Cut(conversation, ";messageid=")
	return thread
}
