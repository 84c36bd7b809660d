package slack_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/bot"
	"hallpass/bot/slack"
)

const secret = "8f742231b10e8888abcd99yyyzzz85a5"

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// ear receives acts and remembers them.
type ear struct {
	mu      sync.Mutex
	heard   []bot.Incoming
	strange int // messages that failed authentication
}

func (e *ear) Receive(_ context.Context, in bot.Incoming) bot.Ack {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, in)
	return bot.Ack{}
}

// memory remembers digests for ever.
type memory struct{ seen map[string]bool }

func (m memory) Seen(_ context.Context, digest string, _ time.Duration) (bool, error) {
	was := m.seen[digest]
	m.seen[digest] = true
	return was, nil
}

func listen(t *testing.T, secrets ...string) (http.Handler, *ear) {
	t.Helper()
	e := &ear{}
	s, err := slack.New(slack.Config{
		BotToken: "xoxb-1", SigningSecrets: secrets, AppID: "A1", TeamIDs: []string{"T1"}, Receiver: e, Replays: memory{map[string]bool{}},
		HTTP: &http.Client{Timeout: time.Second, CheckRedirect: noRedirect}, Now: noon, Clock: noon, Log: slog.New(slog.DiscardHandler), Go: func(func(context.Context)) {},
		Unauthenticated: func() { e.strange++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(), e
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func sign(body, with string, at time.Time) (stamp, signature string) {
	stamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(with))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return stamp, "v0=" + hex.EncodeToString(mac.Sum(nil))
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func command() string {
	return form("command", "/hallpass", "text", "help", "api_app_id", "A1", "team_id", "T1", "user_id", "U1", "trigger_id", "t1", "response_url", "https://hooks.slack.com/x")
}

func click(app, team string) string {
	return form("payload", `{"type":"block_actions","api_app_id":"`+app+`","team":{"id":"`+team+`"},"user":{"id":"U1","team_id":"`+team+`"},"trigger_id":"t","container":{"type":"message","message_ts":"1.2","channel_id":"C1"},"actions":[{"action_id":"approve","value":"HP-1:x","action_ts":"3.4","block_id":"b"}]}`)
}

// TestRequestsThatAreNotTaken is the list of what is tried against signed HTTP, and what must come back.
func TestRequestsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	const formType = "application/x-www-form-urlencoded"
	for name, row := range map[string]struct {
		path, body, kind string
		change           func(r *http.Request)
		want             int
	}{
		"good command":                 {"/slack/commands", command(), formType, nil, 200},
		"good click":                   {"/slack/interactions", click("A1", "T1"), formType, nil, 200},
		"no signature":                 {"/slack/commands", command(), formType, func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, 401},
		"no time stamp":                {"/slack/commands", command(), formType, func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }, 401},
		"bad hex":                      {"/slack/commands", command(), formType, func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0=zz") }, 401},
		"v1":                           {"/slack/commands", command(), formType, func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v1"+r.Header.Get("X-Slack-Signature")[2:]) }, 401},
		"wrong secret":                 {"/slack/commands", command(), formType, resign("another", 0), 401},
		"six minutes old":              {"/slack/commands", command(), formType, resign(secret, -6*time.Minute), 401},
		"six minutes ahead":            {"/slack/commands", command(), formType, resign(secret, 6*time.Minute), 401},
		"a huge time stamp":            {"/slack/commands", command(), formType, func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "99999999999999999999") }, 401},
		"a negative time stamp":        {"/slack/commands", command(), formType, func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "-1") }, 401},
		"payload in the query only":    {"/slack/interactions?" + click("A1", "T1"), "", formType, nil, 400},
		"a command sent as a click":    {"/slack/interactions", command(), formType, nil, 400},
		"a click sent as a command":    {"/slack/commands", click("A1", "T1"), formType, nil, 400},
		"wrong content type":           {"/slack/commands", command(), "text/plain", nil, 415},
		"compressed":                   {"/slack/commands", command(), formType, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415},
		"another app":                  {"/slack/interactions", click("A2", "T1"), formType, nil, 403},
		"another workspace":            {"/slack/interactions", click("A1", "T2"), formType, nil, 403},
		"a home opened on another tab": {"/slack/events", `{"type":"event_callback","api_app_id":"A1","team_id":"T1","event":{"type":"app_home_opened","user":"U1","tab":"messages"}}`, "application/json", nil, 200},
		"an installation in a whole organisation": {"/slack/commands", command() + "&is_enterprise_install=true", formType, nil, 403},
		"not JSON":                  {"/slack/interactions", form("payload", "{"), formType, nil, 400},
		"unsigned url_verification": {"/slack/events", `{"type":"url_verification","challenge":"abc"}`, "application/json", func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, 401},
		"signed url_verification":   {"/slack/events", `{"type":"url_verification","challenge":"abc"}`, "application/json", nil, 200},
		"far too large":             {"/slack/commands", strings.Repeat("x", 2<<20), formType, nil, 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, heard := listen(t, secret)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, row.path, strings.NewReader(row.body))
			r.Header.Set("Content-Type", row.kind)
			stamp, signature := sign(row.body, secret, noon())
			r.Header.Set("X-Slack-Request-Timestamp", stamp)
			r.Header.Set("X-Slack-Signature", signature)
			if row.change != nil {
				row.change(r)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != row.want {
				t.Errorf("answered %d %s, want %d", w.Code, w.Body, row.want)
			}
			if row.want != 200 && len(heard.heard) != 0 {
				t.Errorf("it was taken all the same: %+v", heard.heard)
			}
			if counted := heard.strange == 1; counted != (row.want == 401 || row.want == 403) {
				t.Errorf("counted %d times as not authenticated", heard.strange)
			}
			if w.Code != 200 && strings.Contains(w.Body.String(), "abc") {
				t.Error("the challenge was echoed")
			}
		})
	}
}

