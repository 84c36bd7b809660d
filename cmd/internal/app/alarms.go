package app

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// SealedSpaces are the documents in the store from which something is decided: who somebody is, who answers for what, and what was
// known of the app registrations that hallpass signs in as.
func SealedSpaces() []string { return []string{spaceBindings, spaceOwners, spaceOwn} }

// Alarms says where people read it that another hand has written to the store.
type Alarms struct {
	Count func(kind string) // a metric
	Log   *slog.Logger
	Now   func() time.Time

	mu   sync.Mutex // mu guards what is below
	tell func(what, do string)
	said map[string]time.Time
}

// alarmAgain is how long the same is not said again in chat, and alarmsKept how many different ones are remembered: who
// forges thousands of records shall not flood the channel.
const (
	alarmAgain = time.Hour
	alarmsKept = 20
)

// Forged is told the name of a record that hallpass did not write. It may be called from anywhere, again and again.
func (a *Alarms) Forged(what string) {
	kind, _, _ := strings.Cut(what, " ")
	if kind == "a" { // a row
		kind = "row"
	}
	a.Count(kind)
	a.Log.Error("ALARM: what stands in Redis was not written by hallpass and is not believed", "what", what)
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.Now()
	for w, at := range a.said {
		if now.Sub(at) >= alarmAgain {
			delete(a.said, w)
		}
	}
	if _, said := a.said[what]; said || a.tell == nil || len(a.said) >= alarmsKept {
		return
	}
	if a.said == nil {
		a.said = map[string]time.Time{}
	}
	a.said[what] = now
	a.tell("Somebody other than hallpass has written to Redis: "+what+".", "It is not believed and nothing is added to Entra ID because of it. Find out who can write Redis.")
}

// connect sets where alarms go besides the log.
func (a *Alarms) connect(tell func(what, do string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tell = tell
}
