package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
)

// Put stores an inbox item durably and makes it due at once.
func (s *Store) Put(ctx context.Context, item approvals.Item) error {
	data, err := json.Marshal(item)
	if err != nil {
		return fmt.Errorf("encoding an inbox item: %w", err)
	}
	rep, err := answer(s.sure(ctx, "put", item.ID, string(data), s.mac.sign(macInbox, item.ID, string(data)), rand.Text()))
	if err != nil {
		return err
	}
	return rep.verdict()
}

// Item gives a waiting inbox item. One that hallpass did not put there is not there.
func (s *Store) Item(ctx context.Context, id string) (approvals.Item, error) {
	var item approvals.Item
	got, err := s.client.HMGet(ctx, s.prefix+keyIn+id, "item", "at", "mac").Result()
	if err != nil {
		return item, fmt.Errorf("reading an inbox item: %w: %w", approvals.ErrStore, err)
	}
	text, ok := got[0].(string)
	if !ok {
		return item, fmt.Errorf("inbox item %s: %w", id, approvals.ErrNotFound)
	}
	if !s.mac.fits(reply(got).text(2), macInbox, id, text) {
		s.forged("inbox item " + id)
		return item, fmt.Errorf("inbox item %s was put there by another hand: %w", id, approvals.ErrNotFound)
	}
	if err := json.Unmarshal([]byte(text), &item); err != nil {
		return item, fmt.Errorf("decoding inbox item %s: %w", id, err)
	}
	if at, ok := got[1].(string); ok {
		if ms, err := strconv.ParseInt(at, 10, 64); err == nil {
			item.At = moment(ms)
		}
	}
	return item, nil
}

// Close removes an inbox item, keeps its result for 7 days and ends the claim.
func (s *Store) Close(ctx context.Context, c approvals.Claim, result json.RawMessage) error {
	if len(result) == 0 {
		result = json.RawMessage("{}")
	}
	rep, err := answer(s.sure(ctx, "close", c.Key, string(result), strconv.FormatInt(c.Token, 10)))
	if err != nil {
		return err
	}
	return rep.verdict()
}

// Result gives the kept result of an inbox item.
func (s *Store) Result(ctx context.Context, id string) (json.RawMessage, error) {
	text, err := s.client.Get(ctx, s.prefix+keyDone+id).Result()
	if errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("the result of %s: %w", id, approvals.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the result of %s: %w: %w", id, approvals.ErrStore, err)
	}
	return json.RawMessage(text), nil
}

// Seen reports whether a digest was seen within its time to live, and remembers it.
func (s *Store) Seen(ctx context.Context, digest string, ttl time.Duration) (bool, error) {
	err := s.client.SetArgs(ctx, s.prefix+keySeen+digest, "1", redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
	if errors.Is(err, redis.Nil) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("remembering a digest: %w: %w", approvals.ErrStore, err)
	}
	return false, nil
}
