package realtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

// Stay is the time that one entry was in one target, by the tenant's own record.
type Stay struct {
	Target, Entry string
	From, To      time.Time // To is zero while it is there
}

// Stays reads from the tenant's journal when hallpass's entries were in their targets.
func Stays(journal []graphtest.Event) []Stay {
	var out []Stay
	for _, e := range journal {
		i := slices.IndexFunc(out, func(s Stay) bool { return s.Target == e.Target && s.Entry == e.Entry && s.To.IsZero() })
		switch {
		case e.Entry == placeholder, e.Added && e.Actor != "hallpass":
		case e.Added:
			out = append(out, Stay{Target: e.Target, Entry: e.Entry, From: e.At})
		case i >= 0:
			out[i].To = e.At
		}
	}
	return out
}

// placeholder is what an otherwise empty location holds.
const placeholder = "192.0.2.255/32"

// Verdict is what the tenant's record says about all requests.
type Verdict struct {
	Requests   int
	Lost       []string      // what people wanted and did not get: not at all, not for as long, or not to its end
	Doubled    []string      // what was done twice
	Unapproved []string      // stays that no approval allows, and approvals that nobody gave
	Late       []string      // stays that went on for more than a minute after the end
	Overshoot  time.Duration // the longest time past an end
	Shots      []time.Duration
}

// grace is how long an entry may be there after its end.
const grace = time.Minute

// Judge holds every stay in the tenant against the stored requests, at this moment.
func (w *World) Judge(ctx context.Context) (Verdict, error) {
	all, err := w.Store.Find(ctx, approvals.Query{Limit: 5000})
	if err != nil {
		return Verdict{}, fmt.Errorf("listing requests: %w", err)
	}
	now := time.Now() //nolint:forbidigo // the tenant of a real process lives by real time
	return Weigh(all, w.Out.Tenant.History(), now), nil
}

// Weigh holds a tenant's journal against requests. It believes nothing of a request that it can work out: an approval must
// have its votes, and an end must follow from what was approved. Everything was wanted by people who voted for it, so what
// was neither carried out nor stopped by somebody is lost.
func Weigh(all []approvals.Request, journal []graphtest.Event, now time.Time) Verdict {
	v := Verdict{Requests: len(all)}
	stays := Stays(journal)
	claims := map[[2]string][]claim{}
	for i := range all {
		r := &all[i]
		c := v.request(r)
		for j := range all[:i] {
			if twins(&all[j], r) {
				v.Doubled = append(v.Doubled, fmt.Sprintf("%s and %s are the same", all[j].ID, r.ID))
			}
		}
		if c.approved.IsZero() {
			continue
		}
		for _, change := range r.Changes {
			key := [2]string{change.Target.String(), change.Entry}
			claims[key] = append(claims[key], c)
			v.carriedOut(c, change, stays)
		}
	}
	for _, s := range stays {
		v.stay(s, claims[[2]string{s.Target, s.Entry}], now)
	}
	return v
}

// claim is why an entry may be in a target.
type claim struct {
	id                      approvals.RequestID
	approved, applied, ends time.Time // ends is zero as long as nothing ends it
	takenOut                bool      // by another hand
}

