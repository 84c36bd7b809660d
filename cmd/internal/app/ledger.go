package app

import (
	"context"
	"errors"
	"slices"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
)

// ledger reads from the records of targets which entries are ours.
type ledger struct{ store *redisstore.Store }

func (l ledger) Ours(ctx context.Context, t approvals.Target) (map[string]bool, error) {
	rec, rows, _, err := l.store.Target(ctx, t)
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for entry, er := range rec.Entries {
		ours[entry] = er.Ours
	}
	for _, row := range rows {
		ours[row.Entry] = true
	}
	return ours, nil
}

func (l ledger) Pairs(ctx context.Context, ids []approvals.RequestID) ([]approvals.Pair, error) {
	var out []approvals.Pair
	for _, id := range ids {
		r, err := l.store.Load(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, round := range r.Rounds {
			if round.Outcome == approvals.OutcomeApproved && round.Plan.Zone != nil {
				out = append(out, round.Plan.Zone.Pairs...)
			}
		}
	}
	return out, nil
}

func (l ledger) Requests(ctx context.Context, ids []approvals.RequestID) ([]approvals.Request, error) {
	var out []approvals.Request
	for _, id := range ids {
		r, err := l.store.Load(ctx, id)
		if errors.Is(err, approvals.ErrNotFound) || errors.Is(err, approvals.ErrForged) { // nothing is done because of it
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (l ledger) Rows(ctx context.Context, t approvals.Target) ([]approvals.Row, error) {
	_, rows, _, err := l.store.Target(ctx, t)
	return rows, err
}

func (l ledger) ByHand(ctx context.Context, t approvals.Target) ([]string, error) {
	live, err := l.store.Find(ctx, approvals.Query{States: []approvals.State{approvals.StateApproved, approvals.StateActive, approvals.StateEnding}, Limit: -1})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range live {
		for _, i := range r.InHands() {
			if c := r.Changes[i]; c.Target == t && !slices.Contains(out, c.Entry) {
				out = append(out, c.Entry)
			}
		}
	}
	return out, nil
}
