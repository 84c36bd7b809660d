package evaluate_test

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass/graph"
	"hallpass/graph/evaluate"
	"hallpass/graph/graphtest"
)

// What If of the emulated tenant is an evaluation of its own. Over random policies and sign-ins both must say the same, or
// this one must say what it depends on.
func TestThePredictionAgreesWithWhatIf(t *testing.T) {
	t.Parallel()
	applied, not := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := graphtest.New(graphtest.Options{Now: time.Now, Rate: -1})
		app := w.AddApp(graphtest.App{Name: "hallpass", Roles: []string{"Policy.Read.All", "GroupMember.Read.All", "User.Read.All", "RoleManagement.Read.Directory"}})
		user := w.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
		inner := w.AddGroup(graphtest.Group{Name: "Inner", Security: true}, user)
		outer := w.AddGroup(graphtest.Group{Name: "Outer", Security: true}, inner)
		strangers := w.AddGroup(graphtest.Group{Name: "Strangers", Security: true})
		w.AddRole(graphtest.RoleAssignment{Principal: user, Role: "role-held", Name: "Reader"})
		w.AddRole(graphtest.RoleAssignment{Principal: user, Role: "role-eligible", Name: "Writer", Eligible: true})
		w.AddRole(graphtest.RoleAssignment{Principal: user, Role: "role-scoped", Name: "Helper", Scope: "/administrativeUnits/x"})
		places := []string{
			w.AddLocation(graphtest.Location{Name: "Narrow", Ranges: []string{"20.50.2.1/32"}}),
			w.AddLocation(graphtest.Location{Name: "Wide", Trusted: true, Ranges: []string{"20.50.0.9/16", "2600:1::/32"}}),
			w.AddLocation(graphtest.Location{Name: "Elsewhere", Ranges: []string{"52.1.0.0/16"}}),
		}
		some := func(name string, from ...string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 2, rapid.ID[string]).Draw(t, name)
		}
		apps := []string{sharePoint, "00000002-0000-0ff1-ce00-000000000000", "a9117e00-0000-4000-a000-000000000001"}
		for range rapid.IntRange(1, 4).Draw(t, "policies") {
			p := graphtest.Policy{
				Name: "p", State: rapid.SampledFrom([]string{"enabled", "disabled", evaluate.ReportOnly}).Draw(t, "state"),
				IncludeUsers: some("users", "All", user, "None"), ExcludeUsers: some("not users", user, "GuestsOrExternalUsers"),
				IncludeGroups: some("groups", inner, outer, strangers), ExcludeGroups: some("not groups", outer, strangers),
				IncludeRoles: some("roles", "role-held", "role-eligible", "role-scoped"), ExcludeRoles: some("not roles", "role-eligible", "role-scoped"),
				ExcludeApps: some("not apps", apps[0], apps[2]), ClientApps: some("clients", "browser", "mobileAppsAndDesktopClients", "other"),
				ExcludeLocations: some("not places", places[0], "AllTrusted"), SignInRisk: some("risk", "high", "none"),
				Grants: []string{rapid.SampledFrom([]string{"mfa", "block", "compliantDevice"}).Draw(t, "grant")},
			}
			if rapid.Bool().Draw(t, "everybody") {
				p.IncludeUsers, p.ExcludeRoles, p.ExcludeUsers = []string{"All"}, nil, nil
				if rapid.Bool().Draw(t, "really") {
					p.ExcludeGroups, p.ClientApps, p.SignInRisk = nil, nil, nil
				}
			}
			if p.IncludeApps = some("apps", "All", apps[0], apps[1], "Office365"); len(p.IncludeApps) == 0 {
				p.IncludeApps = []string{"All"}
			}
			if len(p.ExcludeLocations) > 0 || rapid.Bool().Draw(t, "placed") {
				p.IncludeLocations = []string{rapid.SampledFrom([]string{"All", "AllTrusted", places[1], places[2]}).Draw(t, "place")}
			}
			if rapid.IntRange(0, 5).Draw(t, "action") == 0 {
				p.IncludeApps, p.ExcludeApps, p.Actions = nil, nil, []string{evaluate.RegisterSecurityInfo}
			}
			w.AddPolicy(p)
		}
		c, err := graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: w.Credential(app.ID), Transport: w.Transport(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		var tenant evaluate.Tenant
		if tenant.Policies, err = c.Policies(t.Context()); err != nil {
			t.Fatal(err)
		}
		if tenant.Locations, err = c.Locations(t.Context()); err != nil {
			t.Fatal(err)
		}
		address := netip.MustParseAddr(rapid.SampledFrom([]string{"20.50.2.1", "20.50.9.9", "52.1.2.3", "8.8.8.8", "2600:1::5"}).Draw(t, "address"))
		asked := apps[rapid.IntRange(0, 2).Draw(t, "app")]
		client := rapid.SampledFrom([]string{"browser", "mobileAppsAndDesktopClients", "other"}).Draw(t, "client")
		verdicts, err := c.WhatIf(t.Context(), graph.Question{UserID: user, Apps: []string{asked}, Address: address, Client: client, SignInRisk: "none", UserRisk: "none"})
		if err != nil {
			t.Fatal(err)
		}
		sign := evaluate.SignIn{
			Account: evaluate.Account{ID: user, Groups: []string{inner, outer}, GroupsKnown: true, Roles: []string{"role-held"}, RolesKnown: true},
			From:    netip.PrefixFrom(address, address.BitLen()), Apps: []string{asked}, Clients: []string{client},
		}
		for _, v := range verdicts {
			got := tenant.Applies(v.Policy, sign)
			if v.Policy.State == "disabled" {
				continue
			}
			if got.Word == evaluate.Yes {
				applied++
			}
			if got.Word == evaluate.No {
				not++
			}
			if got.Word == evaluate.Yes && !v.Applies || got.Word == evaluate.No && v.Applies {
				t.Fatalf("the prediction is %+v; What If says %v, %v\n%+v", got, v.Applies, v.Reasons, v.Policy)
			}
		}
	})
	t.Logf("%d apply, %d do not", applied, not)
	if applied == 0 || not == 0 {
		t.Errorf("too little was judged: %d apply, %d do not", applied, not)
	}
}
