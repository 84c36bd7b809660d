package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// noteAttempts bounds how often a note is sealed again because another one came first.
const noteAttempts = 100

// Note seals an entry that belongs to no request's commit into the chain of its day, "note:2026-03-02" for the day of
// e.At in UTC, and appends it to the audit stream. Prev and Hash are set here. The chain has neither gap nor fork,
// however many replicas write at once: the script takes an entry only if it follows the newest one.
func (s *Store) Note(ctx context.Context, e approvals.Entry) error {
	chain := keyNote + e.At.UTC().Format("2006-01-02")
	prev, err := s.client.HGet(ctx, s.prefix+keyNotes, chain).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("looking for the last note: %w: %w", approvals.ErrStore, err)
	}
	for range noteAttempts {
		e = audit.Seal(prev, e)
		entry, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encoding a note: %w", err)
		}
		rep, err := answer(s.sure(ctx, "note", chain, string(entry), prev, e.Hash))
		if err != nil {
			return err
		}
		if err := rep.verdict(); !errors.Is(err, approvals.ErrConflict) {
			return err
		}
		prev = rep.text(1)
	}
	return fmt.Errorf("%s: %w, %d times in a row", chain, approvals.ErrConflict, noteAttempts)
}
