package redisstore

import (
	"context"
	"fmt"
	"slices"

	"hallpass/approvals"
)

// loadBatch is how many requests are read at once: few enough for their commands to fit into one buffer of a connection
// in process, where nobody reads answers before all commands are written.
const loadBatch = 40

// EachIn gives every request that is in one of the states to do, however many there are. A request that moves on while this
// runs is given at least once if the states stand in the order of a life; it may be given twice, or in a later state.
func (s *Store) EachIn(ctx context.Context, states []approvals.State, do func(approvals.Request) error) error {
	for _, state := range states {
		ids, err := s.client.ZRange(ctx, s.prefix+"ix:state:"+string(state), 0, -1).Result()
		if err != nil {
			return fmt.Errorf("listing requests: %w: %w", approvals.ErrStore, err)
		}
		for batch := range slices.Chunk(ids, loadBatch) {
			found, err := s.loadAll(ctx, batch)
			if err != nil {
				return err
			}
			for _, r := range found {
				if err := do(r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
