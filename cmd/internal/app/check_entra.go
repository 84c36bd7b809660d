package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals/redisstore"
	"hallpass/approvals/rulesfile"
	"hallpass/graph"
)

// checkIdentities looks at the permissions that were granted: too few, and too many.
func checkIdentities(ctx context.Context, cfg Config, p Parts, out *report) {
	file := p.Rules.File()
	if p.Writer == nil && !p.Observe {
		out.problem("Name a credential for writing, or set mode: observe.", "mode: enforce needs entra.writer")
	}
	same := p.Writer != nil && cfg.Entra.Reader.Kind == cfg.Entra.Writer.Kind && cfg.Entra.Reader.ClientID == cfg.Entra.Writer.ClientID
	if same {
		out.advise("Make two app registrations, so that what reads all day cannot write.", "entra.reader and entra.writer are the same identity")
	}
	checkIdentity(ctx, graph.Reader, p.Reader, file, same, out)
	if p.Writer != nil && !same {
		checkIdentity(ctx, graph.Writer, p.Writer, file, false, out)
	}
	_, perUser := file.PerUser()
	checkOptional(ctx, graph.Apps, len(file.Apps()) > 0, cfg, p, out)
	checkOptional(ctx, graph.MFA, perUser, cfg, p, out)
	checkOptional(ctx, graph.Sessions, p.Sessions != nil, cfg, p, out) // the rules file does not name it
	if roles, err := p.Reader.Roles(ctx); err == nil && len(file.Apps()) > 0 && !slices.Contains(roles, graph.AppRead) {
		out.problem("Grant it to the reader, or take the section apps out of the rules file.", "entra.reader lacks %s, so no application can be asked for", graph.AppRead)
	}
	checkOwnApps(ctx, cfg, p, out)
}

// sections are those of the rules file that need an optional identity.
func sections(who graph.Identity) string {
	switch who {
	case graph.Apps:
		return "apps"
	case graph.MFA:
		return "per_user_mfa"
	case graph.Reader, graph.Writer, graph.Sessions: // not asked for by the rules file
	}
	return ""
}

// checkOptional looks at an identity that only one way out needs: it is one of its own, and only where that way can be asked for.
func checkOptional(ctx context.Context, who graph.Identity, wanted bool, cfg Config, p Parts, out *report) {
	section, client, c := sections(who), p.client(who), cfg.Entra.Of(who)
	switch {
	case client == nil && wanted:
		out.problem("Name a credential for it, or take the section "+section+" out of the rules file.", "the rules file has %s, and entra.%s is not set", section, who)
		return
	case client == nil:
		return
	case !wanted:
		out.advise("Write the section "+section+" into the rules file, or take entra."+string(who)+" away.", "entra.%s is set, and the rules file has no %s", who, section)
	}
	for _, other := range graph.Identities() {
		if o := cfg.Entra.Of(other); other != who && o.Kind == c.Kind && o.ClientID == c.ClientID {
			out.problem("Give it an app registration of its own.", "entra.%s is the same identity as entra.%s, which could then do both", who, other)
			return
		}
	}
	checkIdentity(ctx, who, client, p.Rules.File(), false, out)
}

// checkIdentity holds what is granted to an identity against the table of calls. both says that it is reader and writer.
func checkIdentity(ctx context.Context, who graph.Identity, c *graph.Client, file *rulesfile.File, both bool, out *report) {
	roles, err := c.Roles(ctx)
	if err != nil {
		out.problem("Look at tenant.id, the credential and hosts.login.", "entra.%s cannot sign in: %v", who, err)
		return
	}
	ids := []graph.Identity{who}
	if both {
		ids = []graph.Identity{graph.Reader, graph.Writer}
	}
	surplus := slices.Clone(roles)
	said := map[string]bool{}
	for _, id := range ids {
		for _, need := range graph.Needs(id) {
			held := slices.Contains(roles, need.Permission)
			surplus = slices.DeleteFunc(surplus, func(role string) bool { return role == need.Permission })
			if said[need.Permission] {
				continue
			}
			said[need.Permission] = true
			switch {
			case held:
				out.good("entra.%s holds %s (%s)", who, need.Permission, need.Why)
			case need.Permission == graph.GroupWrite && !groupsOf(file):
				// there is no group to write
			case need.Permission == graph.GroupWrite:
				out.advise("See to it that the writer is Groups Administrator of the administrative unit that holds the exclusion groups; without that or the permission nothing can be written to them.", "entra.%s does not hold %s", who, need.Permission)
			case need.Optional != "" && (who == graph.Reader || who == graph.Writer):
				out.advise("Grant it if rules or approvers need to know.", "entra.%s does not hold %s: %s", who, need.Permission, need.Without())
			default:
				out.problem("Grant it to the app registration and give admin consent.", "entra.%s lacks %s (%s)", who, need.Permission, need.Why)
			}
			if held && need.Permission == graph.GroupWrite {
				out.advise("Put the exclusion groups into a restricted management administrative unit and let the writer administer only that: see deploy/README.md.", "with %s it could change every group of the tenant that holds no role", need.Permission)
			}
		}
	}
	for _, role := range surplus {
		if why, bad := graph.Forbidden(who)[role]; bad {
			out.problem("Take it away; serve refuses to start with it.", "entra.%s holds %s: %s", who, role, why)
		} else {
			out.problem("Take it away: who takes over hallpass would have it too.", "entra.%s holds %s, which hallpass does not use there", who, role)
		}
	}
}

