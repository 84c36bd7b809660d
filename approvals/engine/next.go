package engine

import (
	"time"

	"hallpass/approvals"
)

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
		if !er.Settled && !er.Vanished && er.Accepted.IsZero() && !er.Since.Before(rec.Wrote) && (!er.Want || !er.Adopted) {
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
