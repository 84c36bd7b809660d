package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// silent is a tenant whose sign-in log has to be waited for, for ever.
type silent struct {
	*tenant
	looks *atomic.Int32
}

func (silent) Prove(context.Context, approvals.Plan, time.Time) (approvals.Proved, error) {
	return approvals.Proved{Agrees: true}, nil
}

func (s silent) Look(context.Context, approvals.Plan, time.Time) (approvals.Looked, error) {
	s.looks.Add(1)
	return approvals.Looked{}, &approvals.Later{At: time.Now().Add(7 * time.Hour), Why: "the reports are throttled"}
}

// The log says only whether something is used. Neither its reminders nor its end may wait for that.
func TestWhatIsOverIsTakenAwayOnTimeWhileTheSignInLogHasToBeWaitedFor(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	onStage(t, func(c *engine.Config) {
		world, ok := c.Entra.(*tenant)
		if !ok {
			t.Fatal("the stage has another tenant")
		}
		c.Entra = silent{world, &looks}
	}, func(s *stage) {
		id := s.asks("ana", "203.0.113.7/32", "office", 80*time.Hour)
		s.approve(id)
		s.wait(time.Minute)
		end := s.is(id, approvals.StateActive).End
		s.wait(time.Until(end.Add(-23 * time.Hour)))
		if r := s.is(id, approvals.StateActive); r.Reminded != 1 || looks.Load() == 0 {
			t.Errorf("reminded %d times, and looked %d times", r.Reminded, looks.Load())
		}
		s.wait(time.Until(end.Add(-time.Second)))
		if r := s.is(id, approvals.StateActive); r.Reminded != 2 {
			t.Errorf("reminded %d times", r.Reminded)
		}
		s.wait(4 * time.Second)
		if got := s.world.has(location("office")); len(got) > 0 {
			t.Errorf("3 s after the end the tenant has %v", got)
		}
		s.wait(time.Minute)
		s.is(id, approvals.StateEnded)
	})
}
