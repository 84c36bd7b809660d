package entra_test

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

// fencedKit is a kit with zones. Everything of a zone is in order.
func fencedKit(t *testing.T, zones int) *kit {
	t.Helper()
	k := newKit(t, "21.1.1.1/32")
	people(k.tenant)
	mfa := graphtest.Policy{ID: graphtest.NewID(), Name: "MFA", State: "enabled"}
	for i := range zones {
		name := "zone-" + string(rune('a'+i))
		z := entra.Zone{Name: name, Title: name, Fence: graphtest.NewID(), Registration: graphtest.NewID(), MFA: []string{mfa.ID}}
		z.Group = k.tenant.AddGroup(graphtest.Group{Name: name, Security: true})
		z.Location = k.tenant.AddLocation(graphtest.Location{Name: name, Ranges: []string{"192.0.2.255/32"}})
		block := graphtest.Policy{State: "enabled", IncludeGroups: []string{z.Group}, Grants: []string{"block"}}
		fence, registration := block, block
		fence.ID, fence.Name, fence.IncludeLocations, fence.ExcludeLocations = z.Fence, name+" fence", []string{"All"}, []string{z.Location}
		registration.ID, registration.Name, registration.Actions = z.Registration, name+" registration", []string{"urn:user:registersecurityinfo"}
		k.tenant.AddPolicy(fence)
		k.tenant.AddPolicy(registration)
		mfa.ExcludeGroups = append(mfa.ExcludeGroups, z.Group)
		k.o.zones = append(k.o.zones, z)
	}
	k.tenant.AddPolicy(mfa)
	k.o.pairs = map[approvals.RequestID][]approvals.Pair{}
	return k
}

func fenced(addresses ...string) approvals.Ask {
	a := approvals.Ask{Kind: approvals.KindAccount, Account: "svc@contoso.com", Term: approvals.Term{For: 24 * time.Hour}}
	for _, s := range addresses {
		a.Addresses = append(a.Addresses, netip.MustParsePrefix(s))
	}
	return a
}

// holds writes rows and pairs of a plan as its request would, and puts its entries into the tenant.
func (k *kit) holds(id approvals.RequestID, p approvals.Plan) {
	for i, c := range p.Changes {
		k.o.rows = append(k.o.rows, approvals.Row{Target: c.Target, Request: id, Change: i, Entry: c.Entry, Want: true})
		k.o.ours[c.Entry] = true
		if c.Target.Kind == approvals.TargetGroup {
			k.tenant.Join("hallpass", c.Target.ID, c.Entry)
		} else if !k.tenant.Has(c.Target.ID, c.Entry) {
			k.tenant.EditRanges("hallpass", c.Target.ID, []string{c.Entry}, nil)
		}
	}
	k.o.pairs[id] = p.Zone.Pairs
	k.o.shared = map[string][]byte{}
}

