package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

// stage is one replica over one miniredis, in a bubble of fake time.
type stage struct {
	t     *testing.T
	ctx   context.Context //nolint:containedctx // lives as long as its test
	store *redisstore.Store
	world *tenant
	e     *engine.Engine
	n     int
	kick  func(approvals.Lane)
}

func onStage(t *testing.T, change func(*engine.Config), play func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		mini := miniredis.NewMiniRedis()
		defer mini.Close()
		client := dialled(mini)
		defer func() { _ = client.Close() }()
		store, err := redisstore.Open(ctx, redisstore.Config{Client: client, Tenant: "stage"})
		if err != nil {
			t.Fatal(err)
		}
		s := &stage{t: t, ctx: ctx, store: store, world: newTenant(1, faults{})}
		var pool *engine.Pool
		cfg := replicaConfig(store, s.world)
		cfg.Timing, cfg.Kick = engine.Timing{Poll: time.Hour}, func(l approvals.Lane) { pool.Kick(l) }
		if change != nil {
			change(&cfg)
		}
		if s.e, err = engine.New(cfg); err != nil {
			t.Fatal(err)
		}
		s.e.SetChat(doer{func(ctx context.Context, act approvals.Act, said said) error { return perform(ctx, s.e, act, said) }})
		pool = engine.NewPool(s.e, engine.DefaultWorkers(), "one")
		s.kick = pool.Kick
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = pool.Run(ctx)
		}()
		play(s)
		stop()
		<-done
	})
}

