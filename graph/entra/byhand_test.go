package entra_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

// hands are places by hand, one of each kind.
func hands() []approvals.ByHand {
	return []approvals.ByHand{
		{Kind: approvals.HandService, Name: "mfa", Title: "MFA service settings", Group: "netsec"},
		{Kind: approvals.HandADFS, Name: "adfs", Title: "AD FS for Microsoft 365", Group: "adfs", Domain: "contoso.com", Parties: []string{"urn:federation:MicrosoftOnline"}},
		{Kind: approvals.HandADFS, Name: "crm", Title: "AD FS for the CRM", Group: "adfs", Domain: "contoso.com", Parties: []string{"urn:crm"}},
		{Kind: approvals.HandIntranet, Name: "intranet", Title: "Skip MFA on the intranet", Group: "adfs", Domain: "contoso.com"},
		{Kind: approvals.HandSharePoint, Name: "site", Title: "The site NX", Group: "sharepoint", Site: "https://contoso.sharepoint.com/sites/nx"},
		{Kind: approvals.HandProduct, Name: "salesforce", Title: "Salesforce", Group: "crm", Do: []string{"do"}, Undo: []string{"undo"}},
	}
}

// handKit is a tenant with all places by hand, a service account, and an MFA policy that leaves out all trusted locations.
func handKit(t *testing.T) *kit {
	t.Helper()
	k := newKit(t)
	k.o.hands = hands()
	k.tenant.AddUser(graphtest.User{ID: svc, UPN: "svc@contoso.com", Name: "svc", Enabled: true})
	k.tenant.AddPolicy(graphtest.Policy{Name: "MFA but not from trusted locations", State: "enabled", IncludeLocations: []string{"All"}, ExcludeLocations: []string{"AllTrusted"}})
	return k
}

func federate(mfa string) func(k *kit) {
	return func(k *kit) {
		k.tenant.AddDomain(graphtest.Domain{Name: "contoso.com", Federated: true, MFA: mfa})
	}
}

func in(where string, ask approvals.Ask) approvals.Ask {
	ask.Where = where
	ask.Term = approvals.Term{For: 24 * time.Hour}
	return ask
}