func (k *kit) refused(t *testing.T, ask approvals.Ask, want string) {
	t.Helper()
	_, err := k.e.Plan(t.Context(), ask)
	if no, is := errors.AsType[*approvals.Refusal](err); !is || !strings.Contains(no.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
}

func (k *kit) plan(t *testing.T, ask approvals.Ask) approvals.Plan {
	t.Helper()
	p, err := k.e.Plan(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func pairsOf(p approvals.Plan) []string {
	var out []string
	for _, pair := range p.Zone.Pairs {
		out = append(out, pair.String())
	}
	return out
}

func TestAPlanForAZonePutsTheAddressesFirstAndListsEveryPair(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	p := k.plan(t, fenced("20.50.2.1/32", "20.50.3.0/28"))
	var order []string
	for _, c := range p.Changes {
		order = append(order, c.Label)
	}
	if want := []string{"20.50.2.1/32", "20.50.3.0/28", "svc@contoso.com"}; !slices.Equal(order, want) {
		t.Errorf("the order is %v", order)
	}
	if want := []string{"svc@contoso.com from 20.50.2.1/32", "svc@contoso.com from 20.50.3.0/28"}; !slices.Equal(pairsOf(p), want) || !slices.Equal(p.Facts["zone.new_pairs"].List, want) {
		t.Errorf("the pairs are %v", pairsOf(p))
	}
	for name, want := range map[string]int64{"addresses": 2, "size": 16, "zone.accounts": 0} {
		if got := p.Facts[name]; !got.Known || got.Int != want {
			t.Errorf("%s is %+v", name, got)
		}
	}
	if !p.Facts["fenced"].Bool || !p.Facts["zone.runs"].Known || p.Owner.UPN != "ana@contoso.com" {
		t.Errorf("%+v", p)
	}
}

func TestThePoolOfZones(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 2)
	for _, name := range []string{"b", "c"} {
		k.tenant.AddUser(graphtest.User{UPN: "svc-" + name + "@contoso.com", Enabled: true})
	}
	other := func(ask approvals.Ask, name string) approvals.Ask {
		ask.Account = "svc-" + name + "@contoso.com"
		return ask
	}
	first := k.plan(t, fenced("20.50.2.1/32"))
	if again := k.plan(t, fenced("20.50.2.1/32")); again.Zone.Name != first.Zone.Name {
		t.Error("the same ask comes to another zone")
	}
	k.holds("HP-1", first)

	same := k.plan(t, other(fenced("20.50.2.1/32"), "b"))
	if same.Zone.Name != first.Zone.Name || len(same.Zone.Pairs) != 1 || same.Facts["zone.accounts"].Int != 1 || len(same.Changes) != 2 {
		t.Errorf("the same addresses share no zone: %+v", same.Zone)
	}
	apart := k.plan(t, other(fenced("20.60.2.1/32"), "b"))
	if apart.Zone.Name == first.Zone.Name {
		t.Error("other addresses share a zone without being asked for it")
	}
	named := other(fenced("20.60.2.1/32"), "b")
	named.Where = first.Zone.Name
	if want, got := []string{"svc-b@contoso.com from 20.50.2.1/32", "svc-b@contoso.com from 20.60.2.1/32", "svc@contoso.com from 20.60.2.1/32"}, pairsOf(k.plan(t, named)); !slices.Equal(got, want) {
		t.Errorf("in the named zone the pairs are %v", got)
	} else if p := k.plan(t, named); !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "Also lets svc@contoso.com in from 20.60.2.1/32") }) {
		t.Errorf("nobody is warned: %v", p.Warnings)
	}
	k.holds("HP-2", apart)
	k.refused(t, other(fenced("20.70.2.1/32"), "c"), "No fenced zone is free")

	more := k.plan(t, fenced("20.50.2.1/32", "20.50.2.9/32")) // it is alone in its zone, so it may have more
	if more.Zone.Name != first.Zone.Name {
		t.Errorf("it is put into a second zone: %+v", more.Zone)
	}
	elsewhere := fenced("20.50.2.1/32")
	elsewhere.Where = apart.Zone.Name
	k.refused(t, elsewhere, "an account is in one zone only")
	k.holds("HP-3", same)
	k.refused(t, fenced("20.50.2.1/32", "20.50.2.9/32"), "shared with other accounts")
	if renewal := k.plan(t, fenced("20.50.2.1/32")); !approvals.SameChanges(renewal.Changes, first.Changes) || approvals.Fingerprint(renewal, approvals.Term{}, approvals.Ruling{}) != approvals.Fingerprint(first, approvals.Term{}, approvals.Ruling{}) {
		t.Error("a renewal is not what was approved")
	}
}

