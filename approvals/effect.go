package approvals

import "time"

// Effect is due work that a step asks for. Effects are level-triggered: what is done is worked out from the state at
// that time, so doing one twice, or late, is harmless.
//
//sumtype:decl
type Effect interface{ effect() }

// Wake wants the request looked at again at or after a time.
type Wake struct {
	At   time.Time
	Lane Lane
}

// Converge wants a target brought to what the rows want of it.
type Converge struct {
	Target Target
	Lane   Lane
}

// Tell wants everything that people see of the request brought up to date.
type Tell struct{}

func (Wake) effect()     {}
func (Converge) effect() {}
func (Tell) effect()     {}
