package redisstore

import (
	"context"
	"fmt"
	"slices"

	"hallpass/approvals"
)

// followBatch is how many lines of the stream are read at once.
const followBatch = 500

// Tail is the place of the newest line of the audit stream, to follow it from; "0" for an empty stream.
func (s *Store) Tail(ctx context.Context) (string, error) {
	got, err := s.client.XRevRangeN(ctx, s.prefix+keyAudit, "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("reading the end of the audit stream: %w: %w", approvals.ErrStore, err)
	}
	if len(got) == 0 {
		return "0", nil
	}
	return got[0].ID, nil
}

// Follow gives which chains have a line after this place of the audit stream, each once, and the place to go on from.
// Every commit of a request writes a line in the request's chain: who follows misses none.
func (s *Store) Follow(ctx context.Context, place string) ([]string, string, error) {
	var chains []string
	seen := map[string]bool{}
	for {
		batch, err := s.client.XRangeN(ctx, s.prefix+keyAudit, "("+place, "+", followBatch).Result()
		if err != nil {
			return nil, place, fmt.Errorf("following the audit stream: %w: %w", approvals.ErrStore, err)
		}
		for _, m := range batch {
			place = m.ID
			if chain := lineOf(m).Chain; !seen[chain] {
				seen[chain] = true
				chains = append(chains, chain)
			}
		}
		if len(batch) < followBatch {
			return chains, place, nil
		}
	}
}

// Each gives every stored request to do, in batches.
func (s *Store) Each(ctx context.Context, do func([]approvals.Request) error) error {
	ids, err := s.client.ZRange(ctx, s.prefix+"ix:all", 0, -1).Result()
	if err != nil {
		return fmt.Errorf("listing requests: %w: %w", approvals.ErrStore, err)
	}
	for batch := range slices.Chunk(ids, loadBatch) {
		found, err := s.loadAll(ctx, batch)
		if err != nil {
			return err
		}
		if err := do(found); err != nil {
			return err
		}
	}
	return nil
}

// LoadMany loads requests by id, those that are there.
func (s *Store) LoadMany(ctx context.Context, ids []approvals.RequestID) ([]approvals.Request, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	var out []approvals.Request
	for batch := range slices.Chunk(names, loadBatch) {
		found, err := s.loadAll(ctx, batch)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Unshare takes back what was shared, and reports whether it was there: of several who ask at once, one is told so.
func (s *Store) Unshare(ctx context.Context, name string) (bool, error) {
	n, err := s.client.Del(ctx, s.prefix+keyShare+name).Result()
	if err != nil {
		return false, fmt.Errorf("taking back %s: %w: %w", name, approvals.ErrStore, err)
	}
	return n > 0, nil
}
