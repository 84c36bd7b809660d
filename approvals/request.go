package approvals

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RequestID is the id of a request that people can say: "HP-1042".
type RequestID string

// MakeRequestID makes the id of the nth request.
func MakeRequestID(n int64) RequestID { return RequestID("HP-" + strconv.FormatInt(n, 10)) }

// ParseRequestID reads an id as people type it: any case, with or without the prefix.
func ParseRequestID(s string) (RequestID, error) {
	digits := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "HP-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || len(digits) > 15 || digits[0] == '+' {
		return "", fmt.Errorf("%q is no request: an id looks like HP-1042", s)
	}
	return MakeRequestID(n), nil
}

// ChangeState is where one change of a request is. It is moved only by that request's own commit.
type ChangeState string

// The states of a change, in order.
const (
	ChangeHeld      ChangeState = "held"      // waits for the changes before it
	ChangeReleased  ChangeState = "released"  // wanted in its target, not yet verified there
	ChangeVerified  ChangeState = "verified"  // read back often enough
	ChangeAttested  ChangeState = "attested"  // made by hand, by the word of a person; nobody read it back
	ChangeWithdrawn ChangeState = "withdrawn" // no longer wanted, not yet verified as gone
	ChangeAbsent    ChangeState = "absent"    // gone, or kept by another live request, or never written; by hand: see Undone
)

// Progress is a change of a request together with where it is.
type Progress struct {
	Change
	State ChangeState `json:"state"`
	// KeptBy is the live request because of which the entry stayed when this one ended.
	KeptBy RequestID `json:"kept_by,omitempty"`
	// Covered is a wider entry, not ours, that still covers this one after the end.
	Covered string    `json:"covered,omitempty"`
	At      time.Time `json:"at,omitzero"` // when State was reached
	// Accepted is when Graph accepted the last write for it.
	Accepted time.Time `json:"accepted,omitzero"`
	// Made is the application (client) id of an app registration, known once it was verified.
	Made string `json:"made,omitempty"`
	// Done and Undone are by whose word a change by hand was made and taken away. Taken is who does, or did, what State
	// wants done; Reminded counts the reminders of it whose time has come.
	Done     *Attestation `json:"done,omitempty"`
	Undone   *Attestation `json:"undone,omitempty"`
	Taken    *Takeover    `json:"taken,omitempty"`
	Reminded int          `json:"reminded,omitempty"`
}

// Stuck says that a request does not get on, why, and since when. It is a field of approved and ending, not a state.
type Stuck struct {
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
}

// stuckSince is since when the request is stuck for this reason; zero if it is not.
func (r *Request) stuckSince(why string) time.Time {
	if r.Stuck == nil || r.Stuck.Why != why {
		return time.Time{}
	}
	return r.Stuck.Since
}

// Cause says why a request ended or is ending.
type Cause struct {
	// Word is one of: end, revoked, cancelled, "not applied in time", "taken out", denied, lapsed, "plan changed", "not as
	// predicted", "fence broken", "account changed", "account blocked", "changed in the store", "store lost".
	Word string    `json:"word"`
	By   Person    `json:"by,omitzero"`
	Hand string    `json:"hand,omitempty"` // who took the entry out, as the directory audit names them
	Why  string    `json:"why,omitempty"`
	At   time.Time `json:"at"`
}

// The words of a Cause.
const (
	CauseEnd        = "end"
	CauseRevoked    = "revoked"
	CauseCancelled  = "cancelled"
	CauseNotApplied = "not applied in time"
	CauseTakenOut   = "taken out"
	CauseDenied     = "denied"
	CauseLapsed     = "lapsed"
	CauseReplanned  = "plan changed"
	CauseForged     = "changed in the store" // by another hand than hallpass
	CauseUnfenced   = "fence broken"
)

