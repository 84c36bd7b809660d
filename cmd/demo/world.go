package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/cmd/internal/companytest"
)

// world is the company with a clock that can be pushed. One clock, machine time plus an offset, drives everything.
type world struct {
	company *companytest.Company

	mu     sync.Mutex // mu guards offset
	offset time.Duration
	push   sync.Mutex // one push at a time
}

// timing is that of the real program, but idle workers look more often, and targets are swept daily, so that a push of the
// clock over weeks is not waited for.
func timing() engine.Timing { return engine.Timing{Poll: 50 * time.Millisecond, Sweep: 24 * time.Hour} }

func newWorld(ctx context.Context, log *slog.Logger) (*world, error) {
	w := &world{}
	pages, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the pages: %w", err)
	}
	company, err := companytest.New(ctx, companytest.Options{
		Now: w.now, Log: log, Timing: timing(), Teams: true, Rules: companytest.RulesWithBlock(companytest.RulesWithStepUp()), PagesOn: pages, SignsOut: true,
	})
	if err != nil {
		return nil, errors.Join(err, pages.Close())
	}
	w.company = company
	past(w.company.Tenant, w.now())
	w.company.Redis.SetTime(w.now())
	return w, nil
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

// event is when the next thing that people would notice happens: an end, a reminder, a nudge, a lapse. If nothing will,
// it is a day away.
func (w *world) event(ctx context.Context) (time.Time, error) {
	due, err := w.company.Store.DueList(ctx, 50)
	if err != nil {
		return time.Time{}, err
	}
	var next time.Time
	for _, d := range due {
		if strings.HasPrefix(d.Member, string(approvals.DueRequest)+"|") && (next.IsZero() || d.At.Before(next)) {
			next = d.At
		}
	}
	if next.IsZero() {
		next = w.now().Add(24 * time.Hour)
	}
	return next.Add(time.Second), nil
}

// pushBy moves the clock by a duration, or to the next event.
func (w *world) pushBy(ctx context.Context, to string) error {
	if to == "next" {
		at, err := w.event(ctx)
		if err != nil {
			return err
		}
		return w.pushTo(ctx, at)
	}
	d, err := time.ParseDuration(to)
	if err != nil || d <= 0 || d > 400*24*time.Hour {
		return fmt.Errorf("the clock cannot be pushed by %q", to)
	}
	return w.pushTo(ctx, w.now().Add(d))
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
