package engine_test

import (
	"context"
	"errors"
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

// rationed is a tenant behind the tenant-wide budget of Conditional Access, as graph/entra keeps it.
type rationed struct {
	*tenant
	store *redisstore.Store
}

func (r rationed) take(ctx context.Context, class approvals.Class) error {
	at, err := r.store.Reserve(ctx, "ca", class, 1)
	if err == nil && !at.IsZero() {
		return &approvals.Later{At: at, Why: "the budget is used up"}
	}
	return err
}

func (r rationed) Read(ctx context.Context, t approvals.Target, fresh time.Time, class approvals.Class) (approvals.Sight, error) {
	if err := r.take(ctx, class); err != nil {
		return approvals.Sight{}, err
	}
	return r.tenant.Read(ctx, t, fresh, class)
}

func (r rationed) Write(ctx context.Context, t approvals.Target, w approvals.Write) error {
	if err := r.take(ctx, approvals.ClassApply); err != nil {
		return err
	}
	return r.tenant.Write(ctx, t, w)
}

// BenchmarkCoalescing says how many writes to Graph, and how much time, 1,000 approvals on one location take: given as fast
// as Redis takes them, with 0.8 calls a second to Conditional Access for reads and writes together. The reference is one
// write for each approval at that rate.
func BenchmarkCoalescing(b *testing.B) {
	scenario(b, "1000 approvals", func(b *testing.B) map[string]float64 {
		b.Helper()
		const n, rate = 1000, 0.8
		x := onBench(b)
		e, stop, done := x.replica("one", func(c *engine.Config) { c.Entra = rationed{x.world, x.store} })
		defer func() {
			stop()
			<-done
		}()
		ids := make([]approvals.RequestID, n)
		each(n, func(i int) {
			addr := netip.PrefixFrom(netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)}), 32)
			r, err := e.Open(b.Context(), approvals.Act{Operation: fmt.Sprint("ask", i), Person: fmt.Sprint("ana", i)}, approvals.Ask{
				Kind: approvals.KindIP, Addresses: []netip.Prefix{addr}, Where: "office", Term: approvals.Term{For: time.Hour}, Reason: "because",
			})
			if err != nil {
				b.Error(err)
			}
			ids[i] = r.ID
		})
		began := time.Now()
		each(n, func(i int) {
			for _, who := range []string{"bo", "cleo"} {
				r, _, err := e.Get(b.Context(), who, ids[i])
				if err == nil {
					_, err = e.Vote(b.Context(), approvals.Act{Operation: fmt.Sprint(who, i), Person: who}, ids[i],
						approvals.Ballot{Choice: approvals.ChoiceApprove, Fingerprint: r.Round().Fingerprint})
				}
				if err != nil && !errors.Is(err, approvals.ErrDuplicate) {
					b.Error(err)
				}
			}
		})
		voted := time.Since(began)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for len(x.world.has(location("office"))) < n {
			if time.Since(began) > 2*time.Minute {
				b.Fatalf("%d of %d are there after two minutes", len(x.world.has(location("office"))), n)
			}
			<-tick.C
		}
		took := time.Since(began)
		writes := x.world.written()
		return map[string]float64{
			"writes": float64(writes), "of-one-each": float64(writes) / n, "voting-s": voted.Seconds(), "all-there-s": took.Seconds(),
			"of-one-each-s": took.Seconds() / (n / rate),
		}
	})
}
