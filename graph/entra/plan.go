package entra

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
)

// Plan reads the tenant and plans the ask, or refuses it with what to do instead.
func (e *Entra) Plan(ctx context.Context, ask approvals.Ask) (approvals.Plan, error) {
	place, ok := e.cfg.Places.Place(ask.Kind, ask.Where)
	if !ok {
		return approvals.Plan{}, approvals.Refuse(approvals.RefusedNotFound, "There is no place “%s” for that.", clip(ask.Where, 40)).
			Or("There is: %s.", strings.Join(e.cfg.Places.Names(ask.Kind), ", "))
	}
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return approvals.Plan{}, fmt.Errorf("asking for the time: %w", err)
	}
	p := approvals.Plan{Kind: ask.Kind, Made: now, Facts: approvals.Facts{}}
	fresh := now.Add(-sharedFor)
	policies, _, err := shared(ctx, e, sharedPolicies, fresh, approvals.ClassPerson, e.cfg.Reader.Policies)
	if err != nil {
		return p, err
	}
	if ask.Kind == approvals.KindAccount {
		return e.planAccount(ctx, ask, place, policies, p)
	}
	locations, _, err := e.locations(ctx, fresh, approvals.ClassPerson)
	if err != nil {
		return p, err
	}
	i := slices.IndexFunc(locations, func(l graph.Location) bool { return l.ID == place.ID })
	if i < 0 || !locations[i].IP {
		return p, approvals.Refuse(approvals.RefusedTarget, "The location “%s” is not a named location of addresses in Entra ID.", place.Title).
			Or("Tell your administrator: its id in the rules file is wrong.")
	}
	return e.planIP(ctx, ask, place, locations[i], policies, p)
}

func (e *Entra) planIP(ctx context.Context, ask approvals.Ask, place Place, l graph.Location, policies []graph.Policy, p approvals.Plan) (approvals.Plan, error) {
	target := approvals.Target{Kind: approvals.TargetLocation, ID: l.ID}
	ours, err := e.cfg.Ledger.Ours(ctx, target)
	if err != nil {
		return p, fmt.Errorf("reading the ledger: %w", err)
	}
	entries := canonical(l.Ranges)
	var foreign, overlaps []string
	for _, entry := range entries {
		if !ours[entry] {
			foreign = append(foreign, entry)
		}
	}
	if len(ask.Addresses) == 0 {
		return p, approvals.Refuse(approvals.RefusedInput, "No address was given.")
	}
	widest, v6, fresh := uint(0), false, 0
	for _, a := range ask.Addresses {
		if by, covered := approvals.Covering(foreign, a); covered {
			return p, approvals.Refuse(approvals.RefusedCovered, "%s is already trusted by %s in %s, which hallpass does not manage.", a, by, place.Title).
				Or("It works without a request. Ask security to take %s under hallpass, with an owner and an end.", by)
		}
		for _, o := range approvals.Overlapping(entries, a) {
			if o != a.String() {
				overlaps = append(overlaps, o)
			}
		}
		if !slices.Contains(entries, a.String()) {
			fresh++
		}
		widest, v6 = max(widest, uint(a.Addr().BitLen()-a.Bits())), v6 || a.Addr().Is6()
		p.Changes = append(p.Changes, approvals.Change{Target: target, Title: l.Name, Entry: a.String(), Label: a.String()})
	}
	if len(entries)+fresh > graph.MaxRanges {
		return p, approvals.Refuse(approvals.RefusedTarget, "%s holds %d ranges; Entra ID takes %d.", place.Title, len(entries), graph.MaxRanges).
			Or("Ask for a range instead of single addresses, or for another location.")
	}
	p.Policies = policiesOfLocation(l, policies)
	p.Facts["addresses"] = approvals.Fact{Known: true, Int: int64(len(ask.Addresses))}
	p.Facts["size"] = approvals.Fact{Known: true, Int: int64(1) << min(widest, 62)}
	p.Facts["ipv6"] = approvals.Fact{Known: true, Bool: v6}
	p.Facts["location.trusted"] = approvals.Fact{Known: true, Bool: l.Trusted}
	p.Facts["location.ranges"] = approvals.Fact{Known: true, Int: int64(len(entries))}
	p.Facts["location.policies"] = approvals.Fact{Known: true, Int: enabled(p.Policies)}
	p.Facts["overlaps"] = approvals.Fact{Known: true, List: overlaps}
	if l.Trusted {
		p.Warnings = append(p.Warnings, "The location is marked as trusted: every policy for “all trusted locations” and the risk calculation treat these addresses as safe.")
	}
	if widest > 8 {
		p.Warnings = append(p.Warnings, "A wide range: everybody who signs in from it is treated alike.")
	}
	if enabled(p.Policies) == 0 {
		p.Warnings = append(p.Warnings, "No enabled policy refers to this location: the change would have no effect.")
	}
	return p, nil
}

