package redisstore_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
)

// tenants opens a store of a fresh tenant on one server each time.
func tenants(client redis.UniversalClient) storetest.Open {
	var n atomic.Int64
	return func(tb testing.TB) storetest.Opened {
		tb.Helper()
		tenant := fmt.Sprintf("t%d", n.Add(1))
		return storetest.Opened{
			Store: open(tb, client, tenant, 0),
			Push:  storetest.PushedClock(tb, client, "hallpass:{"+tenant+"}:meta"),
		}
	}
}

func connect(tb testing.TB, cfg redisstore.ClientConfig) redis.UniversalClient {
	tb.Helper()
	client := redisstore.NewClient(cfg)
	tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			tb.Error(err)
		}
	})
	return client
}

func TestTheStoreKeepsItsPromisesOnARealRedis(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	storetest.Run(t, tenants(connect(t, redisstore.ClientConfig{Addrs: []string{server.Addr}})))
}

func TestTheStoreKeepsItsPromisesOnACluster(t *testing.T) {
	t.Parallel()
	addrs := storetest.RedisCluster(t)
	storetest.Run(t, tenants(connect(t, redisstore.ClientConfig{Addrs: addrs, Cluster: true})))
}

func TestARedisThatIsSetUpWellHasNothingToMend(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	client := connect(t, redisstore.ClientConfig{Addrs: []string{server.Addr}})
	store := open(t, client, "check", 0)
	for _, f := range store.Check(t.Context()) {
		if !f.OK {
			t.Errorf("%s: %s", f.What, f.Do)
		}
	}
	if err := client.ConfigSet(t.Context(), "appendfsync", "everysec").Err(); err != nil {
		t.Fatal(err)
	}
	var bad int
	for _, f := range store.Check(t.Context()) {
		if !f.OK {
			bad++
		}
	}
	if bad != 1 {
		t.Errorf("%d findings are bad, want 1: appendfsync", bad)
	}
}

func TestNoAcknowledgedCommitIsLostWhenTheMasterDies(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a failover takes seconds")
	}
	master, sentinels := storetest.RedisSentinel(t)
	store := open(t, connect(t, redisstore.ClientConfig{Addrs: sentinels, MasterName: "main"}), "failover", 1)
	var acked []approvals.RequestID
	after := 0
	began := time.Now()
	dead := make(chan struct{})
	for i := 1; after < 50; i++ {
		if time.Since(began) > time.Minute {
			t.Fatal("the store did not come back within a minute")
		}
		id := approvals.MakeRequestID(int64(i))
		_, err := store.Commit(t.Context(), opening(id))
		if err == nil {
			acked = append(acked, id)
			select {
			case <-dead: // what is taken now is taken by the new master
				after++
			default:
			}
		}
		if len(acked) == 200 && err == nil {
			go func() {
				master.Kill()
				close(dead)
			}()
		}
	}
	for _, id := range acked {
		_, err := store.Load(t.Context(), id)
		for errors.Is(err, approvals.ErrStore) && time.Since(began) < 2*time.Minute { // no answer yet says nothing about what is there
			_, err = store.Load(t.Context(), id)
		}
		if err != nil {
			t.Errorf("acknowledged and lost: %v", err)
		}
	}
}

func opening(id approvals.RequestID) approvals.Commit {
	now := time.Now().UTC()
	return approvals.Commit{
		Request: approvals.Request{
			ID: id, State: approvals.StatePending, Opened: now, Requester: approvals.Person{ID: "alice"}, Owner: approvals.Person{ID: "olga"},
		},
		Operation: "open " + string(id),
		Entry:     approvals.Entry{Request: id, At: now, Actor: "alice", Act: "opened"},
		Due:       []approvals.Due{{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneApply, At: now.Add(time.Hour)}},
	}
}