// groupsOf reports whether the rules file names any group that hallpass writes.
func groupsOf(file *rulesfile.File) bool { return len(file.Exclusions())+len(file.ZoneNames()) > 0 }

// checkTenant looks whether what the rules file names is there.
func checkTenant(ctx context.Context, p Parts, out *report) {
	file := p.Rules.File()
	locations, err := p.Reader.Locations(ctx)
	if err != nil {
		out.problem("See the permissions above.", "named locations cannot be read: %v", err)
		return
	}
	for _, place := range file.Locations() {
		found := slices.ContainsFunc(locations, func(l graph.Location) bool { return l.ID == place.Target.ID && l.IP })
		out.say(redisstore.Finding{OK: found, What: is(found, "the location "+place.Name, "in the tenant"), Do: "Name the id of a named location of IP ranges in the rules file."})
	}
	for _, place := range file.Exclusions() {
		g, err := p.Reader.Group(ctx, place.Target.ID)
		sound := err == nil && g.Security && !g.Dynamic && !g.Synced && !g.RoleAssignable
		out.say(redisstore.Finding{
			OK: sound, What: is(sound, "the exclusion "+place.Name, "a cloud-only security group with assigned members"), Do: "Name the id of such a group in the rules file.",
		})
	}
	for _, g := range file.Groups() {
		members, err := p.Reader.Members(ctx, g.ID)
		switch {
		case err != nil:
			out.problem("Name the object id of a group in the rules file.", "the members of the group %s cannot be read: %v", g.Name, err)
		case len(members) == 0:
			out.problem("Add people to it in Entra ID.", "nobody is in the group %s", g.Name)
		default:
			out.good("the group %s is in the tenant and has %d direct members", g.Name, len(members))
		}
	}
	for _, id := range file.Emergency() {
		if _, err := p.Reader.User(ctx, id); err != nil {
			out.problem("Name the object ids of the emergency-access accounts: who is not named is not protected.", "the emergency account %s cannot be read: %v", id, err)
		}
	}
}

func is(so bool, what, it string) string {
	if so {
		return fmt.Sprintf("%s is %s", what, it)
	}
	return fmt.Sprintf("%s is not %s", what, it)
}

// checkZones looks whether the fence of every zone holds: a line for each.
func checkZones(ctx context.Context, core *Core, out *report) {
	reports, err := patient(ctx, core.parts.Store.Now, core.Tenant.CheckZones)
	if err != nil {
		out.problem("See the permissions above.", "the zones cannot be looked at: %v", err)
		return
	}
	for _, r := range reports {
		what := "the zone " + r.Zone.Name
		if r.Blocks {
			what = "the block of accounts whose exemption ended"
		}
		if len(r.Found()) == 0 && r.Blocks {
			out.good("%s holds: %d are kept out of everything", what, r.Accounts)
			continue
		}
		if len(r.Found()) == 0 {
			out.good("%s holds: %d accounts, %d addresses", what, r.Accounts, r.Addresses)
			continue
		}
		var wrong, do []string
		for _, f := range r.Found() {
			wrong, do = append(wrong, f.What), append(do, f.Do)
		}
		out.problem(strings.Join(slices.Compact(do), " "), "%s: %s", what, strings.Join(wrong, "; "))
	}
}
