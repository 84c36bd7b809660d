package redisstore_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
)

func budgets() map[string]redisstore.Budget {
	return map[string]redisstore.Budget{"ca": {Rate: 1, Burst: 2}}
}

// inProcess opens a store in a miniredis of its own, reached without a socket.
func inProcess(tb testing.TB) storetest.Opened {
	tb.Helper()
	mini := miniredis.NewMiniRedis()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	mini.SetTime(now)
	client := redisstore.NewClient(redisstore.ClientConfig{
		Addrs:  []string{"127.0.0.1:6379"},
		Dialer: func(context.Context, string, string) (net.Conn, error) { return mini.Dial() },
	})
	tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			tb.Error(err)
		}
		mini.Close()
	})
	return storetest.Opened{Store: open(tb, client, "test", 0), Push: func(d time.Duration) {
		now = now.Add(d)
		mini.SetTime(now)
	}}
}

func open(tb testing.TB, client redis.UniversalClient, tenant string, replicas int) *redisstore.Store {
	tb.Helper()
	store, err := redisstore.Open(tb.Context(), redisstore.Config{Client: client, Tenant: tenant, Replicas: replicas, Budgets: budgets()})
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

func TestTheStoreKeepsItsPromisesInProcess(t *testing.T) {
	t.Parallel()
	storetest.Run(t, inProcess)
}
