package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// fatal is a tenant in whose writes a replica dies: it never hears the answer, and nothing that it does later reaches
// the store.
type fatal struct {
	*tenant
	died chan time.Time
	dead <-chan struct{}
}

func (f fatal) Write(context.Context, approvals.Target, approvals.Write) error {
	f.died <- time.Now()
	<-f.dead // until the benchmark is over
	return errDead
}

// second notes when a target of a dead replica is written by another.
type second struct {
	*tenant
	mu    sync.Mutex
	wrote map[approvals.Target]time.Time
	all   chan struct{}
	want  int
}

func (s *second) Write(ctx context.Context, t approvals.Target, w approvals.Write) error {
	err := s.tenant.Write(ctx, t, w)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.wrote[t]; !again && err == nil {
		s.wrote[t] = time.Now()
		if len(s.wrote) == s.want {
			close(s.all)
		}
	}
	return err
}

// BenchmarkTakeover says how long after a worker died in the middle of a removal another replica has done it. The worst
// place to die is while Graph has the call: the successor waits for the lease, then for a call that may still land, and
// looks before it writes. The reference is the bare lease.
func BenchmarkTakeover(b *testing.B) {
	scenario(b, "while writing", func(b *testing.B) map[string]float64 {
		b.Helper()
		const targets = 4 // as many as a replica has workers for ends
		x := onBench(b)
		over := make(chan struct{})
		first := fatal{tenant: x.world, died: make(chan time.Time, targets), dead: over}
		for i := range targets {
			x.active(i, time.Now().UTC().Add(time.Second).Truncate(time.Millisecond))
			x.world.putIn(location("loc"+strconv.Itoa(i)), fmt.Sprintf("11.0.0.%d/32", i), "hallpass")
			x.ours(location("loc"+strconv.Itoa(i)), fmt.Sprintf("11.0.0.%d/32", i))
		}
		_, stopFirst, firstDone := x.replica("first", func(c *engine.Config) { c.Entra = first })
		var died []time.Time
		for range targets {
			died = append(died, <-first.died)
		}
		stopFirst() // its workers hang in their calls; nothing else of it runs on
		next := &second{tenant: x.world, wrote: map[approvals.Target]time.Time{}, all: make(chan struct{}), want: targets}
		_, stopSecond, secondDone := x.replica("second", func(c *engine.Config) { c.Entra = next })
		<-next.all
		close(over)
		stopSecond()
		<-firstDone
		<-secondDone
		var took []time.Duration
		for _, at := range next.wrote {
			took = append(took, at.Sub(slices.MinFunc(died, time.Time.Compare)))
		}
		const lease = 6 * time.Second
		return map[string]float64{"p50-s": seconds(took, 50), "max-s": seconds(took, 100), "max-of-lease": seconds(took, 100) / lease.Seconds()}
	})
}

// ours makes the ledger of a target say that hallpass put an entry there.
func (x *bench) ours(t approvals.Target, entry string) {
	x.b.Helper()
	ctx := x.b.Context()
	rec, _, gen, err := x.store.Target(ctx, t)
	if err != nil {
		x.b.Fatal(err)
	}
	if err := x.store.Book(ctx, approvals.Due{Kind: approvals.DueTarget, Key: t.String(), Lane: approvals.LaneEnd, At: time.Now().Add(-time.Hour)}); err != nil {
		x.b.Fatal(err)
	}
	claims, _, err := x.store.Claim(ctx, approvals.LaneEnd, 1, time.Minute, "bench")
	if err != nil || len(claims) != 1 {
		x.b.Fatalf("%d claims: %v", len(claims), err)
	}
	rec.Target, rec.Gen, rec.Entries = t, gen, map[string]approvals.EntryRecord{entry: {Want: true, Settled: true, Ours: true}}
	if err := x.store.Settle(ctx, approvals.Settlement{Record: rec, Claim: claims[0]}); err != nil {
		x.b.Fatal(err)
	}
}
