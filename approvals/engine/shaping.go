package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hallpass/approvals"
)

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
