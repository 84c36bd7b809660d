package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// auditBatch is how many lines of the audit stream are read at once.
const auditBatch = 500

// AuditLog gives every line of the audit stream to do, oldest first, from the line with this sequence number on, and then
// where the stream says that it ends. What was written meanwhile is not given. A line that another hand made unreadable
// is given as it is: verifying says what is wrong with it.
func (s *Store) AuditLog(ctx context.Context, from int64, do func(audit.Line) error) (audit.End, error) {
	end, err := s.AuditEnd(ctx)
	if err != nil {
		return end, err
	}
	at, err := s.auditFrom(ctx, from)
	if err != nil {
		return end, err
	}
	begun := false
	for {
		batch, err := s.client.XRangeN(ctx, s.prefix+keyAudit, at, "+", auditBatch).Result()
		if err != nil {
			return end, fmt.Errorf("reading the audit stream: %w: %w", approvals.ErrStore, err)
		}
		for _, m := range batch {
			l := lineOf(m)
			if l.Seq > end.Seq { // written meanwhile
				return end, nil
			}
			if !begun && l.Seq < from {
				continue
			}
			begun = true // what another hand put in later is given, whatever its number
			if err := do(l); err != nil {
				return end, err
			}
		}
		if len(batch) < auditBatch {
			return end, nil
		}
		at = "(" + batch[len(batch)-1].ID
	}
}

// auditFrom finds where to begin reading for the line with this sequence number: walking back from the newest, because
// what is asked for is almost always new.
func (s *Store) auditFrom(ctx context.Context, from int64) (string, error) {
	for at := "+"; from > 1; {
		batch, err := s.client.XRevRangeN(ctx, s.prefix+keyAudit, at, "-", auditBatch).Result()
		if err != nil {
			return "", fmt.Errorf("reading the audit stream: %w: %w", approvals.ErrStore, err)
		}
		for _, m := range batch {
			if l := lineOf(m); l.Seq > 0 && l.Seq <= from {
				return m.ID, nil
			}
		}
		if len(batch) < auditBatch {
			break
		}
		at = "(" + batch[len(batch)-1].ID
	}
	return "-", nil
}

func lineOf(m redis.XMessage) audit.Line {
	field := func(name string) string {
		text, ok := m.Values[name].(string)
		if !ok {
			return ""
		}
		return text
	}
	l := audit.Line{Chain: field("id"), Link: field("link"), Entry: json.RawMessage(field("entry"))}
	if n, err := strconv.ParseInt(field("seq"), 10, 64); err == nil {
		l.Seq = n
	}
	return l
}

// AuditEnd is what the store says of the newest line of its audit stream; zero for an empty one.
func (s *Store) AuditEnd(ctx context.Context) (audit.End, error) {
	var end audit.End
	got, err := s.client.HMGet(ctx, s.prefix+keyMeta, "seq", "head").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return end, fmt.Errorf("reading the end of the audit stream: %w: %w", approvals.ErrStore, err)
	}
	if seq, ok := got[0].(string); ok {
		if end.Seq, err = strconv.ParseInt(seq, 10, 64); err != nil {
			return end, fmt.Errorf("the audit stream counts %q lines", seq)
		}
	}
	if head, ok := got[1].(string); ok {
		end.Link = head
	}
	return end, nil
}
