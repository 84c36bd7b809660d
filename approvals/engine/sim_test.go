package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

// The simulation runs several replicas over one miniredis in a bubble of fake time: months pass in milliseconds. Replicas
// crash between any two calls, replies get lost, Graph answers late, wrongly or not at all. After each run the promises
// are checked. A failing seed is printed; HALLPASS_SEED=n replays it (run with GOMAXPROCS=1 for the same order).

// simulation is what one run does.
type simulation struct {
	seed     uint64
	replicas int
	requests int
	faults   faults
	crash    float64 // chance to die at a call
	drop     float64 // chance that a reply of the store is lost
	timing   engine.Timing
	// bug seeds a mistake on purpose.
	bug string
}

// macKeys are keys that everybody knows.
func macKeys() []string { return []string{"a-key-that-everybody-knows-0123456789"} }

// finding is what a run brought to light.
type finding struct {
	broken    []string
	overshoot time.Duration // the longest that an entry was there past its end
	lost      int           // requests that did not end
	lived     int           // requests that were active for a time
}

// run plays one simulation to its end and says what it found.
func (sim simulation) run(t *testing.T) finding {
	t.Helper()
	var out finding
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		rnd := rand.New(rand.NewPCG(sim.seed, 1))
		mini := miniredis.NewMiniRedis()
		client := dialled(mini)
		defer mini.Close()
		defer func() { _ = client.Close() }()
		store, err := redisstore.Open(ctx, redisstore.Config{Client: client, Tenant: "sim", MACKeys: macKeys(), Forged: func(what string) { t.Errorf("taken for forged: %s", what) }})
		if err != nil {
			t.Fatal(err)
		}
		world := newTenant(sim.seed, sim.faults)
		world.allowed = func(entry string) bool { return allowed(t, store, entry) }
		world.putIn(location("loc0"), "192.0.2.1/32", "Dana Doe") // somebody else's
		var all sync.WaitGroup
		runs := &rounds{}
		for i := range sim.replicas {
			all.Go(func() { sim.replica(ctx, t, i, store, mini, world, runs) })
		}
		played := make(chan struct{})
		all.Go(func() {
			defer close(played)
			sim.play(ctx, t, rnd, store)
		})
		hank := &handy{store: store, rnd: rand.New(rand.NewPCG(sim.seed, 99)), there: map[string]bool{}}
		all.Go(func() { hank.work(ctx, t) })
		out = sim.watch(ctx, t, store, world, played)
		stop()
		all.Wait()
		world.pending.Wait()
		out.broken = append(out.broken, world.broken...)
		out.broken = append(out.broken, hank.check(t)...)
		out.broken = append(out.broken, runs.check(time.Now())...)
		out.broken = append(out.broken, damage(t, store)...)
		if n := world.overlaps(); n > 0 {
			out.broken = append(out.broken, fmt.Sprintf("%d pairs of writes to one target were under way at once", n))
		}
		if !slices.Contains(world.has(location("loc0")), "192.0.2.1/32") && sim.faults.stale == 0 {
			out.broken = append(out.broken, "somebody else's entry is gone")
		}
	})
	return out
}

// rounds are the runs of the one schedule that a simulation has.
type rounds struct {
	mu    sync.Mutex
	now   int // under way
	began []time.Time
	twice int
}

const roundEvery = time.Minute

// do is one run. It takes a while, so that its replica may die meanwhile.
func (r *rounds) do(ctx context.Context, m *mortal) error {
	r.mu.Lock()
	r.began = append(r.began, time.Now())
	if r.now++; r.now > 1 {
		r.twice++
	}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.now--
		r.mu.Unlock()
	}()
	pause(ctx, 20*time.Second)
	_, err := live(m, func() (nothing, error) { return nothing{}, ctx.Err() })
	return err
}

// check says what is wrong with the runs. A run whose replica died is done again when its lease is over; that several die
// in a row is rare.
func (r *rounds) check(now time.Time) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	if r.twice > 0 {
		out = append(out, fmt.Sprintf("the schedule ran twice at once, %d times", r.twice))
	}
	if len(r.began) == 0 || now.Sub(r.began[len(r.began)-1]) > 10*roundEvery {
		out = append(out, fmt.Sprintf("the schedule stopped after %d runs", len(r.began)))
	}
	return out
}