// replicaConfig is a replica over a store and a tenant, with everything else as most tests have it.
func replicaConfig(store *redisstore.Store, world *tenant) engine.Config {
	return engine.Config{
		Requests: store, Targets: store, Queue: store, Inbox: store, Brakes: store, Owners: noOwners{}, Entra: world,
		Directory: people{"bo": {"netsec"}, "cleo": {"security"}}, Rules: func() engine.Rules { return oneRule{} },
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// runReplica runs one more replica until the context ends.
func runReplica(t *testing.T, ctx context.Context, store *redisstore.Store, change func(*engine.Config)) { //nolint:revive // the test comes first, as in helpers of other tests
	t.Helper()
	var pool *engine.Pool
	cfg := replicaConfig(store, newTenant(1, faults{}))
	cfg.Timing, cfg.Kick = engine.Timing{Poll: time.Hour}, func(l approvals.Lane) { pool.Kick(l) }
	change(&cfg)
	e, err := engine.New(cfg)
	if err != nil {
		t.Error(err)
		return
	}
	e.SetChat(doer{})
	pool = engine.NewPool(e, engine.DefaultWorkers(), "another")
	if err := pool.Run(ctx); err != nil {
		t.Error(err)
	}
}

func (s *stage) act(who string) approvals.Act {
	s.n++
	return approvals.Act{Operation: fmt.Sprintf("%s%d", who, s.n), Person: who, Via: "test"}
}

func (s *stage) asks(who, addr, where string, d time.Duration) approvals.RequestID {
	s.t.Helper()
	r, err := s.e.Open(s.ctx, s.act(who), approvals.Ask{
		Kind: approvals.KindIP, Addresses: []netip.Prefix{netip.MustParsePrefix(addr)}, Where: where,
		Term: approvals.Term{For: d}, Reason: "because",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r.ID
}

// asksBoth asks for two addresses in one request.
func (s *stage) asksBoth(who, first, second, where string, d time.Duration) approvals.RequestID {
	s.t.Helper()
	r, err := s.e.Open(s.ctx, s.act(who), approvals.Ask{
		Kind: approvals.KindIP, Addresses: []netip.Prefix{netip.MustParsePrefix(first), netip.MustParsePrefix(second)}, Where: where,
		Term: approvals.Term{For: d}, Reason: "because",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r.ID
}

func (s *stage) approve(id approvals.RequestID) {
	s.t.Helper()
	for _, who := range []string{"bo", "cleo"} {
		r, _, err := s.e.Get(s.ctx, who, id)
		if err != nil {
			s.t.Fatal(err)
		}
		_, err = s.e.Vote(s.ctx, s.act(who), id, approvals.Ballot{Choice: approvals.ChoiceApprove, Fingerprint: r.Round().Fingerprint})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stage) is(id approvals.RequestID, want approvals.State) approvals.Request {
	s.t.Helper()
	r, err := s.store.Load(s.ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	if r.State != want {
		s.t.Fatalf("%s is %s, want %s; stuck %+v; cause %+v", id, r.State, want, r.Stuck, r.Cause)
	}
	return r
}

func (s *stage) wait(d time.Duration) { pause(s.ctx, d) }

func TestARequestIsAppliedVerifiedAndTakenAwayOnTime(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		id := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.wait(time.Minute)
		s.is(id, approvals.StatePending)
		s.approve(id)
		s.wait(10 * time.Second)
		s.is(id, approvals.StateApproved) // written, not yet read back often enough
		s.wait(time.Minute)
		r := s.is(id, approvals.StateActive)
		if got := s.world.has(location("office")); !slices.Equal(got, []string{"203.0.113.7/32"}) {
			t.Errorf("the tenant has %v", got)
		}
		s.wait(time.Until(r.End) + 3*time.Second)
		if got := s.world.has(location("office")); len(got) != 0 {
			t.Errorf("3 s after the end the tenant has %v", got)
		}
		s.wait(time.Minute)
		s.is(id, approvals.StateEnded)
	})
}

func TestTwoRequestsForOneEntryEndOneAfterTheOther(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		a := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		b := s.asks("bea", "203.0.113.7/32", "office", 2*time.Hour)
		s.approve(a)
		s.approve(b)
		s.wait(90 * time.Minute)
		if r := s.is(a, approvals.StateEnded); r.Changes[0].KeptBy != b {
			t.Errorf("kept by %q", r.Changes[0].KeptBy)
		}
		s.is(b, approvals.StateActive)
		if got := s.world.has(location("office")); len(got) != 1 {
			t.Errorf("the tenant has %v", got)
		}
		s.wait(time.Hour)
		s.is(b, approvals.StateEnded)
		if got := s.world.has(location("office")); len(got) != 0 {
			t.Errorf("the tenant has %v", got)
		}
	})
}

func TestWhatSomebodyTakesOutStaysOutAndIsReported(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		id := s.asks("ana", "203.0.113.7/32", "office", 48*time.Hour)
		s.approve(id)
		s.wait(time.Hour)
		s.is(id, approvals.StateActive)
		s.world.takeOut(location("office"), "203.0.113.7/32", "Dana Doe")
		s.wait(time.Hour)
		r := s.is(id, approvals.StateEnded)
		if r.Cause.Word != approvals.CauseTakenOut || r.Cause.Hand != "Dana Doe" {
			t.Errorf("cause %+v", r.Cause)
		}
		if got := s.world.has(location("office")); len(got) != 0 {
			t.Errorf("it was put back: %v", got)
		}
	})
}

func TestObservingWritesNothing(t *testing.T) {
	t.Parallel()
	onStage(t, func(c *engine.Config) { c.Observe = true }, func(s *stage) {
		id := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(id)
		s.wait(time.Hour)
		if r := s.is(id, approvals.StateApproved); !r.Observed {
			t.Error("nobody is told that it would have been written")
		}
		s.wait(24 * time.Hour)
		s.is(id, approvals.StateEnded)
		if s.world.writes != 0 {
			t.Errorf("%d writes", s.world.writes)
		}
	})
}

func TestPausingHoldsAdditionsAndLetsRemovalsGoOn(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		a := s.asks("ana", "203.0.113.7/32", "office", time.Hour)
		s.approve(a)
		s.wait(5 * time.Minute)
		s.is(a, approvals.StateActive)
		if err := s.store.Pause(s.ctx, "an operator"); err != nil {
			t.Fatal(err)
		}
		b := s.asks("bea", "203.0.113.8/32", "office", 3*time.Hour)
		s.approve(b)
		s.wait(90 * time.Minute)
		s.is(a, approvals.StateEnded)
		s.is(b, approvals.StateApproved)
		if err := s.store.Resume(s.ctx); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Minute)
		s.is(b, approvals.StateActive)
	})
}

func TestAHundredApprovalsAtOnceAreFewWrites(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		var ids []approvals.RequestID
		for i := range 100 {
			ids = append(ids, s.asks(fmt.Sprintf("ana%d", i), fmt.Sprintf("203.0.113.%d/32", i+1), "office", time.Hour))
		}
		for _, id := range ids {
			s.approve(id)
		}
		s.wait(2 * time.Minute)
		for _, id := range ids {
			s.is(id, approvals.StateActive)
		}
		t.Logf("100 approvals: %d writes", s.world.writes)
		if s.world.writes > 20 {
			t.Errorf("%d writes for 100 approvals on one location", s.world.writes)
		}
	})
}
