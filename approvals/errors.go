package approvals

import (
	"errors"
	"fmt"
	"time"
)

// Errors that somebody branches on. Each is defined here once.
var (
	ErrNotFound  = errors.New("no such record")
	ErrConflict  = errors.New("the record was changed by another commit")
	ErrLostClaim = errors.New("the claim lapsed and went to another worker")
	ErrDuplicate = errors.New("this operation was carried out before")
	ErrNoWake    = errors.New("a request that is not finished needs a wake-up")
	ErrTwin      = errors.New("the same person has a live request for the same")
	ErrForged    = errors.New("the record is not as hallpass wrote it: another hand changed it in the store")
	ErrStore     = errors.New("the store did not answer; nothing is known about the outcome")
)

// Reason is a machine-readable reason of a Refusal: a metric's label and an audit detail.
type Reason string

// The reasons for refusing.
const (
	RefusedByRule     Reason = "rule"      // a refuse rule, or no rule matched
	RefusedUnknown    Reason = "unknown"   // a condition touched an unknown fact
	RefusedInput      Reason = "input"     // what was typed makes no sense
	RefusedRights     Reason = "rights"    // this person may not do that
	RefusedState      Reason = "state"     // the request is not in a state in which that can be done
	RefusedMoved      Reason = "moved"     // the card shows an older plan
	RefusedTarget     Reason = "target"    // the object in Entra ID cannot take the change
	RefusedCovered    Reason = "covered"   // another entry already gives what is asked
	RefusedOwner      Reason = "owner"     // the account has no owner
	RefusedIdentity   Reason = "identity"  // chat account and directory do not agree on who this is
	RefusedNotFound   Reason = "not_found" // no such request, location, account …
	RefusedTooLong    Reason = "too_long"  // longer than the rule allows
	RefusedEmergency  Reason = "emergency" // an account on the emergency-access list
	RefusedOwnAccount Reason = "own"       // a person's own account
	RefusedBusy       Reason = "busy"      // too many at once
	RefusedElsewhere  Reason = "elsewhere" // sent from a place where hallpass does not talk
	RefusedStepUp     Reason = "step_up"   // the rule wants a fresh sign-in with the vote
	RefusedCollision  Reason = "collision" // the same is already asked for
)

// Refusal is a no for people: what is wrong, why, and what to type instead. It is never an internal error.
type Refusal struct { //nolint:errname // it is named for what people get
	Reason Reason
	// What says what is wrong and why, in one or two sentences.
	What string
	// Instead says what to do or type instead. May be empty.
	Instead string
}

// Error joins the parts.
func (r *Refusal) Error() string {
	if r.Instead == "" {
		return r.What
	}
	return r.What + " " + r.Instead
}

// Refuse makes a Refusal without an alternative.
func Refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, What: fmt.Sprintf(format, args...)}
}

// Or adds what to do instead.
func (r *Refusal) Or(format string, args ...any) *Refusal {
	r.Instead = fmt.Sprintf(format, args...)
	return r
}

// Later says that something cannot be done now and when to try again: a budget is used up, or a call was throttled.
// Nothing happened.
type Later struct { //nolint:errname // reads as what it says: later
	At  time.Time
	Why string
}

// Error says why.
func (l *Later) Error() string {
	return fmt.Sprintf("not before %s: %s", l.At.UTC().Format(time.RFC3339), l.Why)
}

// Unsure says that a call failed and may have happened all the same: look before anything is repeated.
type Unsure struct{ Err error } //nolint:errname // reads as what it says: unsure

// Error gives the cause.
func (u *Unsure) Error() string { return "failed, but may have happened: " + u.Err.Error() }

// Unwrap gives the cause.
func (u *Unsure) Unwrap() error { return u.Err }

// Class is the kind of a call to Graph by which the tenant-wide budget is granted, most urgent first.
type Class int

// The classes of the budget.
const (
	ClassRemoval  Class = iota // removes an exemption
	ClassApply                 // applies an approved change
	ClassReadBack              // verifies a write
	ClassPerson                // somebody waits for a plan
	ClassSweep                 // schedules; never takes the last tokens
)
