package entra

import (
	"context"
	"net/netip"
	"slices"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// account reads the account of an ask, or refuses one that is never exempted.
func (e *Entra) account(ctx context.Context, ask approvals.Ask) (graph.User, error) {
	if _, err := netip.ParseAddr(ask.Account); err == nil || ask.Account == "" {
		return graph.User{}, approvals.Refuse(approvals.RefusedInput, "%q is no account.", clip(ask.Account, 60)).Or("To trust an address type `/hallpass ip …`.")
	}
	u, err := e.cfg.Reader.User(ctx, ask.Account, e.cfg.Attributes...)
	if graph.IsNotFound(err) {
		return u, approvals.Refuse(approvals.RefusedNotFound, "There is no account “%s” in Entra ID.", clip(ask.Account, 80)).
			Or("Type its full sign-in name, like svc-nx@contoso.com. An app registration needs no exemption: MFA is never asked of it.")
	}
	if err != nil {
		return u, e.said(ctx, err, BucketDirectory, "reading the account")
	}
	switch {
	case slices.Contains(e.cfg.Places.Emergency(), u.ID):
		return u, approvals.Refuse(approvals.RefusedEmergency, "%s is an emergency-access account; hallpass never touches those.", u.UPN)
	case ask.Adopt: // it is exempt already: whatever it is, it is better off with an end
	case u.Guest:
		return u, approvals.Refuse(approvals.RefusedTarget, "%s is a guest; its own organisation decides on its MFA.", u.UPN)
	case !u.Enabled:
		return u, approvals.Refuse(approvals.RefusedTarget, "%s is disabled; it cannot sign in at all.", u.UPN).Or("Have it enabled first.")
	case u.EmployeeID != "":
		return u, approvals.Refuse(approvals.RefusedOwnAccount, "%s looks like a person's account: it has an employee id. People are not exempted from MFA.", u.UPN).
			Or("Use a service account, or better an app registration.")
	}
	return u, nil
}

// planAccount plans an exemption without a fence.
func (e *Entra) planAccount(ctx context.Context, ask approvals.Ask, place Place, policies []graph.Policy, p approvals.Plan) (approvals.Plan, error) {
	u, err := e.account(ctx, ask)
	if err != nil {
		return p, err
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
		return p, err
	}
	there := slices.Contains(members, u.ID)
	switch {
	case ask.Adopt:
		if err := adoptable(u.UPN, place.Title, there, ours[u.ID]); err != nil {
			return p, err
		}
	case there && !ours[u.ID]:
		return p, alreadyExempt(u, g.Name).Or("It works without a request. To give it an owner and an end: `/hallpass adopt %s in %s for 90d because …`.", u.UPN, ask.Where)
	}
	if in, err := e.zonesOf(ctx, u); err != nil || len(in) > 0 && !ask.Adopt {
		if err != nil {
			return p, err
		}
		return p, approvals.Refuse(approvals.RefusedTarget, "%s is in the fenced zone “%s”: its fence would block it from everywhere else all the same.", u.UPN, in[0].Title).
			Or("Ask for more addresses instead: `/hallpass account %s from ADDRESS … for 30d because …`.", u.UPN)
	}
	p.Account = e.person(u)
	p.Changes = []approvals.Change{{Target: target, Title: g.Name, Entry: u.ID, Label: u.UPN, Adopt: ask.Adopt}}
	p.Policies = policiesOfGroup(g.ID, policies)
	addressFacts(&p, nil)
	if err := e.wishForLog(ctx, &p, u); err != nil {
		return p, err
	}
	if _, err := e.accountFacts(ctx, &p, u, ask.Adopt); err != nil {
		return p, err
	}
	log, err := e.logFacts(ctx, &p, u, ask)
	if err != nil {
		return p, err
	}
	e.fence(&p, log, u)
	p.Facts["group.members"] = number(len(members))
	p.Facts["group.policies"] = approvals.Fact{Known: true, Int: enabled(p.Policies)}
	p.Facts["fenced"] = truth(false)
	for _, name := range []string{"zone.name", "zone.new_pairs", "zone.accounts", "zone.blocked", "zone.runs", "zone.sometimes"} {
		p.Facts[name] = approvals.Fact{Why: "the ask names no address, so there is no fence"}
	}
	if ask.Adopt {
		p.Warnings = append(p.Warnings, oddities(u)...)
		p.Warnings = append(p.Warnings, "The account signs in without MFA from any address today: whoever knows its password can.")
	} else {
		p.Warnings = append(p.Warnings, "The account will sign in without MFA from any address: whoever knows its password can.")
	}
	if enabled(p.Policies) == 0 {
		p.Warnings = append(p.Warnings, "No enabled policy excludes this group: being in it has no effect.")
	}
	if err := e.then(ctx, ask, u, &p); err != nil {
		return p, err
	}
	p.Owner, err = e.owner(ctx, u)
	return p, err
}

func alreadyExempt(u graph.User, group string) *approvals.Refusal {
	return approvals.Refuse(approvals.RefusedCovered, "%s is already exempt: somebody else put it into %s.", u.UPN, group)
}

// policiesOfGroup says what being in the group does under each policy that excludes it.
func policiesOfGroup(id string, policies []graph.Policy) []approvals.PolicyEffect {
	var out []approvals.PolicyEffect
	for _, pol := range policies {
		if slices.Contains(pol.ExcludeGroups, id) {
			out = append(out, approvals.PolicyEffect{ID: pol.ID, Name: pol.Name, State: pol.State, Does: evaluate.Lifted(pol) + ", for the account"})
		}
	}
	return out
}

func number(n int) approvals.Fact { return approvals.Fact{Known: true, Int: int64(n)} }

func truth(is bool) approvals.Fact { return approvals.Fact{Known: true, Bool: is} }

func words(list []string) approvals.Fact { return approvals.Fact{Known: true, List: list} }

// OwnerOf gives who answers for an account now, by its object id; zero if nobody does.
func (e *Entra) OwnerOf(ctx context.Context, account string) (approvals.Person, error) {
	u, err := e.cfg.Reader.User(ctx, account, e.cfg.Attributes...)
	if err != nil {
		return approvals.Person{}, e.said(ctx, err, BucketDirectory, "reading the account")
	}
	return e.owner(ctx, u)
}

// owner resolves who answers for an account: the first of its owner and deputy who is there. One who left, is a guest or does
// not exist is not.
func (e *Entra) owner(ctx context.Context, u graph.User) (approvals.Person, error) {
	ids, err := e.cfg.OwnersOf(ctx, u)
	if err != nil {
		return approvals.Person{}, err
	}
	for _, id := range ids {
		o, err := e.cfg.Reader.User(ctx, id, e.cfg.Attributes...)
		if graph.IsNotFound(err) {
			continue
		}
		if err != nil {
			return approvals.Person{}, e.said(ctx, err, BucketDirectory, "reading the owner")
		}
		if p := e.person(o); p.Enabled && !p.Guest && p.ID != u.ID {
			return p, nil
		}
	}
	return approvals.Person{}, nil
}
