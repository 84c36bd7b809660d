package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
)

// A target is converged in a chain of short steps, each its own claim with one call to Graph at most. The chain is kept
// in the target's record, so a crash repeats one step:
//
//	read    look at the target; if something is missing or too much, note it in the ledger, and go to write
//	write   write the difference once, for all who want something; then go back to read
//	read    … until every entry agreed in enough successive reads, then a few late reads
//
// The ledger is durable before the write goes out. After a write whose outcome is unknown the next step is a read.

// converge does the next step for a target.
func (e *Engine) converge(ctx context.Context, claim approvals.Claim, received time.Time) error {
	target, err := approvals.ParseTarget(claim.Key)
	if err != nil {
		return fmt.Errorf("a due member names no target: %w", err)
	}
	old, rows, gen, err := e.cfg.Targets.Target(ctx, target)
	if err != nil {
		return fmt.Errorf("reading target %s: %w", target, err)
	}
	trust, err := e.believe(ctx, &old, rows, claim.Now)
	if err != nil {
		return err
	}
	rows = trust.rows
	s := shaping{e: e, claim: claim, received: received, old: old, rec: clone(old), rows: rows, now: claim.Now}
	s.rec.Target = target
	if old.Disowned && e.cfg.Skeptic != nil {
		distrust(&s.rec, claim.Now)
	}
	// The worker before us vanished with a write under way, which may still land: wait past its lease, then look.
	if claim.Attempt > 1 && old.Phase == approvals.PhaseWrite {
		s.rec.Phase, s.rec.Seen = approvals.PhaseRead, nil
		s.sent(s.now)
		s.quarantine(s.now)
	}
	planned := pending(&s.rec, s.now, e.cfg.Timing)
	foldRows(&s.rec, rows, gen, s.now, e.cfg.Timing)
	s.adopt(trust)
	s.doubt(ctx, trust)
	if s.now.Before(s.rec.Quiet) { // nothing is read or written; the rows are folded, or a newer generation would not let it rest
		return s.settle(ctx, s.rec.Quiet)
	}
	if s.rec.Phase == approvals.PhaseWrite {
		return s.write(ctx, planned)
	}
	s.tell(ctx)
	if at := nextAsk(&s.rec); !at.IsZero() && !s.now.Before(at) && !unwritten(&s.rec) {
		return s.ask(ctx)
	}
	return s.read(ctx)
}

// pending is the write that the step before made durable in the ledger.
func pending(rec *approvals.TargetRecord, now time.Time, t Timing) approvals.Write {
	if rec.Phase != approvals.PhaseWrite {
		return approvals.Write{}
	}
	w, _ := difference(rec, rec.Seen, now, t)
	return w
}

// read looks at the target and decides what comes next.
func (s *shaping) read(ctx context.Context) error {
	t := s.e.cfg.Timing
	if s.rec.Phase == approvals.PhaseIdle && unsettled(&s.rec) {
		s.rec.ReadAfter = later(s.now, s.rec.Wrote.Add(t.Spacing)) // the far-off sweep was booked for another day
	}
	counts := !s.now.Before(s.rec.ReadAfter)
	if !counts && !unwritten(&s.rec) {
		s.rec.Phase = approvals.PhaseVerify
		return s.settle(ctx, s.rec.ReadAfter)
	}
	call, cancel, ok := s.bound(ctx)
	defer cancel()
	if !ok {
		return s.settle(ctx, s.now)
	}
	fresh := later(s.rec.ReadAfter, s.rec.Wrote) // what is to be written is based on it, and must not undo the last write
	if !counts || fresh.IsZero() {
		fresh = s.now
	}
	sight, err := s.e.cfg.Entra.Read(call, s.rec.Target, fresh, s.class())
	if err != nil {
		return s.failed(ctx, err, "reading")
	}
	if counts {
		foldSight(&s.rec, sight, t)
		s.rec.ReadAfter = sight.At.Add(t.Spacing)
		s.wonder()
	}
	s.rec.Problem, s.rec.Since = "", time.Time{}
	if sight.Made != "" {
		s.rec.Made = sight.Made
	}
	w, next := difference(&s.rec, sight.Entries, s.now, t)
	if next, err = s.brake(ctx, &w, next); err != nil {
		return err
	}
	if misses(&s.rec, sight.Entries, t) {
		w.Add, w.Remove, next = nil, nil, s.rec.ReadAfter
	}
	if len(w.Add)+len(w.Remove) > 0 {
		ledger(&s.rec, w)
		s.rec.Phase, s.rec.Seen, s.rec.Based = approvals.PhaseWrite, base(&s.rec, sight.Entries, s.now, t), sight.At
		return s.settle(ctx, s.now)
	}
	s.rec.Seen = nil
	return s.settle(ctx, s.next(next))
}

// write sends what the step before put into the ledger, less what nobody wants any more.
func (s *shaping) write(ctx context.Context, planned approvals.Write) error {
	t := s.e.cfg.Timing
	w := approvals.Write{Seen: s.rec.Seen}
	for _, entry := range planned.Add {
		if er := s.rec.Entries[entry]; er.Want && er.Ours && !er.Vanished || slices.Contains(s.rec.Back, entry) {
			w.Add = append(w.Add, entry)
		}
	}
	for _, entry := range planned.Remove {
		if er := s.rec.Entries[entry]; !er.Want && er.Ours {
			w.Remove = append(w.Remove, entry)
		}
	}
	if _, err := s.brake(ctx, &w, time.Time{}); err != nil { // it may have been pulled since the read
		return err
	}
	w.Urgent = len(w.Remove) > 0
	if len(w.Add)+len(w.Remove) == 0 || s.now.Sub(s.rec.Based) > t.Stale { // nothing to do, or on too old a read
		s.rec.Phase, s.rec.Seen = approvals.PhaseRead, nil
		return s.settle(ctx, s.now)
	}
	call, cancel, ok := s.bound(ctx)
	defer cancel()
	if !ok {
		return s.settle(ctx, s.now)
	}
	err := s.e.cfg.Entra.Write(call, s.rec.Target, w)
	if wait, ok := errors.AsType[*approvals.Later](err); ok { // nothing was sent: the ledger stands, the write is tried again from the same read
		return s.settle(ctx, wait.At)
	}
	sent := s.now.Add(s.e.cfg.Now().Sub(s.received))
	s.sent(sent)
	if err != nil {
		s.rec.Tries++
		s.rec.Phase, s.rec.Seen = approvals.PhaseRead, nil
		s.quarantine(sent)
		return s.failed(ctx, err, "writing")
	}
	accepted(&s.rec, w, sent)
	more, _ := difference(&s.rec, s.rec.Seen, s.now, t)
	if _, err := s.brake(ctx, &more, time.Time{}); err != nil {
		return err
	}
	if len(more.Add)+len(more.Remove) > 0 {
		ledger(&s.rec, more)
		return s.settle(ctx, s.now)
	}
	s.rec.Phase, s.rec.Seen = approvals.PhaseVerify, nil
	// On a busy target there is always another write: reads go on counting for those that wait for them.
	if !counted(&s.rec, w) {
		s.rec.ReadAfter = sent.Add(t.Spacing)
	}
	return s.settle(ctx, s.rec.ReadAfter)
}
