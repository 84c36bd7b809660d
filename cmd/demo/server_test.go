package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"hallpass/approvals"
	"hallpass/cmd/internal/app"
	"hallpass/cmd/internal/companytest"
)

// served is a stage with hallpass, whose handler is called in process.
func served(t *testing.T) *stage {
	t.Helper()
	w, err := newWorld(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.company.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := newStage(w.company.Slack, w.company.Teams, w.company.Tenant, w.now, w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(s *stage, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8181"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	s.handler().ServeHTTP(rec, r)
	return rec
}

func TestThePageLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := served(t)
	for path, kind := range map[string]string{"/": "text/html", "/page.js": "text/javascript", "/page.css": "text/css", "/icon.svg": "image/svg+xml", "/licences.txt": "text/plain"} {
		rec := ask(s, http.MethodGet, path, "")
		if rec.Code != http.StatusOK || !strings.HasPrefix(rec.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Header().Get("Content-Type"))
		}
		if got := rec.Header().Get("Content-Security-Policy"); got != policy || strings.Contains(got, "unsafe") {
			t.Errorf("%s: its policy is %q", path, got)
		}
	}
	index := ask(s, http.MethodGet, "/", "").Body.String()
	if strings.Contains(index, "<style") || strings.Contains(index, "style=") || strings.Contains(index, "<script>") {
		t.Error("the page has something inline")
	}
}

func TestOnlyThePageItselfMakesChanges(t *testing.T) {
	t.Parallel()
	s := served(t)
	if rec := ask(s, http.MethodPost, "/api/do", `{"do":"push","to":"1h"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); rec.Code != http.StatusForbidden {
		t.Errorf("another origin: %d", rec.Code)
	}
	r := httptest.NewRequest(http.MethodGet, "http://evil.example:8181/api/state", nil)
	rec := httptest.NewRecorder()
	s.handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusMisdirectedRequest {
		t.Errorf("a name that points here: %d", rec.Code)
	}
	if rec := ask(s, http.MethodPost, "/api/do", `{"do":`); rec.Code != http.StatusBadRequest {
		t.Errorf("half a deed: %d", rec.Code)
	}
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	t.Parallel()
	s := served(t)
	for deed, want := range map[string]string{
		`{"do":"fly","as":"U0ANA"}`:                                        `nobody can \"fly\"`,
		`{"do":"push","to":"-1h"}`:                                         "cannot be pushed",
		`{"do":"push","to":"90000h"}`:                                      "cannot be pushed",
		`{"do":"command","as":"U0ANA","channel":"C0NETSEC","text":"help"}`: "not in channel",
		`{"do":"click","as":"U0ANA","ref":{"channel":"C0GENERAL","ts":"1.000001"},"button":"approve"}`: "sees no message",
		`{"do":"close","as":"U0ANA"}`:     "no open view",
		`{"do":"signin","to":"nowhere"}`:  "nobody signs in from",
		`{"do":"teams.fly","as":"U0ANA"}`: `nobody can \"fly\" in Teams`,
		`{"do":"teams.say","as":"U0BO","channel":"19:security@thread.tacv2","text":"help"}`:                     "19:security@thread.tacv2",
		`{"do":"teams.say","as":"U0BO","channel":"19:netsec@thread.tacv2","text":"help"}`:                       "begin with @hallpass",
		`{"do":"teams.click","as":"U0BO","card":{"chat":"19:netsec@thread.tacv2","id":"1"},"button":"Approve"}`: "there is no message",
		`{"do":"teams.submit","as":"U0BO","button":"Ask"}`:                                                      "has no dialog open",
	} {
		if got := ask(s, http.MethodPost, "/api/do", deed).Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %q", deed, got, want)
		}
	}
}

func TestWhatIsDueIsSaidInWords(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	r := approvals.Request{
		ID: "HP-1", State: approvals.StatePending, Ask: approvals.Ask{Kind: approvals.KindAccount, Account: "svc"},
		Rounds: []approvals.Round{{Lapses: at, NudgeAt: at.Add(-time.Hour), Outcome: approvals.OutcomeOpen}},
	}
	says := func(want string, at time.Time) {
		t.Helper()
		if got := sayWake(&r, "HP-1", at); got != want {
			t.Errorf("%s: got %q, want %q", r.State, got, want)
		}
	}
	says("HP-1: lapses, if nobody decides", at)
	says("HP-1: approvers are nudged", at.Add(-time.Hour))
	r.Rounds[0].Outcome, r.State, r.End = approvals.OutcomeApproved, approvals.StateActive, at
	says("HP-1: ends; svc is taken away", at)
	says("HP-1: reminder that it ends", at.Add(-time.Minute))
	r.State = approvals.StateApproved
	says("HP-1: is it applied?", at)
	r.State = approvals.StateEnding
	says("HP-1: is it taken away?", at)
	if got := sayWake(nil, "HP-2", at); got != "HP-2: looked at" {
		t.Errorf("an unknown request: %q", got)
	}
}

func TestOnePushOfTheClockGoesToTheNextEvent(t *testing.T) {
	t.Parallel()
	s := served(t)
	w := s.world
	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error { return w.company.Core.Run(ctx) })
	g.Go(func() error { return w.tick(ctx) })
	defer func() {
		stop()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := w.company.Slack.Command(t.Context(), "U0ANA", companytest.ChanGeneral, "/hallpass", "ip 20.50.2.1 for 30d because a test"); err != nil {
		t.Fatal(err)
	}
	opened := func() bool {
		state, err := s.state(t.Context(), "U0ANA")
		if err != nil {
			t.Fatal(err)
		}
		return len(state.Requests) == 1
	}
	for range 600 {
		if opened() {
			break
		}
		if err := rest(t.Context(), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	before := w.now()
	var told []string
	for range 2 {
		if got := s.do(t.Context(), deed{Do: "push", To: "next"}); got.Problem != "" {
			t.Fatal(got.Problem)
		}
		state, err := s.state(t.Context(), "U0ANA")
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, string(state.Requests[0].State))
	}
	if took := w.now().Sub(before); took < 71*time.Hour || took > 73*time.Hour { // nudged after a day, lapsed after three
		t.Errorf("two events took %s", took)
	}
	if got := strings.Join(told, " "); got != "pending lapsed" {
		t.Errorf("the request was %q", got)
	}
}

func TestTheEmulatorsSayAllThatAHallpassNeeds(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-emulators", "-json", "-dir", t.TempDir()}, w, io.Discard) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	var line json.RawMessage
	if err := json.NewDecoder(r).Decode(&line); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsRune(line, '\n') {
		t.Error("it is more than one line")
	}
	for _, name := range []string{
		"page", "config_file", "slack_api", "slack_responses", "slack_bot_token", "slack_app_token", "slack_signing_secret", "slack_app_id", "slack_team_id",
		"graph", "authority", "tenant_id", "client_id", "client_secret", "ca_file", "rules_file", "people_file",
		"teams_messages", "teams_openid_metadata", "teams_token_url", "teams_app_id", "teams_app_secret", "teams_issuer", "teams_signing_key_id", "teams_signing_key",
	} {
		if got[name] == "" {
			t.Errorf("%s is not said", name)
		}
	}
	for _, name := range []string{"slack_api", "slack_responses", "graph", "authority", "teams_openid_metadata", "teams_token_url"} {
		if !strings.HasPrefix(got[name], "https://127.0.0.1:") {
			t.Errorf("%s is %s", name, got[name])
		}
	}
	cfg, err := app.LoadConfig(got["config_file"], func(string) string { return "" }, os.ReadFile)
	if err != nil {
		t.Errorf("the configuration is not one: %v", err)
	}
	for what, pair := range map[string][2]string{
		"the bot":      {cfg.Teams.AppID, got["teams_app_id"]},
		"its endpoint": {"http://" + cfg.Teams.Listen + "/api/messages", got["teams_messages"]},
		"the metadata": {cfg.Hosts.TeamsMetadata, got["teams_openid_metadata"]},
		"the services": {strings.Join(cfg.Hosts.TeamsServices, " "), got["teams_service"] + " " + got["teams_playground_service"]},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s in the configuration is %q, said is %q", what, pair[0], pair[1])
		}
	}
	// Without a hallpass nobody is there, and people are told so.
	for deed, want := range map[string]string{
		`{"do":"command","as":"U0ANA","channel":"C0GENERAL","text":"help"}`:              "not connected",
		`{"do":"teams.install","as":"U0BO","channel":"19:netsec@thread.tacv2"}`:          "the bot refused the activity",
		`{"do":"teams.say","as":"U0ANA","channel":"19:netsec@thread.tacv2","text":"hi"}`: "begin with @hallpass",
	} {
		if body := post(t, got["page"]+"/api/do", deed); !strings.Contains(body, want) {
			t.Errorf("%s is answered: %s", deed, body)
		}
	}
}

// post sends a deed and gives what the page is answered.
func post(t *testing.T, address, deed string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(deed))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	return string(body)
}