func TestAZoneRefusesInWords(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(k *kit, z entra.Zone)
		ask    approvals.Ask
		want   string
	}{
		"no zone":         {func(k *kit, _ entra.Zone) { k.o.zones = nil }, fenced("20.50.2.1/32"), "No fenced zone is set up"},
		"an unknown zone": {nil, func() approvals.Ask { a := fenced("20.50.2.1/32"); a.Where = "x"; return a }(), "There is: zone-a"},
		"the fence is off": {func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.State = "disabled" })
		}, fenced("20.50.2.1/32"), "is off. Nobody is put into it"},
		"the fence is gone": {func(k *kit, z entra.Zone) { _ = k.tenant.Delete("dana", z.Fence) }, fenced("20.50.2.1/32"), "is not in the tenant"},
		"the registration is open": {func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Registration, func(p *graphtest.Policy) { p.Grants = []string{"mfa"} })
		}, fenced("20.50.2.1/32"), "does not block"},
		"the group is nested": {func(k *kit, z entra.Zone) { k.tenant.AddGroup(graphtest.Group{Name: "Above", Security: true}, z.Group) }, fenced("20.50.2.1/32"), "member of 1 other"},
		"a group is in it":    {func(k *kit, z entra.Zone) { k.tenant.Join("dana", z.Group, k.o.grp) }, fenced("20.50.2.1/32"), "No fenced zone is free"},
		"the location is trusted": {func(k *kit, z entra.Zone) {
			k.tenant.ChangeLocation("dana", z.Location, func(l *graphtest.Location) { l.Trusted = true })
		}, fenced("20.50.2.1/32"), "is trusted"},
		"exempt by another hand":  {func(k *kit, z entra.Zone) { k.tenant.Join("dana", z.Group, svc) }, fenced("20.50.2.1/32"), "already exempt: somebody else"},
		"somebody else's address": {func(k *kit, z entra.Zone) { k.tenant.EditRanges("dana", z.Location, []string{"22.1.1.1/32"}, nil) }, fenced("20.50.2.1/32"), "No fenced zone is free"},
		"the job needs a device": {func(k *kit, _ entra.Zone) {
			k.tenant.AddPolicy(graphtest.Policy{Name: "Devices", State: "enabled", Grants: []string{"compliantDevice"}})
		}, fenced("20.50.2.1/32"), "would still not run: “Devices” demands a compliant device"},
		"the job needs a strength": {func(k *kit, _ entra.Zone) {
			k.tenant.AddPolicy(graphtest.Policy{Name: "Strong", State: "enabled", Strength: "Phishing-resistant MFA"})
		}, fenced("20.50.2.1/32"), "“Strong” demands the authentication strength"},
		"per-user MFA": {func(k *kit, _ entra.Zone) {
			k.tenant.ChangeUser(svc, func(u *graphtest.User) { u.MFAState = "enforced" })
		}, fenced("20.50.2.1/32"), "Per-user MFA is enforced"},
		"security defaults":           {func(k *kit, _ entra.Zone) { k.tenant.SetSecurityDefaults(true) }, fenced("20.50.2.1/32"), "Security defaults are on"},
		"at risk":                     {func(k *kit, _ entra.Zone) { k.tenant.ChangeUser(svc, func(u *graphtest.User) { u.Risk = "high" }) }, fenced("20.50.2.1/32"), "is at risk"},
		"seen elsewhere":              {seen("20.60.2.1", 0, "Nightly export"), fenced("20.50.2.1/32"), "20.60.2.1/32 (Nightly export, last 22 Nov 12:00 UTC)"},
		"with what to type":           {seen("20.60.2.1", 0, "Nightly export"), fenced("20.50.2.1/32"), "`from … 20.60.2.1`"},
		"a wrong password":            {seen("20.50.2.1", 50126, "AgilePoint NX"), fenced("20.50.2.1/32"), "It is not MFA that stops svc@contoso.com: its user name or password is wrong (AADSTS50126)"},
		"where Microsoft demands MFA": {azureCLI, fenced("20.50.2.1/32"), "Microsoft itself demands MFA"},
		"a protocol that ends":        {byClient("Exchange Web Services"), func() approvals.Ask { a := fenced("20.50.2.1/32"); a.Term.For = 200 * 24 * time.Hour; return a }(), "on 1 Apr 2027, before this would end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := fencedKit(t, 1)
			if row.change != nil {
				row.change(k, k.at0())
			}
			k.refused(t, row.ask, row.want)
		})
	}
}

func (k *kit) at0() entra.Zone {
	if len(k.o.zones) == 0 {
		return entra.Zone{}
	}
	return k.o.zones[0]
}

func seen(address string, code int, app string) func(*kit, entra.Zone) {
	return func(k *kit, _ entra.Zone) {
		k.tenant.LogSignIn(graphtest.SignIn{User: svc, At: noon().Add(-24 * time.Hour), Address: netip.MustParseAddr(address), Code: code, App: app, ResourceID: "00000003-0000-0ff1-ce00-000000000000", Kind: "nonInteractiveUser"})
	}
}

func azureCLI(k *kit, _ entra.Zone) {
	k.tenant.LogSignIn(graphtest.SignIn{User: svc, At: noon().Add(-24 * time.Hour), Address: netip.MustParseAddr("20.50.2.1"), Code: 50076, App: "Microsoft Azure CLI", AppID: "04b07795-8ddb-461a-bbee-02f9e1bf7b46"})
}

