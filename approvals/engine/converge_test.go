package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

func TestAWriteOfUnknownOutcomeKeepsEverybodysHandsOffUntilItHasLanded(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, w *scripted) {
		landed := make(chan struct{})
		w.write = func(n int, do func()) error {
			if n > 1 {
				do()
				return nil
			}
			go func() {
				defer close(landed)
				pause(s.ctx, 2500*time.Millisecond)
				do()
			}()
			return &approvals.Unsure{Err: errors.New("no answer")}
		}
		id := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(id)
		s.wait(time.Second)
		other := s.asks("bea", "203.0.113.8/32", "office", time.Hour) // would be written at once
		s.approve(other)
		<-landed
		s.wait(time.Minute)
		first := w.writes()[0].at
		next := w.since(first.Add(time.Millisecond))
		if next[0].what != "read" || next[0].at.Sub(first) < 3*time.Second {
			t.Errorf("%s after a write of unknown outcome came a %s", next[0].at.Sub(first), next[0].what)
		}
		for _, q := range w.writes()[1:] {
			if slices.Contains(q.w.Add, "203.0.113.7/32") {
				t.Error("what had landed was written again")
			}
		}
		s.is(id, approvals.StateActive)
		s.is(other, approvals.StateActive)
	})
}

// mute is a store whose answers to settling get lost, as if the worker had died right after its call to Graph.
type mute struct {
	*redisstore.Store
	mu   sync.Mutex
	lose int
	when approvals.Phase // of the record before the step
}

func (m *mute) Settle(ctx context.Context, st approvals.Settlement) error {
	rec, _, _, err := m.Target(ctx, st.Record.Target)
	m.mu.Lock()
	lost := err == nil && m.lose > 0 && rec.Phase == m.when
	if lost {
		m.lose--
	}
	m.mu.Unlock()
	if lost {
		return fmt.Errorf("settling: %w", approvals.ErrStore)
	}
	return m.Store.Settle(ctx, st)
}

func TestWhoTakesOverFromAWorkerThatDiedWhileWritingWaitsLooksAndVerifiesLate(t *testing.T) {
	t.Parallel()
	onScript(t, func(c *engine.Config) {
		store, ok := c.Targets.(*redisstore.Store)
		if !ok {
			t.Fatal("the stage has another store")
		}
		c.Targets = &mute{Store: store, lose: 1, when: approvals.PhaseWrite}
	}, func(s *stage, w *scripted) {
		w.write = func(n int, do func()) error {
			if n > 1 {
				do()
				return nil
			}
			go func() { // its worker is dead; the call lands when the successor has the target
				pause(s.ctx, 8*time.Second)
				do()
			}()
			return nil
		}
		id := s.asks("ana", "203.0.113.7/32", "office", 2*time.Hour)
		s.approve(id)
		s.wait(5 * time.Minute)
		s.is(id, approvals.StateActive)
		first := w.writes()[0].at
		next := w.since(first.Add(time.Millisecond))
		if next[0].what != "read" || next[0].at.Sub(first) < 9*time.Second-300*time.Millisecond {
			t.Errorf("%s after the write of a dead worker came a %s", next[0].at.Sub(first), next[0].what)
		}
		if n := len(w.writes()); n != 1 {
			t.Errorf("%d writes", n)
		}
		late := 0
		s.wait(20 * time.Minute)
		for _, q := range w.since(first.Add(6 * time.Second)) {
			at := q.at.Sub(first)
			if q.what == "read" && (at > 2*time.Minute && at < 2*time.Minute+15*time.Second || at > 15*time.Minute && at < 15*time.Minute+15*time.Second) {
				late++
			}
		}
		if late != 2 {
			t.Errorf("%d late verifies after a write that nobody settled", late)
		}
	})
}

func TestAStaleReadNeitherPutsBackNorTakesOutWhatWasVerified(t *testing.T) {
	t.Parallel()
	for _, stale := range []int{1, 4} { // one that does not count, and several that do
		t.Run(fmt.Sprint(stale), func(t *testing.T) {
			t.Parallel()
			onScript(t, nil, func(s *stage, w *scripted) {
				a := s.asks("ana", "203.0.113.7/32", "office", 4*time.Hour)
				s.approve(a)
				s.wait(30 * time.Minute)
				s.is(a, approvals.StateActive)
				left := stale
				w.read = func(sight approvals.Sight) approvals.Sight {
					if left > 0 {
						left--
						sight.Entries = slices.DeleteFunc(slices.Clone(sight.Entries), func(e string) bool { return e == "203.0.113.7/32" })
					}
					return sight
				}
				b := s.asks("bea", "203.0.113.8/32", "office", 2*time.Hour)
				s.approve(b)
				began := time.Now()
				for range 120 {
					s.wait(time.Second)
					if !slices.Contains(s.world.has(location("office")), "203.0.113.7/32") {
						t.Fatalf("%s after the stale read an exemption in force was taken out", time.Since(began))
					}
				}
				s.is(a, approvals.StateActive)
				s.is(b, approvals.StateActive)
				for _, q := range w.writes()[1:] {
					if slices.Contains(q.w.Add, "203.0.113.7/32") {
						t.Error("it was put back")
					}
				}
			})
		})
	}
}

