package entra_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

func sessions() approvals.Target { return approvals.Target{Kind: approvals.TargetSessions, ID: svc} }

// signingOut gives the account a request by which it is signed out at its end; over says since when, zero: it is in force.
func (k *kit) signingOut(id approvals.RequestID, over time.Time) {
	c := approvals.Progress{Change: approvals.Change{Target: sessions(), Entry: approvals.EntrySignedIn, Adopt: true}, State: approvals.ChangeVerified}
	if !over.IsZero() {
		c.State, c.At = approvals.ChangeWithdrawn, over
	}
	k.o.requests = append(k.o.requests, approvals.Request{ID: id, State: approvals.StateActive, Ask: approvals.Ask{Kind: approvals.KindAccount}, Changes: []approvals.Progress{c}})
	k.o.rows = append(k.o.rows, approvals.Row{Target: sessions(), Request: id, Entry: approvals.EntrySignedIn, Want: over.IsZero()})
}

func (k *kit) revoked() time.Time {
	u, _ := k.tenant.User(svc)
	return u.Revoked
}

func TestThatAnAccountIsSignedOutIsItsFirstChangeAndIsSaid(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		then    approvals.Then
		blocked bool
		kinds   []approvals.TargetKind
	}{
		"asked for":              {approvals.ThenSignedOut, false, []approvals.TargetKind{approvals.TargetSessions, approvals.TargetGroup}},
		"blocked":                {"", true, []approvals.TargetKind{approvals.TargetSessions, approvals.TargetBlock, approvals.TargetGroup}},
		"only asked for MFA":     {approvals.ThenMFA, true, []approvals.TargetKind{approvals.TargetGroup}},
		"usual without a block":  {"", false, []approvals.TargetKind{approvals.TargetGroup}},
		"instead of being block": {approvals.ThenSignedOut, true, []approvals.TargetKind{approvals.TargetSessions, approvals.TargetGroup}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			people(k.tenant)
			if row.blocked {
				k.blocking(nil)
			}
			p := k.plan(t, then(account("svc@contoso.com"), row.then))
			var kinds []approvals.TargetKind
			for _, c := range p.Changes {
				kinds = append(kinds, c.Target.Kind)
			}
			said := slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "signed out everywhere") })
			if !slices.Equal(kinds, row.kinds) || said != p.SignsOut() {
				t.Errorf("%v, said: %v", kinds, said)
			}
		})
	}
}

func TestAnotherExemptionOfTheAccountDecidesWhetherItIsSignedOut(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	k.blocking(nil)
	k.exempt("HP-7", approvals.ThenBlocked) // from before there was an identity for it
	if p := k.plan(t, account("svc@contoso.com")); p.SignsOut() {
		t.Error("HP-7 would go on when the account is signed out")
	}
	other := &k.o.requests[0]
	other.Changes = append([]approvals.Progress{{Change: approvals.Change{Target: sessions(), Entry: approvals.EntrySignedIn}}}, other.Changes...)
	if p := k.plan(t, account("svc@contoso.com")); !p.SignsOut() {
		t.Error("HP-7 would sign it out while this one goes on")
	}
}

func TestSessionsAreRevokedAtTheEndAndNobodysAfterThat(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	in := []string{approvals.EntrySignedIn}
	k.signingOut("HP-1", time.Time{})
	k.tenant.Fail(func(r *http.Request) bool { return r.Method == http.MethodGet }, graphtest.Fault{Status: 500})
	if got := k.sees(t, sessions()); !slices.Equal(got, in) {
		t.Errorf("before the end it reads %q", got)
	}
	k.tenant.Heal()
	k.o.requests, k.o.rows = nil, nil
	k.signingOut("HP-1", noon().Add(300*time.Millisecond)) // Entra ID has whole seconds
	if got := k.sees(t, sessions()); !slices.Equal(got, in) {
		t.Errorf("at the end it reads %q", got)
	}
	if err := k.e.Write(t.Context(), sessions(), remove(approvals.EntrySignedIn)); err != nil || !k.revoked().Equal(noon()) {
		t.Fatalf("%v, revoked at %s", err, k.revoked())
	}
	if got := k.sees(t, sessions()); len(got) != 0 {
		t.Errorf("after it, it reads %q", got)
	}
	k.o.requests, k.o.rows = nil, nil
	k.signingOut("HP-2", noon().Add(time.Hour)) // exempt once more, and over once more: what was revoked before does not count
	if got := k.sees(t, sessions()); !slices.Equal(got, in) {
		t.Errorf("at the second end it reads %q", got)
	}
	k.o.requests = nil // nobody knows since when
	if _, err := k.e.Read(t.Context(), sessions(), noon(), approvals.ClassRemoval); err == nil || !strings.Contains(err.Error(), "is not known") {
		t.Errorf("without its request: %v", err)
	}
	k.o.rows = nil
	if got := k.sees(t, sessions()); len(got) != 0 {
		t.Errorf("once nobody wants anything of it, it reads %q", got)
	}
}

func TestWhoIsGoneOrAnEmergencyAccountIsNotSignedOut(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	k.signingOut("HP-1", noon())
	if err := k.tenant.Delete("dana", svc); err != nil {
		t.Fatal(err)
	}
	if got := k.sees(t, sessions()); len(got) != 0 {
		t.Errorf("an account that is gone reads %q", got)
	}
	if err := k.e.Write(t.Context(), sessions(), remove(approvals.EntrySignedIn)); err != nil {
		t.Errorf("an account that is gone: %v", err)
	}
	emergency := approvals.Target{Kind: approvals.TargetSessions, ID: k.o.Emergency()[0]}
	if err := k.e.Write(t.Context(), emergency, remove(approvals.EntrySignedIn)); err == nil || !strings.Contains(err.Error(), "emergency") {
		t.Errorf("an emergency account: %v", err)
	}
}
