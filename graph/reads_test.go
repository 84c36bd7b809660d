package graph_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/graph"
	"hallpass/graph/graphtest"
)

func TestSignInsAreFoundByAccountAndByAddress(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	other := k.tenant.AddUser(graphtest.User{UPN: "o@contoso.com", Enabled: true})
	in := func(user, address, kind string, ago time.Duration) {
		k.tenant.LogSignIn(graphtest.SignIn{User: user, Address: netip.MustParseAddr(address), Kind: kind, At: noon().Add(-ago), App: "AgilePoint NX", Correlation: "c-" + address})
	}
	in(svc, "20.50.2.7", "", time.Hour)
	in(svc, "20.50.2.9", graph.KindNonInteractive, 2*time.Hour)
	in(other, "20.50.20.7", "", 3*time.Hour)
	in(other, "20.50.3.7", "", 4*time.Hour)
	in(other, "2a01:4f8::7", "", 5*time.Hour)
	in(svc, "20.50.2.7", "", 31*24*time.Hour) // the log has forgotten it
	month := noon().Add(-30 * 24 * time.Hour)
	for name, row := range map[string]struct {
		q    graph.SignInQuery
		want []string
	}{
		"interactive ones of an account":    {graph.SignInQuery{UserID: svc}, []string{"20.50.2.7"}},
		"all of an account":                 {graph.SignInQuery{UserID: svc, Kinds: []string{graph.KindInteractive, graph.KindNonInteractive}}, []string{"20.50.2.7", "20.50.2.9"}},
		"from an address":                   {graph.SignInQuery{Range: netip.MustParsePrefix("20.50.2.7/32")}, []string{"20.50.2.7"}},
		"from a range and not its likeness": {graph.SignInQuery{Range: netip.MustParsePrefix("20.50.2.0/23")}, []string{"20.50.2.7", "20.50.3.7"}},
		"from a range of IPv6":              {graph.SignInQuery{Range: netip.MustParsePrefix("2a01:4f8::/32")}, []string{"2a01:4f8::7"}},
		"by the correlation id of an error": {graph.SignInQuery{Correlation: "c-20.50.3.7"}, []string{"20.50.3.7"}},
		"with a quote in what is asked":     {graph.SignInQuery{Correlation: "x' or userId eq '" + svc}, nil},
	} {
		row.q.Since = month
		got, err := k.c.SignIns(t.Context(), row.q)
		var addresses []string
		for _, s := range got.List {
			addresses = append(addresses, s.Address)
		}
		if err != nil || !slices.Equal(addresses, row.want) || got.More {
			t.Errorf("%s: %v, more %v, %v", name, addresses, got.More, err)
		}
	}
	if _, err := k.c.SignIns(t.Context(), graph.SignInQuery{UserID: svc}); err == nil {
		t.Error("since when was not said, and is not asked for")
	}
}

func TestSignInsAreReadInPagesUpToALimit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		there, page, limit, got int
		more                    bool
	}{{30, 1000, 0, 30, false}, {501, 1000, 500, 500, true}, {500, 1000, 500, 500, false}, {30, 10, 500, 30, false}, {90, 10, 500, 40, true}, {30, 10, 5, 5, true}} {
		k := newKitOf(t, graphtest.Options{Rate: -1, LogPage: row.page}, roles()...)
		for i := range row.there {
			k.tenant.LogSignIn(graphtest.SignIn{User: "u", At: noon().Add(-time.Duration(i) * time.Minute)})
		}
		got, err := k.c.SignIns(t.Context(), graph.SignInQuery{UserID: "u", Since: noon().Add(-24 * time.Hour), Limit: row.limit})
		if err != nil || len(got.List) != row.got || got.More != row.more || len(k.sent) > 4 {
			t.Errorf("%+v: %d, more %v, %v after %d calls", row, len(got.List), got.More, err, len(k.sent))
		}
		if !slices.IsSortedFunc(got.List, func(a, b graph.SignIn) int { return b.At.Compare(a.At) }) {
			t.Errorf("%+v: not newest first", row)
		}
	}
}

