package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"hallpass/approvals"
)

// FenceBroken ends what is in force in a zone whose fence does not hold, where its rule says so. It gives what it has ended
// and what goes on. The zone is named as in the rules file; group is the target that its accounts are entries of. It may
// be called again at any time: what has ended stays ended.
func (e *Engine) FenceBroken(ctx context.Context, zone string, group approvals.Target, why string) (ended, kept []approvals.RequestID, err error) {
	_, rows, _, err := e.cfg.Targets.Target(ctx, group)
	if err != nil {
		return nil, nil, fmt.Errorf("reading who is wanted in %s: %w", group, err)
	}
	seen := map[approvals.RequestID]bool{}
	for _, row := range rows {
		if !row.Want || seen[row.Request] {
			continue
		}
		seen[row.Request] = true
		r, lerr := e.cfg.Requests.Load(ctx, row.Request)
		if lerr != nil {
			err = errors.Join(err, fmt.Errorf("loading %s: %w", row.Request, lerr))
			continue
		}
		if !r.EndsUnfenced(zone) {
			if r.State == approvals.StateActive {
				kept = append(kept, r.ID)
			}
			continue
		}
		now, nerr := e.cfg.Queue.Now(ctx)
		if nerr != nil {
			return ended, kept, fmt.Errorf("asking for the time: %w", nerr)
		}
		c := change{
			operation: "fence-" + string(r.ID) + "-" + strconv.FormatInt(r.Version, 10), act: "fence broken",
			detail: map[string]string{"zone": zone, "what": why},
		}
		if _, serr := e.step(ctx, r, approvals.FenceBroken{Zone: zone, Why: why}, now, c); serr != nil { // another commit came first, or the store is away: next time
			err = errors.Join(err, serr)
			continue
		}
		ended = append(ended, r.ID)
	}
	return ended, kept, err
}
