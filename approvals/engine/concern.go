package engine

import (
	"context"
	"fmt"
	"strconv"

	"hallpass/approvals"
)

// AccountChanged ends a request because of what became of its account, where its rule says so, and reports whether it did. It may
// be called again at any time.
func (e *Engine) AccountChanged(ctx context.Context, id approvals.RequestID, concern approvals.Concern) (bool, error) {
	r, err := e.cfg.Requests.Load(ctx, id)
	if err != nil {
		return false, fmt.Errorf("loading %s: %w", id, err)
	}
	if !r.EndsFor(concern) {
		return false, nil
	}
	now, err := e.cfg.Queue.Now(ctx)
	if err != nil {
		return false, fmt.Errorf("asking for the time: %w", err)
	}
	_, err = e.step(ctx, r, approvals.AccountChanged{Concern: concern}, now, change{
		operation: "concern-" + string(r.ID) + "-" + strconv.FormatInt(r.Version, 10), act: "account changed",
		detail: map[string]string{"word": string(concern.Word), "what": concern.What},
	})
	return err == nil, err
}
