package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
)

func requestPromises() []promise {
	return []promise{
		{"nothing is left out of a long list, and its order holds over all states", func(t *testing.T, s stage) {
			t.Helper()
			const n = 1203
			states := []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive}
			for i := range n {
				c := s.step(t, approvals.MakeRequestID(int64(i+1)), 0, "a")
				c.Request.State, c.Request.End = states[i%3], c.Request.Opened.Add(time.Duration(n-i)*time.Hour)
				if i%10 == 0 {
					c.Request.Rounds = []approvals.Round{{Kind: approvals.RoundRenewal}}
				}
				s.commit(t, c)
			}
			finds := func(what string, q approvals.Query, want int, ordered func(a, b approvals.Request) bool) {
				got, err := s.store().Find(t.Context(), q)
				ok(t, err)
				same(t, what, len(got), want)
				for i := range max(len(got)-1, 0) {
					if !ordered(got[i], got[i+1]) {
						t.Fatalf("%s: %s comes before %s", what, got[i].ID, got[i+1].ID)
					}
				}
			}
			newest := func(a, b approvals.Request) bool {
				return len(a.ID) > len(b.ID) || len(a.ID) == len(b.ID) && a.ID > b.ID
			}
			finds("all", approvals.Query{Limit: -1}, n, newest)
			finds("by state", approvals.Query{States: states[:2], Limit: -1}, 2*n/3, newest)
			finds("by person", approvals.Query{Person: "olga", Limit: -1}, n, newest)
			finds("voting", approvals.Query{Voting: true, Limit: -1}, votingOf(n), newest)
			finds("by end", approvals.Query{EndsBefore: s.now(t).Add(9999 * time.Hour), Limit: -1}, n/3, func(a, b approvals.Request) bool { return !b.End.Before(a.End) })
			finds("some", approvals.Query{Limit: 700}, 700, newest)
			finds("a hundred", approvals.Query{}, 100, newest)
		}},
		{"an id is never given twice", func(t *testing.T, s stage) {
			t.Helper()
			seen := map[approvals.RequestID]bool{}
			for range 50 {
				id, err := s.store().NextID(t.Context())
				ok(t, err)
				if seen[id] {
					t.Fatalf("%s was given twice", id)
				}
				seen[id] = true
			}
		}},
		{"what is committed is what is loaded", func(t *testing.T, s stage) {
			t.Helper()
			c := s.step(t, "HP-1", 0, "a")
			s.commit(t, c)
			got, err := s.store().Load(t.Context(), "HP-1")
			ok(t, err)
			c.Request.Version = 1
			if diff := cmp.Diff(c.Request, got); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
		}},
		{"a request that was never stored is not found", func(t *testing.T, s stage) {
			t.Helper()
			_, err := s.store().Load(t.Context(), "HP-1")
			wants(t, err, approvals.ErrNotFound)
		}},
		{"the second of two commits from one version is refused", func(t *testing.T, s stage) {
			t.Helper()
			s.commit(t, s.step(t, "HP-1", 0, "a"))
			_, err := s.store().Commit(t.Context(), s.step(t, "HP-1", 0, "b"))
			wants(t, err, approvals.ErrConflict)
		}},
		{"the same operation is committed once and answers with its version", func(t *testing.T, s stage) {
			t.Helper()
			s.commit(t, s.step(t, "HP-1", 0, "a"))
			v, err := s.store().Commit(t.Context(), s.step(t, "HP-1", 0, "a"))
			wants(t, err, approvals.ErrDuplicate)
			same(t, "version", v, 1)
		}},
		{"a live request without a wake-up is refused and nothing is written", func(t *testing.T, s stage) {
			t.Helper()
			c := s.step(t, "HP-1", 0, "a")
			c.Due = nil
			_, err := s.store().Commit(t.Context(), c)
			wants(t, err, approvals.ErrNoWake)
			_, err = s.store().Load(t.Context(), "HP-1")
			wants(t, err, approvals.ErrNotFound)
		}},
		{"the same person has one live request for the same, until it is taken away", func(t *testing.T, s stage) {
			t.Helper()
			asks := func(id approvals.RequestID, version int64, op string, state approvals.State) approvals.Commit {
				c := s.step(t, id, version, op)
				c.Request.State = state
				c.Request.Rounds = []approvals.Round{{Plan: approvals.Plan{Changes: []approvals.Change{{Target: place(), Entry: "20.50.2.1/32"}}}}}
				return c
			}
			s.commit(t, asks("HP-1", 0, "a", approvals.StatePending))
			_, err := s.store().Commit(t.Context(), asks("HP-2", 0, "b", approvals.StatePending))
			wants(t, err, approvals.ErrTwin)
			_, err = s.store().Load(t.Context(), "HP-2")
			wants(t, err, approvals.ErrNotFound)
			_, err = s.store().Commit(t.Context(), asks("HP-1", 0, "a", approvals.StatePending)) // delivered twice
			wants(t, err, approvals.ErrDuplicate)
			other := asks("HP-3", 0, "c", approvals.StatePending)
			other.Request.Requester = person("bob")
			s.commit(t, other)
			s.commit(t, asks("HP-1", 1, "d", approvals.StateActive))
			_, err = s.store().Commit(t.Context(), asks("HP-2", 0, "e", approvals.StatePending))
			wants(t, err, approvals.ErrTwin)
			s.commit(t, asks("HP-1", 2, "f", approvals.StateEnding))
			s.commit(t, asks("HP-2", 0, "g", approvals.StatePending))
			s.commit(t, asks("HP-1", 3, "h", approvals.StateEnding)) // it no longer stands for anything
			_, err = s.store().Commit(t.Context(), asks("HP-4", 0, "i", approvals.StatePending))
			wants(t, err, approvals.ErrTwin)
		}},
		{"a finished request leaves the queue", func(t *testing.T, s stage) {
			t.Helper()
			s.commit(t, s.step(t, "HP-1", 0, "a"))
			c := s.step(t, "HP-1", 1, "b")
			c.Request.State, c.Due = approvals.StateDenied, nil
			s.commit(t, c)
			s.opened.Push(2 * time.Hour)
			s.idle(t, approvals.LaneApply)
		}},
		{"a commit under a claim that went to somebody else is refused", func(t *testing.T, s stage) {
			t.Helper()
			s.commit(t, s.step(t, "HP-1", 0, "a"))
			s.opened.Push(time.Hour)
			old := s.claim(t, approvals.LaneApply)
			s.opened.Push(lease)
			s.claim(t, approvals.LaneApply)
			c := s.step(t, "HP-1", 1, "b")
			c.Claim = &old
			_, err := s.store().Commit(t.Context(), c)
			wants(t, err, approvals.ErrLostClaim)
		}},
		{"a commit may end its claim: what it books stands, and nobody waits for the lease", commitEnds},
		{"a commit that carries out an inbox item closes it and keeps the result", commitCloses},
		{"requests are found by state, person and end", finds},
	}
}

