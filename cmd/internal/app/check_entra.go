package app

import (
	"context"
	"fmt"
	"slices"

	"hallpass/approvals/redisstore"
	"hallpass/approvals/rulesfile"
	"hallpass/graph"
)

// permission is an application permission that one of the two identities needs, and why.
type permission struct {
	who, role, why string
	// groups says that it is needed only for exclusion groups, and only if they do not stand in an administrative unit.
	groups bool
}

func wanted() []permission {
	return []permission{
		{who: reader, role: "Policy.Read.All", why: "reads named locations and policies"},
		{who: reader, role: "GroupMember.Read.All", why: "reads the exclusion groups and who holds seats"},
		{who: reader, role: "User.Read.All", why: "reads whether people and accounts are enabled"},
		{who: reader, role: "AuditLog.Read.All", why: "finds out who took something out"},
		{who: writer, role: "Policy.Read.All", why: "is demanded for writing named locations"},
		{who: writer, role: "Policy.ReadWrite.ConditionalAccess", why: "writes named locations; it covers policies too, which hallpass never writes"},
		{who: writer, role: "GroupMember.ReadWrite.All", why: "changes exclusion groups", groups: true},
	}
}

// The two identities.
const (
	reader = "reader"
	writer = "writer"
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
	checkIdentity(ctx, reader, p.Reader, file, same, out)
	if p.Writer != nil && !same {
		checkIdentity(ctx, writer, p.Writer, file, false, out)
	}
}

func checkIdentity(ctx context.Context, who string, c *graph.Client, file *rulesfile.File, both bool, out *report) {
	roles, err := c.Roles(ctx)
	if err != nil {
		out.problem("Look at tenant.id, the credential and hosts.login.", "entra.%s cannot sign in: %v", who, err)
		return
	}
	needed := map[string]bool{}
	for _, w := range wanted() {
		if w.who != who && !both || needed[w.role] {
			continue
		}
		needed[w.role] = true
		switch has := slices.Contains(roles, w.role); {
		case has && w.groups:
			out.good("entra.%s holds %s (%s)", who, w.role, w.why)
			out.advise("Put the exclusion groups into a restricted management administrative unit and let the writer administer only that: see deploy/README.md.", "with %s it could change every group of the tenant that holds no role", w.role)
		case has:
			out.good("entra.%s holds %s (%s)", who, w.role, w.why)
		case w.groups && len(file.Exclusions()) == 0:
			// there is no group to write
		case w.groups:
			out.advise("See to it that the writer is Groups Administrator of the administrative unit that holds the exclusion groups; without that or the permission nothing can be written to them.", "entra.%s does not hold %s", who, w.role)
		default:
			out.problem("Grant it to the app registration and give admin consent.", "entra.%s lacks %s (%s)", who, w.role, w.why)
		}
	}
	for _, role := range roles {
		if why, bad := forbidden()[role]; bad {
			out.problem("Take it away; serve refuses to start with it.", "entra.%s holds %s: %s", who, role, why)
		} else if !needed[role] {
			out.problem("Take it away: who takes over hallpass would have it too.", "entra.%s holds %s, which hallpass does not use there", who, role)
		}
	}
}

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