// damage verifies the whole audit log.
func damage(t *testing.T, store *redisstore.Store) []string {
	t.Helper()
	log := audit.NewLog(nil, nil)
	end, err := store.AuditLog(context.WithoutCancel(t.Context()), 1, func(l audit.Line) error {
		log.Add(l)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	log.End(&end)
	var out []string
	for _, f := range log.Report().Findings {
		out = append(out, fmt.Sprintf("audit log: %s: %s", f.Damage, f.What))
	}
	return out
}

// allowed reports whether some request with this entry was ever approved and released.
func allowed(t *testing.T, store *redisstore.Store, entry string) bool {
	t.Helper()
	all, err := store.Find(context.WithoutCancel(t.Context()), approvals.Query{Limit: 1000})
	if err != nil {
		t.Error(err)
	}
	for _, r := range all {
		for _, c := range r.Changes {
			if c.Entry == entry && r.Written {
				return true
			}
		}
	}
	return false
}

// replica lives, dies and is started again until the simulation stops.
func (sim simulation) replica(ctx context.Context, t *testing.T, i int, store *redisstore.Store, mini *miniredis.Miniredis, world *tenant, runs *rounds) {
	t.Helper()
	for life := 0; ctx.Err() == nil; life++ {
		lived, die := context.WithCancel(ctx)
		m := &mortal{
			Store: store, tenant: world, sim: &sim, die: die, rnd: rand.New(rand.NewPCG(sim.seed, uint64(100*i+life+1000))),
			steal: func(lane approvals.Lane) { steal(mini, lane) },
		}
		e, err := engine.New(engine.Config{
			Requests: m, Targets: m, Queue: m, Inbox: m, Brakes: m, Owners: noOwners{}, Entra: m, Skeptic: m,
			Directory: people{"bo": {"netsec"}, "cleo": {"security"}, "hank": {"hands"}},
			Rules:     func() engine.Rules { return oneRule{} }, Timing: sim.timing, Now: time.Now,
			Log: slog.New(slog.DiscardHandler),
			Named: func() []approvals.Target {
				return []approvals.Target{location("loc0"), location("loc1"), location("loc2")}
			},
			Schedules: []engine.Schedule{{Name: "round", Every: roundEvery, Do: func(ctx context.Context) error { return runs.do(ctx, m) }}},
		})
		if err != nil {
			t.Error(err)
			die()
			return
		}
		e.SetChat(doer{func(ctx context.Context, act approvals.Act, s said) error { return perform(ctx, e, act, s) }})
		pool := engine.NewPool(e, engine.Workers{
			approvals.LaneEnd: 2, approvals.LaneInbox: 1, approvals.LaneApply: 2, approvals.LaneChat: 1, approvals.LaneSweep: 1,
		}, fmt.Sprintf("replica%d.%d", i, life))
		if err := pool.Run(lived); err != nil {
			t.Error(err)
		}
		die()
		pause(ctx, time.Duration(1+m.rnd.IntN(5))*time.Second)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// steal makes every claimed target of a lane due again, as a store would that does not respect leases.
func steal(mini *miniredis.Miniredis, lane approvals.Lane) {
	for _, key := range mini.Keys() {
		if !strings.HasSuffix(key, "due:"+string(lane)) {
			continue
		}
		members, err := mini.ZMembers(key)
		if err != nil {
			continue
		}
		for _, member := range members {
			if strings.HasPrefix(member, string(approvals.DueTarget)) {
				if _, err := mini.ZAdd(key, 0, member); err != nil {
					panic(err)
				}
			}
		}
	}
}

func perform(ctx context.Context, e *engine.Engine, act approvals.Act, s said) error {
	var err error
	switch s.Do {
	case "open":
		_, err = e.Open(ctx, act, s.Ask)
	case "approve":
		var r approvals.Request
		if r, _, err = e.Get(ctx, s.Who, s.ID); err == nil {
			_, err = e.Vote(ctx, act, s.ID, approvals.Ballot{Choice: approvals.ChoiceApprove, Fingerprint: r.Round().Fingerprint})
		}
	case "revoke":
		_, err = e.Revoke(ctx, act, s.ID, "not needed any more")
	case "done", "undone":
		_, err = e.Attest(ctx, act, s.ID, s.Do == "undone", s.Evidence)
	}
	if no, refused := errors.AsType[*approvals.Refusal](err); refused {
		e.Refused(ctx, act, approvals.VerbShow, s.ID, no)
	}
	return err
}

// play lets people ask, approve and revoke at random times.
func (sim simulation) play(ctx context.Context, t *testing.T, rnd *rand.Rand, store *redisstore.Store) {
	t.Helper()
	for i := range sim.requests {
		pause(ctx, time.Duration(rnd.IntN(8000))*time.Millisecond)
		addr := netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + i%max(2, sim.requests*3/4))}), 32)
		ask := approvals.Ask{
			Kind: approvals.KindIP, Addresses: []netip.Prefix{addr}, Where: []string{"loc0", "loc1", "loc2", "hand", "loc1+hand"}[i%5], Reason: "because",
			Term: approvals.Term{For: time.Duration(60+rnd.IntN(240)) * time.Second},
		}
		sayIt(ctx, t, store, fmt.Sprintf("ask%d", i), said{Who: "ana" + strconv.Itoa(i), Do: "open", Ask: ask})
		pause(ctx, time.Duration(rnd.IntN(3000))*time.Millisecond)
		pending, err := store.Find(ctx, approvals.Query{States: []approvals.State{approvals.StatePending}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range pending {
			for _, who := range []string{"bo", "cleo"} {
				if rnd.IntN(10) > 0 {
					sayIt(ctx, t, store, fmt.Sprintf("vote%d-%s-%s", i, r.ID, who), said{Who: who, Do: "approve", ID: r.ID})
				}
			}
		}
		if live, err := store.Find(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}}); err == nil && len(live) > 0 && rnd.IntN(8) == 0 {
			r := live[rnd.IntN(len(live))]
			sayIt(ctx, t, store, fmt.Sprintf("revoke%d", i), said{Who: "bo", Do: "revoke", ID: r.ID})
		}
	}
}

