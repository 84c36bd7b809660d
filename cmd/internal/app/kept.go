package app

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/redisstore"
)

// kept is what a checkpoint says of all unfinished requests, however many there are: the entries that they keep in Entra ID
// or in a place by hand, or may, from the moment a change is released until it was read back, or attested, as gone; and what
// brings the requests back.
func kept(ctx context.Context, store *redisstore.Store) (Kept, error) {
	var out Kept
	type key struct {
		id approvals.RequestID
		n  int
	}
	live, requests := map[key]audit.Live{}, map[approvals.RequestID]approvals.Request{}
	states := []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive, approvals.StateEnding}
	err := store.EachIn(ctx, states, func(r approvals.Request) error {
		if r.State.Final() { // it moved on meanwhile
			delete(requests, r.ID)
			maps.DeleteFunc(live, func(k key, _ audit.Live) bool { return k.id == r.ID })
			return nil
		}
		requests[r.ID] = r.Remnant()
		keeps := r.InHands()
		for _, row := range r.Rows() {
			keeps = append(keeps, row.Change)
		}
		for _, i := range keeps {
			c := r.Changes[i]
			l := audit.Live{Target: c.Target.String(), Entry: c.Entry, Label: c.Label, Request: r.ID}
			if r.State == approvals.StateActive {
				l.End = r.End
			}
			live[key{r.ID, i}] = l
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Live = slices.SortedFunc(maps.Values(live), func(a, b audit.Live) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Request, b.Request))
	})
	out.Requests = slices.SortedFunc(maps.Values(requests), func(a, b approvals.Request) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	out.LastID, err = store.LastID(ctx)
	return out, err
}
