package entra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

// blocking gives the tenant of a kit a group of blocked accounts. broken changes its policy.
func (k *kit) blocking(broken func(p *graphtest.Policy)) {
	group := k.tenant.AddGroup(graphtest.Group{Name: "Blocked", Security: true})
	p := graphtest.Policy{ID: graphtest.NewID(), Name: "Block them", State: "enabled", IncludeGroups: []string{group}, Grants: []string{"block"}}
	if broken != nil {
		broken(&p)
	}
	k.o.blocked = entra.Blocked{Group: group, Policy: p.ID, Title: "Blocked"}
	k.tenant.AddPolicy(p)
	k.o.shared = map[string][]byte{}
}

func then(a approvals.Ask, t approvals.Then) approvals.Ask {
	a.Then = t
	return a
}

func TestAnAccountIsBlockedWhenItsExemptionEndsUnlessTheAskSaysOtherwise(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	p := k.plan(t, fenced("20.50.2.1/32"))
	if _, blocks := p.Blocks(); blocks || p.Facts["account.then"].Text != "mfa" {
		t.Errorf("nothing is set up, and the plan blocks: %+v", p.Changes)
	}
	k.blocking(nil)
	for name, ask := range map[string]approvals.Ask{"fenced": fenced("20.50.2.1/32"), "in a group": account("svc@contoso.com")} {
		p := k.plan(t, ask)
		c := p.Changes[1] // after that it is signed out, which is another matter
		if !p.Changes[0].SignsOut() || !c.Blocks() || c.Target != approvals.BlockTarget(k.o.blocked.Group, svc) || c.Entry != approvals.EntryUnblocked || !c.Adopt || p.Facts["account.then"].Text != "blocked" {
			t.Errorf("%s: its change is %+v", name, c)
		}
		if p := k.plan(t, then(ask, approvals.ThenMFA)); p.Changes[0].Blocks() || p.Facts["account.then"].Text != "mfa" {
			t.Errorf("%s, then mfa: %+v", name, p.Changes)
		}
	}
	k.tenant.Join("dana", k.o.blocked.Group, svc)
	p = k.plan(t, fenced("20.50.2.1/32"))
	if p.Changes[1].Adopt || !p.Facts["zone.runs"].Bool || !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "lets it in again") }) {
		t.Errorf("a blocked account is let in by %+v, %q", p.Changes[1], p.Warnings)
	}
}

func TestTheEndOfAnAccountIsRefusedWhereItCannotBeKept(t *testing.T) {
	t.Parallel()
	whole := func(*kit) {}
	for name, row := range map[string]struct {
		ask    approvals.Ask
		broken func(p *graphtest.Policy)
		change func(k *kit)
		want   string
	}{
		"the policy only reports":  {account("svc@contoso.com"), func(p *graphtest.Policy) { p.State = "enabledForReportingButNotEnforced" }, whole, "only reports"},
		"it leaves a resource out": {account("svc@contoso.com"), func(p *graphtest.Policy) { p.ExcludeApps = []string{"797f4846-ba00-4fd7-ba43-dac1f8f63013"} }, whole, "leaves out"},
		"it leaves a place out": {account("svc@contoso.com"), func(p *graphtest.Policy) {
			p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{"AllTrusted"}
		}, whole, "depends on the location"},
		"it is gone":        {account("svc@contoso.com"), nil, func(k *kit) { k.o.blocked.Policy = graphtest.NewID() }, "is not in the tenant"},
		"its group is gone": {account("svc@contoso.com"), nil, func(k *kit) { k.o.blocked.Group = graphtest.NewID() }, "does not exist"},
		"its group is dynamic": {account("svc@contoso.com"), nil, func(k *kit) {
			k.o.blocked.Group = k.tenant.AddGroup(graphtest.Group{Name: "D", Security: true, Dynamic: true})
		}, "not for exactly"},
		"none is set up":             {then(account("svc@contoso.com"), approvals.ThenBlocked), nil, func(k *kit) { k.o.blocked = entra.Blocked{} }, "hallpass zone plan -blocked"},
		"what is taken over":         {then(approvals.Ask{Kind: approvals.KindAccount, Where: "exempt", Account: "svc@contoso.com", Adopt: true}, approvals.ThenBlocked), nil, func(k *kit) { k.tenant.Join("dana", k.o.grp, svc) }, "nothing more"},
		"another exemption, blocked": {then(account("svc@contoso.com"), approvals.ThenMFA), nil, func(k *kit) { k.exempt("HP-7", approvals.ThenBlocked) }, "exempt by HP-7 as well"},
		"another exemption, mfa":     {then(account("svc@contoso.com"), approvals.ThenBlocked), nil, func(k *kit) { k.exempt("HP-7", approvals.ThenMFA) }, "Ask with `then mfa`, or end HP-7 first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			people(k.tenant)
			k.blocking(row.broken)
			row.change(k)
			k.refused(t, row.ask, row.want)
		})
	}
}

