package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
)

func queuePromises() []promise {
	return []promise{
		{"the clock never goes back", func(t *testing.T, s stage) {
			t.Helper()
			before := s.now(t)
			s.opened.Push(time.Minute)
			s.commit(t, s.step(t, "HP-1", 0, "a"))
			same(t, "now", s.now(t), before.Add(time.Minute))
		}},
		{"what is booked earlier moves, what is booked later does not", func(t *testing.T, s stage) {
			t.Helper()
			now := s.now(t)
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, now.Add(20*time.Second))))
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, now.Add(10*time.Second))))
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, now.Add(30*time.Second))))
			_, next, err := s.store().Claim(t.Context(), approvals.LaneChat, 9, lease, "w")
			ok(t, err)
			same(t, "next", next, now.Add(10*time.Second))
		}},
		{"a member stands in one lane, the more urgent one", func(t *testing.T, s stage) {
			t.Helper()
			now := s.now(t)
			for _, lane := range []approvals.Lane{approvals.LaneChat, approvals.LaneEnd, approvals.LaneSweep} {
				ok(t, s.store().Book(t.Context(), work("a", lane, now)))
			}
			s.idle(t, approvals.LaneChat)
			s.idle(t, approvals.LaneSweep)
			same(t, "member", s.claim(t, approvals.LaneEnd).Member(), "schedule|a")
		}},
		{"booking never touches a lease, and is kept beside it", func(t *testing.T, s stage) {
			t.Helper()
			now := s.now(t)
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, now)))
			c := s.claim(t, approvals.LaneChat)
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneEnd, now)))
			s.idle(t, approvals.LaneChat)
			s.idle(t, approvals.LaneEnd)
			ok(t, s.store().Finish(t.Context(), c, time.Time{}))
			s.idle(t, approvals.LaneChat)
			s.claim(t, approvals.LaneEnd)
		}},
		{"a lapsed claim comes due again with a higher token and attempt", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, s.now(t))))
			first := s.claim(t, approvals.LaneChat)
			same(t, "attempt", first.Attempt, 1)
			same(t, "until", first.Until, s.now(t).Add(lease))
			s.opened.Push(lease - time.Millisecond)
			s.idle(t, approvals.LaneChat)
			s.opened.Push(time.Millisecond)
			second := s.claim(t, approvals.LaneChat)
			same(t, "attempt", second.Attempt, 2)
			if second.Token <= first.Token {
				t.Errorf("token %d after %d", second.Token, first.Token)
			}
			wants(t, s.store().Finish(t.Context(), first, time.Time{}), approvals.ErrLostClaim)
			ok(t, s.store().Finish(t.Context(), second, time.Time{}))
			s.opened.Push(lease)
			s.idle(t, approvals.LaneChat)
		}},
		{"a claim is extended while it holds, and not after", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, s.now(t))))
			first := s.claim(t, approvals.LaneChat)
			s.opened.Push(lease / 2)
			longer, err := s.store().Extend(t.Context(), first, 3*lease)
			ok(t, err)
			same(t, "token", longer.Token, first.Token)
			same(t, "now", longer.Now, s.now(t))
			same(t, "until", longer.Until, s.now(t).Add(3*lease))
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneEnd, s.now(t)))) // more urgent, but claimed
			s.opened.Push(3*lease - time.Millisecond)
			s.idle(t, approvals.LaneChat)
			s.idle(t, approvals.LaneEnd)
			s.opened.Push(time.Millisecond)
			second := s.claim(t, approvals.LaneChat)
			_, err = s.store().Extend(t.Context(), longer, lease)
			wants(t, err, approvals.ErrLostClaim)
			ok(t, s.store().Finish(t.Context(), second, time.Time{}))
			s.claim(t, approvals.LaneEnd)
		}},
		{"failures in a row are counted until the work is done", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, s.now(t))))
			for n := range 3 {
				c := s.claim(t, approvals.LaneChat)
				same(t, "fails", c.Fails, n)
				same(t, "attempt", c.Attempt, 1)
				ok(t, s.store().Fail(t.Context(), c, s.now(t)))
				wants(t, s.store().Fail(t.Context(), c, s.now(t)), approvals.ErrLostClaim)
			}
			s.claim(t, approvals.LaneChat) // a worker that vanishes has not failed
			s.opened.Push(lease)
			c := s.claim(t, approvals.LaneChat)
			same(t, "fails", c.Fails, 3)
			same(t, "attempt", c.Attempt, 2)
			ok(t, s.store().Finish(t.Context(), c, s.now(t)))
			same(t, "fails", s.claim(t, approvals.LaneChat).Fails, 0)
		}},
		{"finishing with a time books it", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Book(t.Context(), work("a", approvals.LaneChat, s.now(t))))
			ok(t, s.store().Finish(t.Context(), s.claim(t, approvals.LaneChat), s.now(t).Add(time.Second)))
			s.idle(t, approvals.LaneChat)
			s.opened.Push(time.Second)
			same(t, "attempt", s.claim(t, approvals.LaneChat).Attempt, 1)
		}},
		{"a live request cannot leave the queue", func(t *testing.T, s stage) {
			t.Helper()
			s.commit(t, s.step(t, "HP-1", 0, "a"))
			s.opened.Push(time.Hour)
			c := s.claim(t, approvals.LaneApply)
			wants(t, s.store().Finish(t.Context(), c, time.Time{}), approvals.ErrNoWake)
			ok(t, s.store().Finish(t.Context(), c, s.now(t).Add(time.Hour)))
		}},
		{"two workers never share a member", twoWorkers},
		{"a thousand members come in the order of their times", func(t *testing.T, s stage) {
			t.Helper()
			now := s.now(t)
			var list []approvals.Due
			for i := range 1000 {
				list = append(list, work(fmt.Sprint(i), approvals.LaneSweep, now.Add(-time.Duration(i*7919%1000)*time.Millisecond)))
			}
			ok(t, s.store().Book(t.Context(), list...))
			got := s.claims(t, approvals.LaneSweep)
			same(t, "claimed", len(got), 1000)
			for i := range got[1:] {
				if got[i+1].At.Before(got[i].At) || got[i+1].Token <= got[i].Token {
					t.Fatalf("%v came before %v", got[i], got[i+1])
				}
			}
		}},
	}
}

func twoWorkers(t *testing.T, s stage) {
	t.Helper()
	var list []approvals.Due
	for i := range 200 {
		list = append(list, work(fmt.Sprint(i), approvals.LaneSweep, s.now(t)))
	}
	ok(t, s.store().Book(t.Context(), list...))
	var mu sync.Mutex
	owner := map[string]string{}
	var wg sync.WaitGroup
	for _, worker := range []string{"one", "two", "three"} {
		wg.Go(func() {
			for {
				got, _, err := s.store().Claim(t.Context(), approvals.LaneSweep, 7, lease, worker)
				if err != nil {
					t.Error(err)
				}
				if len(got) == 0 {
					return
				}
				mu.Lock()
				for _, c := range got {
					if first, taken := owner[c.Key]; taken {
						t.Errorf("%s went to %s and to %s", c.Key, first, worker)
					}
					owner[c.Key] = worker
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	same(t, "claimed", len(owner), 200)
}
