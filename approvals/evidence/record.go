package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// Record is what is to be shown of one request. The lists are for people; Request and Trail are what they are made from.
type Record struct {
	ID            approvals.RequestID `json:"id"`
	Justification []string            `json:"justification"`
	Approvals     []string            `json:"approvals"`
	Compensating  []string            `json:"compensating"`
	// Before and After say what Entra ID did, and does, in the words of the plan and of its proof.
	Before  []string `json:"before"`
	After   []string `json:"after"`
	InForce []string `json:"in_force"`
	Use     []string `json:"use"`
	Removal []string `json:"removal"`

	Request approvals.Request `json:"request"`
	Trail   []approvals.Entry `json:"trail"`
}

// Make puts a record together. The trail is the request's chain, oldest first.
func Make(r approvals.Request, trail []approvals.Entry) Record {
	return Record{
		ID: r.ID, Justification: justification(&r), Approvals: approvalsOf(&r), Compensating: compensating(&r), Before: before(&r), After: after(&r),
		InForce: inForce(&r), Use: use(&r), Removal: removal(&r), Request: r, Trail: trail,
	}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func justification(r *approvals.Request) []string {
	out := []string{fmt.Sprintf("asked by %s on %s: %s", r.Requester.Label(), moment(r.Opened), r.Ask.Reason)}
	if r.Ask.Ticket != "" {
		out = append(out, "ticket: "+r.Ask.Ticket)
	}
	if r.Owner.ID != "" {
		out = append(out, "owner: "+r.Owner.Label())
	}
	for _, round := range r.Rounds {
		if round.Kind == approvals.RoundRenewal {
			out = append(out, fmt.Sprintf("renewal asked by %s on %s: %s", round.AskedBy.Label(), moment(round.Opened), round.Reason))
		}
	}
	return out
}

func approvalsOf(r *approvals.Request) []string {
	var out []string
	for _, round := range r.Rounds {
		seats := make([]string, 0, len(round.Ruling.Seats))
		for _, s := range round.Ruling.Seats {
			seats = append(seats, fmt.Sprintf("%d of %s", s.Count, s.Group))
		}
		outcome := string(round.Outcome)
		if round.Outcome == approvals.OutcomeOpen {
			outcome = "open"
		}
		out = append(out, fmt.Sprintf("%s round under the rule “%s” (rules %s): needs %s; %s", round.Kind, round.Ruling.Rule, round.Ruling.RulesHash, strings.Join(seats, ", "), outcome))
		if v := round.OwnerYes; v != nil {
			out = append(out, fmt.Sprintf("  %s said yes as owner on %s", v.Voter.Label(), moment(v.At)))
		}
		for _, v := range round.Votes {
			word := map[approvals.Choice]string{approvals.ChoiceApprove: "approved", approvals.ChoiceDeny: "denied"}[v.Choice]
			line := fmt.Sprintf("  %s (%s) %s on %s via %s", v.Voter.Label(), strings.Join(v.Groups, ", "), word, moment(v.At), v.Via)
			if f := v.Fresh; f != nil {
				line += fmt.Sprintf(", with a fresh sign-in in Entra ID on %s (methods: %s; contexts: %s; token %s)", moment(f.At), some(f.Methods), some(f.Contexts), f.Token)
			}
			if v.Reason != "" {
				line += ": " + v.Reason
			}
			out = append(out, line)
		}
	}
	return out
}

// some is a list in words.
func some(list []string) string {
	if len(list) == 0 {
		return "none named"
	}
	return strings.Join(list, ", ")
}

// approvedRound is the round that was approved last, or the last one.
func approvedRound(r *approvals.Request) *approvals.Round {
	for i := range slices.Backward(r.Rounds) {
		if r.Rounds[i].Outcome == approvals.OutcomeApproved {
			return &r.Rounds[i]
		}
	}
	return r.Round()
}

func compensating(r *approvals.Request) []string {
	round := approvedRound(r)
	var out []string
	if z := round.Plan.Zone; z != nil {
		var pairs []string
		for _, p := range z.Pairs {
			pairs = append(pairs, p.String())
		}
		out = append(out, fmt.Sprintf("fenced zone “%s”: blocked from everywhere but its addresses (%s)", z.Title, strings.Join(pairs, "; ")))
	} else if r.Ask.Kind == approvals.KindApp {
		out = append(out, "no account and no password: the application signs in with "+r.Ask.Credential.Label()+", and holds what was approved and nothing else")
	} else if r.Ask.Kind == approvals.KindAccount {
		out = append(out, "none: the account is exempt from everywhere")
	}
	if r.Ask.Adopt {
		out = append(out, "it was in the tenant before the request, put there by somebody else: the request gave it an owner and an end")
	}
	if round.Ruling.Max > 0 {
		out = append(out, fmt.Sprintf("limited to %s a round, %s in all", days(round.Ruling.Max), days(round.Ruling.MaxTotal)))
	}
	return out
}

func days(d time.Duration) string {
	if d == 0 {
		return "no limit"
	}
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return d.String()
}

func before(r *approvals.Request) []string {
	plan := approvedRound(r).Plan
	var out []string
	for _, name := range slices.Sorted(maps.Keys(plan.Facts)) {
		f := plan.Facts[name]
		switch {
		case !f.Known:
			out = append(out, fmt.Sprintf("%s: unknown (%s)", name, f.Why))
		default:
			out = append(out, fmt.Sprintf("%s: %s", name, value(name, f)))
		}
	}
	if len(out) == 0 {
		out = append(out, "unknown: no facts are kept")
	}
	return out
}

// value is a known fact in words, by its type.
func value(name string, f approvals.Fact) string {
	i := slices.IndexFunc(approvals.FactSpecs(), func(s approvals.FactSpec) bool { return s.Name == name })
	kind := approvals.FactString
	if i >= 0 {
		kind = approvals.FactSpecs()[i].Type
	}
	switch kind {
	case approvals.FactInt:
		return fmt.Sprint(f.Int)
	case approvals.FactBool:
		return fmt.Sprint(f.Bool)
	case approvals.FactList:
		if len(f.List) == 0 {
			return "none"
		}
		return strings.Join(f.List, ", ")
	case approvals.FactString:
	}
	return f.Text
}

func after(r *approvals.Request) []string {
	var out []string
	for _, p := range approvedRound(r).Plan.Policies {
		out = append(out, fmt.Sprintf("predicted, policy “%s” (%s): %s", p.Name, p.State, p.Does))
	}
	if p := r.Proof; p != nil && p.State != approvals.ProofLog {
		line := fmt.Sprintf("What If, %s: %s", moment(p.At), p.State)
		if p.Why != "" {
			line += " (" + p.Why + ")"
		}
		out = append(out, line)
	}
	return out
}

func inForce(r *approvals.Request) []string {
	if r.Applied.IsZero() {
		return []string{"never: it is " + string(r.State)}
	}
	out := []string{"since " + moment(r.Applied), "until " + moment(r.End)}
	if w := r.Word(); w != "" {
		out = append(out, "its present state is "+w)
	}
	for _, c := range r.Changes {
		if c.Done != nil {
			out = append(out, fmt.Sprintf("%s in %s was made by hand, attested by %s on %s: %s", c.Label, c.Title, c.Done.By.Label(), moment(c.Done.At), c.Done.Evidence))
		}
	}
	return out
}

func use(r *approvals.Request) []string {
	if r.Proof != nil && r.Proof.Used == nil && !r.Proof.Looked.IsZero() {
		return []string{"no sign-in " + r.SignInsLooked() + " was seen up to " + moment(r.Proof.Looked)}
	}
	if r.Proof == nil || r.Proof.Used == nil {
		return []string{"unknown: no sign-in of it is kept"}
	}
	if !r.Proof.Used.Worked {
		return []string{"a sign-in at " + moment(r.Proof.Used.At) + " was stopped"}
	}
	out := []string{"a sign-in at " + moment(r.Proof.Used.At) + " worked"}
	if r.Proof.Last.After(r.Proof.Used.At) {
		out = append(out, "the newest sign-in that was seen to work: "+moment(r.Proof.Last))
	}
	return out
}

func removal(r *approvals.Request) []string {
	var out []string
	if c := r.Cause; c != nil {
		line := fmt.Sprintf("ends because of “%s” on %s", c.Word, moment(c.At))
		if c.By.ID != "" {
			line += " by " + c.By.Label()
		}
		if c.Why != "" {
			line += ": " + c.Why
		}
		out = append(out, line)
	}
	if r.Ended.IsZero() {
		return append(out, "not over: it is "+string(r.State))
	}
	line := "over since " + moment(r.Ended)
	if w := r.Word(); w != "" {
		line += ", " + w
	}
	out = append(out, line)
	if c, is := r.Blocked(); is {
		out = append(out, c.Label+" was put into "+c.Title+" and is blocked from every sign-in, until its owner decides")
	}
	if r.SignedOut() {
		out = append(out, "its sessions were revoked: what had been signed in as it has to sign in again")
	}
	for _, c := range r.Changes {
		switch {
		case c.KeptBy != "":
			out = append(out, fmt.Sprintf("%s stays in %s for %s", c.Label, c.Title, c.KeptBy))
		case c.Covered != "":
			out = append(out, fmt.Sprintf("%s is still covered by %s in %s, which hallpass does not manage", c.Label, c.Covered, c.Title))
		case c.Undone != nil:
			out = append(out, fmt.Sprintf("%s was taken out of %s by hand, attested by %s on %s: %s", c.Label, c.Title, c.Undone.By.Label(), moment(c.Undone.At), c.Undone.Evidence))
		}
	}
	return out
}
