package teamstest

import (
	"context"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
)

// Install installs the app for a person: the bot is told of the new personal chat.
func (c *Cloud) Install(ctx context.Context, person string) (*Delivery, error) {
	return c.install(ctx, person, c.PersonalChat(person), true)
}

// Uninstall takes the app from a person.
func (c *Cloud) Uninstall(ctx context.Context, person string) (*Delivery, error) {
	return c.install(ctx, person, c.PersonalChat(person), false)
}

// InstallIn makes a person add the app to a group chat, or to the team of a channel.
func (c *Cloud) InstallIn(ctx context.Context, person, chat string) (*Delivery, error) {
	return c.install(ctx, person, chat, true)
}

// UninstallFrom makes a person remove the app from a group chat or a team.
func (c *Cloud) UninstallFrom(ctx context.Context, person, chat string) (*Delivery, error) {
	return c.install(ctx, person, chat, false)
}

// install tells the bot twice, as Teams does: that a member came or went, and that the app was added or removed.
func (c *Cloud) install(ctx context.Context, person, conversation string, on bool) (*Delivery, error) {
	c.mu.Lock()
	p, chat, err := c.place(person, conversation)
	if err != nil {
		c.mu.Unlock()
		return nil, err
	}
	if team := c.teams[chat.Team]; team != nil {
		team.installed = on
		chat = c.chats[team.ID] // Teams tells of teams in their General channel
	} else {
		chat.installed = on
	}
	bot := []any{object{"id": "28:" + c.opts.AppID}}
	moved, action := object{"membersAdded": bot}, "add"
	if !on {
		moved, action = object{"membersRemoved": bot}, "remove"
	}
	first := c.activity("conversationUpdate", p, chat, chat.ID, moved)
	if chat.Kind == Channel {
		first.obj("channelData")["eventType"] = map[bool]string{true: "teamMemberAdded", false: "teamMemberRemoved"}[on]
	}
	update := c.newDelivery(first, person, Ref{Chat: chat.ID})
	installation := c.newDelivery(c.activity("installationUpdate", p, chat, chat.ID, object{"action": action}), person, Ref{Chat: chat.ID})
	c.mu.Unlock()
	_, err = c.deliver(ctx, update)
	d, err2 := c.deliver(ctx, installation)
	return d, errors.Join(err, err2)
}

// Typed is a message as a client sends it.
type Typed struct {
	// Text is the text field, in which Teams escapes & < > and marks mentions with <at>.
	Text string
	// HTML is the formatted form, which comes along as an attachment. Empty: there is none.
	HTML string
	// Mentions are the names that stand in Text between <at> and </at>, each with the id that is meant.
	Mentions map[string]string
}

// Say types a message. A word @BotName mentions the bot; in a channel or group chat the bot is told of nothing else. In a
// channel it starts a thread, unless the conversation id names one.
func (c *Cloud) Say(ctx context.Context, person, conversation, text string) (*Delivery, error) {
	o := c.Options()
	t := Typed{Text: html.EscapeString(text), HTML: "<p>" + html.EscapeString(text) + "</p>", Mentions: map[string]string{}}
	if before, after, found := strings.Cut(text, "@"+o.BotName); found {
		mention := "<at>" + o.BotName + "</at>"
		t.Text = html.EscapeString(before) + mention + "&nbsp;" + html.EscapeString(strings.TrimPrefix(after, " ")) + "\n"
		t.HTML = "<p>" + html.EscapeString(before) + `<span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">` + o.BotName +
			"</span>&nbsp;" + html.EscapeString(strings.TrimPrefix(after, " ")) + "</p>"
		t.Mentions[o.BotName] = "28:" + o.AppID
	}
	return c.Type(ctx, person, conversation, t)
}

// Type sends a message exactly as given.
func (c *Cloud) Type(ctx context.Context, person, conversation string, t Typed) (*Delivery, error) {
	c.mu.Lock()
	p, chat, err := c.place(person, conversation)
	if err == nil && threadOf(conversation) != "" && c.find(Ref{chat.ID, threadOf(conversation)}) == nil {
		err = fmt.Errorf("there is no thread %q", conversation)
	}
	if err == nil && chat.Kind == Personal && !chat.installed {
		err = fmt.Errorf("%s has not installed the app: Install it first", p.Name)
	}
	if err != nil {
		c.mu.Unlock()
		return nil, err
	}
	m := c.post(conversation, person, Message{Text: html.UnescapeString(plainMention(t.Text))})
	a := c.activity("message", p, chat, m.Conversation(), t.fields())
	a["id"] = m.ID
	a["entities"] = append(t.entities(), a["entities"].([]any)...) //nolint:forcetypeassert // activity put a list there
	d := c.newDelivery(a, person, m.Ref)
	heard := slices.Contains(mapValues(t.Mentions), "28:"+c.opts.AppID)
	d.Unheard = chat.Kind != Personal && (!heard || !c.installedIn(chat))
	c.unlock()
	return c.deliver(ctx, d)
}

func (t Typed) fields() object {
	out := object{"text": t.Text, "textFormat": "plain"}
	if t.HTML != "" {
		out["attachments"] = []any{object{"contentType": "text/html", "content": t.HTML}}
	}
	return out
}

func (t Typed) entities() []any {
	var out []any
	for name, id := range t.Mentions {
		out = append(out, object{"type": "mention", "text": "<at>" + name + "</at>", "mentioned": object{"id": id, "name": name}})
	}
	return out
}

func mapValues(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// plainMention shows mentions as people see them.
func plainMention(text string) string {
	return strings.NewReplacer("<at>", "@", "</at>", "", "&nbsp;", " ").Replace(text)
}

// Edit changes a message of the person's own.
func (c *Cloud) Edit(ctx context.Context, person string, ref Ref, text string) (*Delivery, error) {
	return c.about(ctx, person, ref, func(m *Message) (object, error) {
		if m.From != person {
			return nil, errors.New("people edit their own messages only")
		}
		m.Text, m.Edited = text, true
		c.emit(Event{Kind: EventChanged, Chat: m.Chat, Message: m.ID})
		return object{"type": "messageUpdate", "text": html.EscapeString(text), "textFormat": "plain", "id": m.ID}, nil
	})
}

// React adds a reaction, such as like or heart, to a message.
func (c *Cloud) React(ctx context.Context, person string, ref Ref, reaction string) (*Delivery, error) {
	return c.about(ctx, person, ref, func(m *Message) (object, error) {
		return object{"type": "messageReaction", "reactionsAdded": []any{object{"type": reaction}}, "replyToId": m.ID}, nil
	})
}

// about tells the bot of something that a person does to a message.
func (c *Cloud) about(ctx context.Context, person string, ref Ref, do func(*Message) (object, error)) (*Delivery, error) {
	c.mu.Lock()
	p, chat, err := c.place(person, ref.Chat)
	m := c.find(ref)
	if err == nil && (m == nil || m.Deleted) {
		err = fmt.Errorf("there is no message %q in %q", ref.ID, ref.Chat)
	}
	var more object
	if err == nil {
		more, err = do(m)
	}
	if err != nil {
		c.mu.Unlock()
		return nil, err
	}
	d := c.newDelivery(c.activity(more.str("type"), p, chat, m.Conversation(), more), person, m.Ref)
	c.unlock()
	return c.deliver(ctx, d)
}
