package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"hallpass/approvals/redisstore"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

//go:embed page/index.html page/page.js page/page.css
var page embed.FS

// handler serves the page and what it asks for. Only the page itself may make changes.
func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	for path, file := range map[string]string{"/{$}": "page/index.html", "/page.js": "page/page.js", "/page.css": "page/page.css"} {
		mux.HandleFunc("GET "+path, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
			rw.Header().Set("X-Content-Type-Options", "nosniff")
			http.ServeFileFS(rw, r, page, file)
		})
	}
	mux.HandleFunc("GET /api/state", func(rw http.ResponseWriter, r *http.Request) {
		state, err := w.state(r.Context(), r.URL.Query().Get("as"))
		answer(rw, state, err)
	})
	mux.HandleFunc("POST /api/do", func(rw http.ResponseWriter, r *http.Request) {
		var d deed
		if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<16)).Decode(&d); err != nil {
			http.Error(rw, "not understood", http.StatusBadRequest)
			return
		}
		said, err := w.do(r.Context(), d)
		answer(rw, map[string]string{"problem": said}, err)
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

func answer(rw http.ResponseWriter, v any, err error) {
	if err != nil {
		v = map[string]string{"problem": err.Error()}
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(rw).Encode(v); err != nil {
		return // the page has gone
	}
}

// state is all that the page shows.
type state struct {
	Now    time.Time             `json:"now"`
	People []companytest.Person  `json:"people"`
	Slack  slacktest.Snapshot    `json:"slack"`
	Tenant graphtest.Snapshot    `json:"tenant"`
	Due    []redisstore.Standing `json:"due"`
	Audit  []redisstore.AuditRow `json:"audit"`
}

func (w *world) state(ctx context.Context, as string) (state, error) {
	out := state{Now: w.now(), People: companytest.People(), Slack: w.company.Slack.Snapshot(as), Tenant: w.company.Tenant.Snapshot()}
	var err error
	if out.Due, err = w.company.Store.DueList(ctx, 20); err != nil {
		return out, err
	}
	out.Audit, err = w.company.Store.Audit(ctx, 40)
	return out, err
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

// do does it, and gives what Slack itself tells the person, if anything.
func (w *world) do(ctx context.Context, d deed) (string, error) {
	var got *slacktest.Delivery
	var err error
	switch d.Do {
	case "command":
		got, err = w.company.Slack.Command(ctx, d.As, d.Channel, "/hallpass", d.Text)
	case "click":
		got, err = w.company.Slack.Click(ctx, d.As, d.Ref, d.Button)
	case "submit":
		got, err = w.company.Slack.Submit(ctx, d.As, d.View, d.Values)
	case "close":
		got, err = w.company.Slack.CloseView(ctx, d.As)
	case "home":
		got, err = w.company.Slack.OpenHome(ctx, d.As)
	case "push":
		return "", w.pushBy(ctx, d.To)
	default:
		return "", fmt.Errorf("nobody can %q", d.Do)
	}
	if err != nil {
		return "", err
	}
	if got != nil {
		return got.Problem, nil
	}
	return "", nil
}

func (w *world) pushBy(ctx context.Context, to string) error {
	if to == "next" {
		at, err := w.event(ctx)
		if err != nil {
			return err
		}
		return w.pushTo(ctx, at)
	}
	d, err := time.ParseDuration(to)
	if err != nil || d <= 0 || d > 400*24*time.Hour {
		return fmt.Errorf("the clock cannot be pushed by %q", to)
	}
	return w.pushTo(ctx, w.now().Add(d))
}
