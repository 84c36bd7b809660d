package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

func clone(rec approvals.TargetRecord) approvals.TargetRecord {
	entries := make(map[string]approvals.EntryRecord, len(rec.Entries))
	maps.Copy(entries, rec.Entries)
	rec.Entries = entries
	rec.Watch, rec.Back, rec.Strangers = slices.Clone(rec.Watch), slices.Clone(rec.Back), slices.Clone(rec.Strangers)
	return rec
}

// shaping is one step for one target.
type shaping struct {
	e        *Engine
	claim    approvals.Claim
	received time.Time // machine time at which the claim came
	old, rec approvals.TargetRecord
	rows     []approvals.Row
	now      time.Time
	braked   bool // additions are held back
	// stir are requests to be woken: rows of another hand name them, or they should have ended.
	stir []approvals.RequestID
}

// sent notes that a write went out, or may have, and books the late verifies that follow every write.
func (s *shaping) sent(at time.Time) {
	if s.e.cfg.Shared(s.rec.Target) {
		from := sooner(s.now, s.rec.Based)
		for _, after := range []time.Duration{auditLag, auditLast} {
			s.rec.Watch = append(s.rec.Watch, approvals.Window{From: from, To: at.Add(s.e.cfg.Timing.Settle), At: at.Add(after)})
		}
		s.rec.Watch = merge(s.rec.Watch)
	}
	s.rec.Wrote, s.rec.Late = at, nil
	for _, after := range s.e.cfg.Timing.Late {
		s.rec.Late = append(s.rec.Late, at.Add(after))
	}
}

// quarantine keeps everybody's hands off the target until a write whose outcome is unknown has landed or never will.
func (s *shaping) quarantine(from time.Time) {
	s.rec.Quiet = from.Add(s.e.cfg.Timing.Settle)
	s.rec.ReadAfter = s.rec.Quiet
}

// bound gives a context for one call, or false if too little of the lease is left to start one.
func (s *shaping) bound(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	t := s.e.cfg.Timing
	left := t.Lease - s.e.cfg.Now().Sub(s.received)
	if left < t.Deadline {
		return ctx, func() {}, false
	}
	bounded, cancel := context.WithTimeout(ctx, t.Deadline)
	return bounded, cancel, true
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
	fresh := s.rec.ReadAfter
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
	w, next := difference(&s.rec, sight.Entries, s.now, t)
	if next, err = s.brake(ctx, &w, next); err != nil {
		return err
	}
	if misses(&s.rec, sight.Entries, t) {
		w.Add, w.Remove, next = nil, nil, s.rec.ReadAfter
	}
	if len(w.Add)+len(w.Remove) > 0 {
		ledger(&s.rec, w)
		s.rec.Phase, s.rec.Seen, s.rec.Based = approvals.PhaseWrite, sight.Entries, sight.At
		return s.settle(ctx, s.now)
	}
	s.rec.Seen = nil
	return s.settle(ctx, s.next(next))
}

// next is when the target is looked at next if nothing is to be written now: sooner if something is held back until then.
func (s *shaping) next(held time.Time) time.Time {
	at := s.rec.ReadAfter
	switch {
	case s.braked && !removing(&s.rec):
		s.rec.Phase, at = approvals.PhaseRead, held
	case unsettled(&s.rec), doubted(&s.rec, s.e.cfg.Timing), len(s.rec.Back) > 0:
		s.rec.Phase, at = approvals.PhaseVerify, sooner(at, held)
	default:
		s.rec.Phase, at = approvals.PhaseIdle, s.idle()
	}
	ask := nextAsk(&s.rec)
	if len(s.rec.Reports) > 0 { // what could not be told is tried again
		ask = sooner(s.now.Add(auditRetry), ask)
	}
	if at.IsZero() {
		return ask
	}
	return sooner(at, ask)
}

// removing reports whether anything is still to be taken away.
func removing(rec *approvals.TargetRecord) bool {
	for _, er := range rec.Entries {
		if !er.Want && !er.Settled {
			return true
		}
	}
	return false
}

