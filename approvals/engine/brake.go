package engine

import (
	"context"
	"fmt"
	"time"

	"hallpass/approvals"
)

// The reasons why nothing new is written.
const (
	heldByMode  = "hallpass only observes (mode: observe); nothing is written"
	heldByPause = "hallpass is paused by an operator; it is applied after `hallpass resume`"
)

// held says why nothing new may be written now; empty if it may.
func (e *Engine) held(ctx context.Context) (string, error) {
	if e.cfg.Observe {
		return heldByMode, nil
	}
	paused, err := e.cfg.Brakes.Paused(ctx)
	if err != nil {
		return "", fmt.Errorf("asking whether writes are paused: %w", err)
	}
	if paused {
		return heldByPause, nil
	}
	return "", nil
}

// brakeAgain is how often a target with held additions looks whether it may go on.
const brakeAgain = 30 * time.Second

// brake takes the additions out of a write while they are held. Removals go on. It returns when to look again.
func (s *shaping) brake(ctx context.Context, w *approvals.Write, next time.Time) (time.Time, error) {
	if len(w.Add) == 0 {
		return next, nil
	}
	why, err := s.e.held(ctx)
	if err != nil || why == "" {
		return next, err
	}
	w.Add, s.braked = nil, true
	s.rec.Problem, s.rec.Since = why, s.since(why)
	at := s.now.Add(brakeAgain)
	if next.IsZero() || at.Before(next) {
		next = at
	}
	return next, nil
}
