package slacktest

// EventKind says what happened in the workspace.
type EventKind string

// The kinds of event.
const (
	EventPeople         EventKind = "people"
	EventMessage        EventKind = "message"
	EventMessageChanged EventKind = "message_changed"
	EventMessageDeleted EventKind = "message_deleted"
	EventEphemeral      EventKind = "ephemeral"
	EventView           EventKind = "view"
	EventHome           EventKind = "home"
	EventSocket         EventKind = "socket"
	EventDelivery       EventKind = "delivery"
)

// Event tells a subscriber what changed, not how it looks now: that is what
// Snapshot is for.
type Event struct {
	Kind    EventKind `json:"kind"`
	Channel string    `json:"channel,omitempty"`
	TS      string    `json:"ts,omitempty"`
	User    string    `json:"user,omitempty"`
	View    string    `json:"view,omitempty"`
}

// Subscribe calls tell after each change, outside the workspace's lock. The
// returned function ends the subscription.
func (w *Workspace) Subscribe(tell func(Event)) (cancel func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nextSub++
	id := w.nextSub
	w.subs[id] = tell
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subs, id)
	}
}

// emit notes an event that unlock hands to the subscribers.
func (w *Workspace) emit(event Event) {
	w.pending = append(w.pending, event)
}
