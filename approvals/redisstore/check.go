package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

// Finding is one line of a check.
type Finding struct {
	OK   bool
	What string
	Do   string // what to do if it is not ok
}

// Check looks at how Redis is set up. Where a managed service hides its settings, that is said and not held against it.
func (s *Store) Check(ctx context.Context) []Finding {
	if err := s.client.Ping(ctx).Err(); err != nil {
		return []Finding{{What: "Redis does not answer: " + err.Error(), Do: "Look at redis.addrs, the password and the network."}}
	}
	out := []Finding{{OK: true, What: "Redis answers"}, s.version(ctx)}
	want := []struct{ setting, value, do string }{
		{"appendonly", "yes", "Set `appendonly yes`: without it a restart loses everything."},
		{"appendfsync", "always", "Set `appendfsync always`: with everysec up to about 2 seconds of acknowledged clicks are lost when the power goes."},
		{"maxmemory-policy", "noeviction", "Set `maxmemory-policy noeviction`: any other may throw requests away."},
	}
	if s.cfg.Replicas > 0 {
		want = append(want, struct{ setting, value, do string }{"min-replicas-to-write", "", "Set `min-replicas-to-write 1`: a master that was cut off would take writes that are lost later."})
	}
	for _, w := range want {
		got, err := s.client.ConfigGet(ctx, w.setting).Result()
		value, known := got[w.setting]
		switch {
		case err != nil || !known:
			out = append(out, Finding{OK: true, What: fmt.Sprintf("Redis hides %s; see to it yourself that it is right", w.setting)})
		case w.value == "" && value != "0", strings.EqualFold(value, w.value):
			out = append(out, Finding{OK: true, What: fmt.Sprintf("Redis has %s %s", w.setting, value)})
		default:
			out = append(out, Finding{What: fmt.Sprintf("Redis has %s %s", w.setting, value), Do: w.do})
		}
	}
	return out
}

// oldest is the oldest major version of Redis that the scripts and settings were tried with.
const oldest = 7

// version looks at the version of the server.
func (s *Store) version(ctx context.Context) Finding {
	info, err := s.client.Info(ctx, "server").Result()
	_, rest, known := strings.Cut(info, "redis_version:")
	if err != nil || !known {
		return Finding{OK: true, What: fmt.Sprintf("Redis hides its version; see to it yourself that it is %d or later", oldest)}
	}
	version, _, _ := strings.Cut(rest, "\n")
	version = strings.TrimSpace(version)
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if err != nil || n < oldest {
		return Finding{What: "Redis is of version " + version, Do: fmt.Sprintf("Use Redis %d or later.", oldest)}
	}
	return Finding{OK: true, What: "Redis is of version " + version}
}

// Stats are what is watched about the store.
type Stats struct {
	Lag     map[approvals.Lane]time.Duration // how long the oldest unclaimed member of each lane has been due
	States  map[approvals.State]int
	Stuck   int
	Overdue time.Duration // the longest time that a request has been past its end, ending or not yet; 0: none is
	ByHand  time.Duration // the same where people have to take it away, which does not count as Overdue
	Paused  bool
}

// Stats counts.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	out := Stats{Lag: make(map[approvals.Lane]time.Duration), States: make(map[approvals.State]int)}
	now, err := s.Now(ctx)
	if err != nil {
		return out, err
	}
	for _, lane := range approvals.Lanes() {
		first, err := s.client.ZRangeWithScores(ctx, s.prefix+keyDue+string(lane), 0, 0).Result()
		if err != nil {
			return out, fmt.Errorf("reading a lane: %w: %w", approvals.ErrStore, err)
		}
		out.Lag[lane] = 0
		if len(first) > 0 {
			out.Lag[lane] = max(0, now.Sub(moment(int64(first[0].Score))))
		}
	}
	for _, state := range approvals.States() {
		n, err := s.client.ZCard(ctx, s.prefix+"ix:state:"+string(state)).Result()
		if err != nil {
			return out, fmt.Errorf("counting requests: %w: %w", approvals.ErrStore, err)
		}
		out.States[state] = int(n)
	}
	open, err := s.Find(ctx, approvals.Query{States: []approvals.State{approvals.StateApproved, approvals.StateEnding}, Limit: -1})
	if err != nil {
		return out, err
	}
	for _, r := range open {
		if r.Stuck != nil && !r.Observed {
			out.Stuck++
		}
		if r.State != approvals.StateEnding || r.Cause == nil {
			continue
		}
		if _, waits := r.Task(); waits {
			out.ByHand = max(out.ByHand, now.Sub(r.Cause.At))
			continue
		}
		out.Overdue = max(out.Overdue, now.Sub(r.Cause.At))
	}
	first, err := s.client.ZRangeWithScores(ctx, s.prefix+"ix:end", 0, 0).Result() // active, and perhaps past its end
	if err != nil {
		return out, fmt.Errorf("looking for the next end: %w: %w", approvals.ErrStore, err)
	}
	if len(first) > 0 {
		out.Overdue = max(out.Overdue, now.Sub(moment(int64(first[0].Score))))
	}
	out.Paused, err = s.Paused(ctx)
	return out, err
}

// AuditRow is one line of the audit stream.
type AuditRow struct {
	Seq   string `json:"seq"`
	ID    string `json:"id"`
	Entry string `json:"entry"` // JSON of an approvals.Entry
	Link  string `json:"link"`
}

// Audit gives the newest n lines of the audit stream, newest first.
func (s *Store) Audit(ctx context.Context, n int64) ([]AuditRow, error) {
	lines, err := s.client.XRevRangeN(ctx, s.prefix+keyAudit, "+", "-", n).Result()
	if err != nil {
		return nil, fmt.Errorf("reading the audit stream: %w: %w", approvals.ErrStore, err)
	}
	var out []AuditRow
	for _, l := range lines {
		row := AuditRow{}
		for name, to := range map[string]*string{"seq": &row.Seq, "id": &row.ID, "entry": &row.Entry, "link": &row.Link} {
			if v, ok := l.Values[name].(string); ok {
				*to = v
			}
		}
		out = append(out, row)
	}
	return out, nil
}
