package entra_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

// said writes what a survey found, a line each.
func said(s approvals.Survey) []string {
	var out []string
	for _, u := range s.List {
		line := string(u.Kind) + " " + u.Label + " in " + u.Place
		if len(u.Through) > 0 {
			line += " through " + strings.Join(u.Through, ", ")
		}
		for _, p := range u.Policies {
			line += "; " + p
		}
		if u.By != "" {
			line += "; by " + u.By
		}
		if u.Expected != "" {
			line += "; " + u.Expected
		}
		out = append(out, line)
	}
	return out
}

func TestASurveyFindsEveryExemptionThatNoRequestStandsBehind(t *testing.T) {
	t.Parallel()
	k := newKit(t, "20.50.2.1/32", "20.50.3.0/24")
	people(k.tenant)
	k.o.ours["20.50.2.1/32"] = true
	svc2 := k.tenant.AddUser(graphtest.User{UPN: "svc2@contoso.com", Enabled: true})
	svc3 := k.tenant.AddUser(graphtest.User{UPN: "svc3@contoso.com", Enabled: true})
	inner := k.tenant.AddGroup(graphtest.Group{Name: "Old robots", Security: true}, svc3)
	k.tenant.AddLocation(graphtest.Location{Name: "Office", Ranges: []string{"20.60.0.0/16"}, Trusted: true})
	k.tenant.AddLocation(graphtest.Location{Name: "Nobody's", Ranges: []string{"20.70.0.0/16"}})
	k.tenant.Join("dana@contoso.com", k.o.grp, svc2)
	k.tenant.Join("dana@contoso.com", k.o.grp, inner)
	k.tenant.Join("dana@contoso.com", inner, k.o.grp) // groups that hold each other
	k.tenant.Join("hallpass", k.o.grp, svc)
	k.o.rows = append(k.o.rows, approvals.Row{Target: approvals.Target{Kind: approvals.TargetGroup, ID: k.o.grp}, Request: "HP-1", Entry: svc, Want: true})
	k.tenant.AddPolicy(graphtest.Policy{
		Name: "Require MFA", State: "enabled", ExcludeGroups: []string{k.o.grp, graphtest.NewID()}, ExcludeLocations: []string{k.o.loc},
		ExcludeUsers: []string{"e0000000-0000-4000-a000-00000000000e", svc3}, ExcludeRoles: []string{"62e90394-69f5-4237-9190-012177145e10"},
	})
	k.tenant.AddPolicy(graphtest.Policy{Name: "Draft", State: "enabledForReportingButNotEnforced", ExcludeUsers: []string{svc2}})
	got, err := k.e.Survey().Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"user break@contoso.com in Require MFA; Require MFA; an emergency-access account",
		"user svc3@contoso.com in Require MFA; Require MFA",
		"role 62e90394-69f5-4237-9190-012177145e10 in Require MFA; Require MFA",
		"range 20.50.3.0/24 in Servers; Require MFA",
		"range 20.60.0.0/16 in Office",
		"member svc3@contoso.com in Exempt through Old robots; Require MFA",
		"member svc2@contoso.com in Exempt; Require MFA; by dana@contoso.com",
	}
	less := cmp.Transformer("sorted", func(list []string) map[string]bool {
		m := map[string]bool{}
		for _, s := range list {
			m[s] = true
		}
		return m
	})
	if diff := cmp.Diff(want, said(got), less); diff != "" || got.Count() != len(want)-1 || len(got.Unknown) > 0 || len(got.List) != len(want) {
		t.Errorf("(-want +got)\n%s\ncounts %d, unknown %v", diff, got.Count(), got.Unknown)
	}
}

func TestASurveySaysWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	k := newKit(t, "20.50.3.0/24")
	people(k.tenant)
	k.tenant.AddPolicy(graphtest.Policy{Name: "Require MFA", State: "enabled", ExcludeGroups: []string{k.o.grp}, ExcludeLocations: []string{k.o.loc}})
	k.tenant.Fail(func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/members") || strings.Contains(r.URL.Path, "directoryAudits")
	}, graphtest.Fault{Status: 403, Times: 10})
	got, err := k.e.Survey().Run(t.Context())
	if err != nil || len(got.List) != 1 || len(got.Unknown) != 2 || !strings.Contains(got.Unknown[0], "members of the group “Exempt”") || !strings.Contains(got.Unknown[1], "who put what into “Servers”") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestASurveyThatHadToWaitDoesNotReadAgainWhatItHas(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	people(k.tenant)
	k.tenant.Join("dana@contoso.com", k.o.grp, svc)
	k.tenant.AddPolicy(graphtest.Policy{Name: "Require MFA", State: "enabled", ExcludeGroups: []string{k.o.grp}})
	k.o.dry = "audit"
	s := k.e.Survey()
	var wait *approvals.Later
	if _, err := s.Run(t.Context()); !errors.As(err, &wait) || !wait.At.After(noon()) {
		t.Fatalf("%v", err)
	}
	taken := k.o.taken["directory"]
	k.o.dry = ""
	got, err := s.Run(t.Context())
	if err != nil || len(got.List) != 1 || got.List[0].By != "dana@contoso.com" || k.o.taken["directory"] != taken || !got.List[0].At.Equal(noon().Truncate(time.Second)) {
		t.Errorf("%+v, %v; %d calls, then %d", got, err, taken, k.o.taken["directory"])
	}
}
