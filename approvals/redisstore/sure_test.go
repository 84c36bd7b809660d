package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
)

// patient is a store in process whose pauses are noted and not waited for.
func patient(t *testing.T, hook redis.Hook, onPause func(n int)) (store *redisstore.Store, mini *miniredis.Miniredis, waited *[]time.Duration) {
	t.Helper()
	mini = miniredis.NewMiniRedis()
	t.Cleanup(mini.Close)
	client := connect(t, redisstore.ClientConfig{
		Addrs: []string{"127.0.0.1:6379"}, Dialer: func(context.Context, string, string) (net.Conn, error) { return mini.Dial() },
	})
	if hook != nil {
		client.AddHook(hook)
	}
	waited = &[]time.Duration{}
	store, err := redisstore.Open(t.Context(), redisstore.Config{Client: client, Tenant: "test", Pause: func(_ context.Context, d time.Duration) {
		*waited = append(*waited, d)
		if onPause != nil {
			onPause(len(*waited))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return store, mini, waited
}

func TestARedisThatCannotTakeAWriteJustNowIsAskedAgainForHalfAMinute(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"TRYAGAIN", "LOADING", "READONLY", "CLUSTERDOWN"} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			var mini *miniredis.Miniredis
			store, mini, waited := patient(t, nil, func(n int) {
				if n == 12 {
					mini.SetError("")
				}
			})
			mini.SetError(word + " not now")
			if _, err := store.Commit(t.Context(), opening("HP-1")); err != nil {
				t.Fatalf("after %v: %v", *waited, err)
			}
			mini.SetError(word + " not now")
			*waited = make([]time.Duration, 100) // past the turn for the better
			_, err := store.Commit(t.Context(), opening("HP-2"))
			var total time.Duration
			for _, d := range *waited {
				total += d
			}
			if !errors.Is(err, approvals.ErrStore) || total < 30*time.Second || total > 33*time.Second {
				t.Errorf("given up after %s: %v", total, err)
			}
		})
	}
}

func TestNothingIsTriedAgainPastTheContext(t *testing.T) {
	t.Parallel()
	store, mini, waited := patient(t, nil, nil)
	mini.SetError("LOADING not now")
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if _, err := store.Commit(ctx, opening("HP-1")); !errors.Is(err, approvals.ErrStore) {
		t.Errorf("got %v", err)
	}
	if n := len(*waited); n == 0 || n > 4 {
		t.Errorf("pauses %v", *waited)
	}
}

func TestAnErrorThatDoesNotPassIsTriedThreeTimes(t *testing.T) {
	t.Parallel()
	store, mini, waited := patient(t, nil, nil)
	mini.SetError("ERR something else")
	if _, err := store.Commit(t.Context(), opening("HP-1")); !errors.Is(err, approvals.ErrStore) || len(*waited) != 2 {
		t.Errorf("%v after pauses %v", err, *waited)
	}
}

func TestAnItemWhoseAnswerWasLostIsOurOwnAndNoDuplicate(t *testing.T) {
	t.Parallel()
	lossy := &deaf{mark: "item-1"}
	store, _, _ := patient(t, lossy, nil)
	item := approvals.Item{ID: "item-0", Platform: "test"}
	if err := store.Put(t.Context(), item); err != nil { // loads the script
		t.Fatal(err)
	}
	item.ID = "item-1"
	if err := store.Put(t.Context(), item); err != nil || lossy.lost != 1 {
		t.Errorf("%d answers lost: %v", lossy.lost, err)
	}
	if err := store.Put(t.Context(), item); !errors.Is(err, approvals.ErrDuplicate) {
		t.Errorf("delivered a second time: %v", err)
	}
}

