package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"hallpass/approvals"
)

// Budget is a number of calls that all replicas together may make.
type Budget struct {
	Rate  float64 // calls a second
	Burst int
}

// Reserve takes n calls out of a budget. A zero time means granted; else it is when to try again. More urgent classes go
// first.
func (s *Store) Reserve(ctx context.Context, bucket string, class approvals.Class, n int) (time.Time, error) {
	b, ok := s.cfg.Budgets[bucket]
	if !ok {
		return time.Time{}, nil
	}
	v, err := s.run(ctx, "reserve", bucket, int(class), n, b.Rate, max(b.Burst, n))
	if err != nil {
		return time.Time{}, err
	}
	text, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("%w: reserving answered %T", approvals.ErrStore, v)
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: reserving answered %q", approvals.ErrStore, text)
	}
	if ms == 0 {
		return time.Time{}, nil
	}
	return moment(ms), nil
}

// Penalise gives nobody anything of a budget before then: Graph has said that it is too much.
func (s *Store) Penalise(ctx context.Context, bucket string, until time.Time) error {
	if err := s.client.HSet(ctx, s.prefix+"budget:"+bucket, "hold", millis(until)).Err(); err != nil {
		return fmt.Errorf("holding a budget: %w: %w", approvals.ErrStore, err)
	}
	return nil
}

// Used counts what was taken out of a budget so far.
func (s *Store) Used(ctx context.Context, bucket string) (int64, error) {
	v, err := s.client.HMGet(ctx, s.prefix+"budget:"+bucket, "used").Result()
	if err != nil {
		return 0, fmt.Errorf("reading a budget: %w: %w", approvals.ErrStore, err)
	}
	text, ok := v[0].(string)
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading a budget: %w", err)
	}
	return n, nil
}