// exempt gives the account a request in force with this end.
func (k *kit) exempt(id approvals.RequestID, end approvals.Then) {
	group := approvals.Target{Kind: approvals.TargetGroup, ID: k.o.grp}
	r := approvals.Request{ID: id, State: approvals.StateActive, Ask: approvals.Ask{Kind: approvals.KindAccount}, Changes: []approvals.Progress{{Change: approvals.Change{Target: group, Entry: svc}, State: approvals.ChangeVerified}}}
	if end == approvals.ThenBlocked {
		r.Changes = append([]approvals.Progress{{Change: approvals.Change{Target: approvals.BlockTarget(k.o.blocked.Group, svc), Entry: approvals.EntryUnblocked}}}, r.Changes...)
	}
	k.o.requests = append(k.o.requests, r)
	k.o.rows = append(k.o.rows, approvals.Row{Target: group, Request: id, Entry: svc, Want: true})
	k.o.ours[svc] = true
	k.tenant.Join("hallpass", k.o.grp, svc)
}

func TestWhoSaysNothingFollowsTheAccountsOtherExemption(t *testing.T) {
	t.Parallel()
	for _, end := range []approvals.Then{approvals.ThenBlocked, approvals.ThenMFA} {
		k := newKit(t)
		people(k.tenant)
		k.blocking(nil)
		k.exempt("HP-7", end)
		if p := k.plan(t, account("svc@contoso.com")); p.Facts["account.then"].Text != string(end) {
			t.Errorf("beside one that ends with %s: %s", end, p.Facts["account.then"].Text)
		}
	}
}

// One that was taken over ends with MFA: a fenced exemption beside it must not block the account while it lasts.
func TestWhatWasTakenOverDecidesTooUntilItIsOver(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	k.blocking(nil)
	k.exempt("HP-7", approvals.ThenMFA)
	k.o.requests[0].Ask.Adopt = true
	if p := k.plan(t, account("svc@contoso.com")); p.Facts["account.then"].Text != "mfa" {
		t.Errorf("beside one that was taken over: %s", p.Facts["account.then"].Text)
	}
	k.refused(t, then(account("svc@contoso.com"), approvals.ThenBlocked), "or end HP-7 first")
}

func TestTheBlockIsWrittenAtTheEndAndIsNobodysAfterThat(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	k.blocking(nil)
	target, entry := approvals.BlockTarget(k.o.blocked.Group, svc), approvals.EntryUnblocked
	in := func() bool { return k.tenant.IsMember(k.o.blocked.Group, svc) }
	k.o.rows = []approvals.Row{{Target: target, Request: "HP-1", Entry: entry, Want: true}}
	if got := k.sees(t, target); !slices.Equal(got, []string{entry}) {
		t.Errorf("before the end it reads %q", got)
	}
	k.o.rows[0].Want = false
	for range 2 { // written twice is written once
		if err := k.e.Write(t.Context(), target, remove(entry)); err != nil || !in() {
			t.Fatalf("%v, blocked: %v", err, in())
		}
	}
	if got := k.sees(t, target); len(got) != 0 {
		t.Errorf("after the end it reads %q", got)
	}
	k.o.rows = nil // the request is over, and its owner has decided
	k.tenant.Leave("dana", k.o.blocked.Group, svc)
	if got := k.sees(t, target); len(got) != 0 {
		t.Errorf("once nobody wants anything of it, it reads %q", got)
	}
	k.tenant.Join("dana", k.o.blocked.Group, svc)
	k.o.rows = []approvals.Row{{Target: target, Request: "HP-2", Entry: entry, Want: true}}
	for range 2 {
		if err := k.e.Write(t.Context(), target, add(entry)); err != nil || in() {
			t.Errorf("let in again: %v, blocked: %v", err, in())
		}
	}
	k.o.rows[0].Want = false
	if err := k.tenant.Delete("dana", svc); err != nil {
		t.Fatal(err)
	}
	if got := k.sees(t, target); len(got) != 0 {
		t.Errorf("an account that is gone is to be blocked still: %q", got)
	}
	if err := k.e.Write(t.Context(), approvals.BlockTarget(k.o.blocked.Group, k.o.Emergency()[0]), remove(entry)); err == nil {
		t.Error("an emergency account was blocked")
	}
}

