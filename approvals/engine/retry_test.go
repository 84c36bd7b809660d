package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// moody is a chat whose carrying out a test decides.
type moody struct {
	mu     sync.Mutex
	claims []approvals.Claim
	do     func(n int) error
}

func (*moody) Tell(context.Context, approvals.Request) (time.Time, error) { return time.Time{}, nil }

func (m *moody) Carry(_ context.Context, claim approvals.Claim, _ approvals.Item) (bool, json.RawMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.claims = append(m.claims, claim)
	return false, nil, m.do(len(m.claims))
}

func (s *stage) carries(m *moody, d time.Duration) []approvals.Claim {
	s.t.Helper()
	s.e.SetChat(m)
	if err := s.store.Put(s.ctx, approvals.Item{ID: "item", Platform: "test", Body: json.RawMessage(`{}`)}); err != nil {
		s.t.Fatal(err)
	}
	s.kick(approvals.LaneInbox)
	s.wait(d)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.claims
}

func TestPausesGrowWhileWorkFails(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		got := s.carries(&moody{do: func(n int) error {
			if n < 8 {
				return errors.New("not today")
			}
			return nil
		}}, 10*time.Minute)
		want := []time.Duration{1, 2, 4, 8, 16, 30, 30}
		if len(got) != len(want)+1 {
			t.Fatalf("%d tries", len(got))
		}
		for i, pause := range want {
			if gap := got[i+1].Now.Sub(got[i].Now); gap < pause*time.Second || gap > pause*time.Second+100*time.Millisecond || got[i].Fails != i {
				t.Errorf("pause %d was %s, after %d failures", i+1, gap, got[i].Fails)
			}
		}
	})
}

func TestWhatWaitsForItsTurnIsNoFailureAndComesExactlyThen(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		got := s.carries(&moody{do: func(n int) error {
			if n < 4 {
				return &approvals.Later{At: time.Now().Add(7 * time.Second), Why: "the budget is used up"}
			}
			return nil
		}}, time.Minute)
		if len(got) != 4 {
			t.Fatalf("%d tries", len(got))
		}
		for i := range got[1:] {
			if gap := got[i+1].Now.Sub(got[i].Now); gap < 6900*time.Millisecond || gap > 7100*time.Millisecond || got[i+1].Fails != 0 {
				t.Errorf("pause %s, %d failures", gap, got[i+1].Fails)
			}
		}
	})
}

// slow plans for longer than the lease of a target.
type slow struct {
	*tenant
	mu    sync.Mutex
	plans int
}

func (s *slow) Plan(ctx context.Context, ask approvals.Ask) (approvals.Plan, error) {
	s.mu.Lock()
	s.plans++
	second := s.plans > 1
	s.mu.Unlock()
	if second {
		pause(ctx, 15*time.Second)
		if ctx.Err() != nil {
			return approvals.Plan{}, ctx.Err()
		}
	}
	return s.tenant.Plan(ctx, ask)
}

func TestPlanningBeforeApplyingMayTakeLongerThanATargetsLease(t *testing.T) {
	t.Parallel()
	var plans *slow
	onStage(t, func(c *engine.Config) {
		world, ok := c.Entra.(*tenant)
		if !ok {
			t.Fatal("the stage has another tenant")
		}
		plans = &slow{tenant: world}
		c.Entra = plans
	}, func(s *stage) {
		id := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(id)
		s.wait(2 * time.Minute)
		s.is(id, approvals.StateActive)
		if plans.plans != 2 {
			t.Errorf("%d plans", plans.plans)
		}
	})
}
