package app

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/evidence"
)

// opened puts a request into the store: opened on one day, and over a day later unless it is alive.
func (a *anchorage) opened(id approvals.RequestID, on time.Time, alive bool) {
	a.t.Helper()
	r := approvals.Request{
		ID: id, State: approvals.StatePending, Opened: on, Requester: approvals.Person{ID: "ana"}, Ask: approvals.Ask{Kind: approvals.KindIP, Reason: "x"},
		Rounds: []approvals.Round{{Kind: approvals.RoundFirst}},
	}
	e := audit.Seal("", approvals.Entry{Request: id, At: on, Actor: "ana", Act: "opened"})
	r.Hash = e.Hash
	wake := approvals.Due{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneApply, At: on.Add(time.Hour)}
	if _, err := a.store.Commit(a.t.Context(), approvals.Commit{Request: r, Operation: "open " + string(id), Entry: e, Due: []approvals.Due{wake}}); err != nil {
		a.t.Fatal(err)
	}
	if alive {
		return
	}
	r.Version, r.State, r.Ended = 1, approvals.StateCancelled, on.Add(24*time.Hour)
	e = audit.Seal(r.Hash, approvals.Entry{Request: id, At: r.Ended, Actor: "ana", Act: "cancelled"})
	r.Hash = e.Hash
	if _, err := a.store.Commit(a.t.Context(), approvals.Commit{Request: r, Operation: "cancel " + string(id), Entry: e}); err != nil {
		a.t.Fatal(err)
	}
}

func TestAnArchiveHoldsWhatWasTakenOutAndTheLogHasNoGap(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	day := func(month time.Month) time.Time { return time.Date(2026, month, 1, 9, 0, 0, 0, time.UTC) }
	a.opened("HP-1001", day(1), false)
	a.opened("HP-1002", day(1), true)
	a.opened("HP-1003", day(2), false)
	a.opened("HP-1004", day(9), false)
	o := ArchiveOptions{Before: day(6), File: filepath.Join(t.TempDir(), "archive.json")}
	there := func(id approvals.RequestID) bool {
		_, err := a.store.Load(t.Context(), id)
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	done, err := archive(t.Context(), a.store, a.Key, "t", o)
	if _, absent := os.Stat(o.File); err != nil || done.Requests != 2 || !there("HP-1001") || absent == nil {
		t.Fatalf("a dry run does something: %+v, %v", done, err)
	}
	o.Go = true
	done, err = archive(t.Context(), a.store, a.Key, "t", o)
	if err != nil || done.Requests != 2 || done.First != "HP-1001" || done.Last != "HP-1003" || done.Left+len(done.Kept) > 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	for id, stays := range map[approvals.RequestID]bool{"HP-1001": false, "HP-1002": true, "HP-1003": false, "HP-1004": true} {
		if there(id) != stays {
			t.Errorf("%s is there: %v", id, !stays)
		}
	}
	data, err := os.ReadFile(o.File)
	if err != nil {
		t.Fatal(err)
	}
	var signed evidence.Signed
	if err := json.Unmarshal(data, &signed); err != nil {
		t.Fatal(err)
	}
	public, _ := a.Key.Public().(ed25519.PublicKey)
	p, err := signed.Open(public)
	if err != nil || len(p.Records) != 2 || p.Records[0].ID != "HP-1001" || len(p.Records[0].Trail) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	log := audit.NewLog(nil, nil)
	end, err := a.store.AuditLog(t.Context(), 1, func(l audit.Line) error { log.Add(l); return nil })
	if err != nil {
		t.Fatal(err)
	}
	log.End(&end)
	if r := log.Report(); !r.OK() || r.Lines != 9 { // seven of their lives, and one for each that was archived
		t.Errorf("%+v", r)
	}
	if _, err := archive(t.Context(), a.store, a.Key, "t", ArchiveOptions{Before: day(12), File: o.File, Go: true}); !errors.Is(err, os.ErrExist) || !there("HP-1004") {
		t.Errorf("a file was written over: %v", err)
	}
	if again, _ := os.ReadFile(o.File); !bytes.Equal(again, data) {
		t.Error("the archive has changed")
	}
}

func TestWhatHasNoUnbrokenTrailIsNotArchived(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	a.opened("HP-1001", time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), false)
	if err := a.client.XTrimMaxLen(t.Context(), "hallpass:{test}:audit", 1).Err(); err != nil { // another hand cut the log
		t.Fatal(err)
	}
	_, err := archive(t.Context(), a.store, a.Key, "t", ArchiveOptions{Before: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), File: filepath.Join(t.TempDir(), "a.json"), Go: true})
	if err == nil {
		t.Error("it was archived")
	}
	if _, err := a.store.Load(t.Context(), "HP-1001"); err != nil {
		t.Errorf("it was taken out: %v", err)
	}
}
