package graphtest_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"hallpass/graph"
	"hallpass/graph/graphtest"
)

func tokenOptions() policy.TokenRequestOptions {
	return policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}}
}

// The rules of Conditional Access, one by one, as Microsoft's pages state them.
func TestAPolicyAppliesByMicrosoftsRules(t *testing.T) {
	t.Parallel()
	const sharePoint, other, portal = "00000003-0000-0ff1-ce00-000000000000", "11111111-0000-0000-0000-000000000000", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
	at := func(s string) netip.Addr { return netip.MustParseAddr(s) }
	for name, row := range map[string]struct {
		p    graphtest.Policy
		q    graph.Question
		want string // yes, or why not
	}{
		"everybody":                               {graphtest.Policy{}, graph.Question{}, "yes"},
		"report-only is evaluated":                {graphtest.Policy{State: "enabledForReportingButNotEnforced"}, graph.Question{}, "yes"},
		"off":                                     {graphtest.Policy{State: "disabled"}, graph.Question{}, "policyNotEnabled"},
		"nobody":                                  {graphtest.Policy{IncludeUsers: []string{"None"}}, graph.Question{}, "users"},
		"another user":                            {graphtest.Policy{IncludeUsers: []string{"x"}}, graph.Question{}, "users"},
		"in a group":                              {graphtest.Policy{IncludeGroups: []string{"group"}}, graph.Question{}, "yes"},
		"in a group of a group":                   {graphtest.Policy{IncludeGroups: []string{"outer"}}, graph.Question{}, "yes"},
		"excluded by a group of a group":          {graphtest.Policy{ExcludeGroups: []string{"outer"}}, graph.Question{}, "users"},
		"an exclusion beats naming the user":      {graphtest.Policy{IncludeUsers: []string{"svc"}, ExcludeGroups: []string{"group"}}, graph.Question{}, "users"},
		"by a role held":                          {graphtest.Policy{IncludeRoles: []string{"held"}}, graph.Question{}, "yes"},
		"by a role held through a group":          {graphtest.Policy{IncludeRoles: []string{"through"}}, graph.Question{}, "yes"},
		"a role that is only eligible":            {graphtest.Policy{IncludeRoles: []string{"eligible"}}, graph.Question{}, "users"},
		"a role of one administrative unit":       {graphtest.Policy{IncludeRoles: []string{"scoped"}}, graph.Question{}, "users"},
		"guests":                                  {graphtest.Policy{IncludeGuests: "internalGuest,b2bCollaborationGuest"}, graph.Question{}, "users"},
		"a guest among guests":                    {graphtest.Policy{IncludeGuests: "internalGuest,b2bCollaborationGuest"}, graph.Question{UserID: "guest"}, "yes"},
		"a guest, the older way":                  {graphtest.Policy{IncludeUsers: []string{"GuestsOrExternalUsers"}}, graph.Question{UserID: "guest"}, "yes"},
		"guests excluded":                         {graphtest.Policy{ExcludeGuests: "b2bCollaborationGuest"}, graph.Question{UserID: "guest"}, "users"},
		"service principals":                      {graphtest.Policy{Workloads: []string{"ServicePrincipalsInMyTenant"}}, graph.Question{}, "users"},
		"another app":                             {graphtest.Policy{IncludeApps: []string{other}}, graph.Question{}, "application"},
		"Office 365 has SharePoint in it":         {graphtest.Policy{IncludeApps: []string{"Office365"}}, graph.Question{}, "yes"},
		"Office 365 has not everything":           {graphtest.Policy{IncludeApps: []string{"Office365"}}, graph.Question{Apps: []string{other}}, "application"},
		"admin portals":                           {graphtest.Policy{IncludeApps: []string{"MicrosoftAdminPortals"}}, graph.Question{Apps: []string{portal}}, "yes"},
		"an app excluded":                         {graphtest.Policy{ExcludeApps: []string{sharePoint}}, graph.Question{}, "application"},
		"an app excluded by its suite":            {graphtest.Policy{ExcludeApps: []string{"Office365"}}, graph.Question{}, "application"},
		"a user action is no app":                 {graphtest.Policy{Actions: []string{"urn:user:registersecurityinfo"}}, graph.Question{}, "userActions"},
		"the user action":                         {graphtest.Policy{Actions: []string{"urn:user:registersecurityinfo"}}, graph.Question{Action: "registerSecurityInformation"}, "yes"},
		"all apps are no user action":             {graphtest.Policy{}, graph.Question{Action: "registerSecurityInformation"}, "userActions"},
		"an authentication context":               {graphtest.Policy{AuthContexts: []string{"c1"}}, graph.Question{}, "authenticationContext"},
		"a filter of apps":                        {graphtest.Policy{AppFilter: &graphtest.Filter{Mode: "include", Rule: "x"}}, graph.Question{}, "notEnoughInformation"},
		"its client":                              {graphtest.Policy{ClientApps: []string{"browser", "other"}}, graph.Question{Client: "other"}, "yes"},
		"another client":                          {graphtest.Policy{ClientApps: []string{"browser"}}, graph.Question{Client: "other"}, "clientApps"},
		"a client that is not said":               {graphtest.Policy{ClientApps: []string{"browser"}}, graph.Question{}, "notEnoughInformation"},
		"all platforms":                           {graphtest.Policy{IncludePlatforms: []string{"all"}}, graph.Question{}, "yes"},
		"a platform excluded":                     {graphtest.Policy{IncludePlatforms: []string{"all"}, ExcludePlatforms: []string{"linux"}}, graph.Question{Platform: "linux"}, "devicePlatform"},
		"a platform that is not said":             {graphtest.Policy{IncludePlatforms: []string{"all"}, ExcludePlatforms: []string{"linux"}}, graph.Question{}, "notEnoughInformation"},
		"from everywhere":                         {graphtest.Policy{IncludeLocations: []string{"All"}}, graph.Question{}, "yes"},
		"from everywhere but here":                {graphtest.Policy{IncludeLocations: []string{"All"}, ExcludeLocations: []string{"fence"}}, graph.Question{Address: at("20.50.2.9")}, "location"},
		"from everywhere but there":               {graphtest.Policy{IncludeLocations: []string{"All"}, ExcludeLocations: []string{"fence"}}, graph.Question{Address: at("20.50.3.9")}, "yes"},
		"a range with host bits":                  {graphtest.Policy{IncludeLocations: []string{"fence"}}, graph.Question{Address: at("20.50.2.200")}, "yes"},
		"IPv6":                                    {graphtest.Policy{IncludeLocations: []string{"fence"}}, graph.Question{Address: at("2a01:4f8::7")}, "yes"},
		"an address that is not said":             {graphtest.Policy{IncludeLocations: []string{"All"}, ExcludeLocations: []string{"fence"}}, graph.Question{}, "notEnoughInformation"},
		"trusted":                                 {graphtest.Policy{IncludeLocations: []string{"AllTrusted"}}, graph.Question{Address: at("9.9.9.9")}, "yes"},
		"not trusted":                             {graphtest.Policy{IncludeLocations: []string{"AllTrusted"}}, graph.Question{Address: at("20.50.2.9")}, "location"},
		"excluded where trusted":                  {graphtest.Policy{IncludeLocations: []string{"All"}, ExcludeLocations: []string{"AllTrusted"}}, graph.Question{Address: at("9.9.9.9")}, "location"},
		"a country":                               {graphtest.Policy{IncludeLocations: []string{"near"}}, graph.Question{Country: "DE"}, "yes"},
		"another country":                         {graphtest.Policy{IncludeLocations: []string{"near"}}, graph.Question{Country: "FR"}, "location"},
		"a country that is not said":              {graphtest.Policy{IncludeLocations: []string{"near"}}, graph.Question{Address: at("20.50.2.9")}, "notEnoughInformation"},
		"one location decides, the other unknown": {graphtest.Policy{IncludeLocations: []string{"near", "fence"}}, graph.Question{Address: at("20.50.2.9")}, "yes"},
		"a location that is gone":                 {graphtest.Policy{IncludeLocations: []string{"gone"}}, graph.Question{Address: at("20.50.2.9")}, "location"},
		"sign-in risk":                            {graphtest.Policy{SignInRisk: []string{"high"}}, graph.Question{SignInRisk: "high"}, "yes"},
		"no sign-in risk":                         {graphtest.Policy{SignInRisk: []string{"high"}}, graph.Question{SignInRisk: "none"}, "signInRisk"},
		"a sign-in risk that is not said":         {graphtest.Policy{SignInRisk: []string{"high"}}, graph.Question{}, "notEnoughInformation"},
		"user risk":                               {graphtest.Policy{UserRisk: []string{"high"}}, graph.Question{UserRisk: "low"}, "userRisk"},
		"a flow":                                  {graphtest.Policy{Flows: "deviceCodeFlow"}, graph.Question{}, "notEnoughInformation"},
		"insiders":                                {graphtest.Policy{InsiderRisk: "elevated"}, graph.Question{}, "notEnoughInformation"},
		"a filter of devices":                     {graphtest.Policy{DeviceFilter: &graphtest.Filter{Mode: "exclude", Rule: "x"}}, graph.Question{}, "notEnoughInformation"},
		"several reasons":                         {graphtest.Policy{IncludeUsers: []string{"x"}, ClientApps: []string{"browser"}}, graph.Question{Client: "other"}, "clientApps,users"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, graphtest.Options{Rate: -1})
			k.AddUser(graphtest.User{ID: "svc", UPN: "svc@contoso.com", Enabled: true})
			k.AddUser(graphtest.User{ID: "guest", UPN: "g#EXT#@contoso.com", Enabled: true, Guest: true})
			k.AddGroup(graphtest.Group{ID: "group", Security: true}, "svc")
			k.AddGroup(graphtest.Group{ID: "outer", Security: true, RoleAssignable: true}, "group")
			for _, r := range []graphtest.RoleAssignment{{Principal: "svc", Role: "held"}, {Principal: "outer", Role: "through"}, {Principal: "svc", Role: "eligible", Eligible: true}, {Principal: "svc", Role: "scoped", Scope: "/administrativeUnits/x"}} {
				k.AddRole(r)
			}
			k.AddLocation(graphtest.Location{ID: "fence", Ranges: []string{"20.50.2.9/24", "2a01:4f8::/48"}})
			k.AddLocation(graphtest.Location{ID: "office", Trusted: true, Ranges: []string{"9.9.9.0/24"}})
			k.AddLocation(graphtest.Location{ID: "near", Countries: []string{"DE"}})
			if row.p.State == "" {
				row.p.State = "enabled"
			}
			k.AddPolicy(row.p)
			if row.q.UserID == "" {
				row.q.UserID = "svc"
			}
			if row.q.Apps == nil && row.q.Action == "" {
				row.q.Apps = []string{sharePoint}
			}
			got, err := k.c.WhatIf(t.Context(), row.q)
			if err != nil || len(got) != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			says := strings.Join(got[0].Reasons, ",")
			if got[0].Applies {
				says = "yes"
			}
			if says != row.want {
				t.Errorf("%s, want %s", says, row.want)
			}
		})
	}
}