func TestAPauseHoldsWhatWasReleasedAlready(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, w *scripted) {
		w.write = func(n int, do func()) error {
			if n == 1 { // released, planned and refused by a bad day
				if err := s.store.Pause(s.ctx, "an operator"); err != nil {
					t.Error(err)
				}
				return errors.New("503, and nothing happened")
			}
			do()
			return nil
		}
		id := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(id)
		s.wait(10 * time.Minute)
		r := s.is(id, approvals.StateApproved)
		if len(w.writes()) != 1 || r.Stuck == nil {
			t.Errorf("%d writes while paused; stuck %+v", len(w.writes()), r.Stuck)
		}
		if err := s.store.Resume(s.ctx); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Minute)
		s.is(id, approvals.StateActive)
	})
}

func TestWhatAnotherHandPutsThereLongAfterOurRemovalIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, w *scripted) {
		keeper := s.asks("kim", "203.0.113.9/32", "office", 24*time.Hour) // so that the location is still looked at
		s.approve(keeper)
		id := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(id)
		s.wait(2 * time.Hour)
		s.is(id, approvals.StateEnded)
		s.world.putIn(location("office"), "203.0.113.7/32", "Dana Doe")
		s.wait(2 * time.Hour)
		if rec := s.record("office"); rec.Entries["203.0.113.7/32"].Ours || !slices.Contains(rec.Foreign, "203.0.113.7/32") {
			t.Errorf("the ledger says %+v, foreign %v", rec.Entries["203.0.113.7/32"], rec.Foreign)
		}
		if !slices.Contains(s.world.has(location("office")), "203.0.113.7/32") {
			t.Error("it was taken away from Dana")
		}
		// She gets it through hallpass as well, and it ends there: it is hers and stays.
		again := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(again)
		s.wait(2 * time.Hour)
		s.is(again, approvals.StateEnded)
		if !slices.Contains(s.world.has(location("office")), "203.0.113.7/32") {
			t.Error("a stale mark in the ledger let it be taken away from Dana")
		}
	})
}

func TestAnEntryTakenOutWhileItsChangeIsReleasedEndsTheRequest(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, w *scripted) {
		// Two entries on two locations: the first is verified while the second cannot be written yet.
		w.write = func(n int, do func()) error {
			if n == 1 {
				do()
				return nil
			}
			return errors.New("503, and nothing happened")
		}
		id := s.asksBoth("ana", "203.0.113.7/32", "203.0.113.8/32", "office", 2*time.Hour)
		s.approve(id)
		s.wait(2 * time.Minute)
		if r := s.is(id, approvals.StateApproved); r.Changes[0].State != approvals.ChangeVerified || r.Changes[1].State != approvals.ChangeReleased {
			t.Fatalf("changes are %s and %s", r.Changes[0].State, r.Changes[1].State)
		}
		s.world.takeOut(location("office"), "203.0.113.7/32", "Dana Doe")
		s.wait(20 * time.Minute)
		r := s.is(id, approvals.StateEnded)
		if r.Cause.Word != approvals.CauseTakenOut || r.Cause.Hand != "Dana Doe" {
			t.Errorf("cause %+v", r.Cause)
		}
	})
}

func TestTheDirectoryAuditIsAskedInAStepOfItsOwn(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, w *scripted) {
		id := s.asks("ana", "203.0.113.7/32", "office", 48*time.Hour)
		s.approve(id)
		s.wait(time.Hour)
		s.is(id, approvals.StateActive)
		slow := 0
		w.audit = func() error {
			if slow++; slow == 1 { // all of a call's time: nothing else would fit into the lease
				pause(s.ctx, 4*time.Second)
				return &approvals.Unsure{Err: context.DeadlineExceeded}
			}
			return nil
		}
		s.world.takeOut(location("office"), "203.0.113.7/32", "Dana Doe")
		s.wait(time.Hour)
		asked := w.since(time.Time{})
		audits := 0
		for i, q := range asked {
			if q.what != "audit" {
				continue
			}
			audits++
			before, after := asked[i-1], time.Time{}
			if i+1 < len(asked) {
				after = asked[i+1].at
			}
			if rec := q.at.Sub(before.at); rec < 50*time.Millisecond {
				t.Errorf("the audit was asked %s after a read began, in the same step", rec)
			}
			if audits == 1 && !after.IsZero() && after.Sub(q.at) < 4*time.Second {
				t.Errorf("another call came %s after the audit was asked", after.Sub(q.at))
			}
		}
		if audits == 0 {
			t.Error("the audit was never asked")
		}
		if r := s.is(id, approvals.StateEnded); r.Cause.Hand != "Dana Doe" {
			t.Errorf("cause %+v after %d readings of the audit", r.Cause, audits)
		}
	})
}
