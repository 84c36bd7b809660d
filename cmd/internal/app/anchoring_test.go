package app

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// sealing is the schedule over an anchorage, with what it told the security channel.
func sealing(a *anchorage, told *[]string) *anchoring {
	return &anchoring{a.Anchor, a.store, slog.New(slog.DiscardHandler), func(_ context.Context, what, _ string) error {
		*told = append(*told, what)
		return nil
	}}
}

func (a *anchorage) paused() bool {
	a.t.Helper()
	paused, err := a.store.Paused(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	return paused
}

func (a *anchorage) sound() Soundness {
	a.t.Helper()
	s, err := a.Sound(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	return s
}

func TestAStoreThatIsOlderHoldsAdditionsUntilTheLossIsAccepted(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	var told []string
	s := sealing(a, &told)
	a.writes("one", "two", "three")
	for range 2 { // the second time nothing was written since
		if err := s.seal(t.Context()); err != nil || a.paused() || a.sound().Wrong != "" {
			t.Fatalf("a sound log: %v, %+v", err, a.sound())
		}
	}
	a.mini.FlushAll()
	a.writes("x")
	if err := s.seal(t.Context()); err != nil || !a.paused() || len(told) != 1 || !strings.Contains(told[0], "older") {
		t.Fatalf("after the loss: %v, paused %v, told %q", err, a.paused(), told)
	}
	got := a.sound()
	if !got.Older || len(got.Newest.Live) != 1 {
		t.Errorf("it is sound: %+v", got)
	}
	if err := a.store.Resume(t.Context()); err != nil { // an operator who has not looked
		t.Fatal(err)
	}
	if err := holdOlder(t.Context(), a.sound(), a.store); err != nil || !a.paused() {
		t.Error("it is not held again", err)
	}
	if c, err := a.Anew(t.Context()); err != nil || !c.Anew || c.Seq != 1 {
		t.Fatal(c, err)
	}
	a.writes("y")
	if err := s.seal(t.Context()); err != nil || a.sound().Wrong != "" || len(told) != 1 {
		t.Errorf("after it was accepted: %v, %+v, told %q", err, a.sound(), told)
	}
	log := audit.NewLog(a.kept(), a.Key.Public().(ed25519.PublicKey))
	end, err := a.store.AuditLog(t.Context(), 1, func(l audit.Line) error {
		log.Add(l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log.End(&end)
	if r := log.Report(); !r.OK() || r.Sealed != 2 || r.Checkpoints != 4 || len(r.Losses) != 1 || !strings.Contains(r.Losses[0], "up to line 3") {
		t.Errorf("%+v", r)
	}
}

func TestDamageIsAnAlarmUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	var told []string
	s := sealing(a, &told)
	a.writes("one", "two", "three")
	stream, err := a.mini.Stream("hallpass:{test}:audit")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.client.XDel(t.Context(), "hallpass:{test}:audit", stream[1].ID).Result(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if err := s.seal(t.Context()); err != nil || len(told) != 1 || a.paused() {
		t.Fatalf("%v, told %q, paused %v", err, told, a.paused())
	}
	if got := a.sound(); got.Older || !strings.Contains(got.Wrong, "does not verify") {
		t.Errorf("%+v", got)
	}
	if _, err := a.Anew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.seal(t.Context()); err != nil || a.sound().Wrong != "" {
		t.Errorf("%v, %+v", err, a.sound())
	}
}

func TestAForgedCheckpointInRedisIsAnAlarmAndNoReasonNotToStart(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	if err := a.store.PutDoc(t.Context(), spaceCheckpoints, "test", fieldNewest, []byte(`{"statement":{},"key":"x","signature":""}`)); err != nil {
		t.Fatal(err)
	}
	if got := a.sound(); got.Wrong == "" || got.Older {
		t.Errorf("%+v", got)
	}
}

func TestEveryEntryThatARequestKeepsStandsInTheCheckpointHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	end := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	states := []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive, approvals.StateEnding, approvals.StateEnded}
	inState := map[approvals.State]approvals.ChangeState{ //nolint:exhaustive // a pending one has no changes; other ends are like this one
		approvals.StateApproved: approvals.ChangeReleased, approvals.StateActive: approvals.ChangeVerified,
		approvals.StateEnding: approvals.ChangeWithdrawn, approvals.StateEnded: approvals.ChangeAbsent,
	}
	want := map[string]audit.Live{}
	for i := range 700 {
		r := approvals.Request{ID: approvals.MakeRequestID(int64(1001 + i)), State: states[i%len(states)], End: end}
		entry := fmt.Sprintf("u%d", i)
		if at, ok := inState[r.State]; ok {
			r.Changes = []approvals.Progress{{Change: approvals.Change{Target: approvals.Target{Kind: approvals.TargetGroup, ID: "g1"}, Entry: entry, Label: "svc" + entry}, State: at}}
		}
		live := audit.Live{Target: "group:g1", Entry: entry, Label: "svc" + entry, Request: r.ID}
		if i%7 == 0 { // put somewhere by hand: it has no row
			place := approvals.ByHand{Kind: approvals.HandProduct, Name: "crm"}
			for n := range r.Changes {
				r.Changes[n].Target, r.Changes[n].Hand = place.Target(), &place
				if r.Changes[n].State == approvals.ChangeVerified {
					r.Changes[n].State = approvals.ChangeAttested
				}
			}
			live.Target = "manual:crm"
		}
		switch r.State {
		case approvals.StateActive:
			live.End = end
			want[entry] = live
		case approvals.StateApproved, approvals.StateEnding:
			want[entry] = live
		case approvals.StateNone, approvals.StatePending, approvals.StateEnded, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
		}
		c := approvals.Commit{Request: r, Operation: entry, Rows: r.Rows(), Entry: audit.Seal("", approvals.Entry{Request: r.ID, Act: "opened"})}
		if !r.State.Final() {
			c.Due = []approvals.Due{{Kind: approvals.DueRequest, Key: string(r.ID), Lane: approvals.LaneApply, At: end}}
		}
		if _, err := a.store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := kept(t.Context(), a.store)
	if err != nil || len(got.Live) != len(want) || len(got.Requests) != 700*4/5 {
		t.Fatalf("%d of %d, %d requests, %v", len(got.Live), len(want), len(got.Requests), err)
	}
	for _, l := range got.Live {
		if l != want[l.Entry] {
			t.Errorf("got %+v, want %+v", l, want[l.Entry])
		}
	}
}
