package entra_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

// job is AgilePoint NX signing in with its service account and nobody there, by the tenant's own judgement.
func job(k *kit, change func(a *graphtest.Attempt)) graphtest.SignIn {
	a := graphtest.Attempt{
		User: svc, App: "AgilePoint NX", AppID: "a9117e00-0000-4000-a000-000000000001", Resource: "Office 365 SharePoint Online",
		ResourceID: "00000003-0000-0ff1-ce00-000000000000", Address: netip.MustParseAddr("20.50.2.1"), Country: "DE", Client: "mobileAppsAndDesktopClients",
		Kind: "nonInteractiveUser", Protocol: "ropc",
	}
	if change != nil {
		change(&a)
	}
	return k.tenant.SignIn(a)
}

func logged(code int, change func(s *graphtest.SignIn)) func(k *kit, z entra.Zone) {
	return func(k *kit, _ entra.Zone) {
		s := graphtest.SignIn{
			User: svc, At: noon().Add(-time.Hour), App: "AgilePoint NX", Resource: "Office 365 SharePoint Online", ResourceID: "00000003-0000-0ff1-ce00-000000000000",
			Client: "Mobile Apps and Desktop clients", Address: netip.MustParseAddr("20.50.2.1"), Code: code,
		}
		if change != nil {
			change(&s)
		}
		k.tenant.LogSignIn(s)
	}
}