func sayIt(ctx context.Context, t *testing.T, store *redisstore.Store, id string, s said) {
	t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put(ctx, approvals.Item{ID: id, Platform: "test", Body: body}); err != nil && !errors.Is(err, approvals.ErrDuplicate) {
		t.Fatal(err)
	}
}

// watch looks every second until everything has ended, or far longer than it may take.
func (sim simulation) watch(ctx context.Context, t *testing.T, store *redisstore.Store, world *tenant, played <-chan struct{}) finding {
	t.Helper()
	var out finding
	past := map[string]time.Time{} // entry of nobody -> since when
	for range 3600 {
		pause(ctx, time.Second)
		all, err := store.Find(ctx, approvals.Query{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		wanted, open := map[string]bool{}, 0
		for _, r := range all {
			if !r.State.Final() && r.State != approvals.StatePending {
				open++
			}
			over := r.State == approvals.StateEnding || !r.End.IsZero() && !time.Now().Before(r.End)
			for _, c := range r.Changes {
				if !over && !r.State.Final() {
					wanted[c.Target.String()+c.Entry] = true
				}
			}
		}
		there := 0
		for i := range 3 {
			for _, entry := range world.has(location("loc" + strconv.Itoa(i))) {
				key := location("loc"+strconv.Itoa(i)).String() + entry
				if strings.HasPrefix(entry, "192.") {
					continue
				}
				there++
				if wanted[key] {
					delete(past, key)
					continue
				}
				if past[key].IsZero() {
					past[key] = time.Now()
				}
				out.overshoot = max(out.overshoot, time.Since(past[key]))
			}
		}
		select {
		case <-played:
		default:
			continue
		}
		if open == 0 && there == 0 { // what is made by hand is looked at in the end
			// stay a while: what lands late must be taken away again
			if pauseQuiet(ctx, world); len(world.has(location("loc0")))+len(world.has(location("loc1")))+len(world.has(location("loc2"))) <= 1 {
				return out.check(ctx, t, store)
			}
		}
	}
	out = out.check(ctx, t, store)
	out.broken = append(out.broken, "it did not come to rest within an hour")
	return out
}

func pauseQuiet(ctx context.Context, _ *tenant) { pause(ctx, 90*time.Second) }

// check looks at every request once everything is over.
func (f finding) check(ctx context.Context, t *testing.T, store *redisstore.Store) finding {
	t.Helper()
	all, err := store.Find(ctx, approvals.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if !r.Applied.IsZero() {
			f.lived++
		}
		if !r.State.Final() && r.State != approvals.StatePending {
			f.lost++
			f.broken = append(f.broken, fmt.Sprintf("%s is still %s", r.ID, r.State))
		}
	}
	return f
}

func hostile(seed uint64) simulation {
	return simulation{
		seed: seed, replicas: 3, requests: 20, crash: 0.01, drop: 0.01,
		faults: faults{fail: 0.05, unsure: 0.05, late: 0.05, lateBy: 14 * time.Second, stale: 0.2, staleBy: 5 * time.Second, slow: 0.02},
	}
}

func seeds(t *testing.T) []uint64 {
	t.Helper()
	if s := os.Getenv("HALLPASS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{n}
	}
	n := 24
	if os.Getenv("HALLPASS_REQUIRE") == "1" {
		n = 60
	}
	var out []uint64
	for i := range n {
		out = append(out, uint64(i+1))
	}
	return out
}

func TestThePromisesHoldThroughCrashesAndLateAnswers(t *testing.T) { //nolint:tparallel // the group below waits for its parallel parts
	t.Parallel()
	worst := make(chan time.Duration, 1000)
	t.Run("seeds", func(t *testing.T) {
		for _, seed := range seeds(t) {
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				t.Parallel()
				got := hostile(seed).run(t)
				worst <- got.overshoot
				if len(got.broken) > 0 {
					t.Errorf("seed %d: %s", seed, strings.Join(got.broken, "; "))
				}
				if got.overshoot > 2*time.Minute {
					t.Errorf("seed %d: an entry was there %s past its end", seed, got.overshoot)
				}
			})
		}
	})
	close(worst)
	var all []time.Duration
	for d := range worst {
		all = append(all, d)
	}
	slices.Sort(all)
	t.Logf("%d seeds; longest past the end: median %s, max %s", len(all), all[len(all)/2], all[len(all)-1])
}

