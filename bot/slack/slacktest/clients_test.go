package slacktest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"hallpass/bot/slack/slacktest"
	"hallpass/bot/slack/slacktest/clients"
)

// TestSlacksOwnClients installs Slack's clients once and lets each judge.
func TestSlacksOwnClients(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped in short mode: it installs npm packages")
	}
	kit, err := clients.Install(t.Context(), t.TempDir())
	if errors.Is(err, clients.ErrMissing) && os.Getenv("HALLPASS_REQUIRE") != "1" {
		t.Skipf("Slack's own clients cannot be asked: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Run("bolt in socket mode", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.bolt(t, kit, "socket")
		soon, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := h.WaitConnected(soon, 1); err != nil {
			t.Fatal(err)
		}
		h.talk(t)
	})
	t.Run("bolt over signed requests", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.clock.now = time.Now() // Bolt verifies against the machine's clock
		port := h.bolt(t, kit, "http")
		h.SetRequestURL(slacktest.OneURL("http://127.0.0.1:"+strconv.Itoa(port)+"/slack/events"), nil)
		h.talk(t)
		d := h.Deliveries()[0]
		for name, change := range map[string]func(r *http.Request){
			"another signature": func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64)) },
			"no signature":      func(r *http.Request) { r.Header.Del("X-Slack-Signature") },
		} {
			r, err := h.SignedRequest(t.Context(), &d)
			if err != nil {
				t.Fatal(err)
			}
			change(r)
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: status %d", name, response.StatusCode)
			}
		}
	})
	t.Run("types", func(t *testing.T) {
		t.Parallel()
		good, bad := t.TempDir(), t.TempDir()
		write := func(dir, name, text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(good, "card.json", mustJSON(t, card("HP-7")))
		write(good, "form.json", mustJSON(t, form()))
		write(good, "home.json", mustJSON(t, slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: card("x")}}))
		if err := kit.TypeCheck(t.Context(), good); err != nil {
			t.Error(err)
		}
		write(bad, "button.json", `[{"type":"actions","elements":[{"type":"button","text":{"type":"mrkdwn","text":"A"}}]}]`)
		if err := kit.TypeCheck(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "button.ts(") {
			t.Errorf("mrkdwn in a button: %v", err)
		}
	})
}

// bolt starts the Bolt app and returns its port, if it has one.
func (h *house) bolt(t *testing.T, kit *clients.Kit, mode string) int {
	t.Helper()
	server := httptest.NewServer(h.Workspace)
	h.SetBaseURL(server.URL)
	o := h.Options()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := kit.Bolt(
		ctx, "MODE="+mode, "SLACK_API_URL="+h.APIURL(), "SLACK_BOT_TOKEN="+o.BotToken, "SLACK_APP_TOKEN="+o.AppToken,
		"SLACK_SIGNING_SECRET="+o.SigningSecret, "NO_PROXY=127.0.0.1",
	)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed on purpose
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var ready struct {
			Ready bool `json:"ready"`
			Port  int  `json:"port"`
		}
		if json.Unmarshal(lines.Bytes(), &ready) == nil && ready.Ready {
			return ready.Port
		}
	}
	t.Fatalf("bolt did not start: %s", errs.String())
	return 0
}

// talk goes through a command, both buttons, a form and the home tab.
func (h *house) talk(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	seen := make(chan slacktest.Event, 100)
	defer h.Subscribe(func(e slacktest.Event) { seen <- e })()
	await := func(what slacktest.EventKind) {
		t.Helper()
		for {
			select {
			case e := <-seen:
				if e.Kind == what {
					return
				}
			case <-ctx.Done():
				t.Fatalf("no %s; calls: %+v", what, h.Calls())
			}
		}
	}
	if _, err := h.Command(ctx, h.ana.ID, h.ops.ID, "/hallpass", "ip 203.0.113.7"); err != nil {
		t.Fatal(err)
	}
	await(slacktest.EventMessage)
	if e := h.Ephemerals(h.ana.ID); len(e) != 1 || e[0].Text != "on it" {
		t.Errorf("ephemerals %+v", e)
	}
	m := h.Messages(h.ops.ID)[0]
	if want := "ip 203.0.113.7\n[Approve] [Deny]"; m.Plain() != want {
		t.Errorf("got %q, want %q", m.Plain(), want)
	}
	if _, err := h.Click(ctx, h.bo.ID, m.Ref(), "Deny"); err != nil {
		t.Fatal(err)
	}
	await(slacktest.EventView)
	v, _ := h.Front(h.bo.ID)
	if _, err := h.Submit(ctx, h.bo.ID, v.ID, map[string]any{"Reason": "no"}); err != nil {
		t.Fatal(err)
	}
	if v, _ = h.Front(h.bo.ID); v.Errors["why"] != "say more" {
		t.Errorf("form %+v", v)
	}
	if _, err := h.Submit(ctx, h.bo.ID, v.ID, map[string]any{"Reason": "not needed"}); err != nil || len(h.Views(h.bo.ID)) != 0 {
		t.Errorf("form %+v, %v", h.Views(h.bo.ID), err)
	}
	if _, err := h.Click(ctx, h.bo.ID, m.Ref(), "Approve"); err != nil {
		t.Fatal(err)
	}
	await(slacktest.EventMessageChanged)
	await(slacktest.EventEphemeral)
	if m, _ = h.Message(m.Channel, m.TS); m.Text != "approved by U0BO" || len(m.Buttons()) != 0 {
		t.Errorf("card %+v", m)
	}
	if _, err := h.OpenHome(ctx, h.bo.ID); err != nil {
		t.Fatal(err)
	}
	await(slacktest.EventHome)
}
