package entra_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

const (
	methodList = "GET /reports/authenticationMethods/userRegistrationDetails"
	methodOne  = methodList + "/{id}"
	riskyList  = "GET /identityProtection/riskyUsers"
	riskyOne   = riskyList + "/{id}"
	signInList = "GET /beta/auditLogs/signIns"
)

// crowded makes n accounts, the first of which has registered a method.
func crowded(t *testing.T, n int) *kit {
	t.Helper()
	k := newKit(t, "21.1.1.1/32")
	for i := range n {
		u := graphtest.User{UPN: fmt.Sprintf("svc-o'%d@contoso.com", i), Enabled: true, Attributes: map[string]string{"extensionAttribute7": "ana@contoso.com"}}
		if i == 0 {
			u.Methods = []string{"fido2"}
		}
		k.tenant.AddUser(u)
	}
	people(k.tenant)
	return k
}

func nth(i int) approvals.Ask { return account(fmt.Sprintf("svc-o'%d@contoso.com", i)) }

// waits demands that a plan has to wait for its turn.
func (k *kit) waits(t *testing.T, ask approvals.Ask) {
	t.Helper()
	if _, err := k.e.Plan(t.Context(), ask); !is[*approvals.Later](err) {
		t.Fatalf("it does not wait for its turn: %v", err)
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestPlansThatWaitForTheirTurnShareTheCall(t *testing.T) {
	t.Parallel()
	k := crowded(t, 20)
	k.o.dry = entra.BucketAudit
	for i := range 20 {
		k.waits(t, nth(i))
	}
	k.o.dry = ""
	for i := range 20 {
		p := k.plan(t, nth(i))
		if f := p.Facts["account.mfa_method"]; !f.Known || f.Bool != (i == 0) {
			t.Errorf("account %d: a method is registered: %+v", i, f)
		}
		if f := p.Facts["account.at_risk"]; !f.Known || f.Bool {
			t.Errorf("account %d: at risk: %+v", i, f)
		}
	}
	if calls := k.tenant.Calls(); calls[methodList] != 2 || calls[methodOne] != 0 || calls[riskyList] != 1 || calls[riskyOne] != 0 {
		t.Errorf("twenty plans cost %v", calls)
	}
}

func TestAnAccountThatTheCommonAnswerLeavesOutIsAskedForAlone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(k *kit){
		"the question is not taken": func(k *kit) {
			k.tenant.Fail(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/userRegistrationDetails") }, graphtest.Fault{Status: http.StatusBadRequest})
		},
		"the report has them by former names": func(k *kit) {
			for i := range 3 {
				k.tenant.ChangeUser(nth(i).Account, func(u *graphtest.User) { u.ReportedAs = "former-" + u.UPN })
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := crowded(t, 3)
			change(k)
			k.o.dry = entra.BucketAudit
			for i := range 3 {
				k.waits(t, nth(i))
			}
			k.o.dry = ""
			k.waits(t, nth(0)) // what was asked for together did not answer
			for i := range 3 {
				if f := k.plan(t, nth(i)).Facts["account.mfa_method"]; !f.Known || f.Bool != (i == 0) {
					t.Errorf("account %d: %+v", i, f)
				}
			}
			if calls := k.tenant.Calls(); calls[methodList] != 1 || calls[methodOne] != 3 {
				t.Errorf("it cost %v", calls)
			}
		})
	}
}

func TestWhoIsAtRiskIsFoundHoweverManyAre(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 600} {
		k := crowded(t, 1)
		k.tenant.AddUser(graphtest.User{UPN: "svc-risky@contoso.com", Enabled: true, Risk: "high"})
		for i := range others {
			k.tenant.AddUser(graphtest.User{UPN: fmt.Sprintf("other-%d@contoso.com", i), Enabled: true, Risk: "low"})
		}
		k.refused(t, account("svc-risky@contoso.com"), "is at risk")
		if f := k.plan(t, nth(0)).Facts["account.at_risk"]; !f.Known || f.Bool {
			t.Errorf("with %d others at risk: %+v", others, f)
		}
	}
}

func TestAListOfRisksThatIsNotTakenIsAskedForOneByOne(t *testing.T) {
	t.Parallel()
	k := crowded(t, 1)
	k.tenant.AddUser(graphtest.User{UPN: "svc-risky@contoso.com", Enabled: true, Risk: "high"})
	k.tenant.Fail(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/riskyUsers") }, graphtest.Fault{Status: http.StatusBadRequest})
	k.refused(t, account("svc-risky@contoso.com"), "is at risk")
	if f := k.plan(t, nth(0)).Facts["account.at_risk"]; !f.Known || f.Bool {
		t.Errorf("%+v", f)
	}
}

func TestAddressesShareTheCallToTheSignInLog(t *testing.T) {
	t.Parallel()
	k := crowded(t, 0)
	for i := range 4 {
		k.tenant.LogSignIn(graphtest.SignIn{User: graphtest.NewID(), At: noon().Add(-time.Hour), Address: netip.MustParseAddr("20.50.2.1")})
		k.tenant.LogSignIn(graphtest.SignIn{User: svc, At: noon().Add(-time.Hour), Address: netip.AddrFrom4([4]byte{20, 50, 2, byte(1 + i)})})
	}
	ask := func(i int) approvals.Ask { return ip(fmt.Sprintf("20.50.2.%d/32", i)) }
	k.o.dry = entra.BucketAudit
	for i := 1; i <= 8; i++ {
		k.waits(t, ask(i))
	}
	k.o.dry = ""
	for i, want := range map[int]int64{1: 5, 2: 1, 4: 1, 5: 0, 8: 0} {
		if f := k.plan(t, ask(i)).Facts["range.accounts"]; !f.Known || f.Int != want {
			t.Errorf("%d accounts signed in from address %d: %+v", want, i, f)
		}
	}
	if n := k.tenant.Calls()[signInList]; n != 1 {
		t.Errorf("it cost %d calls", n)
	}
}

// One busy address must not make what is known of the others unknown.
func TestABusyAddressIsLookedAtAlone(t *testing.T) {
	t.Parallel()
	k := crowded(t, 0)
	for i := range 2500 {
		k.tenant.LogSignIn(graphtest.SignIn{User: fmt.Sprintf("u%d", i%7), At: noon().Add(-time.Hour), Address: netip.MustParseAddr("20.50.2.1")})
	}
	k.tenant.LogSignIn(graphtest.SignIn{User: svc, At: noon().Add(-time.Hour), Address: netip.MustParseAddr("20.50.2.2")})
	busy, quiet := ip("20.50.2.1/32"), ip("20.50.2.2/32")
	k.o.dry = entra.BucketAudit
	k.waits(t, busy)
	k.waits(t, quiet)
	k.o.dry = ""
	k.waits(t, quiet)
	if f := k.plan(t, quiet).Facts["range.accounts"]; !f.Known || f.Int != 1 {
		t.Errorf("the quiet one: %+v", f)
	}
	if f := k.plan(t, busy).Facts["range.accounts"]; f.Known || !strings.Contains(f.Why, "at least 7 accounts") {
		t.Errorf("the busy one: %+v", f)
	}
}
