package engine

import (
	"context"
	"fmt"
	"time"

	"hallpass/approvals"
)

const (
	sweepName  = "sweep"
	sweepEvery = time.Hour
)

// sweep books every target that the rules file names to be looked at. Converging then does the rest: an entry that neither
// a row nor the ledger knows is looked up in the directory audit, and judged by what it says.
func sweep(ctx context.Context, queue Queue, named []approvals.Target) error {
	if len(named) == 0 {
		return nil
	}
	now, err := queue.Now(ctx)
	if err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	var due []approvals.Due
	for _, t := range named {
		due = append(due, approvals.Due{Kind: approvals.DueTarget, Key: t.String(), Lane: approvals.LaneSweep, At: now})
	}
	if err := queue.Book(ctx, due...); err != nil {
		return fmt.Errorf("booking targets: %w", err)
	}
	return nil
}
