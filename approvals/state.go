package approvals

// State is where a request is in its life.
type State string

// The states of a request.
const (
	StateNone      State = ""          // not yet opened
	StatePending   State = "pending"   // waits for votes
	StateApproved  State = "approved"  // being applied
	StateActive    State = "active"    // applied and verified; the clock runs
	StateEnding    State = "ending"    // being taken away; never goes back
	StateEnded     State = "ended"     // taken away and verified
	StateDenied    State = "denied"    // somebody who could take a seat said no, or the plan changed twice
	StateCancelled State = "cancelled" // taken back before a decision
	StateLapsed    State = "lapsed"    // nobody decided in time
)

// States lists every state of a stored request, in the order of a life.
func States() []State {
	return []State{
		StatePending, StateApproved, StateActive, StateEnding, StateEnded, StateDenied, StateCancelled, StateLapsed,
	}
}

// Final reports whether nothing can happen to a request any more.
func (s State) Final() bool {
	switch s {
	case StateEnded, StateDenied, StateCancelled, StateLapsed:
		return true
	case StateNone, StatePending, StateApproved, StateActive, StateEnding:
		return false
	}
	return false
}

// Transition is one arrow of the picture in the package documentation.
type Transition struct {
	From, To State
	On       string
}

// Transitions is the one table of what may follow what. Step refuses every move that is not in it.
func Transitions() []Transition {
	return []Transition{
		{StateNone, StatePending, "asked"},
		{StatePending, StateApproved, "quorum"},
		{StatePending, StateDenied, "deny"},
		{StatePending, StateCancelled, "cancel"},
		{StatePending, StateLapsed, "no decision in time"},
		{StateApproved, StateActive, "all changes verified"},
		{StateApproved, StatePending, "plan changed, nothing written, first time"},
		{StateApproved, StateDenied, "plan changed again, or refused by today's rules"},
		{StateApproved, StateEnding, "cancel, revoke or not applied in time"},
		{StateActive, StateEnding, "end, revoke, taken out, not as predicted or fence broken"},
		{StateEnding, StateEnded, "every change absent"},
	}
}

// MayFollow reports whether the table has an arrow from one state to the other, or they are the same.
func MayFollow(from, to State) bool {
	if from == to {
		return true
	}
	for _, t := range Transitions() {
		if t.From == from && t.To == to {
			return true
		}
	}
	return false
}
