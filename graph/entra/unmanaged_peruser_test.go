package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

func TestAKnownServiceThatPerUserMFADoesNotAskIsFoundWhereThatIsWhatAsks(t *testing.T) {
	t.Parallel()
	const found = "per-user svc@contoso.com in Per-user MFA"
	everybody := func(state string) func(k *kit) {
		return func(k *kit) {
			k.tenant.AddPolicy(graphtest.Policy{Name: "MFA", State: state, IncludeUsers: []string{"All"}, Grants: []string{"mfa"}})
		}
	}
	for name, row := range map[string]struct {
		change  func(k *kit)
		want    string
		unknown string
	}{
		"it is":                      {func(*kit) {}, found, ""},
		"not set up":                 {func(k *kit) { k.o.perUser = false }, "", ""},
		"a policy asks everybody":    {everybody("enabled"), "", ""},
		"a policy that only reports": {everybody("enabledForReportingButNotEnforced"), found, ""},
		"there is a request": {func(k *kit) {
			k.o.rows = append(k.o.rows, approvals.Row{Target: approvals.Target{Kind: approvals.TargetMFA, ID: svc}, Request: "HP-1", Entry: "was:enforced", Want: true})
		}, "", ""},
		"it cannot be read": {func(k *kit) {
			k.tenant.Fail(func(r *http.Request) bool { return strings.Contains(r.URL.Path, svc+"/authentication/requirements") }, graphtest.Fault{Status: 403})
		}, "", "reading the per-user MFA state of svc@contoso.com"},
	} {
		k := newKit(t)
		people(k.tenant)
		k.o.perUser = true
		k.tenant.AddUser(graphtest.User{UPN: "svc-asked@contoso.com", Enabled: true, MFAState: "enforced"})
		k.tenant.AddUser(graphtest.User{UPN: "svc-off@contoso.com"})
		row.change(k)
		got, err := k.e.Survey().Run(t.Context())
		if err != nil || strings.Join(said(got), "\n") != row.want || row.unknown == "" && len(got.Unknown) > 0 || row.unknown != "" && !strings.Contains(strings.Join(got.Unknown, "\n"), row.unknown) {
			t.Errorf("%s: %v, unknown %v, %v; want %q", name, said(got), got.Unknown, err, row.want)
		}
		for _, u := range got.List {
			if u.Adopt() != "" || got.Count() != 1 {
				t.Errorf("%s: %+v can be taken over, or is not counted", name, u)
			}
		}
	}
}