func TestASignInEndsAsTheTenantDecides(t *testing.T) {
	t.Parallel()
	mfa, block := graphtest.Policy{Name: "MFA", State: "enabled"}, graphtest.Policy{Name: "Block", State: "enabled", Grants: []string{"block"}}
	report := graphtest.Policy{Name: "Coming", State: "enabledForReportingButNotEnforced"}
	for name, row := range map[string]struct {
		policies []graphtest.Policy
		user     graphtest.User
		attempt  graphtest.Attempt
		defaults bool
		code     int
		results  []string
	}{
		"no policy":                           {nil, graphtest.User{}, graphtest.Attempt{}, false, graphtest.CodeOK, nil},
		"MFA, and nobody there":               {[]graphtest.Policy{mfa}, graphtest.User{Methods: []string{"fido2"}}, graphtest.Attempt{}, false, graphtest.CodeMFA, []string{"failure"}},
		"MFA, and nothing registered":         {[]graphtest.Policy{mfa}, graphtest.User{}, graphtest.Attempt{}, false, graphtest.CodeRegister, []string{"failure"}},
		"MFA done":                            {[]graphtest.Policy{mfa}, graphtest.User{Methods: []string{"fido2"}}, graphtest.Attempt{MFA: true}, false, graphtest.CodeOK, []string{"success"}},
		"a block beats MFA":                   {[]graphtest.Policy{mfa, block}, graphtest.User{}, graphtest.Attempt{}, false, graphtest.CodeBlocked, []string{"failure", "failure"}},
		"a block beats MFA done":              {[]graphtest.Policy{block, mfa}, graphtest.User{Methods: []string{"fido2"}}, graphtest.Attempt{MFA: true}, false, graphtest.CodeBlocked, []string{"failure", "success"}},
		"report-only stops nothing":           {[]graphtest.Policy{report}, graphtest.User{}, graphtest.Attempt{}, false, graphtest.CodeOK, []string{"reportOnlyInterrupted"}},
		"one control of two":                  {[]graphtest.Policy{{State: "enabled", Grants: []string{"mfa", "compliantDevice"}}}, graphtest.User{}, graphtest.Attempt{CompliantDevice: true}, false, graphtest.CodeOK, []string{"success"}},
		"both controls":                       {[]graphtest.Policy{{State: "enabled", Operator: "AND", Grants: []string{"mfa", "compliantDevice"}}}, graphtest.User{}, graphtest.Attempt{MFA: true}, false, graphtest.CodeDevice, []string{"failure"}},
		"a strength is MFA, too":              {[]graphtest.Policy{{State: "enabled", Strength: "Phishing-resistant"}}, graphtest.User{Methods: []string{"sms"}}, graphtest.Attempt{}, false, graphtest.CodeMFA, []string{"failure"}},
		"a session control stops nothing":     {[]graphtest.Policy{{State: "enabled", Session: map[string]any{"persistentBrowser": map[string]any{"mode": "never", "isEnabled": true}}}}, graphtest.User{}, graphtest.Attempt{}, false, graphtest.CodeOK, []string{"success"}},
		"per-user MFA asks, excluded or not":  {[]graphtest.Policy{{State: "enabled", ExcludeUsers: []string{"svc"}}}, graphtest.User{MFAState: "enforced", Methods: []string{"sms"}}, graphtest.Attempt{}, false, graphtest.CodeMFA, []string{"notApplied"}},
		"security defaults know no exclusion": {[]graphtest.Policy{{State: "enabled", ExcludeUsers: []string{"svc"}}}, graphtest.User{}, graphtest.Attempt{}, true, graphtest.CodeRegister, nil},
		"wrong password":                      {[]graphtest.Policy{mfa}, graphtest.User{}, graphtest.Attempt{WrongPwd: true}, false, graphtest.CodeWrongPassword, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, graphtest.Options{Rate: -1})
			row.user.ID, row.user.UPN, row.user.Enabled = "svc", "svc@contoso.com", true
			k.AddUser(row.user)
			for _, p := range row.policies {
				k.AddPolicy(p)
			}
			k.SetSecurityDefaults(row.defaults)
			row.attempt.User, row.attempt.ResourceID = "svc", "sp"
			got := k.SignIn(row.attempt)
			var results []string
			for _, p := range got.Policies {
				results = append(results, p.Result)
			}
			if got.Code != row.code || !slices.Equal(results, row.results) {
				t.Errorf("%d %v, want %d %v", got.Code, results, row.code, row.results)
			}
			log, err := k.c.SignIns(t.Context(), graph.SignInQuery{UserID: "svc", Since: k.clock.now})
			if err != nil || len(log.List) != 1 || log.List[0].Code != row.code {
				t.Errorf("the log: %+v, %v", log.List, err)
			}
		})
	}
}

