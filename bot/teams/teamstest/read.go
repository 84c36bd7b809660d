package teamstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MessageView is a message as one person sees it.
type MessageView struct {
	Message
	// Author is the name of who wrote it.
	Author string `json:"author"`
	// Note is what only this person reads below the card.
	Note string `json:"note,omitempty"`
	// Own says that the card is this person's own view.
	Own bool `json:"own,omitempty"`
}

// Plain is the message as lines of text, so that a test reads as chat.
func (m MessageView) Plain() string {
	var lines []string
	for _, part := range []string{m.Text, Plain(m.Card), m.Note} {
		if part != "" {
			lines = append(lines, part)
		}
	}
	return strings.Join(lines, "\n")
}

// Buttons are the labels of the card's buttons.
func (m MessageView) Buttons() []string {
	card, err := readObject(m.Card)
	if err != nil {
		return nil
	}
	var out []string
	each(map[string]any(card), func(o object) {
		if strings.HasPrefix(o.str("type"), "Action.") {
			out = append(out, o.str("title"))
		}
	})
	return out
}

// ChatView is a chat as one person sees it.
type ChatView struct {
	Chat
	TeamName  string        `json:"teamName,omitempty"`
	Installed bool          `json:"installed"`
	Messages  []MessageView `json:"messages"`
}

// Snapshot is all that one person sees.
type Snapshot struct {
	Me     Person     `json:"me"`
	People []Person   `json:"people"`
	Chats  []ChatView `json:"chats"`
	Dialog *Dialog    `json:"dialog,omitempty"`
}

// Snapshot returns all that a person sees: their chats with messages, each card in their own view, and the open dialog.
// It does not refresh cards; Look does.
func (c *Cloud) Snapshot(person string) Snapshot {
	out := Snapshot{People: c.People()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if me := c.people[person]; me != nil {
		out.Me = *me
	}
	if d := c.dialogs[person]; d != nil {
		shown := *d
		out.Dialog = &shown
	}
	for _, id := range c.chatIDs {
		chat := c.chats[id]
		if !slices.Contains(c.membersOf(chat), person) {
			continue
		}
		view := ChatView{Chat: *chat, Installed: c.installedIn(chat), Messages: c.seen(id, person)}
		if team := c.teams[chat.Team]; team != nil {
			view.TeamName = team.Name
		}
		out.Chats = append(out.Chats, view)
	}
	return out
}

// Messages returns what stands in a chat as one person sees it, oldest first, threads included and deleted ones left out.
func (c *Cloud) Messages(chat, person string) []MessageView {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen(chatOf(chat), person)
}

// Last returns the last message of a chat as one person sees it.
func (c *Cloud) Last(chat, person string) (MessageView, bool) {
	all := c.Messages(chat, person)
	if len(all) == 0 {
		return MessageView{}, false
	}
	return all[len(all)-1], true
}

func (c *Cloud) seen(chat, person string) []MessageView {
	out := []MessageView{}
	for _, m := range c.posts {
		if m.Chat != chat || m.Deleted {
			continue
		}
		view := MessageView{Message: *m, Author: c.opts.BotName, Note: m.notes[person], Own: m.views[person] != nil}
		if p := c.people[m.From]; p != nil {
			view.Author = p.Name
		}
		if card := m.seenBy(person); card != nil {
			view.Card = card.json()
		}
		out = append(out, view)
	}
	return out
}

// Plain renders an Adaptive Card as lines of text: facts with a colon, inputs with an underline, buttons in brackets.
func Plain(card json.RawMessage) string {
	o, err := readObject(card)
	if err != nil {
		return ""
	}
	var lines, buttons []string
	each(map[string]any(o), func(o object) {
		switch kind := o.str("type"); {
		case kind == "TextBlock":
			lines = append(lines, o.str("text"))
		case kind == "RichTextBlock":
			var text strings.Builder
			for _, run := range o.objs("inlines") {
				text.WriteString(run.str("text"))
			}
			lines = append(lines, text.String())
		case kind == "FactSet":
			for _, fact := range o.objs("facts") {
				lines = append(lines, fact.str("title")+": "+fact.str("value"))
			}
		case strings.HasPrefix(kind, "Input."):
			lines = append(lines, fmt.Sprintf("%s: _%s_", o.str("label"), o.str("value")))
		case strings.HasPrefix(kind, "Action."):
			buttons = append(buttons, "["+o.str("title")+"]")
		}
	})
	if len(buttons) > 0 {
		lines = append(lines, strings.Join(buttons, " "))
	}
	return strings.Join(lines, "\n")
}
