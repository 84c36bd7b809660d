package teamstest

// EventKind says what happened.
type EventKind string

// The kinds of event.
const (
	EventPeople   EventKind = "people"
	EventMessage  EventKind = "message" // posted
	EventChanged  EventKind = "changed" // edited, or another view for one person
	EventDeleted  EventKind = "deleted"
	EventDialog   EventKind = "dialog"
	EventDelivery EventKind = "delivery" // the bot was told something
)

// Event tells a subscriber what changed, not how it looks now: that is what Snapshot is for.
type Event struct {
	Kind    EventKind `json:"kind"`
	Chat    string    `json:"chat,omitempty"`
	Message string    `json:"message,omitempty"`
	Person  string    `json:"person,omitempty"`
}

// Subscribe calls tell after each change, outside the cloud's lock. The returned function ends the subscription.
func (c *Cloud) Subscribe(tell func(Event)) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nextSub++
	id := c.nextSub
	c.subs[id] = tell
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.subs, id)
	}
}

// emit notes an event that unlock hands to the subscribers.
func (c *Cloud) emit(e Event) { c.pending = append(c.pending, e) }
