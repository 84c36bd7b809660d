package audit_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

func chain(acts ...string) []approvals.Entry {
	var entries []approvals.Entry
	prev := ""
	for i, act := range acts {
		e := audit.Seal(prev, approvals.Entry{
			Request: "HP-1", At: time.Date(2026, 3, 2, 10, i, 0, 0, time.UTC), Actor: "u-ana", Name: "Ana", Act: act,
			From: approvals.StatePending, To: approvals.StateActive, Detail: map[string]string{"b": "2", "a": "1"},
		})
		entries, prev = append(entries, e), e.Hash
	}
	return entries
}

func damage(t *testing.T, err error) (audit.Damage, int) {
	t.Helper()
	var broken *audit.BrokenError
	if !errors.As(err, &broken) {
		t.Fatalf("got %v, want a *BrokenError", err)
	}
	return broken.Damage, broken.Index
}

func TestAnUntouchedChainVerifies(t *testing.T) {
	t.Parallel()
	for n := range 5 {
		if err := audit.VerifyBetween("", "", chain([]string{"opened", "voted", "woke", "ended"}[:n]...)); err != nil {
			t.Errorf("%d entries: %v", n, err)
		}
	}
}

func TestEveryChangedFieldOfEveryEntryIsNamed(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*approvals.Entry){
		"request":      func(e *approvals.Entry) { e.Request = "HP-2" },
		"time":         func(e *approvals.Entry) { e.At = e.At.Add(1) },
		"actor":        func(e *approvals.Entry) { e.Actor = "u-bo" },
		"name":         func(e *approvals.Entry) { e.Name = "Bo" },
		"act":          func(e *approvals.Entry) { e.Act = "refused" },
		"from":         func(e *approvals.Entry) { e.From = "" },
		"to":           func(e *approvals.Entry) { e.To = approvals.StateDenied },
		"detail":       func(e *approvals.Entry) { e.Detail = map[string]string{"a": "1", "b": "3"} },
		"detail added": func(e *approvals.Entry) { e.Detail = map[string]string{"a": "1", "b": "2", "c": ""} },
		"no detail":    func(e *approvals.Entry) { e.Detail = nil },
		"prev":         func(e *approvals.Entry) { e.Prev += "0" },
		"hash":         func(e *approvals.Entry) { e.Hash = strings.Repeat("0", 64) },
	}
	for name, change := range changes {
		for i := range 3 {
			entries := chain("opened", "voted", "woke")
			change(&entries[i])
			kind, at := damage(t, audit.VerifyBetween("", "", entries))
			if kind != audit.Changed || at != i {
				t.Errorf("%s of entry %d changed: got %s at %d", name, i, kind, at)
			}
		}
	}
}

func TestAMissingEntryIsNoticedAtTheOneAfterIt(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		entries := slices.Delete(chain("opened", "voted", "woke", "ended"), i, i+1)
		kind, at := damage(t, audit.VerifyBetween("", "", entries))
		if kind != audit.Missing || at != i {
			t.Errorf("without entry %d: got %s at %d", i, kind, at)
		}
	}
}

func TestEveryOrderButTheWrittenOneIsRefused(t *testing.T) {
	t.Parallel()
	var permute func(left, done []int)
	permute = func(left, done []int) {
		if len(left) == 0 {
			whole := chain("opened", "voted", "woke", "ended")
			var entries []approvals.Entry
			for _, i := range done {
				entries = append(entries, whole[i])
			}
			err := audit.VerifyBetween("", "", entries)
			if slices.IsSorted(done) {
				if err != nil {
					t.Errorf("%v: %v", done, err)
				}
				return
			}
			if kind, _ := damage(t, err); kind != audit.Reordered {
				t.Errorf("%v: got %s", done, kind)
			}
			return
		}
		for i, x := range left {
			permute(append(append([]int{}, left[:i]...), left[i+1:]...), append(append([]int{}, done...), x))
		}
	}
	permute([]int{0, 1, 2, 3}, nil)
}

func TestARepeatedEntryIsNamed(t *testing.T) {
	t.Parallel()
	entries := chain("opened", "voted")
	kind, at := damage(t, audit.VerifyBetween("", "", append(entries, entries[1])))
	if kind != audit.Repeated || at != 2 {
		t.Errorf("got %s at %d", kind, at)
	}
}

func TestAChangedEntryThatWasSealedAgainBreaksTheOneAfterIt(t *testing.T) {
	t.Parallel()
	entries := chain("opened", "voted", "woke")
	entries[1].Actor = "u-mallory"
	entries[1] = audit.Seal(entries[1].Prev, entries[1])
	kind, at := damage(t, audit.VerifyBetween("", "", entries))
	if kind != audit.Missing || at != 2 {
		t.Errorf("got %s at %d", kind, at)
	}
}

func TestACutOffChainIsNoticedByItsHead(t *testing.T) {
	t.Parallel()
	entries := chain("opened", "voted", "woke")
	head := entries[2].Hash
	if err := audit.VerifyBetween("", head, entries); err != nil {
		t.Fatal(err)
	}
	if err := audit.VerifyBetween(entries[0].Hash, head, entries[1:]); err != nil {
		t.Fatalf("a trimmed chain: %v", err)
	}
	for n := range 3 {
		kind, at := damage(t, audit.VerifyBetween("", head, entries[:n]))
		if kind != audit.CutOff || at != n {
			t.Errorf("%d entries left: got %s at %d", n, kind, at)
		}
	}
}