func TestWithoutFaultsNothingIsThereLongAfterItsEnd(t *testing.T) {
	t.Parallel()
	got := simulation{seed: 1, replicas: 2, requests: 20}.run(t)
	if len(got.broken) > 0 || got.overshoot > 10*time.Second {
		t.Errorf("overshoot %s; %v", got.overshoot, got.broken)
	}
}

// TestTheSimulationCatchesBugs seeds four mistakes on purpose. A checker that has never seen a mistake proves nothing.
func TestTheSimulationCatchesBugs(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*simulation){
		"no target lock": func(s *simulation) { s.bug = "no target lock"; s.faults.slow = 0.3 },
		"no verify": func(s *simulation) {
			s.timing = engine.Timing{Reads: 1, Spacing: time.Millisecond, Late: []time.Duration{}, Sweep: 24 * time.Hour}
			s.faults.late, s.faults.lateBy = 0.3, 60*time.Second
		},
		// Calls that are slow beyond a lease do no harm where they keep their deadline: the same faults without the bug pass.
		"deadline not bound to the lease": func(s *simulation) { s.faults.deaf, s.faults.slow, s.faults.slowBy = true, 0.2, 90*time.Second },
		"booking overwrites the lease":    func(s *simulation) { s.bug = "booking overwrites the lease"; s.faults.slow = 0.2 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(24) {
				sim := hostile(seed + 1)
				change(&sim)
				if got := sim.run(t); len(got.broken) > 0 || got.overshoot > 2*time.Minute {
					t.Logf("seed %d caught it: %v, overshoot %s", seed+1, got.broken, got.overshoot)
					return
				}
			}
			t.Error("not caught in 24 seeds")
		})
	}
}