// What no call of Graph shows decides all the same.
func TestTheServiceSettingsAreTrustedToo(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1})
	k.AddUser(graphtest.User{ID: "svc", UPN: "svc@contoso.com", Enabled: true, MFAState: "enforced", Methods: []string{"sms"}})
	k.AddPolicy(graphtest.Policy{State: "enabled", IncludeLocations: []string{"All"}, ExcludeLocations: []string{"AllTrusted"}})
	k.AddPolicy(graphtest.Policy{State: "enabled", IncludeLocations: []string{"All"}, ExcludeLocations: []string{"00000000-0000-0000-0000-000000000000"}})
	in := func(address string, intranet bool) int {
		return k.SignIn(graphtest.Attempt{User: "svc", ResourceID: "sp", Address: netip.MustParseAddr(address), Intranet: intranet}).Code
	}
	if got := in("20.50.2.9", true); got != graphtest.CodeMFA {
		t.Errorf("before: %d", got)
	}
	k.SetServiceSettings(graphtest.ServiceSettings{TrustedIPs: []string{"20.50.2.9/32"}})
	if got := in("20.50.2.9", false); got != graphtest.CodeOK {
		t.Errorf("from a trusted IP: %d", got)
	}
	if got := in("20.50.2.8", true); got != graphtest.CodeMFA {
		t.Errorf("from another: %d", got)
	}
	k.SetServiceSettings(graphtest.ServiceSettings{SkipIntranet: true})
	if got := in("20.50.2.8", true); got != graphtest.CodeOK {
		t.Errorf("from inside: %d", got)
	}
	if l, err := k.c.Locations(t.Context()); err != nil || len(l) != 0 {
		t.Errorf("Graph shows them: %v, %v", l, err)
	}
}
