package redisstore_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/redisstore"
)

// scans counts how often a part of a stream is read without saying which lines.
type scans struct{ n atomic.Int32 }

func (s *scans) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *scans) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *scans) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "xrange" {
			s.n.Add(1)
		}
		return next(ctx, cmd)
	}
}

// lives commits acts of a request, each as an entry of its chain.
func lives(t *testing.T, store *redisstore.Store, r approvals.Request, acts ...string) approvals.Request {
	t.Helper()
	for _, act := range acts {
		entry := audit.Seal(r.Hash, approvals.Entry{Request: r.ID, At: r.Opened, Actor: "alice", Act: act})
		r.Hash = entry.Hash
		v, err := store.Commit(t.Context(), approvals.Commit{
			Request: r, Operation: act + string(r.ID), Entry: entry,
			Due: []approvals.Due{{Kind: approvals.DueRequest, Key: string(r.ID), Lane: approvals.LaneApply, At: r.Opened.Add(time.Hour)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.Version = v
	}
	return r
}

func TestTheTrailOfARequestIsReadWithoutTheLogAroundIt(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	store := v.open()
	count := &scans{}
	v.client.AddHook(count)
	fresh := func(id approvals.RequestID) approvals.Request {
		return approvals.Request{ID: id, State: approvals.StatePending, Opened: time.Now().UTC(), Requester: approvals.Person{ID: "alice"}}
	}
	early := lives(t, store, fresh("HP-1001"), "opened")
	other := lives(t, store, fresh("HP-1002"), "opened", "voted", "ended")
	early = lives(t, store, early, "voted", "ended")
	whole := []string{"opened", "voted", "ended"}
	reads := func(r approvals.Request, want []string, scan bool) {
		t.Helper()
		count.n.Store(0)
		entries, err := store.Trail(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		var acts []string
		for _, e := range entries {
			acts = append(acts, e.Act)
		}
		if !slices.Equal(acts, want) || (count.n.Load() > 0) != scan {
			t.Errorf("%s: %v, wanted %v; the log was read %d times", r.ID, acts, want, count.n.Load())
		}
	}
	reads(early, whole, false)
	reads(other, whole, false)

	key := "hallpass:{test}:req:HP-1001"
	lines := v.mini.HGet(key, "lines")
	for what, text := range map[string]string{
		"another's": v.mini.HGet("hallpass:{test}:req:HP-1002", "lines"),
		"no places": "here and there",
		"cut off":   lines[:len(lines)/2],
		"turned":    lines[len(lines)/2+1:] + " " + lines[:len(lines)/2],
		"empty":     "",
	} {
		t.Log(what)
		v.mini.HSet(key, "lines", text)
		reads(early, whole, true)
	}
	v.mini.HDel(key, "lines")
	reads(early, whole, true)

	v.mini.HSet(key, "lines", lines)
	stream, err := v.mini.Stream("hallpass:{test}:audit")
	if err != nil {
		t.Fatal(err)
	}
	if err := v.client.XDel(t.Context(), "hallpass:{test}:audit", stream[4].ID).Err(); err != nil {
		t.Fatal(err)
	}
	reads(early, []string{"opened", "ended"}, true) // as it stands there, so that it is seen that one is missing
}
