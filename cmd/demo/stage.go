package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"hallpass/bot/slack/slacktest"
	"hallpass/graph/graphtest"
)

// stage is what the page shows and where people act: the emulated workspace and tenant, and hallpass itself if it runs
// in this process.
type stage struct {
	slack  *slacktest.Workspace
	tenant *graphtest.Tenant
	now    func() time.Time
	// world is hallpass with its clock; nil with -emulators, where hallpass is a program of its own.
	world *world
	// review is where the reviewers' pages are; empty if nobody serves them here.
	review string
	// boot tells the page that what it remembers is of an earlier start.
	boot string
}

func newStage(slack *slacktest.Workspace, tenant *graphtest.Tenant, now func() time.Time, w *world) *stage {
	return &stage{slack: slack, tenant: tenant, now: now, world: w, boot: rand.Text()}
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
}

// outcome is what the person is told at once; what hallpass answers comes with the state.
type outcome struct {
	Problem string `json:"problem,omitempty"`
	// Fields are what the client itself refuses in a form, by block.
	Fields map[string]string `json:"fields,omitempty"`
}

// do does it. Errors are for the person, too: a deed on something that has just gone is not a fault of the page.
func (s *stage) do(ctx context.Context, d deed) outcome {
	got, err := s.act(ctx, d)
	var form *slacktest.FormError
	switch {
	case errors.As(err, &form):
		return outcome{Fields: form.Fields}
	case err != nil:
		return outcome{Problem: err.Error()}
	case got != nil && d.Do != "submit": // what is wrong with a form stands in the form
		return outcome{Problem: got.Problem}
	}
	return outcome{}
}

func (s *stage) act(ctx context.Context, d deed) (*slacktest.Delivery, error) {
	switch d.Do {
	case "command":
		return s.slack.Command(ctx, d.As, d.Channel, "/hallpass", d.Text)
	case "click":
		return s.slack.Click(ctx, d.As, d.Ref, d.Button)
	case "submit":
		return s.slack.Submit(ctx, d.As, d.View, d.Values)
	case "close":
		return s.slack.CloseView(ctx, d.As)
	case "home":
		return s.slack.OpenHome(ctx, d.As)
	case "push":
		if s.world == nil {
			return nil, errors.New("hallpass runs elsewhere, by the machine's clock, which nobody pushes")
		}
		return nil, s.world.pushBy(ctx, d.To)
	}
	return nil, fmt.Errorf("nobody can %q", d.Do)
}
