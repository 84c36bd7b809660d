package main

import (
	"context"
	"fmt"

	"hallpass/bot/teams/teamstest"
	"hallpass/cmd/internal/companytest"
)

// inTeams is what a person of the workspace sees in Teams.
func (s *stage) inTeams(slackID string) teamstest.Snapshot {
	out := s.teams.Snapshot(companytest.TeamsID(slackID))
	if out.Chats == nil {
		out.Chats = []teamstest.ChatView{}
	}
	return out
}

// actInTeams does something in Teams. What goes wrong with a click or a dialog stands below the card or in the dialog, as
// in Teams.
func (s *stage) actInTeams(ctx context.Context, what string, d deed) (problem string, err error) {
	me := companytest.TeamsID(d.As)
	switch what {
	case "say":
		told, err := s.teams.Say(ctx, me, d.Channel, d.Text)
		switch {
		case err != nil:
			return "", err //nolint:wrapcheck // told to the person as it is
		case told.Unheard:
			return "Here hallpass is told only of what mentions it: begin with @" + s.teams.Options().BotName + ".", nil
		}
		return told.Problem, nil
	case "click":
		_, err = s.teams.Click(ctx, me, d.Card, d.Button, d.Filled)
	case "submit":
		_, err = s.teams.Submit(ctx, me, d.Button, d.Filled)
	case "close":
		s.teams.CloseDialog(me)
	case "look": // cards that want it are made anew for whoever looks; if one cannot be, it stays as it is
		err = s.teams.Look(ctx, me)
	case "install":
		_, err = s.teams.InstallIn(ctx, me, d.Channel)
	default:
		err = fmt.Errorf("nobody can %q in Teams", what)
	}
	return "", err
}