func TestASignInSaysWhatStoppedIt(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true, Methods: []string{"mobilePhone"}})
	id := k.tenant.AddPolicy(graphtest.Policy{Name: "Require MFA", State: "enabled"})
	k.tenant.SignIn(graphtest.Attempt{User: svc, App: "AgilePoint NX", AppID: "app", Resource: "SharePoint", ResourceID: "sp", Address: netip.MustParseAddr("20.50.2.9"), Country: "DE", Client: "mobileAppsAndDesktopClients", Protocol: "ropc"})
	got, err := k.c.SignIns(t.Context(), graph.SignInQuery{UserID: svc, Since: noon().Add(-time.Hour), Kinds: []string{graph.KindInteractive}})
	if err != nil || len(got.List) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	s := got.List[0]
	want := graph.SignIn{
		ID: s.ID, At: noon(), UserID: svc, UPN: "svc@contoso.com", App: "AgilePoint NX", AppID: "app", Resource: "SharePoint", ResourceID: "sp",
		Client: "Mobile Apps and Desktop clients", Address: "20.50.2.9", Country: "DE", Interactive: true, Correlation: s.Correlation, Code: graphtest.CodeMFA,
		Reason: s.Reason, Details: "MFA required in Azure AD", Risk: "none", Policies: []graph.AppliedPolicy{{ID: id, Name: "Require MFA", Result: "failure", Grants: []string{"Mfa"}}},
		PoliciesKnown: true, Kind: graph.KindInteractive, Requirement: "multiFactorAuthentication", Protocol: "ropc",
		Steps: []graph.Step{{Method: "Password", Detail: "MFA required in Azure AD", Requirement: "Primary authentication"}},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
	// Who may read the log but no policy is not told which policies it was, and knows that.
	app := k.tenant.AddApp(graphtest.App{Name: "log reader", Roles: []string{"AuditLog.Read.All"}})
	c, err := graph.New(graph.Config{Host: host, Credential: k.tenant.Credential(app.ID), Transport: k.tenant.Transport(), Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = c.SignIns(t.Context(), graph.SignInQuery{UserID: svc, Since: noon().Add(-time.Hour)}); err != nil || got.List[0].PoliciesKnown {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLogsAreThrottledAndSayForHowLong(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, graphtest.Options{}, roles()...)
	for i := range 7 {
		_, err := k.c.SignIns(t.Context(), graph.SignInQuery{Since: noon()})
		if i < 5 != (err == nil) {
			t.Errorf("call %d: %v", i, err)
		}
		if e, ok := errors.AsType[*graph.Error](err); ok && e.RetryAfter != 10*time.Second {
			t.Errorf("call %d: %+v", i, e)
		}
	}
}

func TestWithoutALicenceFactsAreRefusedAndNotEmpty(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, graphtest.Options{Rate: -1, Licence: graphtest.Free}, roles()...)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	if _, err := k.c.SignIns(t.Context(), graph.SignInQuery{Since: noon()}); !graph.IsForbidden(err) {
		t.Errorf("sign-ins: %v", err)
	}
	if _, err := k.c.Registration(t.Context(), svc); !graph.IsForbidden(err) {
		t.Errorf("methods: %v", err)
	}
	if _, err := k.c.Risk(t.Context(), svc); !graph.IsForbidden(err) {
		t.Errorf("risk: %v", err)
	}
	// But nobody can be eligible for a role without the licence: that is known.
	k.tenant.AddRole(graphtest.RoleAssignment{Principal: svc, Role: "r", Name: "Helpdesk Administrator"})
	if got, err := k.c.DirectoryRoles(t.Context(), svc, nil); err != nil || len(got) != 1 {
		t.Errorf("roles: %v, %v", got, err)
	}
}

func TestRolesAreFoundHeldAndEligibleDirectlyAndThroughGroups(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	inner := k.tenant.AddGroup(graphtest.Group{Name: "inner", Security: true}, svc)
	admins := k.tenant.AddGroup(graphtest.Group{Name: "admins", Security: true, RoleAssignable: true}, inner)
	plain := k.tenant.AddGroup(graphtest.Group{Name: "plain", Security: true}, svc)
	for _, r := range []graphtest.RoleAssignment{
		{Principal: svc, Role: "r1", Name: "Helpdesk Administrator", Scope: "/administrativeUnits/x"},
		{Principal: svc, Role: "r2", Name: "Global Administrator", Eligible: true},
		{Principal: admins, Role: "r3", Name: "User Administrator"},
		{Principal: "somebody else", Role: "r4", Name: "Reader"},
	} {
		k.tenant.AddRole(r)
	}
	groups, err := k.c.GroupsOf(t.Context(), svc)
	names := map[string]bool{}
	for _, g := range groups {
		names[g.Name] = g.RoleAssignable
	}
	if diff := cmp.Diff(map[string]bool{"inner": false, "admins": true, "plain": false}, names); diff != "" || err != nil {
		t.Fatalf("%s %v", diff, err)
	}
	got, err := k.c.DirectoryRoles(t.Context(), svc, groups)
	want := []graph.Role{
		{ID: "r1", Name: "Helpdesk Administrator", Scope: "/administrativeUnits/x"},
		{ID: "r2", Name: "Global Administrator", Scope: "/", Eligible: true},
		{ID: "r3", Name: "User Administrator", Scope: "/", Via: admins},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	if up, err := k.c.GroupsAbove(t.Context(), inner); err != nil || len(up) != 1 || up[0].ID != admins {
		t.Errorf("above: %v, %v", up, err)
	}
	if down, err := k.c.Nested(t.Context(), admins); err != nil || !slices.Equal(down, []string{inner}) {
		t.Errorf("nested: %v, %v", down, err)
	}
	if down, err := k.c.Nested(t.Context(), plain); err != nil || down != nil {
		t.Errorf("nested: %v, %v", down, err)
	}
}

func TestAGroupSaysWhoMayChangeItAndWhatItIs(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	boss := k.tenant.AddUser(graphtest.User{UPN: "boss@contoso.com", Enabled: true})
	id := k.tenant.AddGroup(graphtest.Group{Name: "exempt", Security: true, Restricted: true, Licensed: true, Dynamic: true, Synced: true, Owners: []string{boss}})
	got, err := k.c.Group(t.Context(), id)
	want := graph.Group{ID: id, Name: "exempt", Security: true, Restricted: true, Licensed: true, Dynamic: true, Synced: true}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	if owners, err := k.c.Owners(t.Context(), id); err != nil || !slices.Equal(owners, []string{boss}) {
		t.Errorf("%v, %v", owners, err)
	}
}

func TestMoreRiskyUsersThanOnePageHoldsAreSaidToBeMore(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for i := range 501 {
		k.tenant.AddUser(graphtest.User{UPN: fmt.Sprintf("p%d@contoso.com", i), Enabled: true, Risk: "low"})
	}
	if all, more, err := k.c.RiskyUsers(t.Context()); err != nil || !more || len(all) != 500 {
		t.Errorf("%d, %v, %v", len(all), more, err)
	}
}

func TestAnAccountsMethodsRiskAndMFAState(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	person := k.tenant.AddUser(graphtest.User{UPN: "p@contoso.com", Enabled: true, Methods: []string{"mobilePhone"}, Risk: "medium", MFAState: "enforced"})
	if r, err := k.c.Registration(t.Context(), person); err != nil || !r.MFARegistered || !slices.Equal(r.Methods, []string{"mobilePhone"}) {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := k.c.Registration(t.Context(), svc); err != nil || r.MFARegistered {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := k.c.Registration(t.Context(), "nobody"); !graph.IsNotFound(err) {
		t.Errorf("nobody: %v", err)
	}
	if r, err := k.c.Risk(t.Context(), person); err != nil || !r.AtRisk() || r.Level != "medium" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := k.c.Risk(t.Context(), svc); err != nil || r.AtRisk() {
		t.Errorf("%+v, %v", r, err)
	}
	if all, more, err := k.c.RiskyUsers(t.Context()); err != nil || more || len(all) != 1 || all[person].Level != "medium" || !all[person].AtRisk() {
		t.Errorf("%+v, %v, %v", all, more, err)
	}
	for id, want := range map[string]string{svc: graph.MFADisabled, person: graph.MFAEnforced} {
		if got, err := k.c.PerUserMFA(t.Context(), id); err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

func TestDomainsFederationAndSecurityDefaults(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.tenant.AddDomain(graphtest.Domain{Name: "contoso.com", Federated: true, MFA: "acceptIfMfaDoneByFederatedIdp"})
	k.tenant.AddDomain(graphtest.Domain{Name: "old.contoso.com", Federated: true})
	k.tenant.AddDomain(graphtest.Domain{Name: "contoso.onmicrosoft.com"})
	got, err := k.c.Domains(t.Context())
	want := []graph.Domain{{Name: "contoso.com", Federated: true, Verified: true}, {Name: "old.contoso.com", Federated: true, Verified: true}, {Name: "contoso.onmicrosoft.com", Verified: true}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	for domain, want := range map[string]string{"contoso.com": "acceptIfMfaDoneByFederatedIdp", "old.contoso.com": ""} {
		if f, err := k.c.Federation(t.Context(), domain); err != nil || f.MFA != want {
			t.Errorf("%+v, %v", f, err)
		}
	}
	if _, err := k.c.Federation(t.Context(), "contoso.onmicrosoft.com"); !graph.IsNotFound(err) {
		t.Errorf("managed: %v", err)
	}
	for _, on := range []bool{true, false} {
		k.tenant.SetSecurityDefaults(on)
		if got, err := k.c.SecurityDefaults(t.Context()); err != nil || got != on {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func TestOwnAppsAreWatched(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	boss := k.tenant.AddUser(graphtest.User{UPN: "boss@contoso.com", Enabled: true})
	ends := noon().Add(90 * 24 * time.Hour)
	app := k.tenant.AddApp(graphtest.App{Name: "hallpass writer", Roles: []string{"Policy.Read.All", "GroupMember.ReadWrite.All"}, Owners: []string{boss}, Credentials: []graphtest.Credential{{Name: "cert", Ends: ends}, {Name: "oops", Secret: true, Ends: ends}}})
	got, err := k.c.OwnApp(t.Context(), app.ID)
	if err != nil || !slices.Equal(got.Granted, app.Roles) || !slices.Equal(got.Owners, []string{boss}) || got.Name != "hallpass writer" {
		t.Errorf("%+v, %v", got, err)
	}
	if len(got.Credentials) != 2 || got.Credentials[0].Secret || !got.Credentials[1].Secret || !got.Credentials[0].Ends.Equal(ends) || got.Credentials[0].ID == "" {
		t.Errorf("%+v", got.Credentials)
	}
	if _, err := k.c.OwnApp(t.Context(), "nobody"); !graph.IsNotFound(err) {
		t.Errorf("nobody: %v", err)
	}
}

func TestWhatIfSaysWhichPoliciesApplyAndWhyNot(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	g := k.tenant.AddGroup(graphtest.Group{Name: "exempt", Security: true}, svc)
	l := k.tenant.AddLocation(graphtest.Location{Name: "fence", Ranges: []string{"20.50.2.9/32"}})
	k.tenant.AddPolicy(graphtest.Policy{ID: "mfa", Name: "MFA", State: "enabled", ExcludeGroups: []string{g}})
	k.tenant.AddPolicy(graphtest.Policy{ID: "fence", Name: "Fence", State: "enabled", IncludeGroups: []string{g}, IncludeLocations: []string{"All"}, ExcludeLocations: []string{l}, Grants: []string{"block"}})
	k.tenant.AddPolicy(graphtest.Policy{ID: "register", Name: "No registration", State: "enabled", IncludeGroups: []string{g}, Actions: []string{"urn:user:registersecurityinfo"}, Grants: []string{"block"}})
	k.tenant.AddPolicy(graphtest.Policy{ID: "off", Name: "Old", State: "disabled"})
	ask := func(q graph.Question) map[string]string {
		q.UserID = svc
		got, err := k.c.WhatIf(t.Context(), q)
		if err != nil {
			t.Error(err)
		}
		out := map[string]string{}
		for _, v := range got {
			out[v.Policy.ID] = strconv.FormatBool(v.Applies) + " " + strings.Join(v.Reasons, ",")
			if len(v.Policy.Unmodelled) > 0 {
				t.Errorf("%s: %v", v.Policy.ID, v.Policy.Unmodelled)
			}
		}
		return out
	}
	for name, row := range map[string]struct {
		q    graph.Question
		want map[string]string
	}{
		"from inside the fence":  {graph.Question{Apps: []string{"sp"}, Address: netip.MustParseAddr("20.50.2.9"), Country: "DE", Client: "other", SignInRisk: "none"}, map[string]string{"mfa": "false users", "fence": "false location", "register": "false userActions", "off": "false policyNotEnabled"}},
		"from outside":           {graph.Question{Apps: []string{"sp"}, Address: netip.MustParseAddr("20.50.2.8"), Platform: "linux", UserRisk: "low"}, map[string]string{"mfa": "false users", "fence": "true ", "register": "false userActions", "off": "false policyNotEnabled"}},
		"without an address":     {graph.Question{Apps: []string{"sp"}}, map[string]string{"mfa": "false users", "fence": "false notEnoughInformation", "register": "false userActions", "off": "false policyNotEnabled"}},
		"registering from there": {graph.Question{Action: "registerSecurityInformation", Address: netip.MustParseAddr("20.50.2.9")}, map[string]string{"mfa": "false userActions,users", "fence": "false location,userActions", "register": "true ", "off": "false policyNotEnabled"}},
	} {
		if diff := cmp.Diff(row.want, ask(row.q)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, err := k.c.WhatIf(t.Context(), graph.Question{UserID: svc, Apps: []string{"sp"}, Client: "telepathy"}); err == nil {
		t.Error("a client that nobody knows was asked about")
	}
	if _, err := k.c.WhatIf(t.Context(), graph.Question{UserID: "nobody", Apps: []string{"sp"}}); err == nil {
		t.Error("nobody was asked about")
	}
}

func TestCountriesAreLocationsToo(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	id := k.tenant.AddLocation(graphtest.Location{Name: "Near", Countries: []string{"DE", "AT"}, Unknown: true})
	got, err := k.c.Location(t.Context(), id)
	if diff := cmp.Diff(graph.Location{ID: id, Name: "Near", Countries: []string{"DE", "AT"}, Unknown: true}, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
}

func TestAGuestsNameIsAName(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.tenant.AddUser(graphtest.User{UPN: "x_partner.com#EXT#@contoso.onmicrosoft.com", Enabled: true, Guest: true})
	if u, err := k.c.User(t.Context(), "x_partner.com#EXT#@contoso.onmicrosoft.com"); err != nil || !u.Guest {
		t.Errorf("%+v, %v", u, err)
	}
	sent := len(k.sent)
	for _, name := range []string{"", "..", "a/b", `a\b`, "../groups/g", "%2e%2e"} {
		if _, err := k.c.User(t.Context(), name); !graph.IsNotFound(err) || len(k.sent) != sent {
			t.Errorf("%q: %v after %v", name, err, k.sent[sent:])
		}
	}
}

func TestUnmodelledConditionsReachThePolicy(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	k.tenant.AddPolicy(graphtest.Policy{Name: "New", State: "enabled", Extra: map[string]any{"moonPhases": []string{"full"}}})
	got, err := k.c.Policies(t.Context())
	if err != nil || !slices.Equal(got[0].Unmodelled, []string{"conditions.moonPhases"}) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = k.c.WhatIf(t.Context(), graph.Question{UserID: svc, Apps: []string{"a"}})
	if e, ok := errors.AsType[*graph.Error](err); !ok || e.Status != http.StatusNotImplemented {
		t.Errorf("the tenant guesses: %v", err)
	}
}

func TestConsentIsNoticed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	a := k.tenant.AddApp(graphtest.App{Name: "AgilePoint NX"})
	before, err := k.c.Granted(t.Context(), a.ID)
	k.tenant.Grant("cleo@contoso.com", a.ID, "Sites.Selected")
	after, err2 := k.c.Granted(t.Context(), a.ID)
	if err != nil || err2 != nil || len(before) != 0 || !slices.Equal(after, []string{"Sites.Selected"}) {
		t.Errorf("%v, %v, then %v, %v", before, err, after, err2)
	}
}
