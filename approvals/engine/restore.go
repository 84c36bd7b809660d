package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// Restore commits a request that approvals.Restore made of what a checkpoint keeps: the request, its rows, the ledger of its
// targets and a wake-up at once, in one step. stored is what the store has of it, the zero value if nothing. there are the
// entries that a read found in each of its targets; a target that is missing could not be read, and is taken to hold them.
// operation is the same for every try. The signature is the caller's to check.
func (e *Engine) Restore(ctx context.Context, operation string, stored, next approvals.Request, there map[approvals.Target][]string, detail map[string]string) (approvals.Request, error) {
	for range attempts {
		now, err := e.cfg.Queue.Now(ctx)
		if err != nil {
			return next, fmt.Errorf("asking for the time: %w", err)
		}
		effects := []approvals.Effect{approvals.Tell{}}
		if !next.State.Final() {
			effects = append(effects, approvals.Wake{At: now, Lane: approvals.LaneEnd})
		}
		ledger, err := e.relearn(ctx, &next, there, now)
		if err != nil {
			return next, err
		}
		for _, rec := range ledger {
			effects = append(effects, approvals.Converge{Target: rec.Target, Lane: approvals.LaneEnd})
		}
		out, err := e.commit(ctx, stored, next, effects, now, change{operation: operation, act: "restored", detail: detail, ledger: ledger})
		if !errors.Is(err, approvals.ErrConflict) {
			return out, err
		}
		if stored.Version > 0 { // it moved meanwhile: the caller has to look again, or a newer state would be written over
			return next, err
		}
	}
	return next, fmt.Errorf("%s: %w, %d times in a row", next.ID, approvals.ErrConflict, attempts)
}

// relearn gives the records of the request's targets with its entries in the ledger.
func (e *Engine) relearn(ctx context.Context, r *approvals.Request, there map[approvals.Target][]string, now time.Time) ([]approvals.TargetRecord, error) {
	records := map[approvals.Target]approvals.TargetRecord{}
	for _, row := range r.Rows() {
		rec, known := records[row.Target]
		if !known {
			old, _, _, err := e.cfg.Targets.Target(ctx, row.Target)
			if err != nil {
				return nil, fmt.Errorf("reading target %s: %w", row.Target, err)
			}
			if rec = clone(old); old.Disowned {
				distrust(&rec, now)
			}
		}
		seen, read := there[row.Target]
		remember(&rec, row, !read || slices.Contains(seen, row.Entry), now, e.cfg.Timing)
		records[row.Target] = rec
	}
	var out []approvals.TargetRecord
	for _, t := range slices.SortedFunc(maps.Keys(records), func(a, b approvals.Target) int { return strings.Compare(a.String(), b.String()) }) {
		out = append(out, records[t])
	}
	return out, nil
}

// remember puts one entry of a restored request into the ledger. One that is there counts as verified: if it vanishes now,
// another hand took it out, and it is not put back.
func remember(rec *approvals.TargetRecord, row approvals.Row, there bool, now time.Time, t Timing) {
	if rec.Entries == nil {
		rec.Entries = map[string]approvals.EntryRecord{}
	}
	is := func(entry string) bool { return entry == row.Entry }
	rec.Strangers, rec.Foreign = slices.DeleteFunc(rec.Strangers, is), slices.DeleteFunc(slices.Clone(rec.Foreign), is)
	er, known := rec.Entries[row.Entry]
	switch {
	case known && er.Want && !row.Want: // perhaps another request still wants it: its row says so when rows are folded
		er.Ours = true
	case known && er.Want == row.Want && !er.Vanished:
		er.Ours = true
	default:
		er = approvals.EntryRecord{Want: row.Want, Ours: true, Since: now}
	}
	if row.Want && there {
		er.Settled, er.Reads, er.Misses = true, t.Reads, 0
	}
	rec.Entries[row.Entry] = er
}
