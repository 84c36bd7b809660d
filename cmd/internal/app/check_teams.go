package app

import (
	"context"
	"strings"

	"hallpass/bot/teams"
)

// checkTeams looks whether the bot gets a token, whether the keys of messages can be had, where the token may go, who is
// listened to, and whether anybody is asked there.
func checkTeams(ctx context.Context, t *teams.Teams, cfg Config, p Parts, out *report) {
	token, keys := t.Test(ctx)
	if token == nil {
		out.good("Entra ID gives the Teams bot a token")
	} else {
		out.problem("Look at teams.credential and hosts.login: it must be of the app registration of the Azure bot, in tenant.id.", "the Teams bot gets no token: %v", token)
	}
	if keys == nil {
		out.good("the keys of messages from Teams can be had")
	} else {
		out.problem("Look at teams.cloud, hosts.teams_metadata and the network.", "the keys of messages from Teams cannot be had: %v", keys)
	}
	out.good("the Teams bot's token goes to %s and nowhere else", strings.Join(p.Teams.Cloud.Hosts, ", "))
	for _, id := range p.Teams.TenantIDs {
		if !strings.EqualFold(id, cfg.Tenant.ID) {
			out.problem("Take it out of teams.tenant_ids: its people are not in this Entra ID.", "teams.tenant_ids names %s, which is not tenant.id", id)
		}
	}
	asked := 0
	for _, g := range p.Rules.File().Groups() {
		if g.Teams != "" {
			asked++
		}
	}
	if asked == 0 {
		out.advise("Give the groups that decide a teams: 19:…@thread.tacv2 in the rules file.", "no group of the rules file has a channel in Teams, so nobody is asked there")
		return
	}
	out.good("%d groups of the rules file have a channel in Teams", asked)
}
