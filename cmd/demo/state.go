package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/bot/slack/slacktest"
	"hallpass/bot/teams/teamstest"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// How much of each list the page gets.
const (
	showWrites = 12
	showAudit  = 60
	showDue    = 12
)

// state is all that the page shows to one person.
type state struct {
	Boot   string `json:"boot"`
	Review string `json:"review_page,omitempty"` // where the reviewers' pages are
	// Certificate is the public half of one that an application could sign in with, as somebody types it.
	Certificate string             `json:"certificate"`
	Now         time.Time          `json:"now"`
	People      []person           `json:"people"`
	Slack       slacktest.Snapshot `json:"slack"`
	Teams       teamstest.Snapshot `json:"teams"`
	Tenant      tenantState        `json:"tenant"`
	// Own says that hallpass runs in this process: then there are requests, due work, an audit log, and a clock to push.
	Own      bool      `json:"own"`
	Requests []request `json:"requests"`
	Due      []due     `json:"due"`
	Audit    []audited `json:"audit"`
}

// person is somebody whom one can be.
type person struct {
	ID   string `json:"id"` // in Slack
	Name string `json:"name"`
	Does string `json:"does"`
	// News is the newest message by channel, and by chat in Teams, so that the page can say where something unread waits.
	News map[string]string `json:"news"`
}

type tenantState struct {
	graphtest.Snapshot
	Writes  []write  `json:"writes"`  // newest first
	SignIns []signIn `json:"signIns"` // newest first
}

// write is something that was added to the tenant, or taken out.
type write struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Place string    `json:"place"`
	Entry string    `json:"entry"`
	Added bool      `json:"added"`
}

// request is a request in one line.
type request struct {
	ID    string          `json:"id"`
	State approvals.State `json:"state"`
	What  string          `json:"what"`
	Waits []string        `json:"waits"`
	Owner bool            `json:"owner"` // its owner has not said yes yet
	// Hand is what waits to be done by hand; Prints is what its script prints at its end, if it has one.
	Hand   string    `json:"hand,omitempty"`
	Prints string    `json:"prints,omitempty"`
	Ends   time.Time `json:"ends,omitzero"`
}

// audited is a line of the audit log.
type audited struct {
	Seq string `json:"seq"`
	approvals.Entry
}

func (s *stage) state(ctx context.Context, as string) (state, error) {
	out := state{
		Boot: s.boot, Review: s.review, Certificate: s.certificate, Now: s.now(), Slack: s.slack.Snapshot(as), Teams: s.inTeams(as), Tenant: s.tenantState(), Own: s.world != nil,
		Requests: []request{}, Due: []due{}, Audit: []audited{},
	}
	for _, p := range companytest.People() {
		out.People = append(out.People, person{ID: p.Slack, Name: p.Name, Does: p.Does, News: news(s.slack.Snapshot(p.Slack), s.inTeams(p.Slack))})
	}
	if out.Slack.Channels == nil {
		out.Slack.Channels = []slacktest.ChannelView{}
	}
	for i := range out.Slack.Channels {
		if out.Slack.Channels[i].Messages == nil {
			out.Slack.Channels[i].Messages = []slacktest.Message{}
		}
		for j := range out.Slack.Channels[i].Messages {
			out.Slack.Channels[i].Messages[j].History = nil // what a message showed before is for tests
		}
	}
	if s.world == nil {
		return out, nil
	}
	return out, s.world.tell(ctx, &out)
}

// news is the newest message of each channel and chat that a person is in; "" if there is none.
func news(slack slacktest.Snapshot, teams teamstest.Snapshot) map[string]string {
	out := map[string]string{}
	for _, ch := range slack.Channels {
		out[ch.ID] = ""
		for _, m := range ch.Messages {
			out[ch.ID] = max(out[ch.ID], m.TS)
		}
	}
	for _, chat := range teams.Chats {
		out[chat.ID] = ""
		for _, m := range chat.Messages {
			out[chat.ID] = max(out[chat.ID], m.ID)
		}
	}
	return out
}

func (s *stage) tenantState() tenantState {
	out := tenantState{Snapshot: s.tenant.Snapshot(), Writes: []write{}, SignIns: s.signIns.shown()}
	names := map[string]string{}
	for _, l := range out.Locations {
		names["location:"+l.ID] = l.Name
	}
	for _, g := range out.Groups {
		names["group:"+g.ID] = g.Name
	}
	journal := s.tenant.History()
	for _, e := range slices.Backward(journal[max(0, len(journal)-showWrites):]) {
		_, id, _ := strings.Cut(e.Target, ":")
		out.Writes = append(out.Writes, write{
			At: e.At, By: s.tenant.Name(e.Actor), Place: cmp.Or(names[e.Target], s.tenant.Name(id)), Entry: s.tenant.Name(e.Entry), Added: e.Added,
		})
	}
	return out
}

// tell adds what hallpass holds.
func (w *world) tell(ctx context.Context, out *state) error {
	list, err := w.company.Core.Engine.List(ctx, approvals.Query{Limit: 50})
	if err != nil {
		return fmt.Errorf("listing requests: %w", err)
	}
	known := map[approvals.RequestID]*approvals.Request{}
	for i := range list {
		r := &list[i]
		known[r.ID] = r
		line := request{ID: string(r.ID), State: r.State, What: what(r), Ends: r.End, Waits: []string{}}
		if r.Voting() {
			line.Waits = append(line.Waits, r.Round().WaitsFor()...)
			line.Owner = r.Round().NeedsOwner()
		}
		if task, waits := r.Task(); waits {
			line.Hand, line.Prints = task.Place.Title, byhand.Steps(r, task).Expect
		}
		out.Requests = append(out.Requests, line)
	}
	slices.SortFunc(out.Requests, func(a, b request) int { return strings.Compare(a.ID, b.ID) })
	if out.Due, err = w.due(ctx, known); err != nil {
		return err
	}
	rows, err := w.company.Store.Audit(ctx, showAudit)
	if err != nil {
		return err
	}
	for _, row := range rows {
		line := audited{Seq: row.Seq}
		if err := json.Unmarshal([]byte(row.Entry), &line.Entry); err != nil {
			return fmt.Errorf("reading audit line %s: %w", row.Seq, err)
		}
		if line.Name == "" {
			line.Name = w.named(line.Entry)
		}
		out.Audit = append(out.Audit, line)
	}
	return nil
}

// named names whoever an entry is about: by object id, or by the chat account that it came from.
func (w *world) named(e approvals.Entry) string {
	via := strings.Fields(e.Detail["via"])
	for _, p := range companytest.People() {
		if p.Entra == e.Actor || slices.Contains(via, p.Slack) {
			return p.Name
		}
	}
	return ""
}

// what names the subject of a request.
func what(r *approvals.Request) string {
	switch r.Ask.Kind {
	case approvals.KindAccount:
		return r.Ask.Account
	case approvals.KindApp:
		return r.Ask.App
	case approvals.KindIP:
	}
	var list []string
	for _, p := range r.Ask.Addresses {
		list = append(list, p.String())
	}
	return strings.Join(list, ", ")
}