func commitEnds(t *testing.T, s stage) {
	t.Helper()
	s.commit(t, s.step(t, "HP-1", 0, "a"))
	s.opened.Push(time.Hour)
	claim := s.claim(t, approvals.LaneApply)
	c := s.step(t, "HP-1", 1, "b")
	c.Claim, c.Done, c.Due = &claim, true, []approvals.Due{wake("HP-1", s.now(t).Add(time.Second))}
	s.commit(t, c)
	wants(t, s.store().Finish(t.Context(), claim, time.Time{}), approvals.ErrLostClaim)
	_, err := s.store().Commit(t.Context(), c) // the answer was lost: tried once more
	wants(t, err, approvals.ErrDuplicate)
	s.idle(t, approvals.LaneApply)
	s.opened.Push(time.Second)
	claim = s.claim(t, approvals.LaneApply)
	same(t, "attempt", claim.Attempt, 1)
	c = s.step(t, "HP-1", 2, "c")
	c.Request.State, c.Claim, c.Done, c.Due = approvals.StateDenied, &claim, true, nil
	s.commit(t, c)
	s.opened.Push(2 * lease)
	s.idle(t, approvals.LaneApply)
}

func commitCloses(t *testing.T, s stage) {
	t.Helper()
	ok(t, s.store().Put(t.Context(), approvals.Item{ID: "op", Platform: "test", Body: json.RawMessage(`{}`)}))
	claim := s.claim(t, approvals.LaneInbox)
	c := s.step(t, "HP-1", 0, "op")
	c.Claim, c.Inbox, c.Result = &claim, "op", json.RawMessage(`{"id":"HP-1"}`)
	s.commit(t, c)
	_, err := s.store().Item(t.Context(), "op")
	wants(t, err, approvals.ErrNotFound)
	result, err := s.store().Result(t.Context(), "op")
	ok(t, err)
	same(t, "result", string(result), `{"id":"HP-1"}`)
	wants(t, s.store().Put(t.Context(), approvals.Item{ID: "op"}), approvals.ErrDuplicate)
	// The same act once more, as another request: it was carried out.
	c.Request.ID = "HP-2"
	c.Due = []approvals.Due{wake("HP-2", s.now(t))}
	_, err = s.store().Commit(t.Context(), c)
	wants(t, err, approvals.ErrDuplicate)
	s.opened.Push(lease)
	s.idle(t, approvals.LaneInbox)
}