// policiesOfLocation says what being in the location does under each policy that refers to it.
func policiesOfLocation(l graph.Location, policies []graph.Policy) []approvals.PolicyEffect {
	var out []approvals.PolicyEffect
	refers := func(list []string) bool {
		return slices.Contains(list, l.ID) || l.Trusted && slices.Contains(list, "AllTrusted")
	}
	for _, pol := range policies {
		does := ""
		switch {
		case refers(pol.ExcludeLocations):
			does = "no longer applies from these addresses: " + demands(pol)
		case refers(pol.IncludeLocations):
			does = "applies from these addresses: " + demands(pol)
		}
		if does != "" {
			out = append(out, approvals.PolicyEffect{ID: pol.ID, Name: pol.Name, State: pol.State, Does: does})
		}
	}
	return out
}

func demands(p graph.Policy) string {
	switch {
	case slices.Contains(p.Grants, "block"):
		return "it blocks"
	case slices.Contains(p.Grants, "mfa"):
		return "it demands MFA"
	case len(p.Grants) > 0:
		return "it demands " + strings.Join(p.Grants, ", ")
	}
	return "it controls the session"
}

func enabled(list []approvals.PolicyEffect) int64 {
	n := int64(0)
	for _, p := range list {
		if p.State == "enabled" {
			n++
		}
	}
	return n
}

func (e *Entra) planAccount(ctx context.Context, ask approvals.Ask, place Place, policies []graph.Policy, p approvals.Plan) (approvals.Plan, error) {
	if _, err := netip.ParseAddr(ask.Account); err == nil || ask.Account == "" {
		return p, approvals.Refuse(approvals.RefusedInput, "%q is no account.", clip(ask.Account, 60)).Or("To trust an address type `/hallpass ip …`.")
	}
	u, err := e.cfg.Reader.User(ctx, ask.Account, e.cfg.Attributes...)
	if graph.IsNotFound(err) {
		return p, approvals.Refuse(approvals.RefusedNotFound, "There is no account “%s” in Entra ID.", clip(ask.Account, 80)).
			Or("Type its full sign-in name, like svc-nx@contoso.com. An app registration needs no exemption: MFA is never asked of it.")
	}
	if err != nil {
		return p, e.said(ctx, err, BucketDirectory, "reading the account")
	}
	switch {
	case slices.Contains(e.cfg.Places.Emergency(), u.ID):
		return p, approvals.Refuse(approvals.RefusedEmergency, "%s is an emergency-access account; hallpass never touches those.", u.UPN)
	case u.Guest:
		return p, approvals.Refuse(approvals.RefusedTarget, "%s is a guest; its own organisation decides on its MFA.", u.UPN)
	case !u.Enabled:
		return p, approvals.Refuse(approvals.RefusedTarget, "%s is disabled; it cannot sign in at all.", u.UPN).Or("Have it enabled first.")
	case u.EmployeeID != "":
		return p, approvals.Refuse(approvals.RefusedOwnAccount, "%s looks like a person's account: it has an employee id. People are not exempted from MFA.", u.UPN).
			Or("Use a service account, or better an app registration.")
	}
	g, err := e.cfg.Reader.Group(ctx, place.ID)
	if err != nil {
		return p, e.said(ctx, err, BucketDirectory, "reading the exclusion group")
	}
	if !g.Security || g.Synced || g.Dynamic || g.RoleAssignable {
		return p, approvals.Refuse(approvals.RefusedTarget, "The group behind “%s” cannot be managed: it must be a cloud-only security group with assigned members, not role-assignable.", place.Title).
			Or("Tell your administrator.")
	}
	members, err := e.cfg.Reader.Members(ctx, place.ID)
	if err != nil {
		return p, e.said(ctx, err, BucketDirectory, "reading the exclusion group")
	}
	target := approvals.Target{Kind: approvals.TargetGroup, ID: g.ID}
	ours, err := e.cfg.Ledger.Ours(ctx, target)
	if err != nil {
		return p, fmt.Errorf("reading the ledger: %w", err)
	}
	if slices.Contains(members, u.ID) && !ours[u.ID] {
		return p, approvals.Refuse(approvals.RefusedCovered, "%s is already exempt: somebody else put it into %s.", u.UPN, g.Name).
			Or("Ask security to take it under hallpass, with an owner and an end.")
	}
	p.Account = e.person(u)
	p.Changes = []approvals.Change{{Target: target, Title: g.Name, Entry: u.ID, Label: u.UPN}}
	p.Policies = policiesOfGroup(g.ID, policies)
	e.accountFacts(&p, u, len(members))
	p.Owner, err = e.owner(ctx, u)
	return p, err
}