// Request is one exemption from first ask to verified removal.
type Request struct {
	ID      RequestID `json:"id"`
	Version int64     `json:"version"` // 0 before it is first stored; raised by every commit
	State   State     `json:"state"`
	Ask     Ask       `json:"ask"`

	Requester Person `json:"requester"`
	Owner     Person `json:"owner"`
	Account   Person `json:"account,omitzero"`

	// Rounds holds every run of voting, oldest first. The last one is current; it may be closed.
	Rounds []Round `json:"rounds"`
	// Changes are the frozen changes of the approved plan. Empty before approval.
	Changes []Progress `json:"changes,omitempty"`

	Opened time.Time `json:"opened"`
	// ApplyBy is when an approved request ends by itself if it is not applied.
	ApplyBy time.Time `json:"apply_by,omitzero"`
	// Written says that a change was released: from then on the plan is frozen.
	Written bool `json:"written,omitempty"`
	// Applied is when every change was first verified: the clock of the duration started then.
	Applied time.Time `json:"applied,omitzero"`
	// End is when an active request ends. Zero before.
	End time.Time `json:"end,omitzero"`
	// Reminded counts the reminders already given for the present End.
	Reminded int `json:"reminded,omitempty"`
	// Ended is when every change was recorded as absent.
	Ended time.Time `json:"ended,omitzero"`
	Cause *Cause    `json:"cause,omitempty"`
	Stuck *Stuck    `json:"stuck,omitempty"`
	// Observed says that hallpass only observes: the plan was approved and would have been written.
	Observed bool `json:"observed,omitempty"`
	// Proof is what Entra ID said of a fenced exemption after it was applied, and of any what the sign-in log says since.
	Proof *Proof `json:"proof,omitempty"`
	// Review is what a reviewer said of it last, since its present end was approved.
	Review *Review `json:"review,omitempty"`
	// Restored says that it was brought back from a checkpoint after the store was lost.
	Restored *Restored `json:"restored,omitempty"`
	// Hash is the hash of the request's last audit entry.
	Hash string `json:"hash,omitempty"`
}

// Round is the current round. A stored request always has one.
func (r *Request) Round() *Round {
	if len(r.Rounds) == 0 {
		return &Round{}
	}
	return &r.Rounds[len(r.Rounds)-1]
}

// Voting reports whether a round is open.
func (r *Request) Voting() bool {
	return len(r.Rounds) > 0 && r.Round().Outcome == OutcomeOpen && (r.State == StatePending || r.State == StateActive)
}

// inForce is the ruling under which the present end was approved.
func (r *Request) inForce() Ruling {
	for _, round := range slices.Backward(r.Rounds) {
		if round.Outcome == OutcomeApproved {
			return round.Ruling
		}
	}
	return Ruling{}
}

// EndsUnfenced reports whether the request is in force in the zone and its rule says that it ends when the zone's fence does
// not hold.
func (r *Request) EndsUnfenced(zone string) bool {
	plan := r.Round().Plan
	return r.State == StateActive && plan.Zone != nil && plan.Zone.Name == zone && r.inForce().EndUnfenced
}

// Clone is a copy that shares nothing that Step changes.
func (r *Request) Clone() Request {
	c := *r
	rounds := make([]Round, len(r.Rounds))
	for i, round := range r.Rounds {
		round.Votes = append([]Vote(nil), round.Votes...)
		rounds[i] = round
	}
	c.Rounds = rounds
	c.Changes = append([]Progress(nil), r.Changes...)
	return c
}

// Rows are the lines that the request has in the wanted sets of its targets. What is done by hand has none.
func (r *Request) Rows() []Row {
	var rows []Row
	for i, c := range r.Changes {
		if c.Hand != nil {
			continue
		}
		switch c.State {
		case ChangeReleased, ChangeVerified:
			rows = append(rows, Row{Target: c.Target, Request: r.ID, Change: i, Entry: c.Entry, Want: true})
		case ChangeWithdrawn:
			rows = append(rows, Row{Target: c.Target, Request: r.ID, Change: i, Entry: c.Entry})
		case ChangeHeld, ChangeAttested, ChangeAbsent:
		}
	}
	return rows
}
