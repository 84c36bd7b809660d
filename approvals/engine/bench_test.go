package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
)

// The benchmarks of this file play one scenario each on a real redis-server, in real time, and report its figures beside
// those of a bare reference on the same server in the same run. A scenario is as long as it is: -benchtime does not make
// it longer, and a repetition that it asks for gets the same figures again.

// scenario runs play once and reports what it measured.
func scenario(b *testing.B, name string, play func(b *testing.B) map[string]float64) {
	b.Helper()
	var figures map[string]float64
	b.Run(name, func(b *testing.B) {
		if figures == nil {
			figures = play(b)
		}
		b.ReportMetric(0, "ns/op")
		for _, unit := range slices.Sorted(maps.Keys(figures)) {
			b.ReportMetric(figures[unit], unit)
		}
	})
}

// bench is a real Redis with a store and a tenant, for engines in real time.
type bench struct {
	b      *testing.B
	client redis.UniversalClient
	store  *redisstore.Store
	world  *tenant
}

func onBench(b *testing.B) *bench {
	b.Helper()
	server := storetest.Redis(b)
	client := redisstore.NewClient(redisstore.ClientConfig{Addrs: []string{server.Addr}})
	b.Cleanup(func() { _ = client.Close() })
	store, err := redisstore.Open(b.Context(), redisstore.Config{
		Client: client, Tenant: "bench", Budgets: map[string]redisstore.Budget{"ca": {Rate: 0.8, Burst: 1}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return &bench{b: b, client: client, store: store, world: newTenant(1, faults{})}
}

// replica runs an engine over the bench until stop is called; what it has in hand then goes on until done is closed.
func (x *bench) replica(name string, change func(*engine.Config)) (e *engine.Engine, stop func(), done <-chan struct{}) {
	x.b.Helper()
	var err error
	var pool *engine.Pool
	cfg := engine.Config{
		Requests: x.store, Targets: x.store, Queue: x.store, Inbox: x.store, Brakes: x.store, Owners: noOwners{}, Entra: x.world,
		Directory: people{"bo": {"netsec"}, "cleo": {"security"}}, Rules: func() engine.Rules { return oneRule{} },
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Kick: func(l approvals.Lane) { pool.Kick(l) },
	}
	change(&cfg)
	if e, err = engine.New(cfg); err != nil {
		x.b.Fatal(err)
	}
	e.SetChat(doer{})
	pool = engine.NewPool(e, engine.DefaultWorkers(), name)
	ctx, cancel := context.WithCancel(x.b.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = pool.Run(ctx)
	}()
	return e, cancel, over
}

// each does n jobs, sixteen at a time.
func each(n int, job func(i int)) {
	var wg sync.WaitGroup
	for c := range 16 {
		wg.Go(func() {
			for i := c; i < n; i += 16 {
				job(i)
			}
		})
	}
	wg.Wait()
}

// seconds gives a percentile of durations in seconds.
func seconds(list []time.Duration, percent int) float64 {
	slices.Sort(list)
	return list[(len(list)-1)*percent/100].Seconds()
}

// ending notes how late after its end each request was committed as ending.
type ending struct {
	*redisstore.Store
	mu   sync.Mutex
	late []time.Duration
	all  chan struct{}
	want int
}

func (s *ending) Commit(ctx context.Context, c approvals.Commit) (int64, error) {
	v, err := s.Store.Commit(ctx, c)
	if err == nil && c.Request.State == approvals.StateEnding && c.Entry.From == approvals.StateActive {
		s.mu.Lock()
		s.late = append(s.late, time.Since(c.Request.End))
		if len(s.late) == s.want {
			close(s.all)
		}
		s.mu.Unlock()
	}
	return v, err
}

// active stores an applied request that ends at a time, with its row and its wake-up.
func (x *bench) active(i int, end time.Time) {
	x.b.Helper()
	id := approvals.MakeRequestID(int64(i + 1))
	now := time.Now().UTC()
	addr := netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)})
	r := approvals.Request{
		ID: id, State: approvals.StateActive, Opened: now, Applied: now, End: end, Written: true,
		Requester: approvals.Person{ID: "ana"}, Owner: approvals.Person{ID: "ana"},
		Rounds: []approvals.Round{{Kind: approvals.RoundFirst, Outcome: approvals.OutcomeApproved}},
		Changes: []approvals.Progress{{
			Change: approvals.Change{Target: location("loc" + strconv.Itoa(i%20)), Entry: netip.PrefixFrom(addr, 32).String()}, State: approvals.ChangeVerified,
		}},
	}
	_, err := x.store.Commit(x.b.Context(), approvals.Commit{
		Request: r, Operation: "made", Entry: approvals.Entry{Request: id, At: now, Actor: "ana", Act: "made"}, Rows: r.Rows(),
		Due: []approvals.Due{{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneEnd, At: end}},
	})
	if err != nil {
		x.b.Error(err)
	}
}

