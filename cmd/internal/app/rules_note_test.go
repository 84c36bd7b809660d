package app

import (
	"log/slog"
	"testing"

	"hallpass/approvals/audit"
)

// rulesNoted gives the rules hashes noted in the audit log, as "before>after".
func (a *anchorage) rulesNoted() []string {
	a.t.Helper()
	var out []string
	_, err := a.store.AuditLog(a.t.Context(), 1, func(l audit.Line) error {
		e, err := l.Decode()
		if e.Act == "rules in force" {
			out = append(out, e.Detail["before"]+">"+e.Detail["rules"])
		}
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return out
}

func TestOtherRulesAreNotedOnceByAllReplicasTogether(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	log := slog.New(slog.DiscardHandler)
	hook := noting(t.Context(), a.store, log)
	for range 3 { // three replicas start
		if err := noteRules(t.Context(), a.store, "r1"); err != nil {
			t.Fatal(err)
		}
	}
	hook("r1", "r2")
	hook("r1", "r2") // another replica sees the change later
	hook("r2", "r1")
	if err := noteRules(t.Context(), a.store, "r3"); err != nil { // changed while nobody ran
		t.Fatal(err)
	}
	got := a.rulesNoted()
	want := []string{">r1", "r1>r2", "r2>r1", "r1>r3"}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestAChangeThatCouldNotBeNotedIsNotedAtTheNextStart(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	if err := noteRules(t.Context(), a.store, "r1"); err != nil {
		t.Fatal(err)
	}
	a.mini.SetError("ERR out of order")
	noting(t.Context(), a.store, slog.New(slog.DiscardHandler))("r1", "r2")
	if err := noteRules(t.Context(), a.store, "r2"); err == nil {
		t.Error("a store that does not answer noted it")
	}
	a.mini.SetError("")
	if err := noteRules(t.Context(), a.store, "r2"); err != nil {
		t.Fatal(err)
	}
	if got := a.rulesNoted(); len(got) != 2 || got[1] != "r1>r2" {
		t.Errorf("noted %v", got)
	}
}
