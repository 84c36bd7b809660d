package app

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/evidence"
)

// was puts a request into the store that was in force from one day to another, and is over.
func (a *anchorage) was(id approvals.RequestID, from, until time.Time) {
	a.t.Helper()
	a.opened(id, from, true)
	r, err := a.store.Load(a.t.Context(), id)
	if err != nil {
		a.t.Fatal(err)
	}
	r.State, r.Applied, r.Ended = approvals.StateEnded, from, until
	e := audit.Seal(r.Hash, approvals.Entry{Request: id, At: until, Actor: "hallpass", Act: "ended"})
	r.Hash = e.Hash
	if _, err := a.store.Commit(a.t.Context(), approvals.Commit{Request: r, Operation: "end " + string(id), Entry: e}); err != nil {
		a.t.Fatal(err)
	}
}

func TestEvidenceKnowsWhatWasArchivedOrSaysWhichFileIsMissing(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	folder := t.TempDir()
	day := func(month time.Month, n int) time.Time { return time.Date(2026, month, n, 9, 0, 0, 0, time.UTC) }
	a.mini.SetTime(day(1, 1))
	a.was("HP-1001", day(1, 5), day(2, 5))
	a.was("HP-1002", day(1, 5), day(5, 5))
	a.was("HP-1003", day(8, 5), day(9, 5))
	a.mini.SetTime(day(10, 1))
	for i, until := range []time.Time{day(3, 1), day(6, 1)} { // two archives
		o := ArchiveOptions{Before: until, File: filepath.Join(folder, fmt.Sprintf("a%d.json", i)), Go: true}
		if _, err := archive(t.Context(), a.store, a.Key, "t", o); err != nil {
			t.Fatal(err)
		}
	}
	public, _ := a.Key.Public().(ed25519.PublicKey)
	elsewhere := filepath.Join(t.TempDir(), "renamed.json")
	asked := func(s shelf, of string) string {
		var list []evidence.Record
		var err error
		if id, isOne := approvals.ParseRequestID(of); isOne == nil && strings.HasPrefix(of, "HP-") {
			list, err = evidenceOf(t.Context(), a.store, s, id)
		} else {
			from, until, perr := evidence.ParsePeriod(of)
			if perr != nil {
				t.Fatal(perr)
			}
			list, err = evidenceIn(t.Context(), a.store, s, from, until)
		}
		if err != nil {
			return err.Error()
		}
		var ids []string
		for _, r := range list {
			ids = append(ids, string(r.ID))
		}
		return strings.Join(ids, " ")
	}
	keys := []ed25519.PublicKey{public}
	whole := shelf{folder: folder, keys: keys}
	for _, is := range []struct {
		what  string
		shelf shelf
		of    string
		said  string // exactly, or with "…" before it a part
	}{
		{"one that is stored", shelf{keys: keys}, "HP-1003", "HP-1003"},
		{"one that is archived", whole, "HP-1001", "HP-1001"},
		{"one that never was", whole, "HP-1009", "there is no request HP-1009, and none was archived"},
		{"a period of both", whole, "2026", "HP-1003 HP-1001 HP-1002"},
		{"a period of one archive", whole, "2026-04", "HP-1002"},
		{"a period of none", whole, "2026-07", ""},
		{"a period before", whole, "2025", ""},
		{"a period that began after they were archived", shelf{keys: keys}, "2026-11", ""},
		{"an archive by name", shelf{named: []string{filepath.Join(folder, "a0.json"), filepath.Join(folder, "a1.json")}, keys: keys}, "2026-Q1", "HP-1001 HP-1002"},
		{"no folder", shelf{keys: keys}, "2026-Q1", "…HP-1001 was archived on 1 Oct 2026 to a0.json, with 0 more, and that file is not at hand"},
		{"a key that is not known", shelf{folder: folder}, "2026-Q1", "…which is not audit.key"},
	} {
		got := asked(is.shelf, is.of)
		if want, part := strings.CutPrefix(is.said, "…"); part && !strings.Contains(got, want) || !part && got != want {
			t.Errorf("%s: %s", is.what, got)
		}
	}
	first := filepath.Join(folder, "a0.json")
	if err := os.Rename(first, elsewhere); err != nil {
		t.Fatal(err)
	}
	if got := asked(whole, "2026-Q1"); !strings.Contains(got, "is not at hand") {
		t.Errorf("evidence without an archive is made: %s", got)
	}
	moved := shelf{named: []string{elsewhere}, folder: folder, keys: keys}
	if got := asked(moved, "2026-Q1"); got != "HP-1001 HP-1002" {
		t.Errorf("an archive of another name: %s", got)
	}
	data, err := os.ReadFile(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(elsewhere, []byte(strings.Replace(string(data), "HP-1001", "HP-1007", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := asked(moved, "2026-Q1"); !strings.Contains(got, "was changed after it was signed") {
		t.Errorf("a changed archive: %s", got)
	}
	other, err := os.ReadFile(filepath.Join(folder, "a1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := asked(whole, "2026-Q1"); !strings.Contains(got, "their hashes differ") {
		t.Errorf("another archive of the same name: %s", got)
	}
}
