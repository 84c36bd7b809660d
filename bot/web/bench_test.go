package web_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
	"hallpass/bot/web"
)

// BenchmarkPages measures overview and table with HALLPASS_REQUESTS requests (default 20,000) in a real redis-server, while one
// request changes between any two pages. It prints what 50 and 99 of 100 pages took, and the memory per request.
func BenchmarkPages(b *testing.B) {
	total := 20_000
	if text := os.Getenv("HALLPASS_REQUESTS"); text != "" {
		if _, err := fmt.Sscan(text, &total); err != nil {
			b.Fatal(err)
		}
	}
	server := storetest.Redis(b, "--appendfsync", "no")
	client := redisstore.NewClient(redisstore.ClientConfig{Addrs: []string{server.Addr}})
	b.Cleanup(func() { _ = client.Close() })
	store, err := redisstore.Open(b.Context(), redisstore.Config{Client: client, Tenant: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	s := newStage(b)
	before := used(b, client)
	commits := fill(b, store, s.mem, total)
	b.Logf("%d requests, %d commits: %d bytes of Redis for each request, its audit entries and its due work included",
		total, commits, (used(b, client)-before)/int64(total))
	s.source(store)
	heap := heapNow()
	began := time.Now()
	if err := s.site.Warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	b.Logf("read at the start in %s; %d bytes here for each request", took.Round(time.Millisecond), (heapNow()-heap)/uint64(total))
	visitor := s.browser()
	visitor.get("/")
	for name, paths := range map[string][]string{
		"overview": {"/"},
		"list": {
			"/requests", "/requests?sort=end", "/requests?sort=-changed&state=open", "/requests?q=number+777", "/requests?sort=owner&page=20",
			"/requests?kind=ip&ends=30&sort=-end", "/requests?sort=what",
		},
		"request": nil, // the one that changed last
	} {
		b.Run(name, func(b *testing.B) {
			var all []time.Duration
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				id := approvals.MakeRequestID(1001 + int64(i%total))
				touch(b, store, id)
				path := "/requests/" + string(id)
				if len(paths) > 0 {
					path = paths[i%len(paths)]
				}
				b.StartTimer()
				began := time.Now()
				if got := visitor.get(path); got.status != http.StatusOK {
					b.Fatal(got.status)
				}
				all = append(all, time.Since(began))
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}

func used(b *testing.B, client redis.UniversalClient) int64 {
	b.Helper()
	info, err := client.InfoMap(b.Context(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	var n int64
	if _, err := fmt.Sscan(info["Memory"]["used_memory"], &n); err != nil {
		b.Fatal(err)
	}
	return n
}

func heapNow() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fill stores requests as the engine does: three commits each, two in three of them ended.
func fill(b *testing.B, store *redisstore.Store, mem *memory, total int) int {
	b.Helper()
	work := make(chan int64)
	done := make(chan int)
	for range 16 {
		go func() {
			commits := 0
			for n := range work {
				commits += store3(b, store, mem, n)
			}
			done <- commits
		}()
	}
	for n := range int64(total) {
		work <- 1001 + n
	}
	close(work)
	commits := 0
	for range 16 {
		commits += <-done
	}
	return commits
}

func store3(b *testing.B, store *redisstore.Store, mem *memory, n int64) int {
	b.Helper()
	r := mem.shape(n, func(r *approvals.Request) {
		r.Rounds[0].Reason = fmt.Sprintf("AgilePoint NX number %d calls SharePoint", n)
		r.Ask.Reason = r.Rounds[0].Reason
		r.Owner.Name = fmt.Sprintf("Owner %d", n%500)
		r.End = mem.now.Add(time.Duration(n%2000) * time.Hour)
	})
	r.Hash, r.Version = "", 0
	states := []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive}
	if n%3 != 0 {
		states[2] = approvals.StateDenied
	}
	for _, state := range states {
		r.State = state
		entry := audit.Seal(r.Hash, approvals.Entry{Request: r.ID, At: mem.now, Actor: "ana", Name: "Ana Almeida", Act: "opened", To: state, Detail: map[string]string{"reason": r.Ask.Reason}})
		r.Hash = entry.Hash
		commit(b, store, &r, entry)
	}
	return len(states)
}

func commit(b *testing.B, store *redisstore.Store, r *approvals.Request, entry approvals.Entry) {
	b.Helper()
	v, err := store.Commit(b.Context(), approvals.Commit{
		Request: *r, Operation: entry.Hash, Entry: entry,
		Due: []approvals.Due{{Kind: approvals.DueRequest, Key: string(r.ID), Lane: approvals.LaneApply, At: r.End}},
	})
	if err != nil {
		b.Error(err)
	}
	r.Version = v
}

func touch(b *testing.B, store *redisstore.Store, id approvals.RequestID) {
	b.Helper()
	r, err := store.Load(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	entry := audit.Seal(r.Hash, approvals.Entry{Request: id, At: r.Opened, Actor: "hallpass", Act: "woke", To: r.State})
	r.Hash = entry.Hash
	commit(b, store, &r, entry)
}

// source makes the pages read a real store; people and sessions stay in memory.
func (s *stage) source(store *redisstore.Store) {
	s.t.Helper()
	cfg := s.cfg
	cfg.Source = store
	site, err := web.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.site = site
}
