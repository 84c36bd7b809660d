package approvals

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// decided is what a fingerprint binds: everything that is decided by a vote, and nothing that may change without
// changing the decision (names, counts that no rule read, times, wording).
type decided struct {
	Kind     Kind            `json:"kind"`
	Account  string          `json:"account"`
	Changes  [][2]string     `json:"changes"`
	Term     Term            `json:"term"`
	Policies [][2]string     `json:"policies"`
	Facts    map[string]Fact `json:"facts"`
	Seats    []Seat          `json:"seats"`
	Rules    string          `json:"rules"`
	Pairs    [][2]string     `json:"pairs,omitempty"`
	Adopted  []string        `json:"adopted,omitempty"` // the entries that are there already
}

// Fingerprint is the SHA-256, in hex, of what a vote on this plan, term and ruling decides.
func Fingerprint(plan Plan, term Term, ruling Ruling) string {
	d := decided{
		Kind:    plan.Kind,
		Account: plan.Account.ID,
		Term:    Term{For: term.For, Until: term.Until.UTC()},
		Facts:   map[string]Fact{},
		Seats:   ruling.Seats,
		Rules:   ruling.RulesHash,
	}
	for _, c := range plan.Changes {
		d.Changes = append(d.Changes, [2]string{c.Target.String(), c.Entry})
		if c.Adopt {
			d.Adopted = append(d.Adopted, c.Entry)
		}
	}
	for _, p := range plan.Policies {
		if p.State == "enabled" {
			d.Policies = append(d.Policies, [2]string{p.ID, p.Does})
		}
	}
	slices.SortFunc(d.Policies, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	if plan.Zone != nil {
		for _, p := range plan.Zone.Pairs {
			d.Pairs = append(d.Pairs, [2]string{p.Account, p.Address})
		}
		slices.SortFunc(d.Pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	}
	for _, name := range ruling.Read {
		f := plan.Facts[name]
		f.Why = ""
		d.Facts[name] = f
	}
	data, err := json.Marshal(d)
	if err != nil { // strings, numbers and times of sane years always encode
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Twin names what a live request wants and for whom, so that a store can refuse a second one: the same person does not ask twice
// for the same. Empty for a request that is over or is being taken away, and for one that was brought back: it was there before.
func (r *Request) Twin() string {
	if r.State != StatePending && r.State != StateApproved && r.State != StateActive || len(r.Rounds) == 0 || r.Restored != nil {
		return ""
	}
	wanted := []string{cmp.Or(r.Requester.Human, r.Requester.ID)}
	for _, c := range r.Rounds[0].Plan.Changes {
		wanted = append(wanted, c.Target.String(), c.Entry)
	}
	if len(wanted) == 1 {
		return ""
	}
	data, err := json.Marshal(wanted)
	if err != nil { // strings always encode
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// SameChanges reports whether two plans want the same entries in the same targets in the same order.
func SameChanges(a, b []Change) bool {
	return slices.EqualFunc(a, b, func(x, y Change) bool { return x.Target == y.Target && x.Entry == y.Entry })
}
