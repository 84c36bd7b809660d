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

// planZone plans an exemption that holds from the ask's addresses only: each address into the zone's location, and then the
// account into its group.
func (e *Entra) planZone(ctx context.Context, ask approvals.Ask, world evaluate.Tenant, p approvals.Plan) (approvals.Plan, error) {
	u, err := e.account(ctx, ask)
	if err != nil {
		return p, err
	}
	p.Account = e.person(u)
	l, err := e.choose(ctx, ask, u, world)
	if err != nil {
		return p, err
	}
	ours, err := e.cfg.Ledger.Ours(ctx, l.groupTarget())
	if err != nil {
		return p, fmt.Errorf("reading the ledger: %w", err)
	}
	if slices.Contains(l.members, u.ID) && !ours[u.ID] {
		return p, alreadyExempt(u, l.group.Name).Or("A zone holds only what hallpass put there. Have an administrator take it out, then ask for it.")
	}
	asked := prefixes(ask.Addresses)
	if len(union(l.addresses, asked)) > graph.MaxRanges {
		return p, approvals.Refuse(approvals.RefusedTarget, "The zone “%s” would hold more than %d ranges, which Entra ID does not take.", l.Title, graph.MaxRanges)
	}
	for _, a := range asked {
		p.Changes = append(p.Changes, approvals.Change{Target: l.locationTarget(), Title: l.location.Name, Entry: a, Label: a})
	}
	p.Changes = append(p.Changes, approvals.Change{Target: l.groupTarget(), Title: l.group.Name, Entry: u.ID, Label: u.UPN})
	p.Zone = &approvals.Zone{Name: l.Name, Title: l.Title}
	if p.Zone.Pairs, err = e.pairs(ctx, u, l, asked); err != nil {
		return p, err
	}
	if err := e.then(ctx, ask, u, &p); err != nil {
		return p, err
	}
	e.zonePolicies(&p, l, world)
	if err := e.zoneFacts(ctx, &p, ask, u, l, world); err != nil {
		return p, err
	}
	p.Owner, err = e.owner(ctx, u)
	return p, err
}

// pairs are the ways in that the ask stands for: the account from every address of the zone, and each other account of the
// zone from every address that is new there.
func (e *Entra) pairs(ctx context.Context, u graph.User, l lot, asked []string) ([]approvals.Pair, error) {
	var out []approvals.Pair
	for _, a := range union(l.addresses, asked) {
		out = append(out, approvals.Pair{Account: u.ID, Label: u.UPN, Address: a})
	}
	fresh := less(asked, l.addresses)
	for _, id := range l.accounts {
		if id == u.ID || len(fresh) == 0 {
			continue
		}
		other, err := e.cfg.Reader.User(ctx, id)
		if err != nil && !graph.IsNotFound(err) {
			return nil, e.said(ctx, err, BucketDirectory, "reading another account of the zone")
		}
		label := other.UPN
		if label == "" {
			label = id
		}
		for _, a := range fresh {
			out = append(out, approvals.Pair{Account: id, Label: label, Address: a})
		}
	}
	return out, nil
}

// zonePolicies says what being in the zone does under each policy that makes it.
func (e *Entra) zonePolicies(p *approvals.Plan, l lot, world evaluate.Tenant) {
	for _, pol := range world.Policies {
		var does string
		switch {
		case strings.EqualFold(pol.ID, l.Fence):
			does = "blocks the account from every address but those of the zone"
		case strings.EqualFold(pol.ID, l.Registration):
			does = "keeps the account from registering security information"
		case slices.Contains(pol.ExcludeGroups, l.Group):
			does = evaluate.Lifted(pol) + ", for the account"
		default:
			continue
		}
		p.Policies = append(p.Policies, approvals.PolicyEffect{ID: pol.ID, Name: pol.Name, State: pol.State, Does: does})
	}
}

