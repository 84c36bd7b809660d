package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
)

// Now is the store's clock: the higher of its time and the highest time committed.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var clock *redis.TimeCmd
	var high *redis.StringCmd
	pipe, err := s.pipe(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking for the time: %w: %w", approvals.ErrStore, err)
	}
	clock = pipe.Time(ctx)
	high = pipe.HGet(ctx, s.prefix+keyMeta, "high")
	_, err = pipe.Exec(ctx)
	if err != nil && high.Err() != redis.Nil { //nolint:errorlint // the client returns this very value
		return time.Time{}, fmt.Errorf("asking for the time: %w: %w", approvals.ErrStore, err)
	}
	now := clock.Val().UTC().Truncate(time.Millisecond)
	if ms, err := strconv.ParseInt(high.Val(), 10, 64); err == nil && moment(ms).After(now) {
		now = moment(ms)
	}
	return now, nil
}

// Claim leases due members of a lane. It is never called again by itself: that would claim more.
func (s *Store) Claim(ctx context.Context, lane approvals.Lane, limit int, lease time.Duration, worker string) ([]approvals.Claim, time.Time, error) {
	rep, err := answer(s.run(ctx, "claim", string(lane), limit, lease.Milliseconds(), strings.ReplaceAll(worker, "|", "/")))
	if err != nil {
		return nil, time.Time{}, err
	}
	now := moment(rep.number(0))
	var next time.Time
	if ms := rep.number(1); ms >= 0 {
		next = moment(ms)
	}
	list, ok := rep[2].([]any)
	if !ok {
		return nil, next, fmt.Errorf("%w: claims are %T", approvals.ErrStore, rep[2])
	}
	var claims []approvals.Claim
	for i := 0; i+4 < len(list); i += 5 {
		l := reply(list)
		kind, key, _ := strings.Cut(l.text(i), "|")
		claims = append(claims, approvals.Claim{
			Due:   approvals.Due{Kind: approvals.DueKind(kind), Key: key, Lane: lane, At: moment(l.number(i + 3))},
			Token: l.number(i + 1), Attempt: int(l.number(i + 2)), Fails: int(l.number(i + 4)), Now: now, Until: now.Add(lease),
		})
	}
	return claims, next, nil
}

// Extend gives a claim a new lease, counted from now.
func (s *Store) Extend(ctx context.Context, c approvals.Claim, lease time.Duration) (approvals.Claim, error) {
	rep, err := answer(s.sure(ctx, "extend", c.Member(), strconv.FormatInt(c.Token, 10), lease.Milliseconds()))
	if err != nil {
		return c, err
	}
	if err := rep.verdict(); err != nil {
		return c, err
	}
	c.Now = moment(rep.number(1))
	c.Until = c.Now.Add(lease)
	return c, nil
}

// Finish ends a claim.
func (s *Store) Finish(ctx context.Context, c approvals.Claim, again time.Time) error {
	return s.finish(ctx, c, again, 0)
}

// Fail ends a claim whose work failed.
func (s *Store) Fail(ctx context.Context, c approvals.Claim, again time.Time) error {
	return s.finish(ctx, c, again, 1)
}

func (s *Store) finish(ctx context.Context, c approvals.Claim, again time.Time, failed int) error {
	at := ""
	if !again.IsZero() {
		at = strconv.FormatInt(millis(again), 10)
	}
	rep, err := answer(s.run(ctx, "finish", c.Member(), c.Token, at, failed))
	if err != nil {
		return err
	}
	return rep.verdict()
}

// Book makes work due.
func (s *Store) Book(ctx context.Context, list ...approvals.Due) error {
	var args []any
	for _, d := range list {
		args = append(args, d.Member(), string(d.Lane), millis(d.At))
	}
	rep, err := answer(s.sure(ctx, "book", args...))
	if err != nil {
		return err
	}
	return rep.verdict()
}

// Standing is one due member, for those who watch.
type Standing struct {
	Member  string         `json:"member"`
	Lane    approvals.Lane `json:"lane"`
	At      time.Time      `json:"at"`
	Claimed bool           `json:"claimed"`
}

// DueList gives everything that is due, lane by lane, soonest first; at most n a lane.
func (s *Store) DueList(ctx context.Context, n int64) ([]Standing, error) {
	claims, err := s.client.HGetAll(ctx, s.prefix+"claims").Result()
	if err != nil {
		return nil, fmt.Errorf("listing claims: %w: %w", approvals.ErrStore, err)
	}
	var out []Standing
	for _, lane := range approvals.Lanes() {
		members, err := s.client.ZRangeWithScores(ctx, s.prefix+keyDue+string(lane), 0, n-1).Result()
		if err != nil {
			return nil, fmt.Errorf("listing what is due: %w: %w", approvals.ErrStore, err)
		}
		for _, m := range members {
			name, ok := m.Member.(string)
			if !ok {
				continue
			}
			_, claimed := claims[name]
			out = append(out, Standing{Member: name, Lane: lane, At: moment(int64(m.Score)), Claimed: claimed})
		}
	}
	return out, nil
}
