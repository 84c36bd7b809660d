package entra_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

// What is the same for all plans is read once, and what is of one account once for it: however often its plan is begun
// anew because the budget was used up, and made again when somebody clicks.
func TestManyPlansCostFewOfTheCallsThatAreScarce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	for i := range 20 {
		name := fmt.Sprintf("svc-%d@contoso.com", i)
		k.tenant.AddUser(graphtest.User{UPN: name, Enabled: true, Attributes: map[string]string{"extensionAttribute7": "ana@contoso.com"}})
		for range 3 {
			p := k.plan(t, account(name))
			if risk, methods := p.Facts["account.at_risk"], p.Facts["account.mfa_method"]; !risk.Known || risk.Bool || !methods.Known {
				t.Fatalf("%+v, %+v", risk, methods)
			}
			k.plan(t, ip("20.50.2.1/32", "20.50.2.2/32"))
		}
	}
	if ca, audit := k.o.taken[entra.BucketCA], k.o.taken[entra.BucketAudit]; ca != 3 || audit != 2*20+2 {
		t.Errorf("policies, locations and who is at risk are one call each, and %d were made; an account two of the reports, an address one, and %d were", ca, audit)
	}
}

func TestAnAccountAtRiskIsRefusedWhereverItStandsInTheList(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 499, 500, 700} {
		k := newKit(t)
		people(k.tenant)
		for i := range others {
			k.tenant.AddUser(graphtest.User{UPN: fmt.Sprintf("p%d@contoso.com", i), Enabled: true, Risk: "low"})
		}
		k.tenant.AddUser(graphtest.User{UPN: "risky@contoso.com", Enabled: true, Risk: "high"})
		_, err := k.e.Plan(t.Context(), account("risky@contoso.com"))
		no, refused := errors.AsType[*approvals.Refusal](err)
		if !refused || !strings.Contains(no.Error(), "is at risk: Identity Protection says atRisk (high)") {
			t.Errorf("with %d others at risk: %v", others, err)
		}
		if p := k.plan(t, account("svc@contoso.com")); !p.Facts["account.at_risk"].Known || p.Facts["account.at_risk"].Bool {
			t.Errorf("with %d others at risk: %+v", others, p.Facts["account.at_risk"])
		}
	}
}

func TestOfARangeThatIsHardlyUsedASmallerOneIsNamed(t *testing.T) {
	t.Parallel()
	const smaller = "a smaller range would do"
	for name, row := range map[string]struct {
		ask  string
		from []string
		want string // empty: nothing is said
	}{
		"one of it":           {"20.50.2.0/28", []string{"20.50.2.1", "20.50.2.1"}, "Of 20.50.2.0/28 only 20.50.2.1 was seen"},
		"two of it":           {"20.50.2.0/28", []string{"20.50.2.1", "20.50.2.7"}, "20.50.2.1 and 20.50.2.7"},
		"three of it":         {"20.50.2.0/28", []string{"20.50.2.1", "20.50.2.7", "20.50.2.9"}, ""},
		"nobody at all":       {"20.50.2.0/28", nil, ""}, // the job may be yet to come
		"a single address":    {"20.50.2.1/32", []string{"20.50.2.1"}, ""},
		"others, not from it": {"20.50.2.0/28", []string{"20.60.2.1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			people(k.tenant)
			for _, from := range row.from {
				k.tenant.SignIn(graphtest.Attempt{User: svc, App: "AgilePoint NX", AppID: "a", ResourceID: "r", Address: netip.MustParseAddr(from), Client: "other"})
			}
			said := strings.Join(k.plan(t, ip(row.ask)).Warnings, "\n")
			if strings.Contains(said, smaller) != (row.want != "") || !strings.Contains(said, row.want) {
				t.Errorf("it says %q", said)
			}
		})
	}
}

func TestReviewersAreToldByNameWhoSignsInFromARange(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	signs := func(user, from, app string, code int) {
		k.tenant.LogSignIn(graphtest.SignIn{User: user, At: noon().Add(-24 * time.Hour), Address: netip.MustParseAddr(from), Code: code, App: app})
	}
	signs(svc, "20.50.2.1", "AgilePoint NX", 0)
	signs(svc, "20.50.2.7", "Nightly export", 50126)
	signs("ana@contoso.com", "20.50.2.9", "Outlook", 0)
	signs("ana@contoso.com", "20.60.2.9", "Outlook", 0) // from elsewhere
	list, more, err := k.e.SignedInFrom(t.Context(), ip("20.50.2.0/28").Addresses)
	if err != nil || more || len(list) != 2 {
		t.Fatalf("%+v, %v, %v", list, more, err)
	}
	for _, got := range list {
		switch got.Name {
		case "svc@contoso.com":
			if got.Times != 2 || got.GotIn != 1 || len(got.Apps) != 2 || len(got.From) != 2 {
				t.Errorf("%+v", got)
			}
		case "ana@contoso.com":
			if got.Times != 1 || strings.Join(got.From, " ") != "20.50.2.9" {
				t.Errorf("%+v", got)
			}
		default:
			t.Errorf("%+v was not there", got)
		}
	}
	if _, _, err := k.e.SignedInFrom(t.Context(), ip("20.50.2.0/28", "20.51.2.0/28", "20.52.2.0/28", "20.53.2.0/28").Addresses); err == nil {
		t.Error("the log is asked about any number of ranges")
	}
}
