package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hallpass/approvals"
)

// A location is replaced as a whole. What was just taken out of it must not come back with the next write because a read
// lags behind, nor what was just put in be lost.
func TestTheNextWriteUndoesNothingThatALateReadDoesNotShowYet(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, w *scripted) {
		old := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(old)
		s.wait(59 * time.Minute)
		before := s.world.has(location("office"))
		left := 1
		w.read = func(sight approvals.Sight) approvals.Sight {
			if gone := !slices.Contains(sight.Entries, "203.0.113.7/32"); gone && left > 0 {
				left--
				sight.Entries = before
			}
			return sight
		}
		for i := 8; s.world.has(location("office")) != nil && slices.Contains(s.world.has(location("office")), "203.0.113.7/32"); i++ {
			s.wait(time.Second)
			if i > 300 {
				t.Fatal("it is never taken out")
			}
		}
		for i := range 3 { // others come at once
			id := s.asks("bea", fmt.Sprintf("203.0.113.%d/32", 20+i), "office", time.Hour)
			s.approve(id)
			for range 20 {
				s.wait(100 * time.Millisecond)
				if slices.Contains(s.world.has(location("office")), "203.0.113.7/32") {
					t.Fatal("what was over came back with the next write")
				}
			}
		}
		if left > 0 {
			t.Error("the late read was not asked for")
		}
		s.wait(2 * time.Minute)
		if got := s.world.has(location("office")); len(got) != 3 {
			t.Errorf("it holds %v", got)
		}
	})
}

// On a target on which something is written every few seconds, what was written before is verified all the same, and what
// is over is recorded as such: reads count for each entry by itself.
func TestABusyTargetDoesNotKeepOthersWaiting(t *testing.T) {
	t.Parallel()
	onScript(t, nil, func(s *stage, _ *scripted) {
		var ids []approvals.RequestID
		for i := range 90 {
			id := s.asks("ana", fmt.Sprintf("203.0.113.%d/32", i), "office", 2*time.Minute)
			s.approve(id)
			ids = append(ids, id)
			s.wait(2 * time.Second)
		}
		s.wait(4 * time.Minute)
		var slowest, last time.Duration
		for _, id := range ids {
			r := s.is(id, approvals.StateEnded)
			slowest = max(slowest, r.Applied.Sub(r.Rounds[0].Closed))
			last = max(last, r.Ended.Sub(r.End))
		}
		t.Logf("applied at the latest %s after approval, ended at the latest %s after the end", slowest, last)
		if slowest > 45*time.Second || last > 45*time.Second {
			t.Errorf("something waited: applied %s after approval, ended %s after the end", slowest, last)
		}
	})
}
