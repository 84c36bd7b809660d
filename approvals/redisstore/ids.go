package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
)

// firstID is the number before that of the first request.
const firstID = 1000

// NextID gives an id that was never given before.
func (s *Store) NextID(ctx context.Context) (approvals.RequestID, error) {
	n, err := s.client.HIncrBy(ctx, s.prefix+keyMeta, "ids", 1).Result()
	if err != nil {
		return "", fmt.Errorf("taking an id: %w: %w", approvals.ErrStore, err)
	}
	return approvals.MakeRequestID(firstID + n), nil
}

// LastID is the number of the id given last, 1042 for HP-1042; 0 if none was given.
func (s *Store) LastID(ctx context.Context) (int64, error) {
	n, err := s.client.HGet(ctx, s.prefix+keyMeta, "ids").Int64()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("looking for the last id: %w: %w", approvals.ErrStore, err)
	}
	return firstID + n, nil
}

// RaiseIDs makes sure that no id up to this number is given out again, after a loss of those that were.
func (s *Store) RaiseIDs(ctx context.Context, last int64) error {
	if last <= firstID {
		return nil
	}
	rep, err := answer(s.sure(ctx, "ids", last-firstID))
	if err != nil {
		return err
	}
	return rep.verdict()
}
