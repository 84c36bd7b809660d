package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"hallpass/approvals"
)

// Skeptic is a store that knows what hallpass wrote from what another hand put there. With one, what another hand wants
// is not carried out: no row is believed whose request does not say the same, and a request that was changed is ended. To
// take something away no proof is needed.
type Skeptic interface {
	// Genuine gives those of the requests that are there and were written by hallpass.
	Genuine(ctx context.Context, ids []approvals.RequestID) (map[approvals.RequestID]approvals.Request, error)
	// Disowned gives a request that hallpass did not write as it stands, so that it can be ended.
	Disowned(ctx context.Context, id approvals.RequestID) (approvals.Request, error)
}

// belief is what rows are worth.
type belief struct {
	rows []approvals.Row // those that are not believed want nothing any more
	// ours are entries that Graph accepted from us, by the word of requests.
	ours map[string]bool
	// adopted are entries that a request has taken over from another hand; false for those that other requests want written.
	adopted map[string]bool
	// spared are entries of requests that were to take them over and ended before they were in force.
	spared map[string]bool
	// forged are rows that no request of ours stands behind.
	forged []approvals.Row
	// late are requests that should have ended by now: they are woken, to end in their order.
	late []approvals.RequestID
}

// believe holds rows against the requests that they name. What a request that is over still wants is not put in any more;
// what is in already is left to the request, which takes its changes away in their order.
func (e *Engine) believe(ctx context.Context, rec *approvals.TargetRecord, rows []approvals.Row, now time.Time) (belief, error) {
	t := rec.Target
	b := belief{rows: rows, ours: map[string]bool{}, adopted: map[string]bool{}, spared: map[string]bool{}}
	if e.cfg.Skeptic == nil || len(rows) == 0 {
		return b, nil
	}
	ids := map[approvals.RequestID]bool{}
	for _, row := range rows {
		ids[row.Request] = true
	}
	genuine, err := e.cfg.Skeptic.Genuine(ctx, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return b, fmt.Errorf("holding the rows of %s against their requests: %w", t, err)
	}
	b.rows = slices.Clone(rows)
	for i, row := range rows {
		r, ok := genuine[row.Request]
		stands := ok && row.Change < len(r.Changes) && r.Changes[row.Change].Target == t && r.Changes[row.Change].Entry == row.Entry
		if stands && !r.Changes[row.Change].Accepted.IsZero() {
			b.ours[row.Entry] = true
		}
		wants := stands && slices.ContainsFunc(r.Rows(), func(own approvals.Row) bool { return own.Change == row.Change && own.Want })
		if stands && r.Changes[row.Change].Adopt {
			b.take(&r, row.Entry, row.Want && wants)
		}
		if !row.Want {
			continue
		}
		switch {
		case !wants:
			b.forged = append(b.forged, row)
			b.rows[i].Want = false
		case over(&r, now):
			b.late = append(b.late, r.ID)
			b.rows[i].Want = rec.Entries[row.Entry].Want && !rec.Disowned
		}
	}
	for _, row := range b.rows {
		if r := genuine[row.Request]; row.Want && b.adopted[row.Entry] && !r.Changes[row.Change].Adopt {
			b.adopted[row.Entry] = false
		}
	}
	if len(b.forged) == 0 {
		return b, nil
	}
	// A request and its rows are written together, but were read one after the other: what has moved meanwhile is no forgery.
	_, again, _, err := e.cfg.Targets.Target(ctx, t)
	if err != nil {
		return b, fmt.Errorf("reading target %s again: %w", t, err)
	}
	b.forged = slices.DeleteFunc(b.forged, func(row approvals.Row) bool { return !slices.Contains(again, row) })
	return b, nil
}

// over reports whether nothing may be wanted for a request any more, by its own word.
func over(r *approvals.Request, now time.Time) bool {
	switch r.State {
	case approvals.StateActive:
		return !r.End.IsZero() && !now.Before(r.End)
	case approvals.StateApproved:
		return !r.ApplyBy.IsZero() && !now.Before(r.ApplyBy)
	case approvals.StateNone, approvals.StatePending, approvals.StateEnding, approvals.StateEnded, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
	}
	return true
}

