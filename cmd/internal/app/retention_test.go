package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// retention is a schedule over the store of an anchorage, and what it told security.
func (a *anchorage) retention(folder string, days, most int) (*retaining, *[]string) {
	var told []string
	return &retaining{
		Retention: Retention{folder, time.Duration(days) * 24 * time.Hour, "t", a.Key}, store: a.store, most: most, log: slog.New(slog.DiscardHandler),
		alarm: func(_ context.Context, what, _ string) error { told = append(told, what); return nil },
	}, &told
}

// stored says which of the requests are in the store.
func (a *anchorage) stored(ids ...approvals.RequestID) string {
	a.t.Helper()
	missing, err := a.store.Missing(a.t.Context(), ids)
	if err != nil {
		a.t.Fatal(err)
	}
	var there []string
	for _, id := range ids {
		if !slices.Contains(missing, id) {
			there = append(there, string(id))
		}
	}
	return strings.Join(there, " ")
}

func TestWhatIsLongOverIsArchivedDayByDay(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	folder := t.TempDir()
	files := func() int {
		list, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	day := func(month time.Month) time.Time { return time.Date(2026, month, 1, 9, 0, 0, 0, time.UTC) }
	a.mini.SetTime(day(1))
	a.opened("HP-1001", day(1), false)
	a.opened("HP-1002", day(1), true)
	a.opened("HP-1003", day(2), false)
	a.opened("HP-1004", day(9), false)
	a.mini.SetTime(day(10))
	k, told := a.retention(folder, 90, 1)
	all := []approvals.RequestID{"HP-1001", "HP-1002", "HP-1003", "HP-1004"}
	for _, step := range []struct {
		what  string
		do    func() error
		there string
		files int
		more  bool
	}{
		{"while the store is paused", func() error { return a.store.Pause(t.Context(), "somebody looks") }, "HP-1001 HP-1002 HP-1003 HP-1004", 0, false},
		{"one file full", func() error { return a.store.Resume(t.Context()) }, "HP-1002 HP-1003 HP-1004", 1, true},
		{"the next", func() error { a.mini.SetTime(day(10).Add(time.Second)); return nil }, "HP-1002 HP-1004", 2, false},
		{"nothing left that is old enough", func() error { a.mini.SetTime(day(10).Add(24 * time.Hour)); return nil }, "HP-1002 HP-1004", 2, false},
		{"three months on", func() error { a.mini.SetTime(day(13)); return nil }, "HP-1002", 3, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		err := k.run(t.Context())
		_, later := errors.AsType[*approvals.Later](err)
		if later != step.more || err != nil && !later {
			t.Fatalf("%s: %v", step.what, err)
		}
		if there := a.stored(all...); there != step.there || files() != step.files {
			t.Errorf("%s: the store has %s, and there are %d files", step.what, there, files())
		}
	}
	if len(*told) > 0 {
		t.Errorf("security was told %v", *told)
	}
}

func TestWithoutAFolderToWriteToNothingIsTakenOutAndSecurityIsTold(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	a.mini.SetTime(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC))
	a.opened("HP-1001", time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), false)
	a.mini.SetTime(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC))
	gone := filepath.Join(t.TempDir(), "not there")
	k, told := a.retention(gone, 90, 10)
	if err := k.run(t.Context()); err != nil || a.stored("HP-1001") == "" || len(*told) != 1 || !strings.Contains((*told)[0], "could not be archived") {
		t.Errorf("%v; security was told %v", err, *told)
	}
	check := func() (bool, string) {
		var said strings.Builder
		out := report{w: &said}
		checkRetention(k.Retention, &out)
		return out.bad, said.String()
	}
	if bad, said := check(); !bad || !strings.Contains(said, "archive_folder") {
		t.Errorf("check says %s", said)
	}
	k.Folder = t.TempDir()
	if bad, said := check(); bad || !strings.Contains(said, "90 days") {
		t.Errorf("check says %s", said)
	}
}

func TestAnArchiveOfNothingIsNotKept(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	a.mini.SetTime(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC))
	a.opened("HP-1001", time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), false)
	due := approvals.Due{Kind: approvals.DueTell, Key: "HP-1001", Lane: approvals.LaneChat, At: time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC)}
	if err := a.store.Book(t.Context(), due); err != nil {
		t.Fatal(err)
	}
	a.mini.SetTime(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC))
	folder := t.TempDir()
	k, _ := a.retention(folder, 90, 10)
	if err := k.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := os.ReadDir(folder); err != nil || len(list) > 0 || a.stored("HP-1001") == "" {
		t.Errorf("%v, %v", list, err)
	}
}
