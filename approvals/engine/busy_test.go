package engine_test

import (
	"fmt"
	"testing"
	"time"

	"hallpass/approvals"
)

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