func (e *Entra) zoneFacts(ctx context.Context, p *approvals.Plan, ask approvals.Ask, u graph.User, l lot, world evaluate.Tenant) error {
	addressFacts(p, ask.Addresses)
	p.Facts["fenced"] = truth(true) // choose has looked
	p.Facts["zone.name"] = approvals.Fact{Known: true, Text: l.Name}
	p.Facts["zone.accounts"] = number(len(less(l.accounts, []string{u.ID})))
	p.Facts["group.members"] = number(len(l.members))
	p.Facts["group.policies"] = approvals.Fact{Known: true, Int: exempted(world, l)}
	var pairs []string
	for _, pair := range p.Zone.Pairs {
		pairs = append(pairs, pair.String())
		if pair.Account != u.ID {
			p.Warnings = append(p.Warnings, "Also lets "+pair.Label+" in from "+pair.Address+", without MFA.")
		}
	}
	p.Facts["zone.new_pairs"] = words(pairs)
	for _, a := range less(l.addresses, prefixes(ask.Addresses)) {
		if !slices.Contains(l.accounts, u.ID) {
			p.Warnings = append(p.Warnings, "Also lets the account in from "+a+", which the zone holds already.")
		}
	}
	if exempted(world, l) == 0 {
		p.Warnings = append(p.Warnings, "No MFA policy of the zone is in force: being exempt from them changes nothing.")
	}
	s, err := e.accountFacts(ctx, p, u, false)
	if err != nil {
		return err
	}
	log, err := e.historyOf(ctx, u.ID, reach(p.Made), approvals.ClassPerson)
	if err != nil {
		return err
	}
	log.facts(p)
	if err := log.check(u, ask, p.Made); err != nil {
		return err
	}
	p.Warnings = append(p.Warnings, log.doubts(ask, p.Made)...)
	log.whose(p, ask)
	if err := blocked(p, log, ask, l); err != nil {
		return err
	}
	return runs(p, log, ask, letIn(p, s.evaluated(u, l)), l, world)
}

// exempted counts the MFA policies in force that exclude the zone's group.
func exempted(world evaluate.Tenant, l lot) int64 {
	n := int64(0)
	for _, pol := range world.Policies {
		if pol.State == evaluate.Enabled && slices.Contains(pol.ExcludeGroups, l.Group) {
			n++
		}
	}
	return n
}

// blocked notes from where the fence will block the account. An address of which the requester said nothing refuses the
// ask: either it is added, or it may stop.
func blocked(p *approvals.Plan, log history, ask approvals.Ask, l lot) error {
	if !log.Known {
		p.Facts["zone.blocked"] = approvals.Fact{Why: log.Why}
		p.Warnings = append(p.Warnings, "From where it signs in today is not known ("+log.Why+"). From everywhere but its addresses it will be BLOCKED.")
		return nil
	}
	inside := slices.Clone(ask.Addresses)
	for _, a := range l.addresses {
		if q, err := netip.ParsePrefix(a); err == nil {
			inside = append(inside, q)
		}
	}
	var silent, told []string
	var add []string
	for _, u := range log.leftOut(inside) {
		if within(ask.Drop, u.address) {
			told = append(told, u.String())
		} else {
			silent, add = append(silent, u.String()), append(add, u.address.Addr().String())
		}
	}
	if len(silent) > 0 {
		shown := strings.Join(silent[:min(len(silent), 8)], "; ")
		if len(silent) > 8 {
			shown += fmt.Sprintf("; and %d more", len(silent)-8)
		}
		list := strings.Join(add[:min(len(add), 8)], " ")
		return approvals.Refuse(approvals.RefusedInput, "The fence would block %s from where it signs in today: %s.", p.Account.Label(), shown).
			Or("Add the addresses that must go on (`from … %s`), and say of the others that they may stop (`drop %s`).", list, list)
	}
	p.Facts["zone.blocked"] = words(prefixes(ask.Drop))
	if slices.Contains(l.accounts, p.Account.ID) {
		evidence(p, log, ask)
	}
	for i, t := range told { // what stops comes first
		p.Warnings = slices.Insert(p.Warnings, i, "Will be BLOCKED from: "+t)
	}
	return nil
}

