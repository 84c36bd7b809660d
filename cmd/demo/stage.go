package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"hallpass/bot/slack/slacktest"
	"hallpass/bot/teams/teamstest"
	"hallpass/graph/graphtest"
)

// stage is what the page shows and where people act: the emulated workspace, Teams and tenant, and hallpass itself if it
// runs in this process.
type stage struct {
	slack  *slacktest.Workspace
	teams  *teamstest.Cloud
	tenant *graphtest.Tenant
	now    func() time.Time
	// world is hallpass with its clock; nil with -emulators, where hallpass is a program of its own.
	world *world
	// review is where the reviewers' pages are; empty if nobody serves them here.
	review string
	// boot tells the page that what it remembers is of an earlier start.
	boot    string
	signIns signIns
	// certificate is the public half of one that nobody has the key of any more.
	certificate string
}

func newStage(slack *slacktest.Workspace, teams *teamstest.Cloud, tenant *graphtest.Tenant, now func() time.Time, w *world) (*stage, error) {
	certificate, err := certificate(now())
	if err != nil {
		return nil, err
	}
	return &stage{slack: slack, teams: teams, tenant: tenant, now: now, world: w, boot: rand.Text(), certificate: certificate}, nil
}

// deed is something that somebody does on the page.
type deed struct {
	Do      string         `json:"do"`
	As      string         `json:"as"`
	Channel string         `json:"channel"`
	Text    string         `json:"text"`
	Ref     slacktest.Ref  `json:"ref"`
	Button  string         `json:"button"`
	View    string         `json:"view"`
	Values  map[string]any `json:"values"`
	To      string         `json:"to"`
	// Card is a message in Teams, whose button is named by its label; Filled is what was filled into a card there.
	Card   teamstest.Ref     `json:"card"`
	Filled map[string]string `json:"filled"`
}

// outcome is what the person is told at once; what hallpass answers comes with the state.
type outcome struct {
	Problem string `json:"problem,omitempty"`
	// Fields are what the client itself refuses in a form, by block.
	Fields map[string]string `json:"fields,omitempty"`
}

// do does it. Errors are for the person, too: a deed on something that has just gone is not a fault of the page.
func (s *stage) do(ctx context.Context, d deed) outcome {
	problem, err := s.act(ctx, d)
	var form *slacktest.FormError
	switch {
	case errors.As(err, &form):
		return outcome{Fields: form.Fields}
	case err != nil:
		return outcome{Problem: err.Error()}
	}
	return outcome{Problem: problem}
}

// act does it, and gives what the chat itself tells the person.
func (s *stage) act(ctx context.Context, d deed) (problem string, err error) {
	if what, ok := strings.CutPrefix(d.Do, "teams."); ok {
		return s.actInTeams(ctx, what, d)
	}
	var told *slacktest.Delivery
	switch d.Do {
	case "command":
		told, err = s.slack.Command(ctx, d.As, d.Channel, "/hallpass", d.Text)
	case "click":
		told, err = s.slack.Click(ctx, d.As, d.Ref, d.Button)
	case "submit":
		_, err = s.slack.Submit(ctx, d.As, d.View, d.Values) // what is wrong with a form stands in the form
	case "close":
		told, err = s.slack.CloseView(ctx, d.As)
	case "home":
		told, err = s.slack.OpenHome(ctx, d.As)
	case "signin":
		err = s.signIn(d.To)
	case "consent":
		err = s.consent(d.To)
	case "push":
		if s.world == nil {
			return "", errors.New("hallpass runs elsewhere, by the machine's clock, which nobody pushes")
		}
		err = s.world.pushBy(ctx, d.To)
	default:
		err = fmt.Errorf("nobody can %q", d.Do)
	}
	if told != nil {
		problem = told.Problem
	}
	return problem, err
}