func policiesOfGroup(id string, policies []graph.Policy) []approvals.PolicyEffect {
	var out []approvals.PolicyEffect
	for _, pol := range policies {
		if slices.Contains(pol.ExcludeGroups, id) {
			out = append(out, approvals.PolicyEffect{ID: pol.ID, Name: pol.Name, State: pol.State, Does: "no longer applies to the account: " + demands(pol)})
		}
	}
	return out
}

func (e *Entra) accountFacts(p *approvals.Plan, u graph.User, members int) {
	p.Facts["account.privileged"] = approvals.Fact{Why: "hallpass does not hold the permission to read Entra roles"}
	p.Facts["account.synced"] = approvals.Fact{Known: true, Bool: u.Synced}
	p.Facts["account.guest"] = approvals.Fact{Known: true, Bool: u.Guest}
	p.Facts["account.enabled"] = approvals.Fact{Known: true, Bool: u.Enabled}
	p.Facts["account.person"] = approvals.Fact{Known: true, Bool: u.EmployeeID != ""}
	p.Facts["group.members"] = approvals.Fact{Known: true, Int: int64(members)}
	p.Facts["group.policies"] = approvals.Fact{Known: true, Int: enabled(p.Policies)}
	p.Facts["fenced"] = approvals.Fact{Known: true, Bool: false}
	p.Warnings = append(p.Warnings, "The account will sign in without MFA from any address: whoever knows its password can.")
	if enabled(p.Policies) == 0 {
		p.Warnings = append(p.Warnings, "No enabled policy excludes this group: the change would have no effect.")
	}
}

// owner resolves who answers for an account. An owner who left, is a guest or does not exist is none.
func (e *Entra) owner(ctx context.Context, u graph.User) (approvals.Person, error) {
	id, err := e.cfg.OwnerOf(ctx, u)
	if err != nil || id == "" {
		return approvals.Person{}, err
	}
	o, err := e.cfg.Reader.User(ctx, id, e.cfg.Attributes...)
	if graph.IsNotFound(err) {
		return approvals.Person{}, nil
	}
	if err != nil {
		return approvals.Person{}, e.said(ctx, err, BucketDirectory, "reading the owner")
	}
	p := e.person(o)
	if !p.Enabled || p.Guest || p.ID == u.ID {
		return approvals.Person{}, nil
	}
	return p, nil
}
