package teamstest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/bot/teams/teamstest"
	"hallpass/bot/wiretest"
)

// house is a cloud with three people, a team, and a bot of the test's own.
type house struct {
	*teamstest.Cloud
	t            *testing.T
	clock        *clock
	ana, bo, gus teamstest.Person
	team         teamstest.Team
	approvals    teamstest.Chat
	room         teamstest.Chat

	mu    sync.Mutex // mu guards heard
	heard []map[string]any
	// answer is what the bot answers an activity with; nil is 200 without a body.
	answer func(activity map[string]any) (int, any)
	token  string
}

type clock struct {
	mu  sync.Mutex // mu guards now
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newHouse(t *testing.T, change ...func(*teamstest.Options)) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	o := teamstest.Options{Now: h.clock.Now, AppSecret: "s3cret", Deliver: wiretest.InProcess(http.HandlerFunc(h.serve))}
	for _, f := range change {
		f(&o)
	}
	h.Cloud = teamstest.New(o)
	person := func(digit, name string) teamstest.Person {
		mail := strings.ToLower(strings.Fields(name)[0]) + "@contoso.com"
		return h.AddPerson(teamstest.Person{
			ID: "29:" + strings.ToLower(strings.Fields(name)[0]), ObjectID: strings.Repeat(digit, 8) + "-1111-4111-8111-111111111111", Name: name, UPN: mail, Email: mail,
		})
	}
	h.ana, h.bo, h.gus = person("a", "Ana Almeida"), person("b", "Bo Berg"), person("c", "Gus Grant")
	h.team = h.AddTeam(teamstest.Team{Name: "Platform"}, h.ana.ID, h.bo.ID)
	h.approvals = h.AddChannel(teamstest.Chat{Name: "approvals", Team: h.team.ID})
	h.room = h.AddGroupChat(teamstest.Chat{Name: "Incident room"}, h.ana.ID, h.gus.ID)
	return h
}

// serve is the bot's endpoint. It believes everything: that is what the adapter's tests are for.
func (h *house) serve(rw http.ResponseWriter, r *http.Request) {
	var activity map[string]any
	if err := json.NewDecoder(r.Body).Decode(&activity); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.heard = append(h.heard, activity)
	h.mu.Unlock()
	if h.answer == nil {
		return
	}
	status, body := h.answer(activity)
	rw.WriteHeader(status)
	if body != nil {
		if err := json.NewEncoder(rw).Encode(body); err != nil {
			h.t.Error(err)
		}
	}
}

// last is the activity that the bot heard last.
func (h *house) last() map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard[len(h.heard)-1]
}

// signIn gets the bot a token.
func (h *house) signIn() {
	h.t.Helper()
	o := h.Options()
	response, err := h.Client().PostForm(h.TokenURL(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {o.AppID}, "client_secret": {"s3cret"}, "scope": {teamstest.Scope},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil || out.AccessToken == "" {
		h.t.Fatalf("no token: %v", err)
	}
	h.token = out.AccessToken
}

// reply is what the connector answered.
type reply struct {
	status int
	code   string
	body   map[string]any
	header http.Header
}

// calls sends a request of the bot to the connector; path is below /emea/v3/.
func (h *house) calls(method, path string, body any) reply {
	h.t.Helper()
	got, err := h.try(method, path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

func (h *house) try(method, path string, body any) (reply, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.ServiceURL()+"v3/"+path, bytes.NewReader(raw))
	if err != nil {
		return reply{}, err
	}
	if h.token != "" {
		r.Header.Set("Authorization", "Bearer "+h.token)
	}
	response, err := h.Client().Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	out := reply{status: response.StatusCode, header: response.Header}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	if err := json.Unmarshal(text, &out.body); err != nil {
		return reply{}, fmt.Errorf("%s: %w", text, err)
	}
	if e, ok := out.body["error"].(map[string]any); ok {
		out.code, _ = e["code"].(string)
	}
	return out, nil
}

// posts writes to a conversation and returns the message's id.
func (h *house) posts(conversation string, activity any) string {
	h.t.Helper()
	got := h.calls(http.MethodPost, "conversations/"+url.PathEscape(conversation)+"/activities", activity)
	if got.status != http.StatusCreated {
		h.t.Fatalf("posting: %d %v", got.status, got.body)
	}
	return got.body["id"].(string)
}

// message is an activity with a text, or with a card.
func message(content any) map[string]any {
	if text, ok := content.(string); ok {
		return map[string]any{"type": "message", "text": text}
	}
	return map[string]any{"type": "message", "attachments": []any{map[string]any{
		"contentType": "application/vnd.microsoft.card.adaptive", "content": content,
	}}}
}

// card is a small approval card with a reason in a person's words.
func card(reason string, more ...any) map[string]any {
	return map[string]any{
		"type": "AdaptiveCard", "version": "1.5", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
		"body": append([]any{
			map[string]any{"type": "TextBlock", "text": "HP-7", "weight": "bolder"},
			map[string]any{"type": "RichTextBlock", "inlines": []any{map[string]any{"type": "TextRun", "text": reason}}},
		}, more...),
		"actions": []any{
			map[string]any{
				"type": "Action.Execute", "title": "Approve", "verb": "approve", "data": map[string]any{"value": "HP-7|f1"},
				"fallback": map[string]any{"type": "Action.Submit", "title": "Approve", "data": map[string]any{"verb": "approve", "value": "HP-7|f1"}},
			},
			map[string]any{"type": "Action.Submit", "title": "Deny", "data": map[string]any{"msteams": map[string]any{"type": "task/fetch"}, "form": "deny"}},
		},
	}
}

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// at walks down a decoded object.
func at(v any, path ...any) any {
	for _, step := range path {
		switch key := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return nil
			}
			v = list[key]
		}
	}
	return v
}