func resign(with string, off time.Duration) func(r *http.Request) {
	return func(r *http.Request) {
		stamp, signature := sign(command(), with, noon().Add(off))
		r.Header.Set("X-Slack-Request-Timestamp", stamp)
		r.Header.Set("X-Slack-Signature", signature)
	}
}

func post(t *testing.T, h http.Handler, with string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/slack/commands", strings.NewReader(command()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	stamp, signature := sign(command(), with, noon())
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", signature)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestAReplayHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	h, heard := listen(t, secret)
	if a, b := post(t, h, secret), post(t, h, secret); a != 200 || b != 200 || len(heard.heard) != 1 {
		t.Errorf("answered %d and %d, taken %d times", a, b, len(heard.heard))
	}
}

func TestSecretsCanBeRotatedAndAnEmptyOneOpensNothing(t *testing.T) {
	t.Parallel()
	h, _ := listen(t, "new", secret)
	if a, b := post(t, h, "new"), post(t, h, secret); a != 200 || b != 200 {
		t.Errorf("new %d, old %d", a, b)
	}
	h, heard := listen(t, "")
	if got := post(t, h, ""); got != 401 || len(heard.heard) != 0 {
		t.Errorf("an empty secret: %d", got)
	}
}

// ours reports whether a body claims to be of this app and workspace.
func ours(path, body string) bool {
	v, err := url.ParseQuery(body)
	if err != nil {
		return path == "/slack/events" && strings.Contains(body, "A1") && strings.Contains(body, "T1")
	}
	if path == "/slack/commands" {
		return v.Get("api_app_id") == "A1" && v.Get("team_id") == "T1"
	}
	return strings.Contains(body, "A1") && strings.Contains(body, "T1")
}

// sent sends a signed body and gives what was taken.
func sent(t *testing.T, path, kind, body string) []bot.Incoming {
	t.Helper()
	h, heard := listen(t, secret)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/slack/commands", strings.NewReader(body))
	r.URL.Path = path
	r.Header.Set("Content-Type", kind)
	stamp, signature := sign(body, secret, noon())
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", signature)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Errorf("%s %q: answered %d", path, body, w.Code)
	}
	return heard.heard
}

// FuzzPayload sends any body, well signed, to each of the three addresses: it is taken at most once, only if it names this app
// and workspace, and each delivery of it is the same act.
func FuzzPayload(f *testing.F) {
	f.Add(click("A1", "T1"))
	f.Add(command())
	f.Add(form("payload", `{"type":"view_submission","api_app_id":"A1","team":{"id":"T1"},"user":{"id":"U1"},"view":{"id":"V","callback_id":"ask","state":{"values":{"a":{"b":{"value":"x"}}}}}}`))
	f.Add(form("payload", `{"type":"view_submission","api_app_id":"A1","team":null,"user":{"id":"U1","team_id":"T1"},"view":{"id":"V","callback_id":"hand","private_metadata":"HP-1:f","state":{"values":{"to":{"value":{"type":"plain_text_input","value":null}}}}}}`))
	f.Add(`{"type":"event_callback","api_app_id":"A1","team_id":"T1","event_id":"E1","event":{"type":"app_home_opened","user":"U1","tab":"home"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		for path, kind := range map[string]string{
			"/slack/commands": "application/x-www-form-urlencoded", "/slack/interactions": "application/x-www-form-urlencoded", "/slack/events": "application/json",
		} {
			first, second := sent(t, path, kind, body), sent(t, path, kind, body)
			if len(first) > 1 || len(first) != len(second) {
				t.Fatalf("%s %q: taken %d and %d times", path, body, len(first), len(second))
			}
			for i, in := range first {
				known := in.Kind == bot.InClick || in.Kind == bot.InSubmit || in.Kind == bot.InCommand || in.Kind == bot.InHome
				if in.Account.Team != "T1" || in.Account.Platform != "slack" || in.Account.User == "" || in.Operation == "" || !known || !ours(path, body) {
					t.Errorf("%s %q: taken: %+v", path, body, in)
				}
				if second[i].Operation != in.Operation {
					t.Errorf("%s %q: the same delivery is %q and %q", path, body, in.Operation, second[i].Operation)
				}
			}
		}
	})
}
