package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// Trail gives the audit entries of a request, oldest first, up to the entry whose hash the request carries. Where they stand in the
// stream is kept beside the request; that is believed only if what stands there is the whole chain. Else, for requests of older
// versions, restored ones and where somebody was at it, the stream is read.
func (s *Store) Trail(ctx context.Context, r approvals.Request) ([]approvals.Entry, error) {
	entries, err := s.kept(ctx, r)
	if err != nil || entries != nil {
		return entries, err
	}
	from := strconv.FormatInt(millis(r.Opened.Add(-time.Hour)), 10) // an hour, for clocks that differ
	entries, err = s.trail(ctx, r, from)
	if err == nil && (len(entries) == 0 || entries[0].Prev != "") {
		return s.trail(ctx, r, "-")
	}
	return entries, err
}

// kept gives the entries that stand where the request says; nil if they are not all of its chain.
func (s *Store) kept(ctx context.Context, r approvals.Request) ([]approvals.Entry, error) {
	places, err := s.client.HGet(ctx, s.prefix+keyReq+string(r.ID), "lines").Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("finding the entries of %s: %w: %w", r.ID, approvals.ErrStore, err)
	}
	var found []*redis.XMessageSliceCmd
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for place := range strings.FieldsSeq(places) {
			found = append(found, p.XRange(ctx, s.prefix+keyAudit, place, place))
		}
		return nil
	})
	if said := redis.Error(nil); errors.As(err, &said) { // no such places can be
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the entries of %s: %w: %w", r.ID, approvals.ErrStore, err)
	}
	var out []approvals.Entry
	for _, cmd := range found {
		for _, m := range cmd.Val() {
			e, err := audit.Line.Decode(lineOf(m))
			if err != nil {
				return nil, nil //nolint:nilerr // the stream is read, and what cannot be read is named there
			}
			out = append(out, e)
			if e.Hash == r.Hash && audit.VerifyBetween("", r.Hash, out) == nil {
				return out, nil
			}
		}
	}
	return nil, nil
}

// trail reads the entries out of the stream. One that cannot be read is named so.
func (s *Store) trail(ctx context.Context, r approvals.Request, from string) ([]approvals.Entry, error) {
	var out []approvals.Entry
	for {
		batch, err := s.client.XRangeN(ctx, s.prefix+keyAudit, from, "+", followBatch).Result()
		if err != nil {
			return nil, fmt.Errorf("reading the audit stream: %w: %w", approvals.ErrStore, err)
		}
		for _, m := range batch {
			line := lineOf(m)
			if line.Chain != string(r.ID) {
				continue
			}
			e, err := audit.Line.Decode(line)
			if err != nil { // it is shown, and verifying says that it does not fit
				e = approvals.Entry{Request: r.ID, Act: "unreadable", Detail: map[string]string{"line": strconv.FormatInt(line.Seq, 10)}}
			}
			out = append(out, e)
			if e.Hash == r.Hash {
				return out, nil
			}
		}
		if len(batch) < followBatch {
			return out, nil
		}
		from = "(" + batch[len(batch)-1].ID
	}
}
