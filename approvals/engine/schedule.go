package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
)

// Schedule is work that comes due again and again, and is done by one replica at a time.
type Schedule struct {
	// Name is its name in the store. Two schedules must not share one, and it must not change between versions.
	Name string
	// Every is the time between two runs. Runs begin at its multiples in UTC, so that all replicas book the same times:
	// "24h" runs at midnight.
	Every time.Duration
	// Do does the work within Timing.ScheduleLease; the context ends before that. What takes longer returns
	// *approvals.Later when its slice is done: it is called again at that time and goes on. It may be called twice for one
	// run, after a crash. Any other error is logged, and the work is tried again within a minute.
	Do func(ctx context.Context) error
}

const (
	// bookAgain is how often a running replica books what is scheduled: a store that lost it gets it back.
	bookAgain = 10 * time.Minute
	// runAgain is the pause after a run that failed.
	runAgain = time.Minute
)

// checkSchedules refuses schedules that cannot be booked.
func checkSchedules(list []Schedule) error {
	seen := map[string]bool{}
	for _, s := range list {
		if s.Name == "" || s.Every < time.Second || s.Do == nil || seen[s.Name] {
			return fmt.Errorf("engine: the schedule %q needs a name of its own, a second or more between runs, and something to do", s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}

// after is when the schedule runs next.
func (s Schedule) after(now time.Time) time.Time { return now.UTC().Truncate(s.Every).Add(s.Every) }

// BookSchedules makes every schedule due at its next time, if it is not due sooner. Any replica may do so, any number of
// times.
func (e *Engine) BookSchedules(ctx context.Context) error {
	if len(e.cfg.Schedules) == 0 {
		return nil
	}
	now, err := e.cfg.Queue.Now(ctx)
	if err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	var due []approvals.Due
	for _, s := range e.cfg.Schedules {
		due = append(due, approvals.Due{Kind: approvals.DueSchedule, Key: s.Name, Lane: approvals.LaneSweep, At: s.after(now)})
	}
	if err := e.cfg.Queue.Book(ctx, due...); err != nil {
		return fmt.Errorf("booking schedules: %w", err)
	}
	e.cfg.Kick(approvals.LaneSweep)
	return nil
}

// keepBooked books the schedules now and again until the context ends.
func (e *Engine) keepBooked(ctx context.Context) {
	for ctx.Err() == nil {
		pause := bookAgain
		if err := e.BookSchedules(ctx); err != nil && ctx.Err() == nil {
			e.cfg.Log.WarnContext(ctx, "schedules could not be booked", "error", err)
			pause = e.cfg.Timing.Poll
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// run does one run of a schedule and books the next one, whatever came of it.
func (e *Engine) run(ctx context.Context, claim approvals.Claim) error {
	i := slices.IndexFunc(e.cfg.Schedules, func(s Schedule) bool { return s.Name == claim.Key })
	if i < 0 { // of another version; its replicas book it again
		return e.finish(ctx, claim, time.Time{})
	}
	s := e.cfg.Schedules[i]
	lease := e.cfg.Timing.ScheduleLease
	ctx, cancel, claim, err := e.extend(ctx, claim, lease)
	if err != nil {
		return err
	}
	defer cancel()
	began := e.cfg.Now()
	slice, done := context.WithTimeout(ctx, max(lease-e.cfg.Timing.Settle, lease/2))
	err = s.Do(slice)
	done()
	now := claim.Now.Add(e.cfg.Now().Sub(began))
	next := s.after(now)
	var wait *approvals.Later
	switch {
	case errors.As(err, &wait):
		next = sooner(next, later(now, wait.At))
	case err != nil:
		e.cfg.Log.WarnContext(ctx, "scheduled work failed and is tried again", "schedule", s.Name, "error", err)
		next = sooner(next, now.Add(runAgain))
	}
	return e.finish(ctx, claim, next)
}

// extend gives a claim a longer lease, and a context that this lease bounds instead of the old one.
func (e *Engine) extend(ctx context.Context, claim approvals.Claim, lease time.Duration) (context.Context, context.CancelFunc, approvals.Claim, error) {
	longer, err := e.cfg.Queue.Extend(ctx, claim, lease)
	if err != nil {
		return ctx, func() {}, claim, fmt.Errorf("extending the lease of %s: %w", claim.Member(), err)
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	return bounded, cancel, longer, nil
}
