package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

// diary notes when a schedule ran.
type diary struct {
	mu   sync.Mutex
	runs []time.Time
}

func (d *diary) note() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs = append(d.runs, time.Now())
	return len(d.runs)
}

func (d *diary) times() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.runs
}

// every makes a schedule that does something on each run, told which run it is.
func (d *diary) every(every time.Duration, do func(ctx context.Context, n int) error) func(*engine.Config) {
	return func(c *engine.Config) {
		c.Schedules = []engine.Schedule{{Name: "rounds", Every: every, Do: func(ctx context.Context) error { return do(ctx, d.note()) }}}
	}
}

func nothingToDo(context.Context, int) error { return nil }

func TestAScheduleRunsAtItsTimes(t *testing.T) {
	t.Parallel()
	d := &diary{}
	onStage(t, d.every(time.Hour, nothingToDo), func(s *stage) {
		s.wait(24*time.Hour + time.Minute)
		if got := d.times(); len(got) != 24 {
			t.Errorf("%d runs in a day", len(got))
		}
		for _, at := range d.times() {
			if late := at.Sub(at.Truncate(time.Hour)); late > time.Second {
				t.Errorf("a run at %s", at)
			}
		}
	})
}

func TestAScheduleIsTriedAgainAfterAnErrorAndKeepsItsTimes(t *testing.T) {
	t.Parallel()
	d := &diary{}
	onStage(t, d.every(time.Hour, func(_ context.Context, n int) error {
		if n <= 2 {
			return errors.New("it did not work")
		}
		return nil
	}), func(s *stage) {
		s.wait(3*time.Hour - time.Minute)
		got := d.times()
		if len(got) != 4 || got[1].Sub(got[0]) > time.Minute+time.Second || got[2].Sub(got[1]) > time.Minute+time.Second || got[3].Sub(got[0]) > time.Hour+time.Second {
			t.Errorf("runs at %v", got)
		}
	})
}

func TestWorkThatIsLongerThanALeaseGoesOnInSlices(t *testing.T) {
	t.Parallel()
	d := &diary{}
	onStage(t, d.every(time.Hour, func(ctx context.Context, n int) error {
		pause(ctx, 90*time.Second) // far longer than the lease of a target
		if ctx.Err() != nil {
			t.Error("the lease was too short")
		}
		if n%3 != 0 {
			return &approvals.Later{At: time.Now().Add(10 * time.Second), Why: "more to do"}
		}
		return nil
	}), func(s *stage) {
		s.wait(2*time.Hour - time.Minute)
		got := d.times()
		if len(got) != 3 || got[2].Sub(got[0]) > 202*time.Second {
			t.Errorf("runs at %v", got)
		}
	})
}

func TestWorkThatDoesNotEndIsCutOffWithinItsLease(t *testing.T) {
	t.Parallel()
	d := &diary{}
	onStage(t, d.every(time.Hour, func(ctx context.Context, _ int) error {
		began := time.Now()
		<-ctx.Done()
		if took := time.Since(began); took >= 2*time.Minute {
			t.Errorf("it was cut off after %s", took)
		}
		return ctx.Err()
	}), func(s *stage) {
		s.wait(75 * time.Minute)
		for i, at := range d.times()[1:] {
			if gap := at.Sub(d.times()[i]); gap < 2*time.Minute {
				t.Errorf("the next run began %s after the one before", gap)
			}
		}
	})
}

func TestASchedulePassesThroughRestartsOfManyReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mini := miniredis.NewMiniRedis()
		defer mini.Close()
		client := dialled(mini)
		defer func() { _ = client.Close() }()
		store, err := redisstore.Open(t.Context(), redisstore.Config{Client: client, Tenant: "stage"})
		if err != nil {
			t.Fatal(err)
		}
		d := &diary{}
		var all sync.WaitGroup
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Hour)
		defer stop()
		for i := range 3 {
			all.Go(func() { // starts again every 7, 9, 11 minutes: no replica lives until the next run
				for ctx.Err() == nil {
					life, end := context.WithTimeout(ctx, time.Duration(7+2*i)*time.Minute)
					runReplica(t, life, store, d.every(time.Hour, nothingToDo))
					end()
				}
			})
		}
		pause(ctx, 5*time.Hour+30*time.Minute)
		if got := d.times(); len(got) != 5 {
			t.Errorf("runs at %v", got)
		}
		mini.FlushAll()
		pause(ctx, 4*time.Hour+time.Minute)
		stop()
		all.Wait()
		if got := d.times(); len(got) != 9 {
			t.Errorf("with a store that lost everything, runs at %v", got)
		}
	})
}

func TestASchedulesMistakesAreRefusedAtStart(t *testing.T) {
	t.Parallel()
	do := func(context.Context) error { return nil }
	for name, list := range map[string][]engine.Schedule{
		"no name":           {{Every: time.Hour, Do: do}},
		"no time":           {{Name: "a", Do: do}},
		"nothing to do":     {{Name: "a", Every: time.Hour}},
		"two with one name": {{Name: "a", Every: time.Hour, Do: do}, {Name: "a", Every: time.Minute, Do: do}},
	} {
		cfg := replicaConfig(nil, newTenant(1, faults{}))
		cfg.Schedules = list
		if _, err := engine.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
