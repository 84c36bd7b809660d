package app

import (
	"context"
	"errors"
	"time"

	"hallpass/approvals"
)

// patient does something again for as long as it says that it has to wait for the budget of calls to Graph, until the
// context ends. It is for people who wait for an answer that nobody else keeps for them.
func patient[T any](ctx context.Context, now func(ctx context.Context) (time.Time, error), do func(ctx context.Context) (T, error)) (T, error) {
	for {
		out, err := do(ctx)
		later, wait := errors.AsType[*approvals.Later](err)
		if !wait {
			return out, err
		}
		at, clock := now(ctx)
		if clock != nil {
			return out, errors.Join(err, clock)
		}
		timer := time.NewTimer(max(later.At.Sub(at), 50*time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return out, err
		case <-timer.C:
		}
	}
}