// request judges a request by itself.
func (v *Verdict) request(r *approvals.Request) claim {
	c := claim{id: r.ID, applied: r.Applied, ends: r.End}
	word, denied := "", false
	if r.Cause != nil {
		word = r.Cause.Word
		c.takenOut = word == approvals.CauseTakenOut
		if c.ends.IsZero() || r.Cause.At.Before(c.ends) {
			c.ends = r.Cause.At
		}
	}
	allowed := r.Applied
	for _, round := range r.Rounds {
		denied = denied || slices.ContainsFunc(round.Votes, func(vote approvals.Vote) bool { return vote.Choice == approvals.ChoiceDeny })
		humans := map[string]bool{}
		for _, vote := range round.Votes {
			if human := cmp.Or(vote.Voter.Human, vote.Voter.ID); humans[human] {
				v.Doubled = append(v.Doubled, fmt.Sprintf("%s counts two votes of %s", r.ID, vote.Voter.Label()))
			} else {
				humans[human] = true
			}
		}
		if round.Kind == approvals.RoundFirst {
			c.approved, allowed = time.Time{}, r.Applied // what was approved before was for a plan that changed before it was applied
		}
		if round.Outcome != approvals.OutcomeApproved {
			continue
		}
		if len(round.WaitsFor()) > 0 || len(round.Approvals()) == 0 || round.OwnerYes == nil {
			v.Unapproved = append(v.Unapproved, fmt.Sprintf("%s passes for approved with %d votes", r.ID, len(round.Votes)))
		}
		if round.Kind == approvals.RoundFirst {
			c.approved = round.Closed
		}
		allowed = round.Shortest(allowed).End(allowed)
	}
	switch stopped := word == approvals.CauseCancelled || word == approvals.CauseRevoked || c.takenOut; {
	case c.approved.IsZero() && !denied && word != approvals.CauseCancelled:
		v.Lost = append(v.Lost, fmt.Sprintf("%s was never approved and is %s", r.ID, r.State))
	case c.approved.IsZero():
	case r.State != approvals.StateEnded:
		v.Lost = append(v.Lost, fmt.Sprintf("%s was approved and is %s", r.ID, r.State))
	case r.Applied.IsZero() && !stopped:
		v.Lost = append(v.Lost, fmt.Sprintf("%s was approved and never applied: %s", r.ID, word))
	}
	// A term of a day or more ends on a working morning.
	if !r.Applied.IsZero() && r.End.After(allowed) && allowed.Sub(r.Applied) < 24*time.Hour {
		v.Late = append(v.Late, fmt.Sprintf("%s ends at %s and was approved until %s", r.ID, clock(r.End), clock(allowed)))
	}
	return c
}

func clock(at time.Time) string { return at.UTC().Format("15:04:05.000") }

// twins reports whether two requests come from one and the same ask.
func twins(a, b *approvals.Request) bool {
	return a.Requester.ID == b.Requester.ID && a.Ask.Reason == b.Ask.Reason && approvals.SameChanges(a.Rounds[0].Plan.Changes, b.Rounds[0].Plan.Changes)
}

// carriedOut judges whether an applied change was in its target from then on until its end, without a break.
func (v *Verdict) carriedOut(c claim, change approvals.Progress, stays []Stay) {
	var gone time.Time
	times := 0
	for _, s := range stays {
		if s.Target != change.Target.String() || s.Entry != change.Entry || !s.To.IsZero() && s.To.Before(c.approved) || !c.ends.IsZero() && s.From.After(c.ends) {
			continue
		}
		times++
		if !s.To.IsZero() && (c.ends.IsZero() || s.To.Before(c.ends)) {
			gone = s.To
		}
	}
	switch {
	case times > 1:
		v.Doubled = append(v.Doubled, fmt.Sprintf("%s of %s was put in %d times", change.Entry, c.id, times))
	case times == 0 && !c.applied.IsZero():
		v.Lost = append(v.Lost, fmt.Sprintf("%s is said to have been applied, and %s never was there", c.id, change.Entry))
	}
	if !gone.IsZero() && !c.applied.IsZero() && !c.takenOut {
		v.Lost = append(v.Lost, fmt.Sprintf("%s of %s was taken away at %s, before its end", change.Entry, c.id, clock(gone)))
	}
}

// stay judges whether something allowed a stay, from its first moment to its last. Requests for the same entry may follow one
// upon the other.
func (v *Verdict) stay(s Stay, claims []claim, now time.Time) {
	slices.SortFunc(claims, func(a, b claim) int { return a.approved.Compare(b.approved) })
	to := s.To
	if to.IsZero() {
		to = now
	}
	allowed := false
	var ends time.Time
	for _, c := range claims {
		end := c.ends
		if end.IsZero() {
			end = now
		}
		switch {
		case end.Before(s.From): // over before
		case !allowed && !c.approved.After(s.From), allowed && !c.approved.After(ends):
			allowed = true
			if end.After(ends) {
				ends = end
			}
		}
	}
	if !allowed {
		v.Unapproved = append(v.Unapproved, fmt.Sprintf("%s in %s from %s to %s", s.Entry, s.Target, clock(s.From), clock(s.To)))
		return
	}
	shot := max(to.Sub(ends), 0)
	v.Shots = append(v.Shots, shot)
	v.Overshoot = max(v.Overshoot, shot)
	if shot > grace {
		v.Late = append(v.Late, fmt.Sprintf("%s was in %s %s past its end", s.Entry, s.Target, shot.Round(time.Millisecond)))
	}
}
