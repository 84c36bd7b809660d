package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"hallpass/cmd/internal/companytest"
)

// world is the company with a clock that can be pushed. One clock, machine time plus an offset, drives everything.
type world struct {
	company *companytest.Company

	mu     sync.Mutex // mu guards offset
	offset time.Duration
	push   sync.Mutex // one push at a time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.offset).UTC() //nolint:forbidigo // the demo's one clock is made here
}

// machine is the clock of the machine, which nobody pushes.
func (w *world) machine() time.Time {
	return time.Now() //nolint:forbidigo // a push is bounded in machine time
}

// forward moves the clock, and Redis' with it.
func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	w.offset += d
	w.mu.Unlock()
	w.company.Redis.SetTime(w.now())
}

// tick keeps Redis' clock going.
func (w *world) tick(ctx context.Context) error {
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			w.company.Redis.SetTime(w.now())
		}
	}
}

// pushTo moves the clock from one due time to the next, and waits each time until nothing is due and nobody is at work,
// so that reminders come in order and read-backs pass within the push.
func (w *world) pushTo(ctx context.Context, until time.Time) error {
	w.push.Lock()
	defer w.push.Unlock()
	started := w.machine()
	for w.machine().Sub(started) < 40*time.Second {
		next, busy, err := w.next(ctx)
		if err != nil {
			return err
		}
		if busy {
			if err := rest(ctx, 15*time.Millisecond); err != nil {
				return err
			}
			continue
		}
		now := w.now()
		if !now.Before(until) {
			return nil
		}
		to := until
		if !next.IsZero() && next.Before(to) {
			to = next
		}
		w.forward(max(to.Sub(now), time.Millisecond))
	}
	return fmt.Errorf("the clock is at %s; push again to go on", w.now().Format("2 Jan 15:04"))
}

// next is when the next thing is due, and whether something is due or being done now.
func (w *world) next(ctx context.Context) (time.Time, bool, error) {
	due, err := w.company.Store.DueList(ctx, 50)
	if err != nil {
		return time.Time{}, false, err
	}
	now := w.now()
	var next time.Time
	for _, d := range due {
		if d.Claimed || !d.At.After(now) {
			return d.At, true, nil
		}
		if next.IsZero() || d.At.Before(next) {
			next = d.At
		}
	}
	return next, false, nil
}

// event is when the next thing that people would notice happens: an end, a reminder, a lapse.
func (w *world) event(ctx context.Context) (time.Time, error) {
	due, err := w.company.Store.DueList(ctx, 50)
	if err != nil {
		return time.Time{}, err
	}
	next := w.now().Add(24 * time.Hour)
	for _, d := range due {
		if strings.HasPrefix(d.Member, "request|") && d.At.Before(next.Add(365*24*time.Hour)) && (next.After(d.At) || !d.At.Before(w.now())) {
			next = d.At
			break
		}
	}
	return next.Add(time.Second), nil
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
