package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"hallpass/bot"
	"hallpass/bot/slack"
)

const asManifest = "Make the app's permissions as in deploy/slack/manifest.yaml and install it again."

// checkSlack looks at tokens, scopes, workspace and channels.
func checkSlack(ctx context.Context, s *slack.Slack, cfg Config, p Parts, out *report) {
	at, err := s.Standing(ctx)
	if err != nil {
		out.problem("Look at slack.bot_token, hosts.slack_api and the network.", "Slack does not take the bot token: %v", err)
		return
	}
	out.good("Slack takes the bot token")
	if !slices.Contains(cfg.Slack.TeamIDs, at.Team) {
		out.problem("Name the workspace in slack.team_ids, or take the token of the right workspace.", "the bot token is of the workspace %s, which slack.team_ids does not name", at.Team)
	}
	checkScopes(at.Scopes, len(cfg.Slack.ManagedMailDomains) > 0, out)
	if !at.Date.IsZero() {
		compare(out, "Slack", p.Now().Sub(at.Date), apartWeb)
	}
	if cfg.Slack.Mode != "http" {
		if err := s.TryAppToken(ctx); err != nil {
			out.problem("Make an app-level token with connections:write, and turn Socket Mode on.", "Slack does not take the app-level token: %v", err)
		} else {
			out.good("Slack takes the app-level token")
		}
	}
	checkChannels(ctx, s, p, out)
}

// checkScopes compares what was granted with what is needed: too few, and too many.
func checkScopes(granted []string, mail bool, out *report) {
	needed := map[string]bool{}
	missing := 0
	for _, scope := range slack.Scopes() {
		needed[scope.Name] = true
		if (!scope.Mail || mail) && !slices.Contains(granted, scope.Name) {
			missing++
			out.problem(asManifest, "the bot token lacks %s (%s)", scope.Name, scope.Why)
		}
	}
	if missing == 0 {
		out.good("the bot token has the scopes that are needed")
	}
	for _, name := range granted {
		if !needed[name] {
			out.problem(asManifest, "the bot token has %s, which hallpass does not use: whoever steals it could", name)
		}
	}
}

// checkChannels looks whether hallpass can ask where the rules file says.
func checkChannels(ctx context.Context, s *slack.Slack, p Parts, out *report) {
	seats := p.Rules.File().Seats()
	for _, g := range p.Rules.File().Groups() {
		if g.Slack == "" {
			if slices.Contains(seats, g.Name) {
				out.advise("Give the group a slack: channel in the rules file, if it is not asked elsewhere.", "the group %s decides and has no channel in Slack", g.Name)
			}
			continue
		}
		ch, err := s.Channel(ctx, g.Slack)
		invite := "Invite the app: type /invite @hallpass in the channel."
		switch {
		case errors.Is(err, bot.ErrGone):
			out.problem("Name the id of a channel (C…) in the rules file; "+strings.ToLower(invite[:1])+invite[1:], "the channel %s of the group %s is not there for hallpass", g.Slack, g.Name)
		case err != nil:
			out.problem("Look at the scopes above and try again.", "the channel %s of the group %s cannot be read: %v", g.Slack, g.Name, err)
		case ch.Archived:
			out.problem("Name another channel in the rules file.", "the channel #%s of the group %s is archived", ch.Name, g.Name)
		case ch.Shared:
			out.problem("Name a channel of this workspace alone: nothing is posted where others read it.", "the channel #%s of the group %s is shared with another organisation", ch.Name, g.Name)
		case !ch.Member:
			out.problem(invite, "hallpass is not in the channel #%s of the group %s", ch.Name, g.Name)
		default:
			out.good("hallpass is in the channel #%s of the group %s", ch.Name, g.Name)
		}
	}
}