// unwritten reports whether something is wanted that no write has carried yet: it need not wait for the next read that
// counts.
func unwritten(rec *approvals.TargetRecord) bool {
	for _, er := range rec.Entries {
		if !er.Settled && !er.Vanished && er.Accepted.IsZero() && !er.Since.Before(rec.Wrote) {
			return true
		}
	}
	return false
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func sooner(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// idle is when a target in shape is looked at next: the next late verify, or the next sweep while it holds anything.
func (s *shaping) idle() time.Time {
	for len(s.rec.Late) > 0 && !s.rec.Late[0].After(s.now) {
		s.rec.Late = s.rec.Late[1:]
	}
	var next time.Time
	if len(s.rec.Late) > 0 {
		next = s.rec.Late[0]
	}
	for _, er := range s.rec.Entries {
		if er.Want && !er.Vanished {
			sweep := s.now.Add(s.e.cfg.Timing.Sweep)
			if next.IsZero() || sweep.Before(next) {
				next = sweep
			}
			break
		}
	}
	if !next.IsZero() {
		s.rec.ReadAfter = next
	}
	return next
}

// class is how urgent reading is.
func (s *shaping) class() approvals.Class {
	class := approvals.ClassSweep
	for _, er := range s.rec.Entries {
		switch {
		case er.Settled || er.Vanished:
		case !er.Want && er.Ours && er.Accepted.IsZero():
			return approvals.ClassRemoval
		case er.Want && er.Accepted.IsZero():
			class = min(class, approvals.ClassApply)
		default:
			class = min(class, approvals.ClassReadBack)
		}
	}
	return class
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
		if !s.rec.Entries[entry].Want {
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
	s.rec.ReadAfter = sent.Add(t.Spacing)
	return s.settle(ctx, s.rec.ReadAfter)
}

// failed settles a step whose call did not succeed: the reason is shown, and the target is looked at again later.
func (s *shaping) failed(ctx context.Context, err error, doing string) error {
	t := s.e.cfg.Timing
	at := s.now.Add(t.Settle)
	var why string
	var wait *approvals.Later
	var no *approvals.Refusal
	var unsure *approvals.Unsure
	switch {
	case errors.As(err, &wait):
		return s.settle(ctx, wait.At) // waiting for its turn is not a problem
	case errors.As(err, &no):
		why, at = no.Error(), s.now.Add(30*time.Second)
	case errors.As(err, &unsure):
		why = "Entra ID did not answer; looking whether it happened"
	default:
		why = "Entra ID answered with an error; trying again"
	}
	s.e.cfg.Log.WarnContext(ctx, "converging failed", "target", s.rec.Target.String(), "doing", doing, "tries", s.rec.Tries, "error", err)
	s.rec.Problem, s.rec.Since = why, s.since(why)
	return s.settle(ctx, at)
}

func (s *shaping) since(why string) time.Time {
	if s.old.Problem == why && !s.old.Since.IsZero() {
		return s.old.Since
	}
	return s.now
}

// settle writes the step and ends the claim. Requests are woken if something that they look at changed.
func (s *shaping) settle(ctx context.Context, next time.Time) error {
	st := approvals.Settlement{Record: s.rec, Claim: s.claim, Wake: s.wakes()}
	if !next.IsZero() {
		lane := approvals.LaneApply
		if removing(&s.rec) {
			lane = approvals.LaneEnd
		}
		if s.rec.Phase == approvals.PhaseIdle {
			lane = approvals.LaneSweep
		}
		st.Next = approvals.Due{Kind: approvals.DueTarget, Key: s.rec.Target.String(), Lane: lane, At: next}
	}
	err := s.e.cfg.Targets.Settle(ctx, st)
	if errors.Is(err, approvals.ErrLostClaim) {
		return nil // a successor has the target; it reads before it does anything
	}
	if err != nil {
		return fmt.Errorf("settling %s: %w", s.rec.Target, err)
	}
	if !st.Next.At.IsZero() {
		s.e.cfg.Kick(st.Next.Lane)
	}
	if len(st.Wake) > 0 {
		s.e.cfg.Kick(approvals.LaneApply)
		s.e.cfg.Kick(approvals.LaneEnd)
	}
	return nil
}

// wakes are the requests that see something new of their entries. A request whose row came after this step read the rows
// is woken by the step that reads it.
func (s *shaping) wakes() []approvals.Due {
	var due []approvals.Due
	for _, id := range s.stir {
		due = append(due, approvals.Due{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneEnd, At: s.now})
	}
	for _, row := range s.rows {
		before, after := s.old.Entries[row.Entry], s.rec.Entries[row.Entry]
		if row.Gen <= s.old.Gen && s.old.Problem == s.rec.Problem && brief(before) == brief(after) {
			continue
		}
		lane := approvals.LaneApply
		if !row.Want {
			lane = approvals.LaneEnd
		}
		due = append(due, approvals.Due{Kind: approvals.DueRequest, Key: string(row.Request), Lane: lane, At: s.now})
	}
	return due
}

// brief is what a view shows of an entry.
func brief(er approvals.EntryRecord) [4]bool {
	return [4]bool{er.Want, er.Settled, er.Vanished, !er.Accepted.IsZero()}
}
