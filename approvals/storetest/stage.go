package storetest

import (
	"errors"
	"testing"
	"time"

	"hallpass/approvals"
)

const lease = 10 * time.Second

// stage is an empty store with the steps that most tests need.
type stage struct{ opened Opened }

func (s stage) store() Store { return s.opened.Store }

func (s stage) now(t *testing.T) time.Time {
	t.Helper()
	now, err := s.store().Now(t.Context())
	ok(t, err)
	return now
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wake(id approvals.RequestID, at time.Time) approvals.Due {
	return approvals.Due{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneApply, At: at}
}

func work(name string, lane approvals.Lane, at time.Time) approvals.Due {
	return approvals.Due{Kind: approvals.DueSchedule, Key: name, Lane: lane, At: at}
}

func place() approvals.Target { return approvals.Target{Kind: approvals.TargetLocation, ID: "office"} }

func person(id string) approvals.Person { return approvals.Person{ID: id, Name: id} }

// step is a commit of a pending request, with a wake-up in an hour.
func (s stage) step(t *testing.T, id approvals.RequestID, version int64, op string) approvals.Commit {
	t.Helper()
	now := s.now(t)
	return approvals.Commit{
		Request: approvals.Request{
			ID: id, Version: version, State: approvals.StatePending, Opened: now,
			Requester: person("alice"), Owner: person("olga"),
		},
		Operation: op,
		Entry:     approvals.Entry{Request: id, At: now, Actor: "alice", Act: op},
		Due:       []approvals.Due{wake(id, now.Add(time.Hour))},
	}
}

func (s stage) commit(t *testing.T, c approvals.Commit) {
	t.Helper()
	v, err := s.store().Commit(t.Context(), c)
	ok(t, err)
	same(t, "version", v, c.Request.Version+1)
}

// claims claims everything due in a lane.
func (s stage) claims(t *testing.T, lane approvals.Lane) []approvals.Claim {
	t.Helper()
	got, _, err := s.store().Claim(t.Context(), lane, 2000, lease, "worker")
	ok(t, err)
	return got
}

func (s stage) claim(t *testing.T, lane approvals.Lane) approvals.Claim {
	t.Helper()
	got := s.claims(t, lane)
	if len(got) != 1 {
		t.Fatalf("%d members of lane %s are due, want 1: %v", len(got), lane, got)
	}
	return got[0]
}

func (s stage) idle(t *testing.T, lane approvals.Lane) {
	t.Helper()
	if got := s.claims(t, lane); len(got) > 0 {
		t.Fatalf("nothing should be due in lane %s, but %v is", lane, got)
	}
}