func TestWhoBlockedTheAccountByHandIsNamed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	k.blocking(nil)
	k.tenant.Join("someone@contoso.com", k.o.grp, svc) // another group is another matter
	k.tenant.Join("mallory@contoso.com", k.o.blocked.Group, svc)
	edits, err := k.e.Edits(t.Context(), approvals.BlockTarget(k.o.blocked.Group, svc), noon().Add(-time.Hour))
	if err != nil || len(edits) != 1 || edits[0].Hand != "mallory@contoso.com" || !slices.Equal(edits[0].Removed, []string{approvals.EntryUnblocked}) {
		t.Errorf("%+v, %v", edits, err)
	}
}

func TestTheCheckOfTheZonesLooksAtTheBlockToo(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	k.blocking(func(p *graphtest.Policy) { p.State = "disabled" })
	reports, err := k.e.CheckZones(t.Context())
	if err != nil || len(reports) != 2 || !reports[1].Blocks || len(reports[1].Broken) != 1 || !strings.Contains(reports[1].Broken[0].What, "“Block them” is off") {
		t.Errorf("%+v, %v", reports, err)
	}
}

func TestAdviceOnABlockedAccountSaysThatItIs(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	k.blocking(nil)
	k.tenant.Join("hallpass", k.o.blocked.Group, svc)
	advice, err := k.e.Advise(t.Context(), approvals.Question{Account: "svc@contoso.com"})
	if err != nil || !strings.Contains(advice.Stopped, "blocked from every sign-in: an exemption of it ended") {
		t.Errorf("%+v, %v", advice, err)
	}
}

func TestWhoIsBlockedStillIsNeitherLetInNorDisabledNorGone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	k.blocking(nil)
	user := func(name string, enabled bool) string {
		return k.tenant.AddUser(graphtest.User{UPN: name + "@contoso.com", Enabled: enabled})
	}
	waits, letIn, disabled, gone := user("svc-waits", true), user("svc-in", true), user("svc-disabled", false), user("svc-gone", true)
	for _, id := range []string{waits, disabled, gone} {
		k.tenant.Join("hallpass", k.o.blocked.Group, id)
	}
	if err := k.tenant.Delete("dana", gone); err != nil {
		t.Fatal(err)
	}
	for what, first := range map[string][]string{"remembered": {letIn, disabled, gone, waits}, "forgotten": nil} {
		got, err := k.e.StillBlocked(t.Context(), first)
		if err != nil || len(got) != 1 || got[waits] != "svc-waits@contoso.com" {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	for i := range 60 { // more than are looked at
		k.tenant.Join("dana", k.o.blocked.Group, k.tenant.AddUser(graphtest.User{UPN: fmt.Sprintf("svc-%d@contoso.com", i), Enabled: true}))
	}
	last := k.tenant.AddUser(graphtest.User{UPN: "svc-last@contoso.com", Enabled: true})
	k.tenant.Join("dana", k.o.blocked.Group, last)
	if got, err := k.e.StillBlocked(t.Context(), []string{last}); err != nil || got[last] == "" {
		t.Errorf("one that is remembered is not looked at: %v, %v", got, err)
	}
	k.o.blocked = entra.Blocked{}
	if got, err := k.e.StillBlocked(t.Context(), []string{waits}); err != nil || len(got) != 0 {
		t.Errorf("nobody is blocked here, and %v, %v", got, err)
	}
}
