package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hallpass/approvals"
)

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