// distrust takes everything out of a record of another hand because of which something would be added. Which entries are
// ours is kept: it only lets them be taken away.
func distrust(rec *approvals.TargetRecord, now time.Time) {
	clean := approvals.TargetRecord{Target: rec.Target, Version: rec.Version, Gen: rec.Gen, Phase: approvals.PhaseRead, Entries: map[string]approvals.EntryRecord{}}
	for entry, er := range rec.Entries {
		clean.Entries[entry] = approvals.EntryRecord{Want: er.Want, Ours: er.Ours, Since: now}
	}
	*rec = clean
}

// doubt says what was found to be forged, once, and has the requests named looked at.
func (s *shaping) doubt(ctx context.Context, b belief) {
	for entry := range b.ours { // a record that was lost no longer knows that we put it there
		if er, known := s.rec.Entries[entry]; known && !er.Ours {
			if _, before := s.old.Entries[entry]; !before || s.old.Disowned {
				er.Ours = true
				s.rec.Entries[entry] = er
			}
		}
	}
	s.stir = append(s.stir, b.late...)
	for _, row := range b.forged {
		s.stir = append(s.stir, row.Request)
		if er, known := s.old.Entries[row.Entry]; known && !er.Want && row.Gen <= s.old.Gen {
			continue // said before
		}
		s.e.cfg.Log.ErrorContext(ctx, "ALARM: a row of a target was not written by hallpass; nothing is added because of it",
			"target", s.rec.Target.String(), "entry", row.Entry, "request", string(row.Request))
		s.report(approvals.ReportForged, "", row.Entry)
	}
	if s.old.Disowned {
		s.e.cfg.Log.ErrorContext(ctx, "ALARM: the record of a target was not written by hallpass; nothing is added because of it", "target", s.rec.Target.String())
		s.report(approvals.ReportForged, "")
	}
}

// disown ends a request that another hand changed in the store: whatever it says, it is taken away.
func (e *Engine) disown(ctx context.Context, claim approvals.Claim) error {
	id := approvals.RequestID(claim.Key)
	if e.cfg.Skeptic == nil {
		return fmt.Errorf("%s: %w", id, approvals.ErrForged)
	}
	old, err := e.cfg.Skeptic.Disowned(ctx, id)
	if err != nil {
		return fmt.Errorf("reading %s, which another hand changed: %w", id, err)
	}
	e.cfg.Log.ErrorContext(ctx, "ALARM: a request was changed in the store by another hand and is ended", "request", string(id), "claims_to_be", string(old.State))
	if old.State.Final() { // its rows are not believed either: nothing is left to do
		return e.finish(ctx, claim, time.Time{})
	}
	next := old.Clone()
	next.State, next.Stuck = approvals.StateEnding, nil
	next.Cause = &approvals.Cause{Word: approvals.CauseForged, At: claim.Now}
	effects := []approvals.Effect{approvals.Wake{At: claim.Now, Lane: approvals.LaneEnd}, approvals.Tell{}}
	for i := range next.Changes {
		c := &next.Changes[i]
		if c.State = approvals.ChangeWithdrawn; c.At.IsZero() {
			c.At = claim.Now
		}
		effects = append(effects, approvals.Converge{Target: c.Target, Lane: approvals.LaneEnd})
	}
	_, err = e.commit(ctx, old, next, effects, claim.Now, change{
		operation: "disown-" + strconv.FormatInt(claim.Token, 10), act: "disowned", claim: &claim, done: true, detail: map[string]string{"claimed": string(old.State)},
	})
	return err
}

// refuseForged answers an act on a request that another hand changed, and has it ended.
func (e *Engine) refuseForged(ctx context.Context, id approvals.RequestID) error {
	now, err := e.cfg.Queue.Now(ctx)
	if err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	err = e.cfg.Queue.Book(ctx, approvals.Due{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneEnd, At: now})
	if err != nil {
		return fmt.Errorf("booking %s: %w", id, err)
	}
	e.cfg.Kick(approvals.LaneEnd)
	return approvals.Refuse(approvals.RefusedState, "%s was changed by somebody other than hallpass, so nothing is done with it but to end it.", id).
		Or("Security was told. Ask anew.")
}

// isForged reports whether a request could not be loaded because another hand changed it.
func isForged(err error) bool { return errors.Is(err, approvals.ErrForged) }