func TestWhatIsDoneByHandIsPlannedOrRefusedInWords(t *testing.T) {
	t.Parallel()
	const adfsAsks, entraAsks = "enforceMfaByFederatedIdp", "acceptIfMfaDoneByFederatedIdp"
	managed := func(k *kit) { k.tenant.AddDomain(graphtest.Domain{Name: "contoso.com"}) }
	var many []string
	for i := range 50 {
		many = append(many, netip.AddrFrom4([4]byte{20, 51, byte(i), 1}).String()+"/32")
	}
	for name, row := range map[string]struct {
		ask    approvals.Ask
		change func(k *kit)
		// want is in the refusal; or, if the plan is made, in one of its red flags.
		want    string
		refused bool
	}{
		"service settings":                     {in("mfa", ip("20.50.2.1/32")), nil, "For everybody: per-user MFA asks nobody who comes from there", false},
		"service settings and all trusted":     {in("mfa", ip("20.50.2.1/32")), nil, "They count as “all trusted locations”: 1 enabled policies", false},
		"service settings, IPv6":               {in("mfa", ip("2603:1020:206:1::25/128")), nil, "IPv4 only", true},
		"service settings, 50 at once":         {in("mfa", ip(many...)), nil, "by hand", false},
		"service settings, full":               {in("mfa", ip("20.50.2.1/32")), func(k *kit) { k.o.entries = many }, "hallpass knows of 50 in it already", true},
		"service settings, there already":      {in("mfa", ip(many[0])), func(k *kit) { k.o.entries = many }, "by hand", false},
		"service settings, security defaults":  {in("mfa", ip("20.50.2.1/32")), func(k *kit) { k.tenant.SetSecurityDefaults(true) }, "know no exceptions", true},
		"service settings, an account":         {in("mfa", account("svc@contoso.com")), nil, "`/hallpass ip ADDRESS in mfa for 30d because …`", true},
		"AD FS asks":                           {in("adfs", ip("20.50.2.1/32")), federate(adfsAsks), "For contoso.com AD FS is what asks for MFA (federatedIdpMfaBehavior is enforceMfaByFederatedIdp).", false},
		"AD FS asks, and a policy demands MFA": {in("adfs", ip("20.50.2.1/32")), federate(adfsAsks), "AD FS is told to ask all the same, whatever its own rules say: “MFA but not from trusted locations”.", false},
		"Entra asks":                           {in("adfs", ip("20.50.2.1/32")), federate(entraAsks), "For contoso.com Entra ID is what asks for MFA (federatedIdpMfaBehavior is acceptIfMfaDoneByFederatedIdp): a rule in AD FS would change nothing", true},
		"Entra always asks":                    {in("adfs", ip("20.50.2.1/32")), federate("rejectMfaByFederatedIdp"), "would change nothing", true},
		"who asks is not set":                  {in("adfs", ip("20.50.2.1/32")), federate(""), "federatedIdpMfaBehavior is not set", true},
		"another relying party, Entra asks":    {in("crm", ip("20.50.2.1/32")), federate(entraAsks), "AD FS itself asks for MFA at these relying parties", false},
		"AD FS, a managed domain":              {in("adfs", ip("20.50.2.1/32")), managed, "contoso.com is managed in Entra ID, so AD FS is never asked", true},
		"AD FS, a domain of nobody":            {in("adfs", ip("20.50.2.1/32")), nil, "is no domain of this tenant", true},
		"AD FS, the domains cannot be read":    {in("adfs", ip("20.50.2.1/32")), func(k *kit) { federate(adfsAsks)(k); off("/domains", graphtest.Fault{Status: 403})(k, entra.Zone{}) }, "Who asks for MFA, Entra ID or AD FS, is not known", true},
		"AD FS, how it is federated is not known": {in("adfs", ip("20.50.2.1/32")), func(k *kit) {
			federate(adfsAsks)(k)
			off("/domains/contoso.com/federationConfiguration", graphtest.Fault{Status: 403})(k, entra.Zone{})
		}, "is not known", true},
		"AD FS, IPv6":            {in("adfs", ip("2603:1020:206:1::25/128")), federate(adfsAsks), "AD FS asks nobody for MFA who comes from there", false},
		"AD FS, a range of IPv6": {in("adfs", ip("2603:1020:206:1::/64")), federate(adfsAsks), "single addresses only", true},
		"the intranet":           {in("intranet", account("svc@contoso.com")), federate(entraAsks), "For ALL federated users of the intranet", false},
		"the intranet, per-user MFA": {in("intranet", account("svc@contoso.com")), func(k *kit) {
			federate(entraAsks)(k)
			k.tenant.ChangeUser(svc, func(u *graphtest.User) { u.MFAState = "enforced" })
		}, "“insidecorporatenetwork”", false},
		"the intranet and all trusted": {in("intranet", account("svc@contoso.com")), federate(entraAsks), "Such sign-ins count as “all trusted locations”: 1 enabled policies", false},
		"the intranet, AD FS asks":     {in("intranet", account("svc@contoso.com")), federate(adfsAsks), "the setting would change nothing", true},
		"the intranet, another domain": {in("intranet", account("svc@other.com")), func(k *kit) {
			federate(entraAsks)(k)
			k.tenant.AddUser(graphtest.User{UPN: "svc@other.com", Enabled: true})
		}, "is not in contoso.com", true},
		"the intranet, nobody": {in("intranet", account("nobody@contoso.com")), federate(entraAsks), "There is no account", true},
		"the intranet, at risk": {in("intranet", account("svc@contoso.com")), func(k *kit) {
			federate(entraAsks)(k)
			k.tenant.ChangeUser(svc, func(u *graphtest.User) { u.Risk = "high" })
		}, "is at risk", true},
		"Salesforce, an account of its own": {in("salesforce", account("nx-integration")), nil, "The account is not in Entra ID", false},
		"Salesforce, an account of both":    {in("salesforce", account("svc@contoso.com")), nil, "whoever knows its password gets into Salesforce", false},
		"Salesforce, security defaults":     {in("salesforce", account("nx-integration")), func(k *kit) { k.tenant.SetSecurityDefaults(true) }, "by hand", false},
		"Salesforce, an emergency account": {in("salesforce", account("break@contoso.com")), func(k *kit) {
			k.tenant.AddUser(graphtest.User{ID: "e0000000-0000-4000-a000-00000000000e", UPN: "break@contoso.com", Enabled: true})
		}, "emergency-access", true},
		"Salesforce, a person":   {in("salesforce", account("ana@contoso.com")), func(k *kit) { k.tenant.AddUser(graphtest.User{UPN: "ana@contoso.com", Enabled: true, EmployeeID: "7"}) }, "People are not exempted", true},
		"Salesforce, an address": {in("salesforce", ip("20.50.2.1/32")), nil, "`/hallpass account NAME in salesforce for 30d because …`", true},
		"SharePoint":             {in("site", ip("20.50.2.1/32")), nil, "belongs to an app registration", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := handKit(t)
			if row.change != nil {
				row.change(k)
			}
			p, err := k.e.Plan(t.Context(), row.ask)
			no, refused := errors.AsType[*approvals.Refusal](err)
			switch {
			case err != nil && !refused:
				t.Fatal(err)
			case refused != row.refused:
				t.Fatalf("refused %v, want %v: %v", refused, row.refused, err)
			case refused:
				if !strings.Contains(no.Error(), row.want) {
					t.Errorf("got %q, want %q", no, row.want)
				}
				return
			}
			if !strings.Contains(strings.Join(p.Warnings, "\n"), row.want) {
				t.Errorf("%q is no red flag: %q", row.want, p.Warnings)
			}
			if !p.ByHand() || !p.Facts["by_hand"].Bool || len(p.Changes) == 0 {
				t.Fatalf("%+v", p)
			}
			for _, c := range p.Changes {
				if c.Target.Kind != approvals.TargetManual || c.Target.ID != row.ask.Where || c.Hand.Group == "" || c.Label == "" {
					t.Errorf("%+v", c)
				}
			}
			if _, err := approvals.ParseTarget(p.Changes[0].Target.String()); err == nil {
				t.Error("what is done by hand could be converged")
			}
		})
	}
}

