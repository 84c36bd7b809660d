package entra_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

func signsIn(k *kit, change func(*graphtest.SignIn)) {
	s := graphtest.SignIn{User: svc, At: noon().Add(-24 * time.Hour), Address: netip.MustParseAddr("20.50.2.1"), App: "AgilePoint NX", Client: "Mobile Apps and Desktop clients", Kind: "nonInteractiveUser"}
	change(&s)
	k.tenant.LogSignIn(s)
}

func TestAPlanWithoutAFenceSaysHowTheAccountSignsIn(t *testing.T) {
	t.Parallel()
	asks := map[string]approvals.Ask{"in a group": account("svc@contoso.com"), "per-user MFA": perUser("svc@contoso.com")}
	for way, ask := range asks {
		k := newKit(t)
		people(k.tenant)
		if ask.Where == approvals.PlacePerUser {
			k.o.perUser = true
			k.tenant.SetMFA("dana", svc, "enforced")
		}
		for range 3 {
			signsIn(k, func(*graphtest.SignIn) {})
		}
		signsIn(k, func(s *graphtest.SignIn) {
			s.Address, s.App, s.Client, s.Protocol = netip.MustParseAddr("20.50.2.9"), "Nightly export", "Authenticated SMTP", "ropc"
		})
		signsIn(k, func(s *graphtest.SignIn) { s.Address, s.Code = netip.MustParseAddr("20.50.2.5"), 50076 })
		signsIn(k, func(s *graphtest.SignIn) { s.Address, s.Code = netip.MustParseAddr("9.9.9.9"), 50126 }) // somebody guesses its password
		p := k.plan(t, ask)
		for name, want := range map[string][]string{
			"signins.addresses": {"20.50.2.1", "20.50.2.5", "20.50.2.9"},
			"signins.apps":      {"AgilePoint NX", "Nightly export"},
			"signins.clients":   {"Authenticated SMTP", "Mobile Apps and Desktop clients"},
			"signins.protocols": {"ropc"},
		} {
			if f := p.Facts[name]; !f.Known || !slices.Equal(f.List, want) {
				t.Errorf("%s: %s is %+v", way, name, f)
			}
		}
	}
}

func TestAnAccountThatNeedsFewAddressesIsOfferedAFence(t *testing.T) {
	t.Parallel()
	offered := func(k *kit, signs ...string) string {
		for _, a := range signs {
			signsIn(k, func(s *graphtest.SignIn) { s.Address = netip.MustParseAddr(a) })
		}
		for _, w := range k.plan(t, account("svc@contoso.com")).Warnings {
			if strings.Contains(w, "Behind a fence") {
				return w
			}
		}
		return ""
	}
	if said := offered(fencedKit(t, 1), "20.50.2.1", "20.50.2.9"); !strings.Contains(said, "`/hallpass account svc@contoso.com from 20.50.2.1 20.50.2.9 for 30d because …`") {
		t.Errorf("two addresses: %q", said)
	}
	if said := offered(fencedKit(t, 1), "20.50.2.1", "20.50.2.9", "20.50.2.17"); said != "" {
		t.Errorf("three addresses: %q", said)
	}
	if said := offered(fencedKit(t, 1)); said != "" {
		t.Errorf("no address: %q", said)
	}
	k := newKit(t)
	people(k.tenant)
	if said := offered(k, "20.50.2.1"); said != "" {
		t.Errorf("without a zone: %q", said)
	}
}

func TestWithoutAFenceTooAnExemptionThatDoesNotHelpIsRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*kit){
		"Microsoft itself demands MFA": func(k *kit) { azureCLI(k, entra.Zone{}) },
		"looks like password spray": func(k *kit) {
			for i := range 4 {
				signsIn(k, func(s *graphtest.SignIn) { s.Code, s.ASN = 50076, 100+i })
			}
		},
	} {
		k := newKit(t)
		people(k.tenant)
		change(k)
		k.refused(t, account("svc@contoso.com"), want)
	}
	k := newKit(t)
	people(k.tenant)
	seen("9.9.9.9", 50126, "AgilePoint NX")(k, entra.Zone{}) // its own mistake, or somebody who guesses
	if p := k.plan(t, account("svc@contoso.com")); !slices.ContainsFunc(p.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "It is not MFA that stops svc@contoso.com: its user name or password is wrong")
	}) {
		t.Errorf("%q", p.Warnings)
	}
}

func TestHowAnAccountSignsInIsUnknownWhereItCannotBeSaid(t *testing.T) {
	t.Parallel()
	names := []string{"signins.addresses", "signins.apps", "signins.clients", "signins.protocols"}
	for what, row := range map[string]struct {
		change func(*kit)
		why    string
		names  []string
	}{
		"no permission": {func(k *kit) {
			k.tenant.Fail(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/signIns") }, graphtest.Fault{Status: 403})
		}, "lacks the permission", names},
		"no answer": {func(k *kit) {
			k.tenant.Fail(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/signIns") }, graphtest.Fault{Status: 500})
		}, "did not answer", names},
		"too many sign-ins": {func(k *kit) {
			for range 2001 {
				signsIn(k, func(*graphtest.SignIn) {})
			}
		}, "more than 2000 sign-ins", names},
		"too many addresses": {func(k *kit) {
			for i := range 51 {
				signsIn(k, func(s *graphtest.SignIn) { s.Address = netip.AddrFrom4([4]byte{20, 60, 2, byte(i)}) })
			}
		}, "there are more than 50", names[:1]},
	} {
		k := newKit(t)
		people(k.tenant)
		row.change(k)
		p, err := k.e.Plan(t.Context(), account("svc@contoso.com"))
		if is[*approvals.Later](err) { // asked for together with others it is too much: it is asked for alone
			p, err = k.e.Plan(t.Context(), account("svc@contoso.com"))
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for _, name := range names {
			f, unknown := p.Facts[name], slices.Contains(row.names, name)
			if f.Known == unknown || unknown && !strings.Contains(f.Why, row.why) {
				t.Errorf("%s: %s is %+v", what, name, f)
			}
		}
	}
}

func TestPlansAtTheSameTimeShareTheCallForTheSignIns(t *testing.T) {
	t.Parallel()
	k := crowded(t, 10)
	for i := range 10 {
		u, ok := k.tenant.User(nth(i).Account)
		if !ok {
			t.Fatal("no such account")
		}
		signsIn(k, func(s *graphtest.SignIn) { s.User, s.App = u.ID, fmt.Sprintf("Job %d", i) })
	}
	k.o.dry = entra.BucketAudit
	for i := range 10 {
		k.waits(t, nth(i)) // for its registered methods; what it wants of the log is wished for already
	}
	k.o.dry = ""
	for i := range 10 {
		if f := k.plan(t, nth(i)).Facts["signins.apps"]; !slices.Equal(f.List, []string{fmt.Sprintf("Job %d", i)}) {
			t.Errorf("account %d: %+v", i, f)
		}
	}
	if calls := k.tenant.Calls(); calls[signInList] != 1 || calls[methodList] != 1 {
		t.Errorf("ten plans cost %v", calls)
	}
}
