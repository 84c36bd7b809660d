package slacktest

import (
	"slices"
	"strings"
)

// Messages returns what stands in a channel, oldest first, threads included.
// Deleted messages are left out.
func (w *Workspace) Messages(channelID string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown(channelID)
}

func (w *Workspace) shown(channelID string) []Message {
	var out []Message
	for _, m := range w.messages[channelID] {
		if !m.Deleted {
			out = append(out, *m)
		}
	}
	return out
}

// Message returns one message, also a deleted one.
func (w *Workspace) Message(channelID, ts string) (Message, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m := w.find(channelID, ts); m != nil {
		return *m, true
	}
	return Message{}, false
}

// Thread returns the replies to a message, oldest first.
func (w *Workspace) Thread(channelID, ts string) []Message {
	var out []Message
	for _, m := range w.Messages(channelID) {
		if m.ThreadTS == ts {
			out = append(out, m)
		}
	}
	return out
}

// DMs returns the direct messages between a person and the app, oldest first.
func (w *Workspace) DMs(userID string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.chanOrder {
		if w.channels[id].IM == userID {
			return w.shown(id)
		}
	}
	return nil
}

// Ephemerals returns the messages that only this person sees, oldest first.
func (w *Workspace) Ephemerals(userID string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.whispered(userID)
}

func (w *Workspace) whispered(userID string) []Message {
	var out []Message
	for _, m := range w.ephemerals {
		if m.To == userID && !m.Deleted {
			out = append(out, *m)
		}
	}
	return out
}

// Views returns a person's open modals, the one in front last.
func (w *Workspace) Views(userID string) []View {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open(userID)
}

func (w *Workspace) open(userID string) []View {
	var out []View
	for _, id := range w.stacks[userID] {
		out = append(out, w.views[id].export())
	}
	return out
}

// Front returns the modal that a person has in front.
func (w *Workspace) Front(userID string) (View, bool) {
	views := w.Views(userID)
	if len(views) == 0 {
		return View{}, false
	}
	return views[len(views)-1], true
}

// Home returns a person's home tab, if the app published one.
func (w *Workspace) Home(userID string) (View, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	home := w.homes[userID]
	if home == nil {
		return View{}, false
	}
	return home.export(), true
}

// ChannelView is a channel with all that one person sees in it.
type ChannelView struct {
	Channel
	Messages []Message `json:"messages"`
}

// Snapshot is all that one person sees.
type Snapshot struct {
	Me       User          `json:"me"`
	Users    []User        `json:"users"`
	Channels []ChannelView `json:"channels"`
	Home     *View         `json:"home,omitempty"`
	// Modals are the open views, the one in front last.
	Modals []View `json:"modals,omitempty"`
	// Connected says that the app can be reached: over Socket Mode, or at request URLs.
	Connected bool `json:"connected"`
}

// Snapshot returns all that a person sees: channels with messages and
// ephemerals in order, home tab and open modals.
func (w *Workspace) Snapshot(userID string) Snapshot {
	users := w.Users()
	w.mu.Lock()
	defer w.mu.Unlock()
	out := Snapshot{Users: users, Modals: w.open(userID), Connected: len(w.sockets) > 0 || w.opts.RequestURL != RequestURLs{}}
	if me := w.users[userID]; me != nil {
		out.Me = *me
	}
	if home := w.homes[userID]; home != nil {
		shown := home.export()
		out.Home = &shown
	}
	whispered := w.whispered(userID)
	for _, id := range w.chanOrder {
		if !w.members[id][userID] {
			continue
		}
		view := ChannelView{Channel: *w.channels[id], Messages: w.shown(id)}
		for _, m := range whispered {
			if m.Channel == id {
				view.Messages = append(view.Messages, m)
			}
		}
		slices.SortStableFunc(view.Messages, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
		out.Channels = append(out.Channels, view)
	}
	return out
}
