package redisstore_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
)

const (
	oldKey = "an-old-key-that-everybody-knows-012345"
	newKey = "a-new-key-that-everybody-knows-0123456"
)

// vault is one Redis that stores with different keys open.
type vault struct {
	t      *testing.T
	mini   *miniredis.Miniredis
	client redis.UniversalClient
	forged []string
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{t: t, mini: miniredis.NewMiniRedis()}
	v.client = redisstore.NewClient(redisstore.ClientConfig{
		Addrs: []string{"127.0.0.1:6379"}, Dialer: func(context.Context, string, string) (net.Conn, error) { return v.mini.Dial() },
	})
	t.Cleanup(func() {
		if err := v.client.Close(); err != nil {
			t.Error(err)
		}
		v.mini.Close()
	})
	return v
}

func (v *vault) open(keys ...string) *redisstore.Store {
	v.t.Helper()
	s, err := redisstore.Open(v.t.Context(), redisstore.Config{
		Client: v.client, Tenant: "test", MACKeys: keys, Sealed: []string{"bindings"}, Forged: func(what string) { v.forged = append(v.forged, what) },
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return s
}

func (v *vault) opens(s *redisstore.Store, id approvals.RequestID) {
	v.t.Helper()
	_, err := s.Commit(v.t.Context(), approvals.Commit{
		Request: approvals.Request{ID: id, State: approvals.StatePending}, Operation: string(id),
		Due: []approvals.Due{{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneApply, At: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}},
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

func TestARecordThatAnotherHandChangedIsNotLoadedOrListed(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	s := v.open(newKey)
	v.opens(s, "HP-1001")
	v.opens(s, "HP-1002")
	key := "hallpass:{test}:req:HP-1001"
	good := v.client.HGetAll(t.Context(), key).Val()
	other := v.client.HGetAll(t.Context(), "hallpass:{test}:req:HP-1002").Val()
	for name, change := range map[string][]any{
		"its state":                {"data", strings.Replace(good["data"], "pending", "approved", 1)},
		"its version":              {"v", "7"},
		"its MAC":                  {"mac", strings.Repeat("0", 64)},
		"no MAC":                   {"mac", ""},
		"another request in place": {"data", other["data"], "mac", other["mac"], "v", other["v"]},
	} {
		if err := v.client.HSet(t.Context(), key, change...).Err(); err != nil {
			t.Fatal(err)
		}
		v.forged = nil
		if _, err := s.Load(t.Context(), "HP-1001"); !errors.Is(err, approvals.ErrForged) || len(v.forged) != 1 || v.forged[0] != "request HP-1001" {
			t.Errorf("%s: %v, alarms %q", name, err, v.forged)
		}
		if got, err := s.Find(t.Context(), approvals.Query{}); err != nil || len(got) != 1 || got[0].ID != "HP-1002" {
			t.Errorf("%s: listed %v, %v", name, got, err)
		}
		if fit, unfit, err := s.Sealed(t.Context()); err != nil || fit != 1 || unfit != 1 {
			t.Errorf("%s: %d fit, %d do not, %v", name, fit, unfit, err)
		}
		if err := v.client.HSet(t.Context(), key, good).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Load(t.Context(), "HP-1001"); err != nil {
		t.Error("put back as it was:", err)
	}
}

func TestKeysAreRotatedAndComeIntoUseWithoutLosingAnything(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	without := v.open()
	v.opens(without, "HP-1001")
	if err := without.PutDoc(t.Context(), "bindings", "slack/T/U", "binding", []byte("bo")); err != nil {
		t.Fatal(err)
	}
	first := v.open(oldKey)
	if _, err := first.Load(t.Context(), "HP-1001"); !errors.Is(err, approvals.ErrForged) {
		t.Errorf("what was never signed: %v", err)
	}
	loads := func(name string, s *redisstore.Store, want error) {
		t.Helper()
		if _, err := s.Load(t.Context(), "HP-1001"); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		docs, err := s.Docs(t.Context(), "bindings", "slack/T/U")
		if got := string(docs["binding"]); err != nil || (got == "bo") != (want == nil) {
			t.Errorf("%s: the binding is %q, %v", name, got, err)
		}
	}
	if n, err := first.SealAll(t.Context()); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	loads("with the old key", first, nil)
	loads("with another key", v.open(newKey), approvals.ErrForged)
	both := v.open(newKey, oldKey)
	loads("with both", both, nil)
	if _, err := both.SealAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	loads("with the new key alone", v.open(newKey), nil)
	loads("with the old key alone", first, approvals.ErrForged)
	loads("without a key", without, nil)
}

func TestABindingAndASharedReadOfAnotherHandAreNotThere(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	s := v.open(newKey)
	if err := s.PutDoc(t.Context(), "bindings", "slack/T/BO", "binding", []byte("bo")); err != nil {
		t.Fatal(err)
	}
	stolen := v.client.HGet(t.Context(), "hallpass:{test}:doc:bindings:slack/T/BO", "binding").Val()
	for _, value := range []string{"bo", stolen, "mac1:00:bo", "mac1:"} {
		if err := v.client.HSet(t.Context(), "hallpass:{test}:doc:bindings:slack/T/EVE", "binding", value).Err(); err != nil {
			t.Fatal(err)
		}
		docs, err := s.Docs(t.Context(), "bindings", "slack/T/EVE")
		if err != nil || len(docs) != 0 {
			t.Errorf("%q: %v, %v", value, docs, err)
		}
		if _, err := s.PutDocIfAbsent(t.Context(), "bindings", "slack/T/EVE", "binding", []byte("eve")); !errors.Is(err, approvals.ErrForged) {
			t.Errorf("%q: bound over it: %v", value, err)
		}
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if err := s.Share(t.Context(), "locations", []byte("true"), at, time.Minute); err != nil {
		t.Fatal(err)
	}
	if data, got, err := s.Shared(t.Context(), "locations"); err != nil || string(data) != "true" || !got.Equal(at) {
		t.Error(string(data), got, err)
	}
	for field, value := range map[string]string{"data": "false", "at": "1893456000000"} {
		if err := s.Share(t.Context(), "locations", []byte("true"), at, time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := v.client.HSet(t.Context(), "hallpass:{test}:share:locations", field, value).Err(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Shared(t.Context(), "locations"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("%s changed: %v", field, err)
		}
	}
}
