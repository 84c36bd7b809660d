package entra

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// lot is a zone as it is now, and with what is wanted of it.
type lot struct {
	Zone
	location  graph.Location
	addresses []string // canonical: there, or wanted
	accounts  []string // wanted in it, and members once the group was read
	group     evaluate.Group
	members   []string
}

func (z Zone) policies() evaluate.Zone {
	return evaluate.Zone{Group: z.Group, Location: z.Location, MFA: z.MFA, Fence: z.Fence, Registration: z.Registration}
}

func (z Zone) groupTarget() approvals.Target {
	return approvals.Target{Kind: approvals.TargetGroup, ID: z.Group}
}

func (z Zone) locationTarget() approvals.Target {
	return approvals.Target{Kind: approvals.TargetLocation, ID: z.Location}
}

// wanted are the entries that live requests want in a target.
func (e *Entra) wanted(ctx context.Context, t approvals.Target) ([]string, error) {
	rows, err := e.cfg.Ledger.Rows(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("reading what is wanted of %s: %w", t, err)
	}
	var out []string
	for _, row := range rows {
		if row.Want && !slices.Contains(out, row.Entry) {
			out = append(out, row.Entry)
		}
	}
	return out, nil
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

func less(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// lots are all zones, without asking Graph for their groups yet.
func (e *Entra) lots(ctx context.Context, locations []graph.Location) ([]lot, error) {
	var out []lot
	for _, z := range e.cfg.Places.Zones() {
		l := lot{Zone: z}
		if i := slices.IndexFunc(locations, func(l graph.Location) bool { return l.ID == z.Location }); i >= 0 {
			l.location = locations[i]
		}
		addresses, err := e.wanted(ctx, z.locationTarget())
		if err != nil {
			return nil, err
		}
		if l.accounts, err = e.wanted(ctx, z.groupTarget()); err != nil {
			return nil, err
		}
		l.addresses = union(canonical(l.location.Ranges), addresses)
		out = append(out, l)
	}
	return out, nil
}

// fill reads the group of a zone.
func (e *Entra) fill(ctx context.Context, l *lot) error {
	var err error
	if l.group, err = e.groupAround(ctx, l.Group); err == nil {
		l.members, err = e.cfg.Reader.Members(ctx, l.Group)
	}
	if err != nil {
		return e.said(ctx, err, BucketDirectory, "reading the group of the zone “"+l.Title+"”")
	}
	l.accounts = union(l.accounts, l.members)
	return nil
}

// groupAround reads a group with the groups in it and above it.
func (e *Entra) groupAround(ctx context.Context, id string) (g evaluate.Group, err error) {
	if g.Group, err = e.cfg.Reader.Group(ctx, id); err != nil {
		return g, err
	}
	if g.Nested, err = e.cfg.Reader.Nested(ctx, id); err != nil {
		return g, err
	}
	above, err := e.cfg.Reader.GroupsAbove(ctx, id)
	for _, a := range above {
		g.Parents = append(g.Parents, a.ID)
	}
	return g, err
}

// zonesOf are the zones that the account is in, or is wanted in.
func (e *Entra) zonesOf(ctx context.Context, u graph.User) ([]Zone, error) {
	zones := e.cfg.Places.Zones()
	if len(zones) == 0 {
		return nil, nil
	}
	var groups []string
	for _, z := range zones {
		groups = append(groups, z.Group)
	}
	in, err := e.cfg.Reader.MemberOf(ctx, u.ID, groups)
	if err != nil {
		return nil, e.said(ctx, err, BucketDirectory, "reading the zones of the account")
	}
	var out []Zone
	for _, z := range zones {
		wanted, err := e.wanted(ctx, z.groupTarget())
		if err != nil {
			return nil, err
		}
		if slices.Contains(in, z.Group) || slices.Contains(wanted, u.ID) {
			out = append(out, z)
		}
	}
	return out, nil
}

// fit is how well a zone fits an ask: smaller is better.
type fit int

const (
	fitSame fit = iota // the account is in it, or the same addresses are
	fitFree            // nobody and nothing is in it
	fitNot
)

// fits says whether the account can be put into the zone with the addresses. Only accounts that ask for the same addresses
// share a zone, unless the ask names it: then the plan lists what that opens.
func (l lot) fits(u graph.User, asked []string, mine, named bool) fit {
	others := slices.ContainsFunc(l.accounts, func(id string) bool { return id != u.ID })
	fresh, extra := less(asked, l.addresses), less(l.addresses, asked)
	switch {
	case mine && (!others || len(fresh) == 0), named && (others || len(extra) > 0), len(fresh)+len(extra) == 0:
		return fitSame
	case !others && len(l.addresses) == 0:
		return fitFree
	}
	return fitNot
}

// rank orders free zones for a set of addresses: the same set comes to the same zone again, and different sets, asked for
// at the same time, as a rule to different ones.
func rank(name string, asked []string) string {
	sum := sha256.Sum256([]byte(name + " " + strings.Join(asked, " ")))
	return string(sum[:])
}

// choose picks the zone for an ask and makes sure that its fence holds.
func (e *Entra) choose(ctx context.Context, ask approvals.Ask, u graph.User, world evaluate.Tenant) (lot, error) {
	all, err := e.lots(ctx, world.Locations)
	if err != nil {
		return lot{}, err
	}
	if len(all) == 0 {
		return lot{}, approvals.Refuse(approvals.RefusedTarget, "No fenced zone is set up here, so an account cannot be exempted from some addresses only.").
			Or("An administrator makes one: `hallpass zone plan` prints what to create.")
	}
	candidates, mine, err := e.candidates(ctx, ask, u, all)
	if err != nil {
		return lot{}, err
	}
	asked := prefixes(ask.Addresses)
	fits := func(l lot) fit { return l.fits(u, asked, mine, ask.Where != "") }
	slices.SortStableFunc(candidates, func(a, b lot) int {
		return cmp.Or(cmp.Compare(fits(a), fits(b)), cmp.Compare(rank(a.Name, asked), rank(b.Name, asked)))
	})
	var broken *approvals.Refusal
	for _, l := range candidates {
		if fits(l) == fitNot {
			continue
		}
		if err := e.fill(ctx, &l); err != nil {
			if no, is := errors.AsType[*approvals.Refusal](err); is && broken == nil { // its group is gone, or is out of reach
				broken = no
				continue
			}
			return l, err
		}
		if fits(l) == fitNot { // somebody else put an account there
			continue
		}
		if wrong := world.Broken(l.policies(), l.group); len(wrong) > 0 {
			if broken == nil {
				broken = notFenced(l.Title, wrong)
			}
			continue
		}
		return l, nil
	}
	if broken != nil {
		return lot{}, broken
	}
	return lot{}, noZone(candidates, mine)
}

// candidates are the zones that could take the account at all; mine says that it is in the only one already.
func (e *Entra) candidates(ctx context.Context, ask approvals.Ask, u graph.User, all []lot) (list []lot, mine bool, err error) {
	in, err := e.zonesOf(ctx, u)
	if err != nil {
		return nil, false, err
	}
	named := func(name string) []lot {
		return slices.DeleteFunc(slices.Clone(all), func(l lot) bool { return l.Name != name })
	}
	switch {
	case len(in) > 1:
		return nil, false, approvals.Refuse(approvals.RefusedTarget, "%s is in more than one fenced zone (“%s”, “%s”), so it cannot sign in from anywhere.", u.UPN, in[0].Title, in[1].Title).
			Or("Tell security: one of them has to go.")
	case len(in) == 1 && ask.Where != "" && ask.Where != in[0].Name:
		return nil, false, approvals.Refuse(approvals.RefusedTarget, "%s is in the zone “%s” already, and an account is in one zone only: each fence blocks it from everywhere else.", u.UPN, in[0].Title).
			Or("Leave the zone out, or end the other request first.")
	case len(in) == 1:
		return named(in[0].Name), true, nil
	case ask.Where == "":
		return slices.Clone(all), false, nil
	}
	found := named(ask.Where)
	if len(found) == 0 {
		var names []string
		for _, l := range all {
			names = append(names, l.Name)
		}
		return nil, false, approvals.Refuse(approvals.RefusedNotFound, "There is no zone “%s”.", clip(ask.Where, 40)).Or("There is: %s.", strings.Join(names, ", "))
	}
	return found, false, nil
}

func noZone(candidates []lot, mine bool) error {
	if mine {
		return approvals.Refuse(approvals.RefusedTarget, "The zone “%s” is shared with other accounts, so no address can be added for one of them alone.", candidates[0].Title).
			Or("Name the zone to ask for it all the same (`in %s`): the plan then lists for whom else it opens. Or an administrator makes another zone: `hallpass zone plan`.", candidates[0].Name)
	}
	return approvals.Refuse(approvals.RefusedTarget, "No fenced zone is free: each holds other addresses, and accounts share one only if they ask for the same.").
		Or("An administrator makes another: `hallpass zone plan -n 1` prints what to create. Or end a request that is no longer needed.")
}

// notFenced says why nobody is put into a zone, and what mends it.
func notFenced(title string, wrong []evaluate.Finding) *approvals.Refusal {
	var what, do []string
	for _, f := range wrong[:min(len(wrong), 4)] {
		what, do = append(what, f.What), append(do, f.Do)
	}
	return approvals.Refuse(approvals.RefusedTarget, "The fence of the zone “%s” does not hold: %s. Nobody is put into it until that is mended.", title, strings.Join(what, "; ")).
		Or("An administrator mends it: %s `hallpass zone check` looks again.", strings.Join(slices.Compact(do), " "))
}

func prefixes(list []netip.Prefix) []string {
	out := make([]string, 0, len(list))
	for _, p := range list {
		out = append(out, p.String())
	}
	slices.Sort(out)
	return out
}
