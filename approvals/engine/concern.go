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

// OwnerLeft gives a request whose owner has left to who answers for its account now: the deputy of the owners file, or whoever
// was made its owner since. It gives whom, or nobody: then security has to find somebody. It may be called again at any time.
func (e *Engine) OwnerLeft(ctx context.Context, id approvals.RequestID) (approvals.Person, error) {
	var nobody approvals.Person
	r, err := e.cfg.Requests.Load(ctx, id)
	if err != nil {
		return nobody, fmt.Errorf("loading %s: %w", id, err)
	}
	if r.Account.ID == "" {
		return nobody, nil
	}
	to, err := e.cfg.Owners.OwnerOf(ctx, r.Account.ID)
	if err != nil {
		return nobody, fmt.Errorf("finding who answers for the account of %s: %w", id, err)
	}
	if to.ID == "" || to.Is(r.Owner) {
		return nobody, nil
	}
	now, err := e.cfg.Queue.Now(ctx)
	if err != nil {
		return nobody, fmt.Errorf("asking for the time: %w", err)
	}
	next, err := e.step(ctx, r, approvals.OwnerLeft{To: to}, now, change{
		operation: "left-" + string(r.ID) + "-" + strconv.FormatInt(r.Version, 10), act: "handed",
		detail: map[string]string{"to": to.ID, "reason": "its owner, " + r.Owner.Label() + ", has left"},
	})
	if err != nil || !next.Owner.Is(to) {
		return nobody, err
	}
	return to, nil
}
