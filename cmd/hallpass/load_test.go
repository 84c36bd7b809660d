package main

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/realtest"
)

// atIt is how many wishes are pursued at the same time.
const atIt = 64

// TestManyRequestsLiveAndEndWhileReplicasAreKilled lets many people ask at once and judges by the tenant's own record.
// HALLPASS_LOAD says how many requests; 200, which take about five minutes, are required with HALLPASS_REQUIRE.
func TestManyRequestsLiveAndEndWhileReplicasAreKilled(t *testing.T) {
	t.Parallel()
	n, err := strconv.Atoi(os.Getenv("HALLPASS_LOAD"))
	switch {
	case err == nil:
	case os.Getenv("HALLPASS_REQUIRE") != "":
		n = 200
	default:
		t.Skip("HALLPASS_LOAD does not say how many requests")
	}
	random := rand.New(rand.NewPCG(uint64(n), 7))
	town := realtest.NewTown(n, random)
	w := realtest.New(t, realtest.Options{Signed: true, Rules: town.Rules(), Owners: town.Owners(), Prepare: town.Settle})
	w.Start("a")
	w.Start("b")
	started := time.Now()

	killing, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	var kills, spared int
	done.Go(func() { kills, spared = w.Killer(killing, random) })

	var wishes sync.WaitGroup
	slots := make(chan struct{}, atIt)
	for i, wish := range town.Wishes {
		slots <- struct{}{}
		wishes.Go(func() {
			defer func() { <-slots }()
			id, err := w.Ask(t.Context(), wish)
			if err != nil {
				t.Errorf("wish %d: %v", i, err)
				return
			}
			if err := w.TryApprove(t.Context(), wish.Approver, realtest.Square, id); err != nil {
				t.Error(err)
			}
		})
	}
	wishes.Wait()
	asked := time.Since(started)
	over := func() bool {
		open, err := w.Store.Find(t.Context(), approvals.Query{
			States: []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive, approvals.StateEnding}, Limit: 1,
		})
		return err == nil && len(open) == 0
	}
	if err := realtest.Wait(t.Context(), 15*time.Minute, over); err != nil {
		t.Error("not all of them have ended")
	}
	stop()
	done.Wait()

	v := judge(t, w)
	if v.Requests != n {
		t.Errorf("%d were asked for, and there are %d", n, v.Requests)
	}
	slices.Sort(v.Shots)
	median := time.Duration(0)
	if len(v.Shots) > 0 {
		median = v.Shots[len(v.Shots)/2]
	}
	t.Logf("%d requests over 2 replicas: %d kills (%d let be), asked and approved within %s, all over after %s; %d lost, %d done twice, %d applied without approval, %d alive past their end + 60 s; past the end: median %s, longest %s; %d calls were throttled",
		v.Requests, kills, spared, asked.Round(time.Second), time.Since(started).Round(time.Second), len(v.Lost), len(v.Doubled), len(v.Unapproved), len(v.Late),
		median.Round(time.Millisecond), v.Overshoot.Round(time.Millisecond), w.Out.Tenant.Throttled())
	if kills == 0 && n >= 100 {
		t.Error("nobody was killed")
	}
}
