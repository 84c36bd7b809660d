package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
)

// idPage is how many ids are read from an index at once, and loadPage how many requests are loaded at once: so few that
// asking for them fits into one buffer, or a server in process, over a pipe without one, would wait for us and we for it.
const (
	idPage   = 500
	loadPage = 40
)

// Find lists requests, newest first, or soonest end first if ends are asked for. Indexes are read page by page, for as long
// as the limit asks for more.
func (s *Store) Find(ctx context.Context, q approvals.Query) ([]approvals.Request, error) {
	limit := q.Limit
	if limit == 0 {
		limit = 100
	}
	ids := s.candidates(q)
	seen := map[string]bool{} // what comes first may move to a later page while we read
	var out []approvals.Request
	for {
		batch, err := ids.take(ctx, loadPage, seen)
		if err != nil {
			return nil, fmt.Errorf("listing requests: %w: %w", approvals.ErrStore, err)
		}
		if len(batch) == 0 {
			return out, nil
		}
		found, err := s.loadAll(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			if !fits(q, &r) {
				continue
			}
			out = append(out, r)
			if len(out) == limit {
				return out, nil
			}
		}
	}
}

// fits holds a request against a query once more: it may have moved since the index was read.
func fits(q approvals.Query, r *approvals.Request) bool {
	return (len(q.States) == 0 || slices.Contains(q.States, r.State)) &&
		(q.Person == "" || r.Requester.ID == q.Person || r.Owner.ID == q.Person) && (!q.Voting || r.Voting())
}

// candidates are ids from the narrowest index that fits.
func (s *Store) candidates(q approvals.Query) *merged {
	newest := func(keys ...string) *merged {
		m := &merged{}
		for _, key := range keys {
			m.lists = append(m.lists, &list{store: s, args: redis.ZRangeArgs{Key: s.prefix + key, Rev: true}})
		}
		return m
	}
	switch {
	case !q.EndsBefore.IsZero():
		return &merged{lists: []*list{{store: s, args: redis.ZRangeArgs{
			Key: s.prefix + "ix:end", ByScore: true, Start: "-inf", Stop: "(" + strconv.FormatInt(millis(q.EndsBefore), 10),
		}}}}
	case q.Voting:
		return newest("ix:voting")
	case q.Person != "":
		return newest("ix:person:" + q.Person)
	case len(q.States) == 0:
		return newest("ix:all")
	}
	var keys []string
	for _, state := range q.States {
		keys = append(keys, "ix:state:"+string(state))
	}
	return newest(keys...)
}

// list is one index, read page by page.
type list struct {
	store *Store
	args  redis.ZRangeArgs
	page  []string
	from  int64
	done  bool
}

// first gives the first id that was not taken yet; empty at the end.
func (l *list) first(ctx context.Context) (string, error) {
	if len(l.page) == 0 && !l.done {
		args := l.args
		if args.ByScore {
			args.Offset, args.Count = l.from, idPage
		} else {
			args.Start, args.Stop = l.from, l.from+idPage-1
		}
		var err error
		if l.page, err = l.store.client.ZRangeArgs(ctx, args).Result(); err != nil && !errors.Is(err, redis.Nil) {
			return "", err
		}
		l.from += int64(len(l.page))
		l.done = len(l.page) < idPage
	}
	if len(l.page) == 0 {
		return "", nil
	}
	return l.page[0], nil
}

// merged are lists of the same order, as one.
type merged struct{ lists []*list }

// take gives up to n more ids that were not seen.
func (m *merged) take(ctx context.Context, n int, seen map[string]bool) ([]string, error) {
	var out []string
	for len(out) < n {
		var best *list
		top := ""
		for _, l := range m.lists {
			id, err := l.first(ctx)
			if err != nil {
				return nil, err
			}
			if id != "" && (best == nil || newer(id, top)) {
				best, top = l, id
			}
		}
		if best == nil {
			break
		}
		best.page = best.page[1:]
		if !seen[top] {
			seen[top] = true
			out = append(out, top)
		}
	}
	return out, nil
}

// newer compares the numbers of two ids.
func newer(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return strings.Compare(a, b) > 0
}
