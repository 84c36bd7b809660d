package engine_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"hallpass/approvals"
)

// What comes while a write waits for its turn must go through the ledger like everything else: an entry that was written
// and does not stand in the ledger would be taken for somebody else's at its end, and would stay.
func TestWhatCameWhileAWriteWaitedForItsTurnIsTakenAwayAtItsEndToo(t *testing.T) {
	t.Parallel()
	addresses := []string{"203.0.113.7/32", "203.0.113.8/32", "203.0.113.9/32", "203.0.113.10/32"}
	onScript(t, nil, func(s *stage, w *scripted) {
		w.write = func(n int, do func()) error {
			if n <= 2 { // the first one is due when the first entry stands in the ledger, and has to wait twice
				return &approvals.Later{At: time.Now().Add(2 * time.Second), Why: "not our turn"}
			}
			do()
			return nil
		}
		ids := []approvals.RequestID{s.asks("ana", addresses[0], "office", 2*time.Hour)}
		s.approve(ids[0])
		s.wait(time.Second)
		if s.record("office").Phase != approvals.PhaseWrite {
			t.Fatal("the write does not wait: the test no longer tests what it should")
		}
		for i, a := range addresses[1:] {
			ids = append(ids, s.asks(fmt.Sprint("ana", i), a, "office", 2*time.Hour))
			s.approve(ids[i+1])
		}
		s.wait(2 * time.Minute)
		for i, id := range ids {
			s.is(id, approvals.StateActive)
			if er := s.record("office").Entries[addresses[i]]; !er.Ours {
				t.Errorf("%s was written and does not stand in the ledger", addresses[i])
			}
		}
		if _, err := s.e.Revoke(s.ctx, s.act("cleo"), ids[2], "no longer needed"); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Minute)
		s.is(ids[2], approvals.StateEnded)
		if there := w.has(location("office")); slices.Contains(there, addresses[2]) || len(there) != 3 {
			t.Errorf("after %s was revoked the tenant holds %s", addresses[2], there)
		}
		s.wait(3 * time.Hour)
		if there := w.has(location("office")); len(there) != 0 {
			t.Errorf("after all ended the tenant holds %s", there)
		}
	})
}

// The same for what is no longer wanted when the turn has come, and for what is wanted and goes in between.
func TestWhatIsNoLongerWantedWhenItsTurnComesIsNotWritten(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, w *scripted) {
		var turn atomic.Bool
		w.write = func(_ int, do func()) error {
			if !turn.Load() {
				return &approvals.Later{At: time.Now().Add(2 * time.Second), Why: "not our turn"}
			}
			do()
			return nil
		}
		goes := s.asks("ana", "203.0.113.7/32", "office", 2*time.Hour)
		s.approve(goes)
		s.wait(time.Second)
		stays := s.asks("bea", "203.0.113.8/32", "office", 2*time.Hour)
		s.approve(stays)
		if _, err := s.e.Revoke(s.ctx, s.act("cleo"), goes, "a mistake"); err != nil {
			t.Fatal(err)
		}
		s.wait(5 * time.Second)
		turn.Store(true)
		s.wait(5 * time.Minute)
		s.is(goes, approvals.StateEnded)
		s.is(stays, approvals.StateActive)
		for _, q := range w.writes() {
			if slices.Contains(q.w.Add, "203.0.113.7/32") && !q.at.Before(w.writes()[0].at.Add(3*time.Second)) {
				t.Error("what nobody wanted any more was written when its turn came")
			}
		}
		if there := w.has(location("office")); !slices.Equal(there, []string{"203.0.113.8/32"}) {
			t.Errorf("the tenant holds %s", there)
		}
	})
}
