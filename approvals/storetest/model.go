package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass/approvals"
)

// plain is the queue as one would write it without a store.
type plain map[string]*plainMember

type plainMember struct {
	lane    approvals.Lane
	score   time.Time // due, or the end of the lease
	token   int64     // 0: not claimed
	attempt int
	again   time.Time // booked while claimed
	to      approvals.Lane
}

func urgent(a, b approvals.Lane) approvals.Lane {
	if a == "" || b.Rank() < a.Rank() {
		return b
	}
	return a
}

func soonest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (p plain) book(d approvals.Due) {
	m := p[d.Key]
	switch {
	case m == nil:
		p[d.Key] = &plainMember{lane: d.Lane, score: d.At}
	case m.token != 0:
		m.again, m.to = soonest(m.again, d.At), urgent(m.to, d.Lane)
	default:
		m.score, m.lane = soonest(m.score, d.At), urgent(m.lane, d.Lane)
	}
}

// claim gives what shall be claimed, in order, as "key attempt".
func (p plain) claim(lane approvals.Lane, limit int, now time.Time) []string {
	var due []string
	for key, m := range p {
		if m.lane == lane && !m.score.After(now) {
			due = append(due, key)
		}
	}
	slices.SortFunc(due, func(a, b string) int { return cmp.Or(p[a].score.Compare(p[b].score), cmp.Compare(a, b)) })
	due = due[:min(limit, len(due))]
	for i, key := range due {
		p[key].attempt++
		due[i] = fmt.Sprintf("%s %d", key, p[key].attempt)
	}
	return due
}

func (p plain) finish(key string, at time.Time) {
	m := p[key]
	at = soonest(at, m.again)
	if at.IsZero() {
		delete(p, key)
		return
	}
	lane := m.lane
	if m.to != "" {
		lane = urgent(m.to, m.lane)
	}
	p[key] = &plainMember{lane: lane, score: at}
}

func (p plain) next(lane approvals.Lane) time.Time {
	var first time.Time
	for _, m := range p {
		if m.lane == lane {
			first = soonest(first, m.score)
		}
	}
	return first
}

// model runs the store and the plain queue side by side.
func model(t *testing.T, open Open) {
	t.Helper()
	lanes := rapid.SampledFrom(approvals.Lanes())
	rapid.Check(t, func(rt *rapid.T) {
		s, p := open(t), plain{}
		var given []approvals.Claim
		now := func() time.Time {
			at, err := s.Store.Now(t.Context())
			if err != nil {
				rt.Fatal(err)
			}
			return at
		}
		rt.Repeat(map[string]func(*rapid.T){
			"book": func(rt *rapid.T) {
				key := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "key")
				d := work(key, lanes.Draw(rt, "lane"), now().Add(time.Duration(rapid.IntRange(-5, 20).Draw(rt, "s"))*time.Second))
				if err := s.Store.Book(t.Context(), d); err != nil {
					rt.Fatal(err)
				}
				p.book(d)
			},
			"claim": func(rt *rapid.T) {
				lane, limit := lanes.Draw(rt, "lane"), rapid.IntRange(1, 3).Draw(rt, "limit")
				want := p.claim(lane, limit, now())
				claims, next, err := s.Store.Claim(t.Context(), lane, limit, lease, "w")
				if err != nil {
					rt.Fatal(err)
				}
				var got []string
				for _, c := range claims {
					got = append(got, fmt.Sprintf("%s %d", c.Key, c.Attempt))
					if m := p[c.Key]; m != nil {
						m.token, m.score = c.Token, c.Until
					}
				}
				given = append(given, claims...)
				if !slices.Equal(got, want) || !next.Equal(p.next(lane)) {
					rt.Fatalf("claimed %v, next %v; want %v, next %v", got, next, want, p.next(lane))
				}
			},
			"finish": func(rt *rapid.T) {
				if len(given) == 0 {
					rt.Skip("nothing was claimed")
				}
				c := rapid.SampledFrom(given).Draw(rt, "claim")
				var at time.Time
				if n := rapid.IntRange(-1, 10).Draw(rt, "again"); n >= 0 {
					at = now().Add(time.Duration(n) * time.Second)
				}
				err := s.Store.Finish(t.Context(), c, at)
				m := p[c.Key]
				if m == nil || m.token != c.Token {
					if !errors.Is(err, approvals.ErrLostClaim) {
						rt.Fatalf("finishing a lost claim: %v", err)
					}
					return
				}
				if err != nil {
					rt.Fatal(err)
				}
				p.finish(c.Key, at)
			},
			"time passes": func(rt *rapid.T) {
				s.Push(time.Duration(rapid.IntRange(1, 15).Draw(rt, "s")) * time.Second)
			},
		})
	})
}