func finds(t *testing.T, s stage) {
	t.Helper()
	for i, id := range []approvals.RequestID{"HP-1", "HP-2", "HP-10"} {
		c := s.step(t, id, 0, "a")
		c.Request.Requester = person([]string{"alice", "bob", "alice"}[i])
		s.commit(t, c)
	}
	for id, end := range map[approvals.RequestID]time.Duration{"HP-1": 2 * time.Hour, "HP-2": time.Hour} {
		c := s.step(t, id, 1, "b")
		c.Request.State, c.Request.End = approvals.StateActive, s.now(t).Add(end)
		c.Request.Requester = person(map[approvals.RequestID]string{"HP-1": "alice", "HP-2": "bob"}[id])
		s.commit(t, c)
	}
	active, pending := []approvals.State{approvals.StateActive}, []approvals.State{approvals.StatePending}
	for _, c := range []struct {
		q    approvals.Query
		want []approvals.RequestID
	}{
		{approvals.Query{}, []approvals.RequestID{"HP-10", "HP-2", "HP-1"}},
		{approvals.Query{Limit: 2}, []approvals.RequestID{"HP-10", "HP-2"}},
		{approvals.Query{States: pending}, []approvals.RequestID{"HP-10"}},
		{approvals.Query{States: append(active, pending...)}, []approvals.RequestID{"HP-10", "HP-2", "HP-1"}},
		{approvals.Query{Person: "alice"}, []approvals.RequestID{"HP-10", "HP-1"}},
		{approvals.Query{Person: "olga", States: active}, []approvals.RequestID{"HP-2", "HP-1"}},
		{approvals.Query{Person: "nobody"}, nil},
		{approvals.Query{EndsBefore: s.now(t).Add(3 * time.Hour)}, []approvals.RequestID{"HP-2", "HP-1"}},
		{approvals.Query{EndsBefore: s.now(t).Add(90 * time.Minute)}, []approvals.RequestID{"HP-2"}},
		{approvals.Query{EndsBefore: s.now(t).Add(time.Hour)}, nil},
	} {
		found, err := s.store().Find(t.Context(), c.q)
		ok(t, err)
		var got []approvals.RequestID
		for _, r := range found {
			got = append(got, r.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.q, diff)
		}
	}
}

// votingOf counts those of n requests of which every tenth has an open round, in a state in which it is voted on.
func votingOf(n int) int {
	voting := 0
	for i := range n {
		if i%10 == 0 && i%3 != 1 { // an approved request is not voted on
			voting++
		}
	}
	return voting
}
