package teamstest

import (
	"encoding/json"
	"slices"
	"time"
)

// Ref names a message.
type Ref struct {
	Chat string `json:"chat"`
	ID   string `json:"id"`
}

// Message is something that stands in a chat.
type Message struct {
	Ref
	// Thread is the id of the first message of a channel's thread; the first one names itself.
	Thread string `json:"thread,omitempty"`
	// From is a person's id or the bot's.
	From string    `json:"from"`
	At   time.Time `json:"at"`
	Text string    `json:"text,omitempty"`
	// Summary is what a notification shows.
	Summary string `json:"summary,omitempty"`
	// Card is the Adaptive Card that everybody gets.
	Card    json.RawMessage `json:"card,omitempty"`
	Edited  bool            `json:"edited,omitempty"`
	Deleted bool            `json:"deleted,omitempty"`

	card  object
	views map[string]object // cards that one person sees instead
	notes map[string]string // what one person reads below the card
	fresh map[string]bool   // whose view was refreshed since the last change for all
}

// Conversation returns the conversation id as it stands in activities: in a channel it names the thread.
func (m *Message) Conversation() string {
	if m.Thread == "" {
		return m.Chat
	}
	return m.Chat + ";messageid=" + m.Thread
}

// post puts a message into a conversation; without a thread it starts one in a channel.
func (c *Cloud) post(conversation, from string, m Message) *Message {
	m.Ref, m.Thread = Ref{chatOf(conversation), c.messageID()}, threadOf(conversation)
	if m.Thread == "" && c.chats[m.Chat].Kind == Channel {
		m.Thread = m.ID
	}
	m.From, m.At = from, c.opts.Now()
	m.reset()
	c.posts = append(c.posts, &m)
	c.emit(Event{Kind: EventMessage, Chat: m.Chat, Message: m.ID})
	return &m
}

// reset forgets what single people saw.
func (m *Message) reset() {
	m.views, m.notes, m.fresh = map[string]object{}, map[string]string{}, map[string]bool{}
	m.Card = nil
	if m.card != nil {
		m.Card = m.card.json()
	}
}

// find returns a message, also a deleted one, or nil.
func (c *Cloud) find(ref Ref) *Message {
	i := slices.IndexFunc(c.posts, func(m *Message) bool { return m.Chat == chatOf(ref.Chat) && m.ID == ref.ID })
	if i < 0 {
		return nil
	}
	return c.posts[i]
}

// seenBy returns the card as a person sees it; nil if there is none.
func (m *Message) seenBy(person string) object {
	if view := m.views[person]; view != nil {
		return view
	}
	return m.card
}
