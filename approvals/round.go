package approvals

import "time"

// RoundKind says what a round of voting is about.
type RoundKind string

// The kinds of round.
const (
	RoundFirst   RoundKind = "first"   // the first approval, or a new one because the plan changed before it was applied
	RoundRenewal RoundKind = "renewal" // a later end for an active request
)

// Outcome is how a round ended.
type Outcome string

// The outcomes of a round.
const (
	OutcomeOpen     Outcome = ""
	OutcomeApproved Outcome = "approved"
	OutcomeDenied   Outcome = "denied"
	OutcomeLapsed   Outcome = "lapsed"
	OutcomeDropped  Outcome = "dropped" // the request moved on: cancelled, ended or planned anew
)

// Round is one run of voting on a request.
type Round struct {
	Kind    RoundKind `json:"kind"`
	Plan    Plan      `json:"plan"`
	Ruling  Ruling    `json:"ruling"`
	Term    Term      `json:"term"`
	Reason  string    `json:"reason"`
	AskedBy Person    `json:"asked_by"`
	// Fingerprint binds votes to exactly this plan, term and ruling.
	Fingerprint string    `json:"fingerprint"`
	Opened      time.Time `json:"opened"`
	Lapses      time.Time `json:"lapses"`
	NudgeAt     time.Time `json:"nudge_at,omitzero"`
	Nudged      bool      `json:"nudged,omitempty"`
	// OwnerYes is the owner's yes, which comes before the approvers are asked. It is set at once if the owner asked.
	OwnerYes *Vote   `json:"owner_yes,omitempty"`
	Votes    []Vote  `json:"votes,omitempty"` // at most one for each human
	Outcome  Outcome `json:"outcome,omitempty"`
	// Closed is when the outcome was decided, Decider the one whose vote decided it.
	Closed  time.Time `json:"closed,omitzero"`
	Decider Person    `json:"decider,omitzero"`
	// Why is the reason of a denial, or why the round was dropped.
	Why string `json:"why,omitempty"`
}

// Choice is what a voter wants.
type Choice string

// The choices.
const (
	ChoiceApprove Choice = "approve"
	ChoiceDeny    Choice = "deny"
)

// Vote is one person's approve or deny in a round.
type Vote struct {
	Voter  Person   `json:"voter"`
	Choice Choice   `json:"choice"`
	Groups []string `json:"groups"` // whose seat the voter could take when the vote was judged
	// Shorten is a shorter duration on which the approval depends; 0: as asked.
	Shorten time.Duration `json:"shorten,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	At      time.Time     `json:"at"`
	// Via says where the vote came from: platform, workspace, user and message.
	Via string `json:"via,omitempty"`
	// Fresh is the sign-in in Entra ID with which the vote was given; nil for a vote in chat.
	Fresh *FreshSignIn `json:"fresh,omitempty"`
}

// NeedsOwner reports whether the round still waits for the owner's yes.
func (r Round) NeedsOwner() bool { return r.Outcome == OutcomeOpen && r.OwnerYes == nil }

// Approvals are the approving votes.
func (r Round) Approvals() []Vote {
	var yes []Vote
	for _, v := range r.Votes {
		if v.Choice == ChoiceApprove {
			yes = append(yes, v)
		}
	}
	return yes
}

// WaitsFor names the groups whose seats are still open.
func (r Round) WaitsFor() []string {
	var voters [][]string
	for _, v := range r.Approvals() {
		voters = append(voters, v.Groups)
	}
	return OpenSeats(r.Ruling.Seats, voters)
}

// Shortest is the term that holds: the asked one, cut to the shortest duration among the approving votes. start is
// when the term begins.
func (r Round) Shortest(start time.Time) Term {
	term := r.Term
	for _, v := range r.Approvals() {
		if v.Shorten > 0 && v.Shorten < term.Length(start) {
			term = Term{For: v.Shorten}
		}
	}
	return term
}
