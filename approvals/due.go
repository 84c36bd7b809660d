package approvals

import "time"

// Lane is a queue of due work with workers of its own, so that a flood in one does not delay another.
type Lane string

// The lanes, most urgent first.
const (
	LaneEnd   Lane = "end"   // ends and removals
	LaneInbox Lane = "inbox" // what people did
	LaneApply Lane = "apply" // approved changes, lapses, reminders
	LaneChat  Lane = "chat"  // cards and notices
	LaneSweep Lane = "sweep" // schedules
)

// Lanes lists the lanes, most urgent first.
func Lanes() []Lane { return []Lane{LaneEnd, LaneInbox, LaneApply, LaneChat, LaneSweep} }

// Rank orders lanes: 0 is the most urgent. An unknown lane comes last.
func (l Lane) Rank() int {
	for i, lane := range Lanes() {
		if lane == l {
			return i
		}
	}
	return len(Lanes())
}

// DueKind says what a due member names.
type DueKind string

// The kinds of due work.
const (
	DueRequest  DueKind = "request"  // key: RequestID; wake it
	DueTarget   DueKind = "target"   // key: Target.String(); do the next step of converging
	DueInbox    DueKind = "inbox"    // key: id of the item; carry it out
	DueTell     DueKind = "tell"     // key: RequestID; bring chat up to date
	DueSchedule DueKind = "schedule" // key: name of the schedule
)

// Due is a piece of work to be done at or after a time. A member (kind and key) stands in one lane at most.
type Due struct {
	Kind DueKind   `json:"kind"`
	Key  string    `json:"key"`
	Lane Lane      `json:"lane"`
	At   time.Time `json:"at"`
}

// Member is the name of the work in the store: "request|HP-1042".
func (d Due) Member() string { return string(d.Kind) + "|" + d.Key }

// Claim is the right of one worker to do a piece of due work until its lease ends.
type Claim struct {
	Due
	Token int64     `json:"token"` // rises with every claim
	Until time.Time `json:"until"` // end of the lease, by the store's clock
	Now   time.Time `json:"now"`   // the store's clock when it was claimed
	// Attempt counts claims since the work was last given back: more than 1 after workers that vanished.
	Attempt int `json:"attempt"`
	// Fails counts how often in a row the work was given back as failed.
	Fails int `json:"fails,omitempty"`
}