// Every row is a tenant with an account: what stops it, and the best of hallpass's own ways that fits; "none" if no exemption
// does, "refused" if there is no advice at all.
func TestTheAdviserOverTenantsWithAccounts(t *testing.T) {
	t.Parallel()
	signs := func(k *kit, _ entra.Zone) { job(k, nil) }
	then := func(changes ...func(*kit, entra.Zone)) func(*kit, entra.Zone) {
		return func(k *kit, z entra.Zone) {
			for _, change := range changes {
				change(k, z)
			}
		}
	}
	policy := func(p graphtest.Policy) func(*kit, entra.Zone) {
		return func(k *kit, _ entra.Zone) { p.ID = ""; k.tenant.AddPolicy(p) }
	}
	user := func(change func(u *graphtest.User)) func(*kit, entra.Zone) {
		return func(k *kit, _ entra.Zone) { k.tenant.ChangeUser(svc, change) }
	}
	federated := func(mfa string) func(*kit, entra.Zone) {
		return func(k *kit, _ entra.Zone) {
			k.tenant.AddDomain(graphtest.Domain{Name: "contoso.com", Federated: true, MFA: mfa})
		}
	}
	busy := func(k *kit, _ entra.Zone) { // with more sign-ins than are looked at
		for range 2001 {
			signsIn(k, func(s *graphtest.SignIn) { s.At = noon().Add(-48 * time.Hour) })
		}
	}
	defaults := func(k *kit, _ entra.Zone) { k.tenant.SetSecurityDefaults(true) }
	noZone := func(k *kit, _ entra.Zone) { k.o.zones = nil }
	out := func(k *kit, z entra.Zone) { // the MFA policy leaves out the location of the rules file
		k.tenant.ChangePolicy("dana", z.MFA[0], func(p *graphtest.Policy) {
			p.IncludeLocations, p.ExcludeLocations = []string{"All"}, []string{k.o.loc}
		})
	}
	excluded := func(k *kit, z entra.Zone) { // … and the exclusion group
		k.tenant.ChangePolicy("dana", z.MFA[0], func(p *graphtest.Policy) { p.ExcludeGroups = append(p.ExcludeGroups, k.o.grp) })
	}
	from := func(country string, asn int) func(*kit, entra.Zone) {
		return logged(50076, func(s *graphtest.SignIn) { s.Country, s.ASN = country, asn })
	}
	const zone, location, exclusion, none, refused = string(approvals.WayZone), string(approvals.WayLocation), string(approvals.WayExclusion), "none", "refused"
	for name, row := range map[string]struct {
		tenant func(k *kit, z entra.Zone)
		q      approvals.Question
		stops  string
		best   string
	}{
		"MFA by a policy, a zone is there":         {signs, approvals.Question{}, "the policy “MFA” (AADSTS50079) (AgilePoint NX, 23 Nov 12:00 UTC)", zone},
		"with a method, so it is only asked":       {then(user(func(u *graphtest.User) { u.Methods = []string{"mobilePhone"} }), signs), approvals.Question{}, "the policy “MFA” (AADSTS50076)", zone},
		"no zone, a location that is left out":     {then(noZone, out, signs), approvals.Question{}, "the policy “MFA”", location},
		"no zone, and the location does nothing":   {then(noZone, excluded, signs), approvals.Question{}, "the policy “MFA”", exclusion},
		"no zone, and no policy excludes anything": {then(noZone, signs), approvals.Question{}, "the policy “MFA”", none},
		"security defaults":                        {then(defaults, signs), approvals.Question{}, "security defaults ask everybody", none},
		"per-user MFA enforced":                    {then(user(func(u *graphtest.User) { u.MFAState = "enforced" }), logged(50076, nil)), approvals.Question{}, "per-user MFA is enforced", none},
		"per-user MFA enabled":                     {then(user(func(u *graphtest.User) { u.MFAState = "enabled" }), logged(50079, nil)), approvals.Question{}, "per-user MFA is enabled", none},
		"a wrong password":                         {func(k *kit, _ entra.Zone) { job(k, func(a *graphtest.Attempt) { a.WrongPwd = true }) }, approvals.Question{}, "It is not MFA that stops it: its user name or password is wrong (AADSTS50126)", none},
		"an expired password":                      {logged(50055, nil), approvals.Question{}, "its password has expired", none},
		"locked":                                   {logged(50053, nil), approvals.Question{}, "it is locked", none},
		"no consent":                               {logged(65001, nil), approvals.Question{}, "the application has no consent", none},
		"not assigned":                             {logged(50105, nil), approvals.Question{}, "it is not assigned to the application", none},
		"blocked by a policy":                      {then(policy(graphtest.Policy{Name: "No legacy", State: "enabled", Grants: []string{"block"}, ClientApps: []string{"other"}}), func(k *kit, _ entra.Zone) { job(k, func(a *graphtest.Attempt) { a.Client = "other" }) }), approvals.Question{}, "A policy stops it: the policy “No legacy”", none},
		"a device is demanded as well":             {then(policy(graphtest.Policy{Name: "Devices", State: "enabled", Grants: []string{"compliantDevice"}}), signs), approvals.Question{}, "the policy “MFA”", none},
		"a device, report-only":                    {then(policy(graphtest.Policy{Name: "Devices", State: "enabledForReportingButNotEnforced", Grants: []string{"compliantDevice"}}), signs), approvals.Question{}, "the policy “MFA”", zone},
		"a strength for another app":               {then(policy(graphtest.Policy{Name: "Strong", State: "enabled", Strength: "Phishing-resistant MFA", IncludeApps: []string{"b0000000-0000-4000-a000-000000000001"}}), signs), approvals.Question{}, "the policy “MFA”", zone},
		"Azure CLI": {logged(50076, func(s *graphtest.SignIn) {
			s.App, s.AppID = "Microsoft Azure CLI", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
		}), approvals.Question{}, "Microsoft demands it of everybody there", none},
		"Azure portal":                            {logged(50074, func(s *graphtest.SignIn) { s.App, s.AppID = "Azure Portal", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c" }), approvals.Question{}, "Microsoft demands it of everybody there", none},
		"Azure PowerShell":                        {logged(50079, func(s *graphtest.SignIn) { s.AppID = "1950a258-227b-4e31-a9cf-717495945fc2" }), approvals.Question{}, "Microsoft demands it", none},
		"federated, AD FS asks":                   {then(federated("enforceMfaByFederatedIdp"), logged(50076, nil)), approvals.Question{}, "AD FS is what asks", none},
		"federated, Entra asks":                   {then(federated("acceptIfMfaDoneByFederatedIdp"), signs), approvals.Question{}, "the policy “MFA”", zone},
		"federated, Entra always asks":            {then(federated("rejectMfaByFederatedIdp"), signs), approvals.Question{}, "the policy “MFA”", zone},
		"at risk":                                 {then(user(func(u *graphtest.User) { u.Risk = "high" }), signs), approvals.Question{}, "password spray", none},
		"interrupted from everywhere":             {then(from("DE", 1), from("FR", 2), from("BR", 3), from("VN", 4)), approvals.Question{}, "password spray", none},
		"wrong passwords from everywhere":         {then(logged(50126, func(s *graphtest.SignIn) { s.Country, s.At = "VN", noon().Add(-2*time.Hour) }), logged(50126, func(s *graphtest.SignIn) { s.Country, s.At = "BR", noon().Add(-3*time.Hour) }), signs), approvals.Question{}, "the policy “MFA”", zone},
		"never stopped":                           {func(*kit, entra.Zone) {}, approvals.Question{}, "Nothing stopped it within 30 days", zone},
		"no log":                                  {off("/auditLogs/signIns", graphtest.Fault{Status: 403}), approvals.Question{}, "What stops it is not known", zone},
		"something that nobody foresaw":           {logged(90099, func(s *graphtest.SignIn) { s.Reason = "The application is not authorized." }), approvals.Question{}, "Something else stops it: The application is not authorized. (AADSTS90099)", zone},
		"a code that was pasted, and is not last": {then(logged(50126, nil), logged(50076, func(s *graphtest.SignIn) { s.At = noon().Add(-48 * time.Hour) })), approvals.Question{Code: 50076}, "MFA is asked for, and nobody answers", zone},
		"a code that is not in the log":           {nil, approvals.Question{Code: 50126}, "its user name or password is wrong (AADSTS50126)", zone},
		"in a zone already":                       {then(signs, func(k *kit, z entra.Zone) { k.tenant.Join("hallpass", z.Group, svc) }), approvals.Question{}, "the policy “MFA”", none},
		"a correlation id":                        {logged(50076, func(s *graphtest.SignIn) { s.Correlation = "c0000000-0000-4000-a000-00000000000c" }), approvals.Question{Account: "-", Correlation: "c0000000-0000-4000-a000-00000000000c"}, "MFA is asked for", zone},
		"a correlation id that nobody has":        {nil, approvals.Question{Account: "-", Correlation: "d0000000-0000-4000-a000-00000000000d"}, "no sign-in with that correlation id", refused},
		"stopped, and very busy":                  {then(busy, signs), approvals.Question{}, "MFA is asked for, and nobody answers", string(approvals.WayZone)},
		"very busy":                               {busy, approvals.Question{}, "Nothing stopped it lately: of its sign-ins within 30 days only the newest 2000 were looked at.", string(approvals.WayZone)},
		"a guest":                                 {nil, approvals.Question{Account: "guest@contoso.com"}, "its own organisation decides", refused},
		"disabled":                                {nil, approvals.Question{Account: "off@contoso.com"}, "it cannot sign in at all", refused},
		"a person":                                {nil, approvals.Question{Account: "ana@contoso.com"}, "People are not exempted", refused},
		"an emergency account":                    {nil, approvals.Question{Account: "break@contoso.com"}, "emergency-access", refused},
		"an app registration, or nobody":          {nil, approvals.Question{Account: "a9117e00-0000-4000-a000-000000000001"}, "An app registration needs no exemption", refused},
		"an address":                              {nil, approvals.Question{Account: "20.50.2.1"}, "is no account", refused},
		"nothing":                                 {nil, approvals.Question{Account: "-"}, "Neither an account nor a correlation id", refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := fencedKit(t, 1)
			if row.tenant != nil {
				row.tenant(k, k.at0())
			}
			switch row.q.Account {
			case "":
				row.q.Account = "svc@contoso.com"
			case "-":
				row.q.Account = ""
			}
			a, err := k.e.Advise(t.Context(), row.q)
			best, said := none, a.Stopped
			if no, is := errors.AsType[*approvals.Refusal](err); is {
				best, said = refused, no.Error()
			} else if err != nil {
				t.Fatal(err)
			}
			for _, o := range a.Options {
				if o.Why == "" || o.Fits && o.Type == "" && strings.HasPrefix(string(o.Way), "exemption") {
					t.Errorf("an option without a reason or a command: %+v", o)
				}
				if o.Fits && o.Type != "" && best == none {
					best = string(o.Way)
				}
			}
			if best != row.best || !strings.Contains(said, row.stops) {
				t.Errorf("%q, best %q; want %q, %q\n%+v", said, best, row.stops, row.best, a.Options)
			}
			if first, ok := a.Best(); best != refused && (!ok || first.Way != approvals.WayIdentity) {
				t.Error("the better way is not offered first")
			}
		})
	}
}

func TestAddressesAreShownAndNoneIsRecommended(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	logged(50076, func(s *graphtest.SignIn) { s.Country, s.ASN = "DE", 3320 })(k, entra.Zone{})
	logged(0, func(s *graphtest.SignIn) {
		s.At, s.Address, s.Country = noon().Add(-72*time.Hour), netip.MustParseAddr("20.60.2.1"), "FR"
	})(k, entra.Zone{})
	a, err := k.e.Advise(t.Context(), approvals.Question{Account: "svc@contoso.com"})
	want := []string{"20.50.2.1 (DE, network AS3320, AgilePoint NX; first 23 Nov; never got in from there)", "20.60.2.1 (FR, AgilePoint NX; first 20 Nov; got in from there before)"}
	if err != nil || len(a.Seen) != 2 || a.Seen[0].String() != want[0] || a.Seen[1].String() != want[1] {
		t.Errorf("%q, %v", a.Seen, err)
	}
	for _, o := range a.Options {
		if strings.Contains(o.Type, "20.50") {
			t.Errorf("%s puts an address into its command: %s", o.Way, o.Type)
		}
	}
}

// A correlation id that was made up opens nothing.
func TestOnlyACorrelationIDOfTheAccountMatches(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	const id = "c0000000-0000-4000-a000-00000000000c"
	logged(50076, func(s *graphtest.SignIn) { s.Correlation = id })(k, entra.Zone{})
	for correlation, want := range map[string]bool{"": false, "d0000000-0000-4000-a000-00000000000d": false, strings.ToUpper(id): true} {
		if a, err := k.e.Advise(t.Context(), approvals.Question{Account: "svc@contoso.com", Correlation: correlation}); err != nil || a.Matched != want {
			t.Errorf("%q: %v, %v", correlation, a.Matched, err)
		}
	}
}
