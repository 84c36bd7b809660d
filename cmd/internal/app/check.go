package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallpass/approvals/redisstore"
	"hallpass/graph"
)

// checkWithin bounds all of Check.
const checkWithin = 30 * time.Second

// wanted are the permissions of the two identities, and why.
func wanted() []struct{ who, role, why string } {
	return []struct{ who, role, why string }{
		{"reader", "Policy.Read.All", "reads named locations and policies"},
		{"reader", "GroupMember.Read.All", "reads the exclusion groups and who holds seats"},
		{"reader", "User.Read.All", "reads whether people and accounts are enabled"},
		{"reader", "AuditLog.Read.All", "finds out who took something out"},
		{"writer", "Policy.Read.All", "is demanded for writing named locations"},
		{"writer", "Policy.ReadWrite.ConditionalAccess", "writes named locations; it covers policies too, which hallpass never writes"},
		{"writer", "GroupMember.ReadWrite.All", "changes exclusion groups; not needed if they stand in a restricted administrative unit that the app administers"},
	}
}

// Check tries everything that the config names and writes a line for each; ok is false if serve would not work.
func Check(ctx context.Context, cfg Config, w io.Writer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		return false, err
	}
	all := true
	say := func(f redisstore.Finding) {
		word := "ok      "
		if !f.OK {
			word, all = "problem ", false
		}
		if _, werr := fmt.Fprintf(w, "%s%s\n", word, f.What); werr != nil {
			err = werr
		}
		if !f.OK && f.Do != "" {
			if _, werr := fmt.Fprintf(w, "        %s\n", f.Do); werr != nil {
				err = werr
			}
		}
	}
	p, closing, perr := parts(ctx, cfg, slog.New(slog.DiscardHandler), metrics)
	if perr != nil {
		say(redisstore.Finding{What: perr.Error(), Do: "Mend the configuration and try again."})
		return false, err
	}
	defer closing()
	say(redisstore.Finding{OK: true, What: "the configuration and the rules file are sound"})
	for _, f := range p.Store.Check(ctx) {
		say(f)
	}
	if now, cerr := p.Store.Now(ctx); cerr == nil {
		apart := p.Now().Sub(now).Abs()
		say(redisstore.Finding{OK: apart < 5*time.Second, What: fmt.Sprintf("Redis' clock and this machine's are %s apart", apart.Round(time.Millisecond)), Do: "Synchronise both clocks (NTP)."})
	}
	for who, c := range map[string]*graph.Client{"reader": p.Reader, "writer": p.Writer} {
		if c != nil {
			checkIdentity(ctx, who, c, say)
		} else if !p.Observe {
			say(redisstore.Finding{What: "mode: enforce needs entra.writer", Do: "Name a credential for writing, or set mode: observe."})
		}
	}
	checkTenant(ctx, p, say)
	core, cerr := NewCore(ctx, p)
	if cerr != nil {
		say(redisstore.Finding{What: cerr.Error()})
		return all, err
	}
	checkChats(ctx, core, cfg, p, say)
	return all, err
}

// checkChats tries the chats that are configured.
func checkChats(ctx context.Context, core *Core, cfg Config, p Parts, say func(redisstore.Finding)) {
	one := func(err error, good, bad, do string) {
		f := redisstore.Finding{OK: err == nil, What: good, Do: do}
		if err != nil {
			f.What = bad + ": " + err.Error()
		}
		say(f)
	}
	if core.Slack != nil {
		one(core.Slack.Test(ctx), "Slack takes the bot token", "Slack does not take the bot token", "Look at slack.bot_token, the scopes of the manifest and the network.")
	}
	if core.Teams == nil {
		return
	}
	token, keys := core.Teams.Test(ctx)
	one(token, "Entra ID gives the Teams bot a token", "Entra ID gives the Teams bot no token", "Look at teams.credential: it must be of the app registration of the Azure bot, in tenant.id.")
	one(keys, "the keys of messages from Teams can be had", "the keys of messages from Teams cannot be had", "Look at teams.cloud, hosts.teams_metadata and the network.")
	say(redisstore.Finding{OK: true, What: "the bot's token goes to " + strings.Join(p.Teams.Cloud.Hosts, ", ") + " and nowhere else"})
	own := slices.ContainsFunc(p.Teams.TenantIDs, func(id string) bool { return strings.EqualFold(id, cfg.Tenant.ID) })
	say(redisstore.Finding{
		OK: own && len(p.Teams.TenantIDs) == 1, What: "people of " + strings.Join(p.Teams.TenantIDs, ", ") + " are listened to in Teams",
		Do: "Name the tenant in teams.tenant_ids, and no other: people of other tenants are not in this Entra ID.",
	})
	channels := false
	for _, g := range p.Rules.File().Groups() {
		channels = channels || g.Teams != ""
	}
	say(redisstore.Finding{OK: channels, What: "a group of the rules file has a channel in Teams", Do: "Give the groups that decide a teams: 19:…@thread.tacv2 in the rules file, or nobody is asked in Teams."})
}

func checkIdentity(ctx context.Context, who string, c *graph.Client, say func(redisstore.Finding)) {
	roles, err := c.Roles(ctx)
	if err != nil {
		say(redisstore.Finding{What: "entra." + who + " cannot sign in: " + err.Error(), Do: "Look at tenant.id, the credential and hosts.login."})
		return
	}
	has := map[string]bool{}
	for _, r := range roles {
		has[r] = true
		if why, bad := forbidden()[r]; bad {
			say(redisstore.Finding{What: "entra." + who + " holds " + r + ": " + why, Do: "Take it away; serve refuses to start with it."})
		}
	}
	for _, w := range wanted() {
		if w.who == who {
			say(redisstore.Finding{OK: has[w.role], What: fmt.Sprintf("entra.%s holds %s (%s)", who, w.role, w.why), Do: "Grant it to the app registration and give admin consent."})
		}
	}
}

// checkTenant looks whether what the rules file names is there.
func checkTenant(ctx context.Context, p Parts, say func(redisstore.Finding)) {
	locations, err := p.Reader.Locations(ctx)
	if err != nil {
		say(redisstore.Finding{What: "named locations cannot be read: " + err.Error(), Do: "See the permissions above."})
		return
	}
	for _, place := range p.Rules.File().Locations() {
		found := false
		for _, l := range locations {
			found = found || l.ID == place.Target.ID && l.IP
		}
		say(redisstore.Finding{OK: found, What: "the location " + place.Name + " is in the tenant", Do: "Name the id of a named location of IP ranges in the rules file."})
	}
	for _, place := range p.Rules.File().Exclusions() {
		g, err := p.Reader.Group(ctx, place.Target.ID)
		sound := err == nil && g.Security && !g.Dynamic && !g.Synced && !g.RoleAssignable
		say(redisstore.Finding{OK: sound, What: "the exclusion " + place.Name + " is a cloud-only security group with assigned members", Do: "Name the id of such a group in the rules file."})
	}
}

// Pause holds back new exemptions in all replicas; removals go on.
func Pause(ctx context.Context, cfg Config, why string) error {
	store, closing, err := openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer closing()
	return store.Pause(ctx, why)
}

// Resume lets new exemptions through again.
func Resume(ctx context.Context, cfg Config) error {
	store, closing, err := openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer closing()
	return store.Resume(ctx)
}
