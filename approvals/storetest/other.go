package storetest

import (
	"fmt"
	"testing"
	"time"

	"hallpass/approvals"
)

func otherPromises() []promise {
	return []promise{
		{"a pause holds for everybody until it is taken back", func(t *testing.T, s stage) {
			t.Helper()
			paused := func(want bool) {
				got, err := s.store().Paused(t.Context())
				ok(t, err)
				same(t, "paused", got, want)
			}
			paused(false)
			ok(t, s.store().Pause(t.Context(), "alice"))
			paused(true)
			ok(t, s.store().Resume(t.Context()))
			paused(false)
		}},
		{"a sweep never takes the last token, a removal does", func(t *testing.T, s stage) {
			t.Helper()
			s.granted(t, approvals.ClassSweep, true)
			s.granted(t, approvals.ClassSweep, false)
			s.granted(t, approvals.ClassRemoval, true)
			s.granted(t, approvals.ClassRemoval, false)
		}},
		{"a waiting removal goes before everybody else", func(t *testing.T, s stage) {
			t.Helper()
			s.granted(t, approvals.ClassApply, true)
			s.granted(t, approvals.ClassApply, true)
			s.granted(t, approvals.ClassRemoval, false)
			s.opened.Push(time.Second)
			s.granted(t, approvals.ClassApply, false)
			s.granted(t, approvals.ClassRemoval, true)
			s.opened.Push(time.Second)
			s.granted(t, approvals.ClassApply, true)
		}},
		{"after a penalty nobody gets anything before its end", func(t *testing.T, s stage) {
			t.Helper()
			until := s.now(t).Add(30 * time.Second)
			ok(t, s.store().Penalise(t.Context(), "ca", until))
			at, err := s.store().Reserve(t.Context(), "ca", approvals.ClassRemoval, 1)
			ok(t, err)
			same(t, "again", at, until)
			s.opened.Push(30 * time.Second)
			s.granted(t, approvals.ClassRemoval, true)
		}},
		{"what one replica read is lent to the others", func(t *testing.T, s stage) {
			t.Helper()
			_, _, err := s.store().Shared(t.Context(), "policies")
			wants(t, err, approvals.ErrNotFound)
			now := s.now(t)
			ok(t, s.store().Share(t.Context(), "policies", []byte("all"), now, time.Minute))
			data, at, err := s.store().Shared(t.Context(), "policies")
			ok(t, err)
			same(t, "data", string(data), "all")
			same(t, "at", at, now)
		}},
		{"wishes are taken oldest first, each once, and forgotten after a while", func(t *testing.T, s stage) {
			t.Helper()
			start := s.now(t)
			for i, wish := range []string{"old", "b", "a", "c", "a", "b"} {
				ok(t, s.store().Wish(t.Context(), "methods", wish, start.Add(time.Duration(i)*time.Minute)))
			}
			ok(t, s.store().Wish(t.Context(), "crowd", "other", start))
			for _, want := range []string{"[b a]", "[c]", "[]"} { // the sixth wish comes when the first is five minutes old
				got, err := s.store().Wishes(t.Context(), "methods", 2)
				ok(t, err)
				same(t, "wishes", fmt.Sprint(got), want)
			}
		}},
		{"a document keeps its fields, and the first of an absent one", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().PutDoc(t.Context(), "cards", "HP-1", "a", []byte("1")))
			ok(t, s.store().PutDoc(t.Context(), "cards", "HP-1", "a", []byte("2")))
			for _, data := range []string{"3", "4"} {
				got, err := s.store().PutDocIfAbsent(t.Context(), "cards", "HP-1", "b", []byte(data))
				ok(t, err)
				same(t, "kept", string(got), "3")
			}
			docs, err := s.store().Docs(t.Context(), "cards", "HP-1")
			ok(t, err)
			same(t, "fields", len(docs), 2)
			same(t, "a", string(docs["a"]), "2")
		}},
	}
}

func (s stage) granted(t *testing.T, class approvals.Class, want bool) {
	t.Helper()
	at, err := s.store().Reserve(t.Context(), "ca", class, 1)
	ok(t, err)
	if at.IsZero() != want {
		t.Errorf("class %d: granted %v (again at %v), want %v", class, at.IsZero(), at, want)
	}
	if !at.IsZero() && !at.After(s.now(t)) {
		t.Errorf("class %d shall try again at %v, which is not later than now", class, at)
	}
}