func byClient(client string) func(*kit, entra.Zone) {
	return func(k *kit, _ entra.Zone) {
		k.tenant.LogSignIn(graphtest.SignIn{User: svc, At: noon().Add(-24 * time.Hour), Address: netip.MustParseAddr("20.50.2.1"), Code: 50076, Client: client})
	}
}

func TestWhatMayStopIsSaidOnTheCard(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	seen("20.60.2.1", 0, "Nightly export")(k, entra.Zone{})
	seen("20.50.2.1", 0, "AgilePoint NX")(k, entra.Zone{})
	seen("20.70.2.1", 50076, "Somebody")(k, entra.Zone{}) // did not get in, so nothing stops
	ask := fenced("20.50.2.1/32")
	ask.Drop = []netip.Prefix{netip.MustParsePrefix("20.60.0.0/16")}
	p := k.plan(t, ask)
	if !slices.Contains(p.Warnings, "Will be BLOCKED from: 20.60.2.1/32 (Nightly export, last 22 Nov 12:00 UTC)") || !slices.Equal(p.Facts["zone.blocked"].List, []string{"20.60.0.0/16"}) {
		t.Errorf("%v, %+v", p.Warnings, p.Facts["zone.blocked"])
	}
}

// Every source of facts is turned off in turn: what it tells is unknown then, says why, and no rule of thumb takes its place.
func TestASourceThatIsOffLeavesItsFactsUnknown(t *testing.T) {
	t.Parallel()
	for source, facts := range map[string][]string{
		"/transitiveMemberOf": {"account.privileged", "account.roles"},
		"/roleManagement/":    {"account.privileged", "account.roles"},
		"/riskyUsers":         {"account.at_risk"},
		"/userRegistration":   {"account.mfa_method"},
		"/authentication/req": {"account.per_user_mfa"},
		"identitySecurityDef": {"tenant.security_defaults"},
		"/auditLogs/signIns":  {"zone.blocked", "networks", "signins.addresses", "signins.apps", "signins.clients", "signins.protocols"},
	} {
		for _, status := range []int{403, 500, 503} {
			k := fencedKit(t, 1)
			logged(0, func(s *graphtest.SignIn) { s.ASN = 3320 })(k, entra.Zone{})
			roles := graphtest.Policy{Name: "Admins", State: "enabled", IncludeUsers: []string{"None"}, IncludeRoles: []string{"r"}}
			k.tenant.AddPolicy(roles) // without groups and roles nobody can say whether it stops the job
			k.tenant.Fail(func(r *http.Request) bool {
				return strings.Contains(r.URL.Path, source) && !strings.Contains(r.URL.Path, "/groups/")
			}, graphtest.Fault{Status: status})
			p, err := k.e.Plan(t.Context(), fenced("20.50.2.1/32"))
			if err != nil {
				t.Errorf("%s %d: %v", source, status, err)
				continue
			}
			if facts[0] == "account.privileged" {
				facts = append(facts, "zone.runs")
			}
			for _, name := range facts {
				if f := p.Facts[name]; f.Known || f.Why == "" {
					t.Errorf("%s %d: %s is %+v", source, status, name, f)
				}
			}
			for name, f := range p.Facts {
				if !f.Known && !slices.Contains(facts, name) {
					t.Errorf("%s %d: %s is unknown as well: %s", source, status, name, f.Why)
				}
			}
		}
	}
}

// Without policies, locations or the zone's group nothing can be said of the fence, so there is no plan at all.
func TestWithoutTheFencesSourcesThereIsNoPlan(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"/policies", "/namedLocations", "/groups/", "/checkMemberGroups"} {
		for _, fault := range []graphtest.Fault{{Status: 403}, {Status: 404}, {Status: 429}, {Status: 500}, {Drop: true}} {
			k := fencedKit(t, 1)
			k.tenant.Fail(func(r *http.Request) bool {
				return strings.Contains(r.URL.Path, source) && !strings.Contains(r.URL.Path, "identitySecurity")
			}, fault)
			if p, err := k.e.Plan(t.Context(), fenced("20.50.2.1/32")); err == nil {
				t.Errorf("%s %+v: planned all the same: %+v", source, fault, p.Zone)
			}
		}
	}
}

