package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"hallpass/approvals"
)

func TestWhatIsUnmanagedIsCountedOverSeveralTurnsAndNotedWhenItChanges(t *testing.T) {
	t.Parallel()
	store := newAnchorage(t).store
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	began, found, fails, end := 0, 2, error(nil), func() {}
	w := &unmanagedWatch{store: store, every: time.Hour, begin: func() func(context.Context) (approvals.Survey, error) {
		began++
		return func(context.Context) (approvals.Survey, error) {
			if errors.Is(fails, context.Canceled) {
				end()
			}
			return approvals.Survey{At: noon, List: make([]approvals.Unmanaged, found)}, fails
		}
	}}
	if _, known, err := lastCounted(t.Context(), store); known || err != nil {
		t.Errorf("before the first look: %v, %v", known, err)
	}
	down := errors.New("Entra ID does not answer")
	for i, step := range []struct {
		what  string
		found int
		fails error
		began int // looks begun by then
		count int
		later bool // it is gone on with
	}{
		{"the budget is used up", 2, &approvals.Later{At: time.Now()}, 1, 0, true},
		{"its time is up: what was read is kept", 2, context.Canceled, 1, 0, true},
		{"its turn", 2, nil, 1, 2, false},
		{"nothing new", 2, nil, 2, 2, false},
		{"the tenant cannot be read: the old count stands", 0, down, 3, 2, false},
		{"one more", 3, nil, 4, 3, false},
	} {
		found, fails = step.found, step.fails
		ctx, cancel := context.WithCancel(t.Context())
		end = cancel
		err := w.run(ctx)
		cancel()
		got, _, rerr := lastCounted(t.Context(), store)
		_, later := errors.AsType[*approvals.Later](err)
		if !errors.Is(err, step.fails) || later != step.later || rerr != nil || began != step.began || got.Count != step.count {
			t.Errorf("%d, %s: %v, %v; %d looks begun, %d counted", i, step.what, err, rerr, began, got.Count)
		}
	}
}
