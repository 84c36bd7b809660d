package redisstore_test

import (
	"context"
	"crypto/ed25519"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/redisstore"
)

func verified(t *testing.T, store *redisstore.Store, from int64) audit.Report {
	t.Helper()
	log := audit.NewLog(nil, ed25519.PublicKey(nil))
	end, err := store.AuditLog(t.Context(), from, func(l audit.Line) error {
		log.Add(l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log.End(&end)
	return log.Report()
}

// TestWhoChangesTheLogInRedisIsFound writes a log through the store and then changes it behind the store's back.
func TestWhoChangesTheLogInRedisIsFound(t *testing.T) {
	t.Parallel()
	mini := miniredis.NewMiniRedis()
	client := redisstore.NewClient(redisstore.ClientConfig{
		Addrs:  []string{"127.0.0.1:6379"},
		Dialer: func(context.Context, string, string) (net.Conn, error) { return mini.Dial() },
	})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		mini.Close()
	})
	store := open(t, client, "test", 0)
	if got := verified(t, store, 1); !got.OK() || got.Lines != 0 {
		t.Fatalf("an empty log: %+v", got)
	}
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const lines = 1203 // more than two batches
	for i := range lines {
		e := approvals.Entry{At: day, Actor: "a1", Act: "refused", Detail: map[string]string{"n": strconv.Itoa(i)}}
		if err := store.Note(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if got := verified(t, store, 1); !got.OK() || got.Lines != lines || got.Chains != 1 {
		t.Fatalf("an untouched log: %+v", got)
	}
	if got := verified(t, store, 1100); got.Lines != lines-1099 || got.First != 1100 {
		t.Errorf("from line 1100 on: %+v", got)
	}
	const key = "hallpass:{test}:audit"
	stream, err := mini.Stream(key)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := client.XDel(t.Context(), key, stream[lines-1].ID).Result(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	got := verified(t, store, 1)
	if len(got.Findings) != 1 || got.Findings[0].Damage != audit.CutOff {
		t.Errorf("without the newest line: %+v", got)
	}
	if n, err := client.XDel(t.Context(), key, stream[700].ID).Result(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	got = verified(t, store, 1)
	if len(got.Findings) == 0 || got.Findings[0].Damage != audit.Missing || got.Findings[0].Seq != 702 {
		t.Errorf("without line 701: %+v", got)
	}
}