// The writer looks again: whatever broke the fence since the plan, the account is not put into the group.
func TestNobodyEntersAZoneWhoseFenceDoesNotHold(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(k *kit, z entra.Zone){
		"switched off": func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.State = "disabled" })
		},
		"report-only": func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.State = "enabledForReportingButNotEnforced" })
		},
		"deleted": func(k *kit, z entra.Zone) { _ = k.tenant.Delete("dana", z.Fence) },
		"an app left out": func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.ExcludeApps = []string{"a"} })
		},
		"new conditions": func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.Extra = map[string]any{"newCondition": "x"} })
		},
		"registration": func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Registration, func(p *graphtest.Policy) { p.State = "disabled" })
		},
		"another address":  func(k *kit, z entra.Zone) { k.tenant.EditRanges("dana", z.Location, []string{"22.1.1.1/32"}, nil) },
		"its address gone": func(k *kit, z entra.Zone) { k.tenant.EditRanges("dana", z.Location, nil, []string{"20.50.2.1/32"}) },
		"dynamic": func(k *kit, z entra.Zone) {
			k.tenant.ChangeGroup("dana", z.Group, func(g *graphtest.Group) { g.Dynamic = true })
		},
		"policies 500":  off("/policies", graphtest.Fault{Status: 500}),
		"policies lost": off("/policies", graphtest.Fault{Drop: true}),
		"locations 403": off("/namedLocations", graphtest.Fault{Status: 403}),
		"group 429":     off("/groups/", graphtest.Fault{Status: 429}),
		"members 503":   off("/members", graphtest.Fault{Status: 503}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := fencedKit(t, 1)
			z := k.at0()
			p := k.plan(t, fenced("20.50.2.1/32"))
			k.holds("HP-1", p)
			k.tenant.Leave("dana", z.Group, svc)
			breaks(k, z)
			write := approvals.Write{Add: []string{svc}}
			if err := k.e.Write(t.Context(), approvals.Target{Kind: approvals.TargetGroup, ID: z.Group}, write); err == nil || k.tenant.IsMember(z.Group, svc) {
				t.Fatalf("%v; the account is in the group: %v", err, k.tenant.IsMember(z.Group, svc))
			}
		})
	}
	k := fencedKit(t, 1)
	k.holds("HP-1", k.plan(t, fenced("20.50.2.1/32")))
	k.tenant.Leave("dana", k.at0().Group, svc)
	if err := k.e.Write(t.Context(), approvals.Target{Kind: approvals.TargetGroup, ID: k.at0().Group}, approvals.Write{Add: []string{svc}}); err != nil || !k.tenant.IsMember(k.at0().Group, svc) {
		t.Errorf("with a fence that holds: %v", err)
	}
}

func off(path string, fault graphtest.Fault) func(*kit, entra.Zone) {
	return func(k *kit, _ entra.Zone) {
		k.tenant.Fail(func(r *http.Request) bool { return strings.Contains(r.URL.Path, path) }, fault)
	}
}

// A broken fence stops nobody from leaving.
func TestRemovalsGoOnWhileTheFenceIsBroken(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	z := k.at0()
	k.holds("HP-1", k.plan(t, fenced("20.50.2.1/32")))
	k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.State = "disabled" })
	other := k.tenant.AddUser(graphtest.User{UPN: "svc-b@contoso.com", Enabled: true})
	if err := k.e.Write(t.Context(), approvals.Target{Kind: approvals.TargetGroup, ID: z.Group}, approvals.Write{Add: []string{other}, Remove: []string{svc}}); err == nil {
		t.Error("the addition is said to be accepted")
	}
	if k.tenant.IsMember(z.Group, svc) || k.tenant.IsMember(z.Group, other) {
		t.Error("the one did not leave, or the other entered")
	}
	k.o.rows = slices.DeleteFunc(k.o.rows, func(r approvals.Row) bool { return r.Target.Kind == approvals.TargetGroup })
	if err := k.e.Write(t.Context(), approvals.Target{Kind: approvals.TargetLocation, ID: z.Location}, approvals.Write{Add: []string{"20.60.2.1/32"}, Remove: []string{"20.50.2.1/32"}, Seen: []string{"20.50.2.1/32"}}); err != nil {
		t.Errorf("nobody is in it, so an address harms nobody: %v", err)
	}
}