// BenchmarkLateness says how late an exemption's end is committed, by one replica with its usual workers: with one request
// due at a time, and with 10,000 that end at the same moment on 20 locations. The reference is a plain sorted set from which
// as many workers take members and SET a record of the same size.
func BenchmarkLateness(b *testing.B) {
	for _, at := range []struct {
		name   string
		n      int
		spaced time.Duration
	}{{"1 due", 25, 100 * time.Millisecond}, {"10000 due", 10_000, 0}} {
		scenario(b, at.name, func(b *testing.B) map[string]float64 {
			b.Helper()
			x := onBench(b)
			made := time.Now()
			each(100, func(i int) { x.active(1_000_000+i, made.Add(24*time.Hour)) }) // how fast is this machine?
			first := time.Now().Add(1500*time.Millisecond + time.Since(made)*time.Duration(at.n)/80)
			end := func(i int) time.Time { return first.Add(time.Duration(i) * at.spaced).UTC().Truncate(time.Millisecond) }
			each(at.n, func(i int) { x.active(i, end(i)) })
			if left := time.Until(first); left < 0 {
				b.Fatalf("making the requests took %s too long", -left)
			}
			watched := &ending{Store: x.store, all: make(chan struct{}), want: at.n}
			_, stop, done := x.replica("one", func(c *engine.Config) { c.Requests = watched })
			<-watched.all
			stop()
			<-done
			bare := x.bare(at.n, end)
			figures := map[string]float64{
				"p50-s": seconds(watched.late, 50), "p99-s": seconds(watched.late, 99), "bare-p50-s": seconds(bare, 50), "bare-p99-s": seconds(bare, 99),
			}
			figures["p99-of-bare"] = figures["p99-s"] / figures["bare-p99-s"]
			return figures
		})
	}
}

// bare is the reference: due times in a sorted set, taken by four workers, each of which then SETs 1,000 bytes.
func (x *bench) bare(n int, end func(i int) time.Time) []time.Duration {
	x.b.Helper()
	ctx := x.b.Context()
	shift := time.Since(end(0)) + 500*time.Millisecond // the same times once more
	each(n, func(i int) {
		at := end(i).Add(shift).UnixMicro()
		if err := x.client.ZAdd(ctx, "bare", redis.Z{Score: float64(at), Member: i}).Err(); err != nil {
			x.b.Error(err)
		}
	})
	value := make([]byte, 1000)
	var mu sync.Mutex
	var late []time.Duration
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				got, err := x.client.ZPopMin(ctx, "bare").Result()
				if err != nil {
					x.b.Error(err)
				}
				if len(got) == 0 {
					return
				}
				at := time.UnixMicro(int64(got[0].Score))
				pause(ctx, time.Until(at))
				if err := x.client.Set(ctx, fmt.Sprint("bare", got[0].Member), value, 0).Err(); err != nil {
					x.b.Error(err)
				}
				mu.Lock()
				late = append(late, time.Since(at))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return late
}
