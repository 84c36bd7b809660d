package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// A person whose exemptions end at the same moment is reminded of all of them in one message, and not in twenty. The first of
// them carries it; which that is follows from what is stored, so that all of them agree on it without speaking to each other.

// lastEnd is since when a request has its present end, and when before it is reminded of it.
func lastEnd(r *approvals.Request) (since time.Time, remind []time.Duration) {
	since = r.Applied
	for i := range r.Rounds {
		if round := &r.Rounds[i]; round.Outcome == approvals.OutcomeApproved {
			remind = round.Ruling.Remind
			if round.Kind == approvals.RoundRenewal {
				since = round.Closed
			}
		}
	}
	return since, remind
}

// remindedAt is when the newest reminder of the present end came due; false if none is to be told: one whose time was over when
// that end was set reminds nobody.
func remindedAt(r *approvals.Request) (time.Time, bool) {
	if r.State != approvals.StateActive || r.Reminded == 0 {
		return time.Time{}, false
	}
	since, remind := lastEnd(r)
	if r.Reminded > len(remind) {
		return time.Time{}, false
	}
	at := r.End.Add(-remind[r.Reminded-1])
	return at, at.After(since)
}

// remindsAt reports whether a request with this end is reminded of at that moment, whether it was woken for it already or not.
func remindsAt(r *approvals.Request, end, at time.Time) bool {
	if r.State != approvals.StateActive || !r.End.Equal(end) {
		return false
	}
	since, remind := lastEnd(r)
	return at.After(since) && slices.Contains(remind, end.Sub(at))
}

// together are the requests of a person that are reminded of at the same moment as this one, and end with it; in order.
func (t *telling) together(ctx context.Context, person string) ([]approvals.Request, error) {
	at, is := remindedAt(t.r)
	if !is {
		return nil, nil
	}
	list, err := t.b.cfg.Looks.List(ctx, approvals.Query{Person: person, States: []approvals.State{approvals.StateActive}, Limit: -1})
	if err != nil {
		return nil, fmt.Errorf("looking what else ends with %s: %w", t.r.ID, err)
	}
	list = slices.DeleteFunc(list, func(r approvals.Request) bool { return !remindsAt(&r, t.r.End, at) })
	slices.SortFunc(list, func(a, b approvals.Request) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list, nil
}

// remindedMost is how many requests one reminder lists.
const remindedMost = 20

// remindMany is one reminder of several requests that end at the same moment.
func (v Voice) remindMany(list []approvals.Request) Card {
	c := card(ToneNote, "", Text{bold(fmt.Sprintf("%d exemptions", len(list))), plain(" end "), v.at(list[0].End), plain(". Still needed? What nobody renews is taken away then.")})
	for i := range list[:min(len(list), remindedMost)] {
		r := &list[i]
		line := Text{bold(string(r.ID)), plain("  "), code(clip(what(r), 60)), plain("  "), code("/hallpass renew " + string(r.ID) + " for 30d because …")}
		c.Lines = append(c.Lines, append(line, v.unusedWords(r)...))
	}
	if more := len(list) - remindedMost; more > 0 {
		c.Lines = append(c.Lines, Text{plain("… and %d more: ", more), code("/hallpass list expiring 30d")})
	}
	return c
}
