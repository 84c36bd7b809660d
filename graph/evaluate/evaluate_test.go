package evaluate_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// The tenant of these tests: an office, a zone, and who is in it.
const (
	zoneGroup, zoneLocation, office, abroad = "g-zone", "l-zone", "l-office", "l-country"
	svc                                     = "u-svc"
	sharePoint                              = "00000003-0000-0ff1-ce00-000000000000"
)

func everybody(name string, change func(p *graph.Policy)) graph.Policy {
	p := graph.Policy{
		ID: "p-" + name, Name: name, State: evaluate.Enabled, IncludeUsers: []string{"All"}, IncludeApps: []string{"All"},
		ClientAppTypes: []string{"all"}, Operator: "OR", Grants: []string{"mfa"},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func fence() graph.Policy {
	return everybody("fence", func(p *graph.Policy) {
		p.IncludeUsers, p.IncludeGroups, p.Grants = nil, []string{zoneGroup}, []string{"block"}
		p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{zoneLocation}
	})
}

func registration() graph.Policy {
	return everybody("registration", func(p *graph.Policy) {
		p.IncludeUsers, p.IncludeGroups, p.Grants = nil, []string{zoneGroup}, []string{"block"}
		p.IncludeApps, p.UserActions = nil, []string{evaluate.RegisterSecurityInfo}
	})
}

func mfa() graph.Policy {
	return everybody("mfa", func(p *graph.Policy) { p.ExcludeGroups = []string{zoneGroup} })
}

func tenant(more ...graph.Policy) evaluate.Tenant {
	return evaluate.Tenant{
		Policies: append([]graph.Policy{mfa(), fence(), registration()}, more...),
		Locations: []graph.Location{
			{ID: zoneLocation, Name: "Zone", IP: true, Ranges: []string{"20.50.2.1/32"}},
			{ID: office, Name: "Office", IP: true, Trusted: true, Ranges: []string{"52.166.10.7/28"}}, // host bits set, as Entra ID may have them
			{ID: abroad, Name: "Abroad"},
		},
	}
}

func zone() evaluate.Zone {
	return evaluate.Zone{Group: zoneGroup, Location: zoneLocation, MFA: []string{"p-mfa"}, Fence: "p-fence", Registration: "p-registration"}
}

func goodGroup() evaluate.Group {
	return evaluate.Group{Group: graph.Group{ID: zoneGroup, Name: "Zone", Security: true}}
}

// in is a sign-in of the account, a member of the zone.
func in(from string) evaluate.SignIn {
	return evaluate.SignIn{
		Account: evaluate.Account{ID: svc, Groups: []string{zoneGroup}, GroupsKnown: true, RolesKnown: true},
		From:    netip.MustParsePrefix(from), Apps: []string{sharePoint}, Clients: []string{"mobileAppsAndDesktopClients"},
	}
}

func TestAZoneAsItMustBeHolds(t *testing.T) {
	t.Parallel()
	if got := tenant().Broken(zone(), goodGroup()); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	inside, outside, stranger := in("20.50.2.1/32"), in("20.50.2.2/32"), in("20.50.2.1/32")
	stranger.Account.ID, stranger.Account.Groups = "u-ana", nil
	for name, row := range map[string]struct {
		s       evaluate.SignIn
		mfa     evaluate.Word
		blocked bool
	}{"from inside": {inside, evaluate.No, false}, "from outside": {outside, evaluate.No, true}, "somebody else from inside": {stranger, evaluate.Yes, false}} {
		if got := tenant().MFA(row.s).Word; got != row.mfa {
			t.Errorf("%s: MFA %v", name, got)
		}
		if got := tenant().Blocked(row.s); got != row.blocked {
			t.Errorf("%s: blocked %v", name, got)
		}
	}
	enrol := in("20.50.2.1/32")
	enrol.Apps, enrol.Action = nil, evaluate.RegisterSecurityInfo
	if !tenant().Blocked(enrol) {
		t.Error("a stolen password can enrol a method")
	}
}

// Every row breaks the zone in one way; the finding must name it.
func TestEveryWayToBreakAFenceIsFound(t *testing.T) {
	t.Parallel()
	type broken struct {
		want   string
		change func(t *evaluate.Tenant, g *evaluate.Group)
	}
	one := func(id string, change func(p *graph.Policy)) func(*evaluate.Tenant, *evaluate.Group) {
		return func(t *evaluate.Tenant, _ *evaluate.Group) {
			change(&t.Policies[slices.IndexFunc(t.Policies, func(p graph.Policy) bool { return p.ID == id })])
		}
	}
	grp := func(change func(g *evaluate.Group)) func(*evaluate.Tenant, *evaluate.Group) {
		return func(_ *evaluate.Tenant, g *evaluate.Group) { change(g) }
	}
	f, r := func(change func(p *graph.Policy)) func(*evaluate.Tenant, *evaluate.Group) {
		return one("p-fence", change)
	},
		func(change func(p *graph.Policy)) func(*evaluate.Tenant, *evaluate.Group) {
			return one("p-registration", change)
		}
	rows := map[string]broken{
		"off":                  {"is off", f(func(p *graph.Policy) { p.State = "disabled" })},
		"report-only":          {"only reports", f(func(p *graph.Policy) { p.State = evaluate.ReportOnly })},
		"unknown parts":        {"does not know: x", f(func(p *graph.Policy) { p.Unmodelled = []string{"x"} })},
		"one app":              {"all resources", f(func(p *graph.Policy) { p.IncludeApps = []string{sharePoint} })},
		"an app left out":      {"leaves out SharePoint", f(func(p *graph.Policy) { p.ExcludeApps = []string{sharePoint} })},
		"an app filter":        {"filtered apps", f(func(p *graph.Policy) { p.AppFilter = &graph.Filter{} })},
		"a context":            {"authentication contexts", f(func(p *graph.Policy) { p.AuthContexts = []string{"c1"} })},
		"some clients":         {"every kind of client", f(func(p *graph.Policy) { p.ClientAppTypes = []string{"browser"} })},
		"one place":            {"any location", f(func(p *graph.Policy) { p.IncludeLocations = []string{office} })},
		"another place out":    {"zone's location and nothing else", f(func(p *graph.Policy) { p.ExcludeLocations = append(p.ExcludeLocations, office) })},
		"nothing left out":     {"zone's location and nothing else", f(func(p *graph.Policy) { p.ExcludeLocations = nil })},
		"a platform":           {"platform", f(func(p *graph.Policy) { p.IncludePlatforms = []string{"windows"} })},
		"a platform left out":  {"platform", f(func(p *graph.Policy) { p.ExcludePlatforms = []string{"linux"} })},
		"a device filter":      {"the device", f(func(p *graph.Policy) { p.DeviceFilter = &graph.Filter{} })},
		"a sign-in risk":       {"a risk", f(func(p *graph.Policy) { p.SignInRisk = []string{"high"} })},
		"a user risk":          {"a risk", f(func(p *graph.Policy) { p.UserRisk = []string{"high"} })},
		"an insider risk":      {"a risk", f(func(p *graph.Policy) { p.InsiderRisk = []string{"minor"} })},
		"a flow":               {"flow", f(func(p *graph.Policy) { p.Flows = []string{"deviceCodeFlow"} })},
		"a user left out":      {"leaves users", f(func(p *graph.Policy) { p.ExcludeUsers = []string{svc} })},
		"a group left out":     {"leaves users", f(func(p *graph.Policy) { p.ExcludeGroups = []string{"g"} })},
		"a role left out":      {"leaves users", f(func(p *graph.Policy) { p.ExcludeRoles = []string{"r"} })},
		"guests left out":      {"leaves users", f(func(p *graph.Policy) { p.ExcludeGuests = &graph.Guests{} })},
		"another group":        {"exactly the zone's group", f(func(p *graph.Policy) { p.IncludeGroups = []string{"g"} })},
		"everybody":            {"exactly the zone's group", f(func(p *graph.Policy) { p.IncludeUsers = []string{"All"} })},
		"MFA instead":          {"does not block", f(func(p *graph.Policy) { p.Grants = []string{"mfa"} })},
		"gone":                 {"fence policy p-fence is not", f(func(p *graph.Policy) { p.ID = "else" })},
		"registration gone":    {"registration policy p-registration is not", r(func(p *graph.Policy) { p.ID = "else" })},
		"registration off":     {"registration block “registration” is off", r(func(p *graph.Policy) { p.State = "disabled" })},
		"another action":       {"registration of security", r(func(p *graph.Policy) { p.UserActions = []string{"urn:user:registerdevice"} })},
		"registration placed":  {"depends on the location", r(func(p *graph.Policy) { p.ExcludeLocations = []string{office} })},
		"MFA does not exclude": {"“mfa” does not exclude", one("p-mfa", func(p *graph.Policy) { p.ExcludeGroups = nil })},
		"MFA gone":             {"MFA policy p-mfa is not", one("p-mfa", func(p *graph.Policy) { p.ID = "else" })},
		"not security":         {"not a security group", grp(func(g *evaluate.Group) { g.Security = false })},
		"synced":               {"synchronised", grp(func(g *evaluate.Group) { g.Synced = true })},
		"dynamic":              {"dynamic", grp(func(g *evaluate.Group) { g.Dynamic = true })},
		"role-assignable":      {"roles", grp(func(g *evaluate.Group) { g.RoleAssignable = true })},
		"licensed":             {"licences", grp(func(g *evaluate.Group) { g.Licensed = true })},
		"nested":               {"groups as members", grp(func(g *evaluate.Group) { g.Nested = []string{"g"} })},
		"in a group":           {"member of 1 other", grp(func(g *evaluate.Group) { g.Parents = []string{"g"} })},
		"location gone":        {"not a named location", func(t *evaluate.Tenant, _ *evaluate.Group) { t.Locations = nil }},
		"location trusted":     {"is trusted", func(t *evaluate.Tenant, _ *evaluate.Group) { t.Locations[0].Trusted = true }},
		"excluded elsewhere": {"“more” excludes the zone's group", func(t *evaluate.Tenant, _ *evaluate.Group) {
			t.Policies = append(t.Policies, everybody("more", func(p *graph.Policy) { p.State, p.ExcludeGroups = "disabled", []string{zoneGroup} }))
		}},
		"included elsewhere": {"“more” includes the zone's group", func(t *evaluate.Tenant, _ *evaluate.Group) {
			t.Policies = append(t.Policies, everybody("more", func(p *graph.Policy) { p.IncludeGroups = []string{zoneGroup} }))
		}},
		"location elsewhere": {"“more” uses the zone's location", func(t *evaluate.Tenant, _ *evaluate.Group) {
			t.Policies = append(t.Policies, everybody("more", func(p *graph.Policy) { p.ExcludeLocations = []string{zoneLocation} }))
		}},
	}
	for name, row := range rows {
		w, g := tenant(), goodGroup()
		row.change(&w, &g)
		got := w.Broken(zone(), g)
		if len(got) == 0 || !slices.ContainsFunc(got, func(f evaluate.Finding) bool { return strings.Contains(f.What, row.want) && f.Do != "" }) {
			t.Errorf("%s: %+v does not say %q", name, got, row.want)
		}
	}
}

func TestWhetherAPolicyApplies(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(p *graph.Policy)
		sign   func(s *evaluate.SignIn)
		want   evaluate.Word
		why    string
	}{
		"everybody, everything":             {nil, nil, evaluate.Yes, ""},
		"somebody else":                     {func(p *graph.Policy) { p.IncludeUsers = []string{"u"} }, nil, evaluate.No, ""},
		"named":                             {func(p *graph.Policy) { p.IncludeUsers = []string{svc} }, nil, evaluate.Yes, ""},
		"nobody":                            {func(p *graph.Policy) { p.IncludeUsers = []string{"None"} }, nil, evaluate.No, ""},
		"left out by name":                  {func(p *graph.Policy) { p.ExcludeUsers = []string{svc} }, nil, evaluate.No, ""},
		"left out by a group":               {func(p *graph.Policy) { p.ExcludeGroups = []string{zoneGroup} }, nil, evaluate.No, ""},
		"a group, and groups are not known": {func(p *graph.Policy) { p.ExcludeGroups = []string{"g"} }, func(s *evaluate.SignIn) { s.Account.GroupsKnown = false }, evaluate.Unknown, "groups"},
		"a role, and roles are not known":   {func(p *graph.Policy) { p.IncludeUsers, p.IncludeRoles = nil, []string{"r"} }, func(s *evaluate.SignIn) { s.Account.RolesKnown = false }, evaluate.Unknown, "roles"},
		"a role that it has not":            {func(p *graph.Policy) { p.IncludeUsers, p.IncludeRoles = nil, []string{"r"} }, nil, evaluate.No, ""},
		"service principals":                {func(p *graph.Policy) { p.IncludeUsers, p.Workloads = nil, &graph.Workloads{} }, nil, evaluate.No, ""},
		"guests":                            {func(p *graph.Policy) { p.IncludeUsers, p.IncludeGuests = nil, &graph.Guests{} }, nil, evaluate.No, ""},
		"SharePoint":                        {func(p *graph.Policy) { p.IncludeApps = []string{sharePoint} }, nil, evaluate.Yes, ""},
		"Office 365":                        {func(p *graph.Policy) { p.IncludeApps = []string{"Office365"} }, nil, evaluate.Yes, ""},
		"admin portals":                     {func(p *graph.Policy) { p.IncludeApps = []string{"MicrosoftAdminPortals"} }, nil, evaluate.No, ""},
		"another app":                       {func(p *graph.Policy) { p.IncludeApps = []string{"a"} }, nil, evaluate.No, ""},
		"SharePoint left out":               {func(p *graph.Policy) { p.ExcludeApps = []string{sharePoint} }, nil, evaluate.No, ""},
		"an app, and which is not known":    {func(p *graph.Policy) { p.IncludeApps = []string{"a"} }, func(s *evaluate.SignIn) { s.Apps = nil }, evaluate.If, "signs in to"},
		"one of two apps":                   {func(p *graph.Policy) { p.IncludeApps = []string{"a"} }, func(s *evaluate.SignIn) { s.Apps = []string{sharePoint, "a"} }, evaluate.Yes, ""},
		"a user action":                     {func(p *graph.Policy) { p.IncludeApps, p.UserActions = nil, []string{evaluate.RegisterSecurityInfo} }, nil, evaluate.No, ""},
		"an authentication context":         {func(p *graph.Policy) { p.IncludeApps, p.AuthContexts = nil, []string{"c1"} }, nil, evaluate.If, "c1"},
		"legacy clients":                    {func(p *graph.Policy) { p.ClientAppTypes = []string{"other"} }, nil, evaluate.No, ""},
		"legacy clients, and it uses one":   {func(p *graph.Policy) { p.ClientAppTypes = []string{"other"} }, func(s *evaluate.SignIn) { s.Clients = []string{"other"} }, evaluate.Yes, ""},
		"clients, and which is not known":   {func(p *graph.Policy) { p.ClientAppTypes = []string{"other"} }, func(s *evaluate.SignIn) { s.Clients = nil }, evaluate.If, "other"},
		"every platform":                    {func(p *graph.Policy) { p.IncludePlatforms = []string{"all"} }, nil, evaluate.Yes, ""},
		"a platform":                        {func(p *graph.Policy) { p.IncludePlatforms = []string{"iOS"} }, nil, evaluate.If, "iOS"},
		"a risk":                            {func(p *graph.Policy) { p.SignInRisk = []string{"high"} }, nil, evaluate.If, "risk is high"},
		"a device filter":                   {func(p *graph.Policy) { p.DeviceFilter = &graph.Filter{} }, nil, evaluate.If, "device"},
		"a flow":                            {func(p *graph.Policy) { p.Flows = []string{"deviceCodeFlow"} }, nil, evaluate.If, "deviceCodeFlow"},
		"a risk, but somebody else":         {func(p *graph.Policy) { p.SignInRisk, p.IncludeUsers = []string{"high"}, nil }, nil, evaluate.No, ""},
		"unknown parts hide everything":     {func(p *graph.Policy) { p.Unmodelled, p.IncludeUsers = []string{"x"}, nil }, nil, evaluate.Unknown, "x"},
		"the office":                        {func(p *graph.Policy) { p.IncludeLocations = []string{office} }, nil, evaluate.No, ""},
		"the office, from there":            {func(p *graph.Policy) { p.IncludeLocations = []string{office} }, from("52.166.10.3/32"), evaluate.Yes, ""},
		"not from trusted places": {func(p *graph.Policy) {
			p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{"AllTrusted"}
		}, from("52.166.10.3/32"), evaluate.No, ""},
		"half in the office":             {func(p *graph.Policy) { p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{office} }, from("52.166.10.0/24"), evaluate.If, "part"},
		"a country":                      {func(p *graph.Policy) { p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{abroad} }, nil, evaluate.Unknown, "Abroad"},
		"a location that cannot be read": {func(p *graph.Policy) { p.IncludeLocations = []string{"gone"} }, nil, evaluate.Unknown, "gone"},
		"the service settings' trusted IPs": {func(p *graph.Policy) {
			p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{"00000000-0000-0000-0000-000000000000"}
		}, nil, evaluate.Unknown, "service settings"},
		"a country, but the zone is left out": {func(p *graph.Policy) {
			p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{abroad, zoneLocation}
		}, nil, evaluate.No, ""},
	} {
		s := in("20.50.2.1/32")
		if row.sign != nil {
			row.sign(&s)
		}
		got := tenant().Applies(everybody("p", row.change), s)
		if got.Word != row.want || !strings.Contains(strings.Join(got.Why, "; "), row.why) {
			t.Errorf("%s: %+v, want %v %q", name, got, row.want, row.why)
		}
	}
}

func from(prefix string) func(s *evaluate.SignIn) {
	return func(s *evaluate.SignIn) { s.From = netip.MustParsePrefix(prefix) }
}

func TestWhatStopsAJobWithoutAPerson(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(p *graph.Policy)
		want   string // stopped, sometimes, unsure, coming or runs
	}{
		"MFA":                   {nil, "stopped"},
		"report-only is coming": {func(p *graph.Policy) { p.State = evaluate.ReportOnly }, "coming"},
		"off":                   {func(p *graph.Policy) { p.State = "disabled" }, "runs"},
		"a strength": {func(p *graph.Policy) {
			p.Grants, p.Strength = nil, &graph.Strength{Name: "Phishing-resistant", Allowed: []string{"fido2"}}
		}, "stopped"},
		"a strength of passwords":  {func(p *graph.Policy) { p.Grants, p.Strength = nil, &graph.Strength{Allowed: []string{"password"}} }, "runs"},
		"a device":                 {func(p *graph.Policy) { p.Grants = []string{"compliantDevice"} }, "stopped"},
		"terms of use":             {func(p *graph.Policy) { p.Grants, p.TermsOfUse = nil, []string{"t"} }, "stopped"},
		"a custom control":         {func(p *graph.Policy) { p.Grants, p.CustomFactors = nil, []string{"c"} }, "stopped"},
		"sign in every time":       {func(p *graph.Policy) { p.Grants, p.Session.Frequency = nil, &graph.Frequency{EveryTime: true} }, "stopped"},
		"sign in every four hours": {func(p *graph.Policy) { p.Grants, p.Session.Frequency = nil, &graph.Frequency{Value: 4, Unit: "hours"} }, "runs"},
		"token protection":         {func(p *graph.Policy) { p.Grants, p.Session.TokenProtection = nil, true }, "stopped"},
		"watched":                  {func(p *graph.Policy) { p.Grants, p.Session.CloudApps = nil, "monitorOnly" }, "runs"},
		"a block at high risk":     {func(p *graph.Policy) { p.Grants, p.UserRisk = []string{"block"}, []string{"high"} }, "sometimes"},
		"a block by country": {func(p *graph.Policy) {
			p.Grants, p.IncludeLocations, p.ExcludeLocations = []string{"block"}, []string{"All"}, []string{abroad}
		}, "unsure"},
		"unknown parts":                {func(p *graph.Policy) { p.Grants, p.Unmodelled = nil, []string{"x"} }, "unsure"},
		"a block elsewhere":            {func(p *graph.Policy) { p.Grants, p.IncludeLocations = []string{"block"}, []string{office} }, "runs"},
		"password alone or MFA, joint": {func(p *graph.Policy) { p.Operator, p.Strength = "AND", &graph.Strength{Allowed: []string{"password"}} }, "stopped"},
	} {
		runs := tenant(everybody("p", row.change)).Job(in("20.50.2.1/32"))
		got := "runs"
		for word, list := range map[string][]evaluate.Verdict{"stopped": runs.Stopped, "sometimes": runs.Sometimes, "unsure": runs.Unsure, "coming": runs.Coming} {
			if len(list) > 0 {
				got = word
			}
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s (%+v)", name, got, row.want, runs)
		}
	}
}

func TestWhatAnAddressDoesInWords(t *testing.T) {
	t.Parallel()
	out := func(p *graph.Policy) { p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{office} }
	for want, change := range map[string]func(p *graph.Policy){
		"skips MFA":       out,
		"lifts a block":   func(p *graph.Policy) { out(p); p.Grants = []string{"block"} },
		"imposes a block": func(p *graph.Policy) { p.IncludeLocations, p.Grants = []string{"AllTrusted"}, []string{"block"} },
		"imposes MFA":     func(p *graph.Policy) { p.IncludeLocations = []string{office} },
		"changes session control: no longer for the session: sign in again after 4 hours": func(p *graph.Policy) {
			out(p)
			p.Grants, p.Session.Frequency = nil, &graph.Frequency{Value: 4, Unit: "hours"}
		},
		"no longer applies: it demands MFA or a compliant device": func(p *graph.Policy) { out(p); p.Grants = []string{"mfa", "compliantDevice"} },
		"no longer applies; what it does is not known":            func(p *graph.Policy) { out(p); p.Unmodelled = []string{"x"} },
	} {
		w := tenant(everybody("p", change))
		got := w.Address(w.Locations[1])
		if len(got) != 1 || got[0].Does != want {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}
