package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
)

// Share lends what one replica read to the others, with the time when the read was started.
func (s *Store) Share(ctx context.Context, name string, data []byte, at time.Time, ttl time.Duration) error {
	key := s.prefix + keyShare + name
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, "data", data, "at", millis(at), "mac", s.mac.sign(macShare, name, strconv.FormatInt(millis(at), 10), string(data)))
		p.PExpire(ctx, key, ttl)
		return nil
	})
	if err != nil {
		return fmt.Errorf("sharing %s: %w: %w", name, approvals.ErrStore, err)
	}
	return nil
}

// Shared gives what was shared, or approvals.ErrNotFound.
func (s *Store) Shared(ctx context.Context, name string) ([]byte, time.Time, error) {
	got, err := s.client.HMGet(ctx, s.prefix+keyShare+name, "data", "at", "mac").Result()
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("reading shared %s: %w: %w", name, approvals.ErrStore, err)
	}
	data, ok := got[0].(string)
	at, ok2 := got[1].(string)
	ms, err := strconv.ParseInt(at, 10, 64)
	if !ok || !ok2 || err != nil {
		return nil, time.Time{}, fmt.Errorf("shared %s: %w", name, approvals.ErrNotFound)
	}
	if !s.mac.fits(reply(got).text(2), macShare, name, at, data) {
		s.forged("shared " + name)
		return nil, time.Time{}, fmt.Errorf("shared %s was put there by another hand: %w", name, approvals.ErrNotFound)
	}
	return []byte(data), moment(ms), nil
}

// wishesLive is how long a wish is kept that nobody takes: whoever still needs it wishes again.
const wishesLive = 5 * time.Minute

// Wish notes that something of a kind is wanted, once, however often it is wished for. What is wished for is only looked up,
// so that a wish of another hand does no more than cost a call.
func (s *Store) Wish(ctx context.Context, kind, wish string, at time.Time) error {
	key := s.prefix + keyWish + kind
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(millis(at.Add(-wishesLive)), 10))
		p.ZAddNX(ctx, key, redis.Z{Score: float64(millis(at)), Member: wish})
		p.PExpire(ctx, key, wishesLive)
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting a wish for %s: %w: %w", kind, approvals.ErrStore, err)
	}
	return nil
}

// Wishes takes the oldest wishes of a kind out, at most n. Whoever takes them and dies has taken nothing from anybody: a wish
// that is not answered is wished for again.
func (s *Store) Wishes(ctx context.Context, kind string, n int) ([]string, error) {
	list, err := s.client.ZPopMin(ctx, s.prefix+keyWish+kind, int64(n)).Result()
	if err != nil {
		return nil, fmt.Errorf("taking wishes for %s: %w: %w", kind, approvals.ErrStore, err)
	}
	var out []string
	for _, z := range list {
		if wish, ok := z.Member.(string); ok {
			out = append(out, wish)
		}
	}
	return out, nil
}

// PutDoc stores one field of a document.
func (s *Store) PutDoc(ctx context.Context, space, key, field string, data []byte) error {
	if err := s.client.HSet(ctx, s.prefix+keyDoc+space+":"+key, field, s.sealDoc(space, key, field, data)).Err(); err != nil {
		return fmt.Errorf("storing in %s: %w: %w", space, approvals.ErrStore, err)
	}
	return nil
}

// PutDocIfAbsent stores one field of a document unless it is there; then it gives what is there.
func (s *Store) PutDocIfAbsent(ctx context.Context, space, key, field string, data []byte) ([]byte, error) {
	full := s.prefix + keyDoc + space + ":" + key
	fresh, err := s.client.HSetNX(ctx, full, field, s.sealDoc(space, key, field, data)).Result()
	if err == nil && fresh {
		return data, nil
	}
	if err == nil {
		var there string
		if there, err = s.client.HGet(ctx, full, field).Result(); err == nil {
			if opened, ok := s.openDoc(space, key, field, there); ok {
				return opened, nil
			}
			return nil, fmt.Errorf("%s of %s: %w", field, space, approvals.ErrForged)
		}
	}
	return nil, fmt.Errorf("storing in %s: %w: %w", space, approvals.ErrStore, err)
}

// Docs gives all fields of a document, less those that another hand put there.
func (s *Store) Docs(ctx context.Context, space, key string) (map[string][]byte, error) {
	got, err := s.client.HGetAll(ctx, s.prefix+keyDoc+space+":"+key).Result()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w: %w", space, approvals.ErrStore, err)
	}
	out := make(map[string][]byte, len(got))
	for field, data := range got {
		if opened, ok := s.openDoc(space, key, field, data); ok {
			out[field] = opened
		}
	}
	return out, nil
}

// Pause holds back new exemptions in all replicas. Removals go on.
func (s *Store) Pause(ctx context.Context, who string) error {
	if err := s.client.HSet(ctx, s.prefix+keyMeta, "paused", who).Err(); err != nil {
		return fmt.Errorf("pausing: %w: %w", approvals.ErrStore, err)
	}
	return nil
}

// Resume takes Pause back.
func (s *Store) Resume(ctx context.Context) error {
	if err := s.client.HDel(ctx, s.prefix+keyMeta, "paused").Err(); err != nil {
		return fmt.Errorf("resuming: %w: %w", approvals.ErrStore, err)
	}
	return nil
}

// Paused reports whether new exemptions are held back.
func (s *Store) Paused(ctx context.Context) (bool, error) {
	_, err := s.client.HGet(ctx, s.prefix+keyMeta, "paused").Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("asking whether writes are paused: %w: %w", approvals.ErrStore, err)
	}
	return true, nil
}
