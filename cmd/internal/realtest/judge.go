package realtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
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
		case e.Added && e.Actor != "hallpass":
		case e.Added:
			out = append(out, Stay{Target: e.Target, Entry: e.Entry, From: e.At})
		case i >= 0:
			out[i].To = e.At
		}
	}
	return out
}

// Verdict is what the tenant's record says about all requests.
type Verdict struct {
	Requests   int
	Lost       []string      // what was approved and did not live, or did not end, or was doubled
	Unapproved []string      // stays that no approval allows
	Late       []string      // stays that went on for more than a minute after the end
	Overshoot  time.Duration // the longest time past an end
	Shots      []time.Duration
}

// grace is how long an entry may be there after its end.
const grace = time.Minute

// Judge holds every stay in the tenant against the stored requests and the audit log, at this moment.
func (w *World) Judge(ctx context.Context) (Verdict, error) {
	var v Verdict
	all, err := w.Store.Find(ctx, approvals.Query{Limit: 5000})
	if err != nil {
		return v, fmt.Errorf("listing requests: %w", err)
	}
	v.Requests = len(all)
	stays := Stays(w.Out.Tenant.History())
	placeholder := "192.0.2.255/32"
	stays = slices.DeleteFunc(stays, func(s Stay) bool { return s.Entry == placeholder })
	claimed := make([]bool, len(stays))
	for i := range all {
		r := &all[i]
		approved, ends := moments(r)
		if !approved.IsZero() && r.State != approvals.StateEnded {
			v.Lost = append(v.Lost, fmt.Sprintf("%s was approved and is %s", r.ID, r.State))
		}
		if approved.IsZero() {
			continue
		}
		for _, c := range r.Changes {
			lived := false
			for j, s := range stays {
				if s.Target != c.Target.String() || s.Entry != c.Entry || s.From.Before(approved) || !ends.IsZero() && s.From.After(ends) {
					continue
				}
				claimed[j], lived = true, true
				to := s.To
				if to.IsZero() {
					to = time.Now() //nolint:forbidigo // the tenant of a real process lives by real time
				}
				shot := to.Sub(ends)
				v.Shots = append(v.Shots, shot)
				v.Overshoot = max(v.Overshoot, shot)
				if ends.IsZero() || shot > grace {
					v.Late = append(v.Late, fmt.Sprintf("%s of %s was there %s past its end", c.Entry, r.ID, shot.Round(time.Millisecond)))
				}
			}
			if !lived && !r.Applied.IsZero() {
				v.Lost = append(v.Lost, fmt.Sprintf("%s is said to have been applied, and %s never was there", r.ID, c.Entry))
			}
		}
	}
	for j, s := range stays {
		if !claimed[j] {
			v.Unapproved = append(v.Unapproved, fmt.Sprintf("%s in %s from %s to %s", s.Entry, s.Target, s.From.UTC().Format(time.TimeOnly), s.To.UTC().Format(time.TimeOnly)))
		}
	}
	return v, nil
}

// moments are when a request was approved first, and when it had to be gone: its end, or when it was ended before.
func moments(r *approvals.Request) (approved, ends time.Time) {
	if len(r.Rounds) > 0 && r.Rounds[0].Outcome == approvals.OutcomeApproved {
		approved = r.Rounds[0].Closed
	}
	ends = r.End
	if r.Cause != nil && (ends.IsZero() || r.Cause.At.Before(ends)) {
		ends = r.Cause.At
	}
	return approved, ends
}

// Chains verifies the audit chain of every request, and that its last entry is the one that the request names.
func (w *World) Chains(ctx context.Context) error {
	rows, err := w.Store.Audit(ctx, 1_000_000)
	if err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	chains := map[string][]approvals.Entry{}
	for _, row := range slices.Backward(rows) {
		var e approvals.Entry
		if err := json.Unmarshal([]byte(row.Entry), &e); err != nil {
			return fmt.Errorf("reading entry %s: %w", row.Seq, err)
		}
		if e.Request != "" && e.Act != "refused" {
			chains[string(e.Request)] = append(chains[string(e.Request)], e)
		}
	}
	var wrong []error
	for id, chain := range chains {
		r, err := w.Store.Load(ctx, approvals.RequestID(id))
		if err != nil {
			return fmt.Errorf("loading %s: %w", id, err)
		}
		if err := audit.VerifyBetween("", r.Hash, chain); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", id, err))
		}
	}
	return errors.Join(wrong...)
}

// Cards says what is wrong with the cards of an ended request in a channel: there is one card that shows how it ended,
// and whatever else speaks of it there is a line that never had a button.
func (w *World) Cards(channel string, id approvals.RequestID) error {
	living := 0
	for _, m := range w.Out.Slack.Messages(channel) {
		if m.ThreadTS != "" && m.ThreadTS != m.TS || !strings.Contains(m.Plain(), string(id)) {
			continue
		}
		if len(m.History) == 0 {
			continue // an inert line: its id was lost before it became a card
		}
		living++
		if !strings.Contains(m.Plain(), "Taken away and verified") {
			return fmt.Errorf("a card of %s in %s still shows: %s", id, channel, m.Plain())
		}
	}
	if living != 1 {
		return fmt.Errorf("%s has %d cards in %s", id, living, channel)
	}
	return nil
}