func TestASettlementWhoseAnswerWasLostHoldsAndSettlesOnce(t *testing.T) {
	t.Parallel()
	lossy := &deaf{mark: `"version":1`}
	store, _, _ := patient(t, lossy, nil)
	target := approvals.Target{Kind: approvals.TargetLocation, ID: "office"}
	for version := range int64(3) {
		now, err := store.Now(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Book(t.Context(), approvals.Due{Kind: approvals.DueTarget, Key: target.String(), Lane: approvals.LaneEnd, At: now}); err != nil {
			t.Fatal(err)
		}
		claims, _, err := store.Claim(t.Context(), approvals.LaneEnd, 1, time.Minute, "w")
		if err != nil || len(claims) != 1 {
			t.Fatalf("%v, %v", claims, err)
		}
		st := approvals.Settlement{Record: approvals.TargetRecord{Target: target, Version: version, Tries: int(version)}, Claim: claims[0]}
		if err := store.Settle(t.Context(), st); err != nil {
			t.Fatalf("settling version %d: %v", version, err)
		}
	}
	if rec, _, _, err := store.Target(t.Context(), target); err != nil || rec.Version != 3 || rec.Tries != 2 || lossy.lost != 1 {
		t.Errorf("%+v, %v; %d answers lost", rec, err, lossy.lost)
	}
}

func TestWhenRedisIsFullWhatEndsAndIsRemovedIsStillCommitted(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	client := connect(t, redisstore.ClientConfig{Addrs: []string{server.Addr}})
	store := open(t, client, "full", 0)
	active := opening("HP-1")
	active.Request.State, active.Request.End = approvals.StateActive, time.Now().UTC()
	target := approvals.Target{Kind: approvals.TargetLocation, ID: "office"}
	row := approvals.Row{Target: target, Request: "HP-1", Entry: "203.0.113.7/32", Want: true}
	active.Rows = []approvals.Row{row}
	past := time.Now().Add(-time.Minute)
	active.Due = []approvals.Due{
		{Kind: approvals.DueRequest, Key: "HP-1", Lane: approvals.LaneEnd, At: past},
		{Kind: approvals.DueTarget, Key: target.String(), Lane: approvals.LaneEnd, At: past},
	}
	if _, err := store.Commit(t.Context(), active); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), opening("HP-2")); err != nil { // all scripts are known
		t.Fatal(err)
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), opening("HP-3")); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Fatalf("a new request in a full Redis: %v", err)
	}
	claims, _, err := store.Claim(t.Context(), approvals.LaneEnd, 2, time.Minute, "w")
	if err != nil || len(claims) != 2 {
		t.Fatalf("claiming: %v, %v", claims, err)
	}
	slices.SortFunc(claims, func(a, b approvals.Claim) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	claim, removal := claims[0], claims[1]
	if claim, err = store.Extend(t.Context(), claim, time.Minute); err != nil {
		t.Errorf("extending: %v", err)
	}
	for version, state := range map[int64]approvals.State{1: approvals.StateEnding} {
		next := opening("HP-1")
		next.Request.State, next.Request.Version, next.Operation, next.Claim = state, version, fmt.Sprint("op", version), &claim
		row.Want = false
		next.Old, next.Rows = active.Rows, []approvals.Row{row}
		if _, err := store.Commit(t.Context(), next); err != nil {
			t.Errorf("committing %s: %v", state, err)
		}
	}
	rec, _, gen, err := store.Target(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	rec.Gen = gen
	if err := store.Settle(t.Context(), approvals.Settlement{Record: rec, Claim: removal}); err != nil {
		t.Errorf("settling the removal: %v", err)
	}
	if err := store.Finish(t.Context(), claim, time.Now()); err != nil {
		t.Errorf("finishing: %v", err)
	}
	if claims, _, err = store.Claim(t.Context(), approvals.LaneEnd, 1, time.Minute, "w"); err != nil || len(claims) != 1 {
		t.Fatalf("claiming the end: %v, %v", claims, err)
	}
	ended := opening("HP-1")
	ended.Request.State, ended.Request.Version, ended.Operation, ended.Due, ended.Claim = approvals.StateEnded, 2, "ended", nil, &claims[0]
	ended.Old = []approvals.Row{row}
	if _, err := store.Commit(t.Context(), ended); err != nil {
		t.Errorf("committing the end: %v", err)
	}
}