// Two requests are put into the same free zone at the same moment, with other addresses each.
func TestWhatWasNotApprovedTogetherNeverMeetsInAZone(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	z := k.at0()
	other := k.tenant.AddUser(graphtest.User{UPN: "svc-b@contoso.com", Enabled: true})
	mine := k.plan(t, fenced("20.50.2.1/32"))
	theirs := fenced("20.60.2.1/32")
	theirs.Account = "svc-b@contoso.com"
	second := k.plan(t, theirs) // the zone is still free
	k.holds("HP-1", mine)
	location := approvals.Target{Kind: approvals.TargetLocation, ID: z.Location}
	k.o.rows = append(k.o.rows, approvals.Row{Target: location, Request: "HP-2", Entry: "20.60.2.1/32", Want: true})
	k.o.pairs["HP-2"] = second.Zone.Pairs
	err := k.e.Write(t.Context(), location, approvals.Write{Add: []string{"20.60.2.1/32"}, Seen: []string{"20.50.2.1/32"}})
	if no, is := errors.AsType[*approvals.Refusal](err); !is || !strings.Contains(no.Error(), "nobody approved") || k.tenant.Has(z.Location, "20.60.2.1/32") {
		t.Errorf("the address came in: %v", err)
	}
	k.tenant.Leave("dana", z.Group, svc) // and the other way round: the address is there first
	k.tenant.EditRanges("hallpass", z.Location, []string{"20.60.2.1/32"}, nil)
	k.o.shared = map[string][]byte{}
	for _, id := range []string{svc, other} {
		err = k.e.Write(t.Context(), approvals.Target{Kind: approvals.TargetGroup, ID: z.Group}, approvals.Write{Add: []string{id}})
		if err == nil || k.tenant.IsMember(z.Group, id) {
			t.Errorf("%s came in: %v", id, err)
		}
	}
}

func TestACheckNamesWhatIsWrongWithAZone(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 2)
	first, second := k.o.zones[0], k.o.zones[1]
	k.tenant.ChangePolicy("dana", first.Fence, func(p *graphtest.Policy) { p.State = "disabled" })
	k.tenant.EditRanges("dana", second.Location, []string{"22.1.1.1/32"}, nil)
	k.tenant.Join("dana", second.Group, svc)
	reports, err := k.e.CheckZones(t.Context())
	if err != nil || len(reports) != 2 {
		t.Fatalf("%+v, %v", reports, err)
	}
	if len(reports[0].Strange)+len(reports[1].Broken) > 0 {
		t.Errorf("a fence is broken by what is behind it, or the other way round: %+v", reports)
	}
	for i, want := range [][]string{{"is off"}, {"holds 22.1.1.1/32, which hallpass did not put there", "holds " + svc}} {
		for j, text := range want {
			if found := reports[i].Found(); len(found) != len(want) || !strings.Contains(found[j].What, text) {
				t.Errorf("%+v does not say %q", found, text)
			}
		}
	}
}

func TestAZoneThatCannotBeLookedAtIsNotCalledBroken(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault graphtest.Fault
		says  string // empty: an error, and no report
	}{
		"Graph is away":          {graphtest.Fault{Status: http.StatusServiceUnavailable}, ""},
		"the reply is lost":      {graphtest.Fault{Drop: true}, ""},
		"Graph is busy":          {graphtest.Fault{Status: http.StatusTooManyRequests}, ""},
		"hallpass may not read":  {graphtest.Fault{Status: http.StatusForbidden}, "lacks the permission"},
		"the group is not there": {graphtest.Fault{Status: http.StatusNotFound}, "does not exist"},
	} {
		k := fencedKit(t, 1)
		k.tenant.Fail(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/groups/"+k.o.zones[0].Group) }, row.fault)
		reports, err := k.e.CheckZones(t.Context())
		switch {
		case row.says == "" && err == nil:
			t.Errorf("%s: %+v", name, reports)
		case row.says != "" && (err != nil || len(reports[0].Broken) != 1 || !strings.Contains(reports[0].Broken[0].What, row.says)):
			t.Errorf("%s: %+v, %v", name, reports, err)
		}
	}
}

