package slacktest_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"hallpass/bot/slack/slacktest"
)

// clock is a clock that a test pushes.
type clock struct {
	mu  sync.Mutex
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

// house is a workspace with two people, a channel and a Web API client.
type house struct {
	*slacktest.Workspace
	clock *clock
	api   *slack.Client
	ana   slacktest.User
	bo    slacktest.User
	ops   slacktest.Channel
}

func newHouse(t *testing.T, change ...func(o *slacktest.Options)) *house {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	o := slacktest.Options{Now: c.Now}
	for _, f := range change {
		f(&o)
	}
	w := slacktest.New(o)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{Workspace: w, clock: c}
	h.ana = w.AddUser(slacktest.User{ID: "U0ANA", Name: "ana", RealName: "Ana Engineer", Email: "ana@example.test"})
	h.bo = w.AddUser(slacktest.User{ID: "U0BO", Name: "bo", RealName: "Bo Approver", Email: "bo@example.test"})
	h.ops = w.AddChannel(slacktest.Channel{ID: "C0OPS", Name: "ops"}, h.ana.ID, h.bo.ID)
	h.api = slack.New(w.Options().BotToken, slack.OptionAPIURL(w.APIURL()), slack.OptionHTTPClient(w.Client()))
	return h
}

// overHTTP lets the app be a handler, in process.
func (h *house) overHTTP(app http.HandlerFunc) {
	h.SetRequestURL(slacktest.RequestURLs{
		Commands: "https://app.test/commands", Interactions: "https://app.test/interactions", Events: "https://app.test/events",
	}, slacktest.InProcess(app))
}

// answering is an app that answers everything the same way.
func answering(body string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, body) }
}

// connected starts slack-go in Socket Mode against the workspace over loopback.
func (h *house) connected(t *testing.T, handle func(sm *socketmode.Client, e socketmode.Event)) *slack.Client {
	t.Helper()
	server := httptest.NewServer(h.Workspace)
	t.Cleanup(server.Close)
	h.SetBaseURL(server.URL)
	o := h.Options()
	api := slack.New(o.BotToken, slack.OptionAppLevelToken(o.AppToken), slack.OptionAPIURL(h.APIURL()))
	sm := socketmode.New(api, socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = sm.RunContext(ctx) })
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-sm.Events:
				handle(sm, e)
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	soon, done := context.WithTimeout(ctx, 10*time.Second)
	defer done()
	if err := h.WaitConnected(soon, 1); err != nil {
		t.Fatalf("%v; calls: %+v", err, h.Calls())
	}
	return api
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// card is a small approval card.
func card(value string) []slack.Block {
	approve := slack.NewButtonBlockElement("approve", value, slack.NewTextBlockObject("plain_text", "Approve", false, false))
	approve.Style = slack.StylePrimary
	deny := slack.NewButtonBlockElement("deny", value, slack.NewTextBlockObject("plain_text", "Deny", false, false))
	return []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject("plain_text", "HP-7", false, false)),
		slack.NewRichTextBlock("why", &slack.RichTextQuote{
			Type:     slack.RTEQuote,
			Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement("because <!channel>", nil)},
		}),
		slack.NewActionBlock("acts", approve, deny),
	}
}

// form is a modal with a field, a select and a hidden note.
func form() slack.ModalViewRequest {
	plain := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
	reason := slack.NewPlainTextInputBlockElement(plain("why"), "reason").WithMaxLength(20)
	where := slack.NewOptionsSelectBlockElement(
		"static_select", plain("where"), "location",
		slack.NewOptionBlockObject("loc-1", plain("Offices"), nil), slack.NewOptionBlockObject("loc-2", plain("Servers"), nil),
	)
	note := slack.NewInputBlock("note", plain("Ticket"), nil, slack.NewPlainTextInputBlockElement(nil, "ticket"))
	note.Optional = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Ask"), Submit: plain("Send"), Close: plain("Cancel"),
		CallbackID: "ask", PrivateMetadata: "p1",
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("why", plain("Reason"), nil, reason),
			slack.NewInputBlock("where", plain("Location"), nil, where),
			note,
		}},
	}
}
