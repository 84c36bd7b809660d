package approvals

import (
	"slices"
	"time"
)

// Seat is a number of approvals wanted from one group.
type Seat struct {
	Group   string `json:"group"`    // name in the rules file
	GroupID string `json:"group_id"` // Entra object id
	Count   int    `json:"count"`
}

// Ruling is what the rules file says about one plan: who must approve, how many, how long at most, when to remind.
type Ruling struct {
	Rule        string          `json:"rule"`
	Seats       []Seat          `json:"seats"`
	Max         time.Duration   `json:"max"`       // longest duration of one round
	MaxTotal    time.Duration   `json:"max_total"` // longest since the first apply, over all renewals
	Lapse       time.Duration   `json:"lapse"`     // a round without a decision ends after this
	Nudge       time.Duration   `json:"nudge"`     // approvers are nudged once, this long after the round opened; 0: never
	Remind      []time.Duration `json:"remind"`    // before the end, longest first
	ApplyWithin time.Duration   `json:"apply_within"`
	Notify      []string        `json:"notify,omitempty"` // groups that are told and do not vote
	Unfenced    bool            `json:"unfenced,omitempty"`
	// Restore says that an entry taken out by another hand is put back. Off by default.
	Restore bool `json:"restore,omitempty"`
	// EndUnfenced says that the request ends when the fence of its zone does not hold.
	EndUnfenced bool `json:"end_unfenced,omitempty"`
	// EndChanged says that the request ends when its account has become privileged, is at risk, disabled or gone, or has
	// registered a method for MFA.
	EndChanged bool `json:"end_changed,omitempty"`
	// StepUp says that a yes counts only with a fresh sign-in in Entra ID: whoever holds a stolen chat account cannot approve.
	StepUp bool `json:"step_up,omitempty"`
	// UndoWithin is how long taking away by hand may take before it is an alarm. 0: 24 h.
	UndoWithin time.Duration `json:"undo_within,omitempty"`
	// AttestSelf says that the requester may attest, too, what was done by hand for them. Off by default.
	AttestSelf bool `json:"attest_self,omitempty"`
	// RulesHash is the SHA-256 of the rules file, in hex.
	RulesHash string `json:"rules_hash"`
	// Read names the facts that the matching rule and the refusals before it read.
	Read []string `json:"read,omitempty"`
}

// Groups are the names of the groups that hold seats, without duplicates, in order.
func (r Ruling) Groups() []string {
	var names []string
	for _, s := range r.Seats {
		if !slices.Contains(names, s.Group) {
			names = append(names, s.Group)
		}
	}
	return names
}

// Filled reports whether the voters can be matched to all seats, one seat each. It is a maximum bipartite matching by
// augmenting paths, so the order of votes never matters. Each voter is the list of groups whose seat they can take.
func Filled(seats []Seat, voters [][]string) bool {
	return len(OpenSeats(seats, voters)) == 0
}

// OpenSeats names the group of each seat that stays empty under a maximum matching, in the order of the seats.
func OpenSeats(seats []Seat, voters [][]string) []string {
	var chairs []string
	for _, s := range seats {
		for range s.Count {
			chairs = append(chairs, s.Group)
		}
	}
	taken := make([]int, len(chairs)) // chair -> voter+1
	var seatOf func(voter int, seen []bool) bool
	seatOf = func(voter int, seen []bool) bool {
		for c, group := range chairs {
			if seen[c] || !slices.Contains(voters[voter], group) {
				continue
			}
			seen[c] = true
			if taken[c] == 0 || seatOf(taken[c]-1, seen) {
				taken[c] = voter + 1
				return true
			}
		}
		return false
	}
	for v := range voters {
		seatOf(v, make([]bool, len(chairs)))
	}
	var open []string
	for c, group := range chairs {
		if taken[c] == 0 {
			open = append(open, group)
		}
	}
	return open
}