func TestWhoElseSignsInFromARangeIsCounted(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		accounts int
		addition func(k *kit)
		ask      approvals.Ask
		want     int64 // -1: unknown
		says     string
	}{
		"nobody":          {0, nil, ip("20.50.2.1/32"), 0, ""},
		"seven":           {7, nil, ip("20.50.2.0/28"), 7, "7 accounts signed in from there"},
		"more than 500":   {502, nil, ip("20.50.0.0/20"), 501, "More than 500 accounts"},
		"too many ranges": {0, nil, ip("20.50.2.1/32", "20.50.3.1/32", "20.50.4.1/32", "20.50.5.1/32"), -1, ""},
		"no log":          {0, off2("/auditLogs/signIns", graphtest.Fault{Status: 403}), ip("20.50.2.1/32"), -1, ""},
	} {
		k := newKit(t, "21.1.1.1/32")
		for i := range row.accounts {
			id := k.tenant.AddUser(graphtest.User{UPN: "u" + strconv.Itoa(i) + "@contoso.com", Enabled: true})
			for range 2 {
				k.tenant.LogSignIn(graphtest.SignIn{User: id, At: noon().Add(-time.Hour), Address: netip.AddrFrom4([4]byte{20, 50, byte(2 + i/250), byte(i % 250 % 16)})})
			}
		}
		if row.addition != nil {
			row.addition(k)
		}
		p := k.plan(t, row.ask)
		if f := p.Facts["range.accounts"]; f.Known != (row.want >= 0) || f.Known && f.Int != row.want || !f.Known && f.Why == "" {
			t.Errorf("%s: %+v", name, f)
		}
		if row.says != "" && !strings.Contains(strings.Join(p.Warnings, " "), row.says) {
			t.Errorf("%s: %v", name, p.Warnings)
		}
	}
}

func off2(path string, fault graphtest.Fault) func(*kit) {
	return func(k *kit) { off(path, fault)(k, entra.Zone{}) }
}

func TestARenewalShowsWhatTheExemptionWasUsedFor(t *testing.T) {
	t.Parallel()
	for want, sign := range map[string]func(*kit, entra.Zone){
		"No sign-in from its addresses within 30 days":                                      func(*kit, entra.Zone) {},
		"In use: 20.50.2.1/32 (AgilePoint NX, last 22 Nov 12:00 UTC)":                       seen("20.50.2.1", 0, "AgilePoint NX"),
		"Of 20.50.2.0/28 only 20.50.2.1 was seen within 30 days: a smaller range would do.": seen("20.50.2.1", 0, "AgilePoint NX"),
	} {
		k := fencedKit(t, 1)
		first := k.plan(t, fenced("20.50.2.0/28"))
		if strings.Contains(strings.Join(first.Warnings, " "), "30 days") {
			t.Errorf("a first ask speaks of use: %v", first.Warnings)
		}
		k.holds("HP-1", first)
		sign(k, k.at0())
		if p := k.plan(t, fenced("20.50.2.0/28")); !strings.Contains(strings.Join(p.Warnings, "\n"), want) {
			t.Errorf("%v does not say %q", p.Warnings, want)
		}
	}
}

func TestWhatHoldsForSomeSignInsOnlyIsAWarning(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	azureCLI(k, entra.Zone{})
	byClient("Exchange Web Services")(k, entra.Zone{})
	ask := fenced("20.50.2.1/32")
	ask.Term.For = 200 * 24 * time.Hour
	warnings := strings.Join(k.plan(t, ask).Warnings, "\n")
	for _, want := range []string{"Microsoft itself demands MFA: those will not work", "It also signs in by EWS; Microsoft switches it off for good on 1 Apr 2027."} {
		if !strings.Contains(warnings, want) {
			t.Errorf("%q is missing in\n%s", want, warnings)
		}
	}
}

// A zone whose group is gone does not keep others from being used.
func TestAZoneThatIsGoneIsPassedBy(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 2)
	first := k.plan(t, fenced("20.50.2.1/32"))
	for _, z := range k.o.zones {
		if z.Name == first.Zone.Name {
			if err := k.tenant.Delete("dana", z.Group); err != nil {
				t.Fatal(err)
			}
		}
	}
	if second := k.plan(t, fenced("20.50.2.1/32")); second.Zone.Name == first.Zone.Name {
		t.Error("it is put into a zone without a group")
	}
}
