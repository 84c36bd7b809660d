package entra_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// enforced is a kit with an account that per-user MFA asks.
func enforced(t *testing.T, state string) *kit {
	t.Helper()
	k := newKit(t)
	people(k.tenant)
	k.o.perUser = true
	k.tenant.SetMFA("dana", svc, state)
	return k
}

func perUser(name string) approvals.Ask {
	return approvals.Ask{Kind: approvals.KindAccount, Where: approvals.PlacePerUser, Account: name, Term: approvals.Term{For: 24 * time.Hour}}
}

func (k *kit) state(t *testing.T) string {
	t.Helper()
	u, ok := k.tenant.User(svc)
	if !ok {
		t.Fatal("the account is gone")
	}
	return u.MFAState
}

func TestPerUserMFAIsDisabledForOneAccountAndPutBackAsItWas(t *testing.T) {
	t.Parallel()
	for _, was := range []string{"enabled", "enforced"} {
		k := enforced(t, was)
		p, err := k.e.Plan(t.Context(), perUser("svc@contoso.com"))
		if err != nil || len(p.Changes) != 1 || p.Changes[0].Entry != "was:"+was || p.Owner.UPN != "ana@contoso.com" || p.Facts["fenced"].Bool {
			t.Fatalf("%s: %+v, %v", was, p, err)
		}
		target, entry := p.Changes[0].Target, p.Changes[0].Entry
		k.o.rows = []approvals.Row{{Target: target, Request: "HP-1", Entry: entry, Want: true}}
		if got := k.sees(t, target); len(got) != 0 {
			t.Errorf("%s: before it is written: %q", was, got)
		}
		for range 2 { // written twice is written once
			if err := k.e.Write(t.Context(), target, add(entry)); err != nil || k.state(t) != "disabled" {
				t.Errorf("%s: %v, %s", was, err, k.state(t))
			}
		}
		if got := k.sees(t, target); len(got) != 1 || got[0] != entry {
			t.Errorf("%s: %q", was, got)
		}
		// A renewal is planned while it is disabled: it is put back to what it was before, and not to disabled.
		if p, err = k.e.Plan(t.Context(), perUser("svc@contoso.com")); err != nil || p.Changes[0].Entry != entry {
			t.Errorf("%s: a renewal: %+v, %v", was, p.Changes, err)
		}
		k.o.rows[0].Want = false
		if err := k.e.Write(t.Context(), target, remove(entry)); err != nil || k.state(t) != was {
			t.Errorf("%s: %v, %s", was, err, k.state(t))
		}
		if got := k.sees(t, target); len(got) != 0 {
			t.Errorf("%s: after its end: %q", was, got)
		}
	}
}

func TestPerUserMFAIsNotAskedForWhereItHelpsNothing(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ask    approvals.Ask
		change func(k *kit)
		want   string
	}{
		"it does not ask":      {perUser("svc@contoso.com"), func(k *kit) { k.tenant.SetMFA("dana", svc, "disabled") }, "disabled for svc@contoso.com already"},
		"it is not set up":     {perUser("svc@contoso.com"), func(k *kit) { k.o.perUser = false }, "There is no place"},
		"a person":             {perUser("ana@contoso.com"), nil, "looks like a person's account"},
		"an emergency account": {perUser("break@contoso.com"), nil, "emergency-access"},
		"to be taken over":     {func() approvals.Ask { a := perUser("svc@contoso.com"); a.Adopt = true; return a }(), nil, "cannot be taken over"},
		"security defaults":    {perUser("svc@contoso.com"), func(k *kit) { k.tenant.SetSecurityDefaults(true) }, "Security defaults are on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := enforced(t, "enforced")
			if row.change != nil {
				row.change(k)
			}
			if _, err := k.e.Plan(t.Context(), row.ask); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
		})
	}
}

func TestWhoEnabledItAgainIsNamed(t *testing.T) {
	t.Parallel()
	k := enforced(t, "enforced")
	target := approvals.Target{Kind: approvals.TargetMFA, ID: svc}
	k.o.ours["was:enforced"] = true
	k.tenant.SetMFA("mallory@contoso.com", svc, "disabled")
	k.tenant.SetMFA("mallory@contoso.com", svc, "enforced")
	edits, err := k.e.Edits(t.Context(), target, noon().Add(-time.Hour))
	if err != nil || len(edits) == 0 || edits[0].Own || edits[0].Hand != "mallory@contoso.com" || strings.Join(edits[0].Removed, "") != "was:enforced" {
		t.Errorf("%+v, %v", edits, err)
	}
}
