package slacktest

import "encoding/json"

// Message is a message as people see it.
type Message struct {
	Channel  string          `json:"channel"`
	TS       string          `json:"ts"`
	ThreadTS string          `json:"thread_ts,omitempty"`
	User     string          `json:"user"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// Edited is the time stamp of the last edit.
	Edited  string `json:"edited,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
	// Ephemeral messages are seen only by the person named in To.
	Ephemeral bool   `json:"ephemeral,omitempty"`
	To        string `json:"to,omitempty"`
	// Unfurl says whether links would be unfurled.
	Unfurl bool `json:"unfurl,omitempty"`
	// History holds what the message showed before, oldest first.
	History []Version `json:"history,omitempty"`

	team, botID, appID string
	bot                bool
}

// Version is what a message showed until it was edited.
type Version struct {
	Text   string          `json:"text"`
	Blocks json.RawMessage `json:"blocks,omitempty"`
}

// Ref names the message for Click.
func (m Message) Ref() Ref { return Ref{Channel: m.Channel, TS: m.TS} }

// Plain returns what a person reads: the blocks as text, or the text if there are none.
func (m Message) Plain() string {
	if len(m.Blocks) == 0 {
		return PlainMarkup(m.Text)
	}
	return PlainText(m.Blocks)
}

// Buttons returns the buttons of the message.
func (m Message) Buttons() []Button { return Buttons(m.Blocks) }

// find returns a message of a channel, also a deleted one.
func (w *Workspace) find(channel, ts string) *Message {
	for _, m := range w.messages[channel] {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// findEphemeral returns an ephemeral message that a person still sees.
func (w *Workspace) findEphemeral(channel, ts, user string) *Message {
	for _, m := range w.ephemerals {
		if m.Channel == channel && m.TS == ts && m.To == user && !m.Deleted {
			return m
		}
	}
	return nil
}

func (w *Workspace) newMessage(channel, user, thread string, body content) *Message {
	m := &Message{
		Channel: channel, TS: w.ts(), ThreadTS: thread, User: user,
		team: w.opts.TeamID, botID: w.opts.BotID, appID: w.opts.AppID, bot: user == w.opts.BotUserID,
	}
	show(m, body)
	return m
}

// show sets what a message shows.
func show(m *Message, body content) {
	m.Text, m.Unfurl, m.Blocks = body.text, body.unfurl, nil
	if body.blocks != nil {
		m.Blocks = encode(body.blocks)
	}
	if body.metadata != nil {
		m.Metadata = encode(body.metadata)
	}
}

// post adds a message that all in the channel see.
func (w *Workspace) post(channel, user, thread string, body content) *Message {
	m := w.newMessage(channel, user, thread, body)
	w.messages[channel] = append(w.messages[channel], m)
	w.emit(Event{Kind: EventMessage, Channel: channel, TS: m.TS})
	return m
}

// whisper adds a message that one person sees.
func (w *Workspace) whisper(channel, to, thread string, body content) *Message {
	m := w.newMessage(channel, w.opts.BotUserID, thread, body)
	m.Ephemeral, m.To = true, to
	w.ephemerals = append(w.ephemerals, m)
	w.emit(Event{Kind: EventEphemeral, Channel: channel, TS: m.TS, User: to})
	return m
}

// edit changes what a message shows and keeps what it showed.
func (w *Workspace) edit(m *Message, body content) {
	m.History = append(m.History, Version{Text: m.Text, Blocks: m.Blocks})
	show(m, body)
	m.Edited = w.ts()
	w.emit(Event{Kind: EventMessageChanged, Channel: m.Channel, TS: m.TS, User: m.To})
}

// remove deletes a message.
func (w *Workspace) remove(m *Message) {
	m.Deleted = true
	w.emit(Event{Kind: EventMessageDeleted, Channel: m.Channel, TS: m.TS, User: m.To})
}

// Say posts a message by a person; the app is not told.
func (w *Workspace) Say(userID, channelID, text string) Message {
	w.mu.Lock()
	defer w.unlock()
	return *w.post(channelID, userID, "", content{text: text})
}
