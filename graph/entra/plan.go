package entra

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// Plan reads the tenant and plans the ask, or refuses it with what to do instead.
func (e *Entra) Plan(ctx context.Context, ask approvals.Ask) (approvals.Plan, error) {
	if ask.Kind == approvals.KindApp {
		return e.planApp(ctx, ask)
	}
	hand, byHand := e.handOf(ask.Where)
	place, ok := e.cfg.Places.Place(ask.Kind, ask.Where)
	if !ok && !byHand && !ask.Fenced() {
		return approvals.Plan{}, approvals.Refuse(approvals.RefusedNotFound, "There is no place “%s” for that.", clip(ask.Where, 40)).
			Or("There is: %s.", strings.Join(e.cfg.Places.Names(ask.Kind), ", "))
	}
	p, err := e.blank(ctx, ask)
	if err != nil {
		return p, err
	}
	if ask.Adopt && (byHand || ask.Fenced()) {
		return p, approvals.Refuse(approvals.RefusedInput, "Only what is in a location or in an exclusion of the rules file can be taken over.").
			Or("There is: %s.", strings.Join(slices.Concat(e.cfg.Places.Names(approvals.KindIP), e.cfg.Places.Names(approvals.KindAccount)), ", "))
	}
	if ask.Kind == approvals.KindAccount && ask.Where == approvals.PlacePerUser && !ask.Fenced() {
		if ask.Adopt {
			return p, approvals.Refuse(approvals.RefusedInput, "Who was exempted from per-user MFA by hand, and what was there before, is not known: it cannot be taken over.")
		}
		return e.planPerUser(ctx, ask, place, p)
	}
	if byHand && ask.Then != "" && ask.Then != approvals.ThenMFA {
		return p, approvals.Refuse(approvals.RefusedInput, "What people do by hand is undone by hand at its end, and nothing more: the account is neither blocked nor signed out.").Or("Leave `then` out.")
	}
	if byHand {
		return e.planByHand(ctx, ask, hand, p)
	}
	fresh := p.Made.Add(-sharedFor)
	policies, _, err := shared(ctx, e, sharedPolicies, fresh, approvals.ClassPerson, e.cfg.Reader.Policies)
	if err != nil {
		return p, err
	}
	if ask.Kind == approvals.KindAccount && !ask.Fenced() {
		return e.planAccount(ctx, ask, place, policies, p)
	}
	locations, _, err := e.locations(ctx, fresh, approvals.ClassPerson)
	if err != nil {
		return p, err
	}
	if ask.Fenced() {
		return e.planZone(ctx, ask, evaluate.Tenant{Policies: policies, Locations: locations}, p)
	}
	i := slices.IndexFunc(locations, func(l graph.Location) bool { return l.ID == place.ID })
	if i < 0 || !locations[i].IP {
		return p, approvals.Refuse(approvals.RefusedTarget, "The location “%s” is not a named location of addresses in Entra ID.", place.Title).
			Or("Tell your administrator: its id in the rules file is wrong.")
	}
	return e.planIP(ctx, ask, place, locations[i], policies, p)
}

// blank is a plan of which nothing is known yet.
func (e *Entra) blank(ctx context.Context, ask approvals.Ask) (approvals.Plan, error) {
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return approvals.Plan{}, fmt.Errorf("asking for the time: %w", err)
	}
	return approvals.Plan{Kind: ask.Kind, Made: now, Facts: approvals.Facts{"by_hand": truth(false)}}, nil
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
	fresh := 0
	for _, a := range ask.Addresses {
		by, covered := approvals.Covering(foreign, a)
		there := slices.Contains(entries, a.String())
		switch {
		case ask.Adopt && !there && covered:
			return p, approvals.Refuse(approvals.RefusedCovered, "%s is no entry of %s; it is trusted by %s there.", a, place.Title, by).
				Or("Take that over: `/hallpass adopt %s in %s for 90d because …`.", by, ask.Where)
		case ask.Adopt:
			if err := adoptable(a.String(), place.Title, there, ours[a.String()]); err != nil {
				return p, err
			}
		case covered:
			return p, approvals.Refuse(approvals.RefusedCovered, "%s is already trusted by %s in %s, which hallpass does not manage.", a, by, place.Title).
				Or("It works without a request. To give it an owner and an end: `/hallpass adopt %s in %s for 90d because …`.", by, ask.Where)
		}
		for _, o := range approvals.Overlapping(entries, a) {
			if o != a.String() {
				overlaps = append(overlaps, o)
			}
		}
		if !there {
			fresh++
		}
		p.Changes = append(p.Changes, approvals.Change{Target: target, Title: l.Name, Entry: a.String(), Label: a.String(), Adopt: ask.Adopt})
	}
	if len(entries)+fresh > graph.MaxRanges {
		return p, approvals.Refuse(approvals.RefusedTarget, "%s holds %d ranges; Entra ID takes %d.", place.Title, len(entries), graph.MaxRanges).
			Or("Ask for a range instead of single addresses, or for another location.")
	}
	for _, effect := range (evaluate.Tenant{Policies: policies}).Address(l) {
		p.Policies = append(p.Policies, approvals.PolicyEffect{ID: effect.Policy.ID, Name: effect.Policy.Name, State: effect.Policy.State, Does: effect.Does})
	}
	widest := addressFacts(&p, ask.Addresses)
	p.Facts["location.trusted"] = approvals.Fact{Known: true, Bool: l.Trusted}
	p.Facts["location.ranges"] = approvals.Fact{Known: true, Int: int64(len(entries))}
	p.Facts["location.policies"] = approvals.Fact{Known: true, Int: enabled(p.Policies)}
	p.Facts["overlaps"] = approvals.Fact{Known: true, List: overlaps}
	if err := e.rangeFacts(ctx, &p, ask.Addresses); err != nil {
		return p, err
	}
	if err := tolerate(ask.Adopt, &p, e.defaultsFacts(ctx, &p, graph.User{})); err != nil {
		return p, err
	}
	if l.Trusted {
		p.Warnings = append(p.Warnings, "The location is marked as trusted: every policy for “all trusted locations” and the risk calculation treat these addresses as safe.")
	}
	if widest > 8 {
		p.Warnings = append(p.Warnings, "A wide range: everybody who signs in from it is treated alike.")
	}
	if enabled(p.Policies) == 0 {
		p.Warnings = append(p.Warnings, "No enabled policy refers to this location: being in it has no effect.")
	}
	return p, nil
}

// addressFacts notes what the addresses are, and gives how many bits of the widest are free.
func addressFacts(p *approvals.Plan, list []netip.Prefix) uint {
	widest, v6 := uint(0), false
	for _, a := range list {
		widest, v6 = max(widest, uint(a.Addr().BitLen()-a.Bits())), v6 || a.Addr().Is6()
	}
	p.Facts["addresses"] = approvals.Fact{Known: true, Int: int64(len(list))}
	p.Facts["size"] = approvals.Fact{Known: true, Int: int64(1) << min(widest, 62)}
	p.Facts["networks"] = approvals.Fact{Why: "the sign-in log is not asked about addresses here"}
	if len(list) == 0 {
		p.Facts["networks"] = approvals.Fact{Why: "no address is asked for"}
		p.Facts["size"] = approvals.Fact{Known: true}
	}
	p.Facts["ipv6"] = approvals.Fact{Known: true, Bool: v6}
	return widest
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