// evidence says, for an account that is in the zone already, what it was used for: the answer to whether it is still needed.
func evidence(p *approvals.Plan, log history, ask approvals.Ask) {
	used := false
	for _, u := range log.uses() {
		if within(ask.Addresses, u.address) {
			used = true
			p.Warnings = append(p.Warnings, "In use: "+u.String())
		}
	}
	if !used {
		p.Warnings = append(p.Warnings, "No sign-in from its addresses within 30 days. If nobody needs it, let it end.")
		return
	}
	for _, a := range ask.Addresses {
		var from []string
		for _, u := range log.uses() {
			if a.Contains(u.address.Addr()) {
				from = append(from, u.address.Addr().String())
			}
		}
		narrower(p, a, from)
	}
}

// evaluated is the account as it will be, once it is in the zone.
func (s standing) evaluated(u graph.User, l lot) evaluate.Account {
	a := s.account(u.ID)
	a.Groups = append(a.Groups, l.Group)
	return a
}

// account is the account as it is.
func (s standing) account(id string) evaluate.Account {
	a := evaluate.Account{ID: id, GroupsKnown: s.groupsKnown, RolesKnown: s.rolesKnown}
	for _, g := range s.groups {
		a.Groups = append(a.Groups, g.ID)
	}
	for _, r := range s.roles {
		if !r.Eligible && (r.Scope == "/" || r.Scope == "") { // policies look at roles for the whole tenant only
			a.Roles = append(a.Roles, r.ID)
		}
	}
	return a
}

// runs says whether the job would get in once the account is in the zone. What certainly stops it refuses the ask: an
// exemption that does not help is a risk for nothing.
func runs(p *approvals.Plan, log history, ask approvals.Ask, account evaluate.Account, l lot, world evaluate.Tenant) error {
	after := evaluate.Tenant{Policies: world.Policies, Locations: slices.Clone(world.Locations)}
	i := slices.IndexFunc(after.Locations, func(x graph.Location) bool { return x.ID == l.location.ID })
	after.Locations[i].Ranges = union(l.addresses, prefixes(ask.Addresses))
	apps, clients := shape(log.asked(ask.Addresses))
	var stopped, sometimes, unsure, coming []string
	note := func(list *[]string, v evaluate.Verdict, format string, why ...string) {
		s := "“" + v.Policy.Name + "” " + evaluate.Stops(v.Policy)
		if len(why) > 0 {
			s += fmt.Sprintf(format, strings.Join(why, " and "))
		}
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, a := range ask.Addresses {
		job := after.Job(evaluate.SignIn{Account: account, From: a, Apps: apps, Clients: clients})
		for _, v := range job.Stopped {
			note(&stopped, v, "")
		}
		for _, v := range job.Sometimes {
			note(&sometimes, v, " if %s", v.Answer.Why...)
		}
		for _, v := range job.Unsure {
			note(&unsure, v, " perhaps: %s", v.Answer.Why...)
		}
		for _, v := range job.Coming {
			note(&coming, v, "")
		}
	}
	if len(stopped) > 0 {
		return approvals.Refuse(approvals.RefusedTarget, "The job would still not run: %s.", strings.Join(stopped, "; ")).
			Or("An administrator can exclude the zone's group from such a policy and name it in mfa_policies; or ask for an app registration instead, of which no policy for users demands anything.")
	}
	p.Facts["zone.runs"] = truth(true)
	if len(unsure) > 0 {
		p.Facts["zone.runs"] = approvals.Fact{Why: strings.Join(unsure, "; ")}
	}
	p.Facts["zone.sometimes"] = words(sometimes)
	for _, s := range sometimes {
		p.Warnings = append(p.Warnings, "Stopped at times: "+s+".")
	}
	for _, s := range coming {
		p.Warnings = append(p.Warnings, "Coming (report-only today): "+s+".")
	}
	return nil
}