func TestWhatHallpassDoesItselfIsNotByHand(t *testing.T) {
	t.Parallel()
	p, err := handKit(t).e.Plan(t.Context(), ip("20.50.2.1/32"))
	if err != nil || p.ByHand() || !p.Facts["by_hand"].Known || p.Facts["by_hand"].Bool {
		t.Errorf("%+v, %v", p.Facts["by_hand"], err)
	}
}

func TestTheAdviserOffersWhatIsDoneByHandWhereItFits(t *testing.T) {
	t.Parallel()
	perUser := func(k *kit) { k.tenant.ChangeUser(svc, func(u *graphtest.User) { u.MFAState = "enforced" }) }
	both := func(changes ...func(k *kit)) func(k *kit) {
		return func(k *kit) {
			for _, change := range changes {
				change(k)
			}
		}
	}
	for name, row := range map[string]struct {
		change func(k *kit)
		fits   []approvals.Way
	}{
		"a managed account":                  {func(*kit) {}, nil},
		"per-user MFA":                       {perUser, []approvals.Way{approvals.WayService}},
		"AD FS asks":                         {federate("enforceMfaByFederatedIdp"), []approvals.Way{approvals.WayADFS}},
		"Entra asks, trusted locations skip": {federate("acceptIfMfaDoneByFederatedIdp"), []approvals.Way{approvals.WayIntranet}},
		"Entra asks, per-user MFA":           {both(federate("acceptIfMfaDoneByFederatedIdp"), perUser), []approvals.Way{approvals.WayService, approvals.WayIntranet}},
		"security defaults":                  {both(federate("acceptIfMfaDoneByFederatedIdp"), func(k *kit) { k.tenant.SetSecurityDefaults(true) }), nil},
		"at risk":                            {both(perUser, func(k *kit) { k.tenant.ChangeUser(svc, func(u *graphtest.User) { u.Risk = "high" }) }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := handKit(t)
			row.change(k)
			a, err := k.e.Advise(t.Context(), approvals.Question{Account: "svc@contoso.com"})
			if err != nil {
				t.Fatal(err)
			}
			var fits []approvals.Way
			for _, o := range a.Options {
				if !strings.HasSuffix(string(o.Way), "by hand") {
					continue
				}
				if o.Why == "" || o.Fits != (o.Type != "") {
					t.Errorf("%+v", o)
				}
				if o.Fits {
					fits = append(fits, o.Way)
				}
			}
			if !slices.Equal(fits, row.fits) {
				t.Errorf("%v fit, want %v\n%+v", fits, row.fits, a.Options)
			}
			k.o.hands = nil
			if a, err = k.e.Advise(t.Context(), approvals.Question{Account: "svc@contoso.com"}); err != nil || slices.ContainsFunc(a.Options, func(o approvals.Option) bool { return strings.HasSuffix(string(o.Way), "by hand") }) {
				t.Errorf("places that nobody has set up are named: %v", err)
			}
		})
	}
}
