package slacktest_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"hallpass/bot/slack/slacktest"
)

// post posts a card and returns its message.
func (h *house) post(t *testing.T, value string) slacktest.Message {
	t.Helper()
	_, ts, err := h.api.PostMessageContext(t.Context(), h.ops.ID, slack.MsgOptionText("HP-7", false), slack.MsgOptionBlocks(card(value)...))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := h.Message(h.ops.ID, ts)
	return m
}

func TestACommandArrivesSignedAndEscaped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.clock.now = time.Now() // slack-go verifies against the machine's clock
	var got slack.SlashCommand
	h.overHTTP(func(rw http.ResponseWriter, r *http.Request) {
		if err := verified(h, r); err != nil {
			http.Error(rw, err.Error(), http.StatusUnauthorized)
			return
		}
		got, _ = slack.SlashCommandParse(r)
		_, _ = io.WriteString(rw, `{"text":"noted"}`)
	})
	d, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", "hand HP-7 to @bo in #ops <now> & here")
	if err != nil {
		t.Fatal(err)
	}
	if want := "hand HP-7 to <@U0BO|bo> in <#C0OPS|ops> &lt;now&gt; &amp; here"; got.Text != want || got.ChannelName != "ops" {
		t.Errorf("got %+v, want %q", got, want)
	}
	if e := h.Ephemerals(h.ana.ID); !d.Acked || len(e) != 1 || e[0].Text != "noted" || len(h.Ephemerals(h.bo.ID)) != 0 {
		t.Errorf("answer %+v, %+v", d, e)
	}
}

func TestACommandThatNobodyAnswersTellsThePerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", ""); !errors.Is(err, slacktest.ErrNotConnected) {
		t.Errorf("got %v", err)
	}
	h.overHTTP(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusInternalServerError) })
	if _, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", ""); !errors.Is(err, slacktest.ErrNotAcked) {
		t.Errorf("got %v", err)
	}
	e := h.Ephemerals(h.ana.ID)
	if len(e) != 2 || !strings.Contains(e[0].Text, "dispatch_failed") || e[1].User != "USLACKBOT" {
		t.Errorf("got %+v", e)
	}
	if _, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/other", ""); err == nil {
		t.Error("an unknown command was sent")
	}
}

// verified checks a request as slack-go does and leaves the body readable.
func verified(h *house, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	v, err := slack.NewSecretsVerifier(r.Header, h.Options().SigningSecret)
	if err != nil {
		return err
	}
	if _, err := v.Write(body); err != nil {
		return err
	}
	return v.Ensure()
}

func TestAClickCarriesWhatTheMessageHolds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.post(t, "HP-7:abc")
	var got slack.InteractionCallback
	h.overHTTP(func(rw http.ResponseWriter, r *http.Request) {
		var err error
		if got, err = slack.InteractionCallbackParse(r); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
		}
	})
	if _, err := h.Click(t.Context(), h.bo.ID, m.Ref(), "Approve"); err != nil {
		t.Fatal(err)
	}
	action := got.ActionCallback.BlockActions[0]
	if got.User.ID != h.bo.ID || action.ActionID != "approve" || action.Value != "HP-7:abc" || action.BlockID != "acts" ||
		got.Container.MessageTs != m.TS || got.Container.ChannelID != h.ops.ID || got.APIAppID != h.Options().AppID ||
		got.Message.Text != "HP-7" || got.Team.ID != h.Options().TeamID {
		t.Errorf("got %+v", got)
	}
	if _, err := h.Click(t.Context(), h.bo.ID, m.Ref(), "Explode"); err == nil {
		t.Error("a button that is not there was clicked")
	}
	stranger := h.AddUser(slacktest.User{Name: "zoe"})
	if _, err := h.Click(t.Context(), stranger.ID, m.Ref(), "Approve"); err == nil {
		t.Error("somebody outside the channel clicked")
	}
	if _, err := h.ClickRaw(t.Context(), stranger.ID, m.Ref(), slacktest.RawAction{Action: "approve", Value: "HP-8:forged"}); err != nil {
		t.Fatal(err)
	}
	if got.ActionCallback.BlockActions[0].Value != "HP-8:forged" || got.User.ID != stranger.ID {
		t.Errorf("forged %+v", got)
	}
}

func TestAResponseAddressWorksFiveTimesInHalfAnHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.overHTTP(answering(""))
	m := h.post(t, "x")
	d, err := h.Click(t.Context(), h.bo.ID, m.Ref(), "approve")
	if err != nil {
		t.Fatal(err)
	}
	send := func(body string) string {
		r := httptest.NewRequest(http.MethodPost, d.ResponseURL, strings.NewReader(body))
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		return out.Body.String()
	}
	for i, step := range []struct{ body, want string }{
		{`{"text":"only you"}`, "ok"},
		{`{"text":"all","response_type":"in_channel"}`, "ok"},
		{`{"text":"new","replace_original":true}`, "ok"},
		{`{"text":"x","blocks":[{"type":"marquee"}]}`, "invalid_blocks: unsupported type: marquee [json-pointer:/blocks/0/type]"},
		{`{"text":"x","colour":1}`, "invalid_payload: not modelled by the emulator: colour"},
		{`{"delete_original":true}`, "ok"},
		{`{"text":"fifth"}`, "ok"},
		{`{"text":"sixth"}`, `{"ok":false,"error":"used_url"}`},
	} {
		if got := send(step.body); got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
	old, _ := h.Message(m.Channel, m.TS)
	if !old.Deleted || old.Text != "new" || len(h.Ephemerals(h.bo.ID)) != 2 || len(h.Responses(d.ResponseURL)) != 5 {
		t.Errorf("afterwards %+v, %+v", old, h.Responses(d.ResponseURL))
	}
	d, err = h.Click(t.Context(), h.bo.ID, h.post(t, "y").Ref(), "approve")
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(31 * time.Minute)
	if got := send(`{"text":"late"}`); got != `{"ok":false,"error":"expired_url"}` {
		t.Errorf("got %q", got)
	}
}

func TestAnEphemeralIsClickedOnlyByItsReader(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.overHTTP(answering(""))
	if _, err := h.api.PostEphemeralContext(
		t.Context(), h.ops.ID, h.ana.ID, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(card("v")...),
	); err != nil {
		t.Fatal(err)
	}
	e := h.Ephemerals(h.ana.ID)[0]
	d, err := h.Click(t.Context(), h.ana.ID, e.Ref(), "deny")
	if err != nil {
		t.Fatal(err)
	}
	if s := string(d.Payload); !strings.Contains(s, `"is_ephemeral":true`) || strings.Contains(s, `"message":`) {
		t.Errorf("payload %s", s)
	}
	if _, err := h.Click(t.Context(), h.bo.ID, e.Ref(), "deny"); err == nil {
		t.Error("somebody else clicked an ephemeral message")
	}
}

func TestASignedRequestThatWasTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.clock.now = time.Now() // slack-go verifies against the machine's clock
	h.overHTTP(answering(""))
	h.Hold(true)
	d, err := h.Click(t.Context(), h.bo.ID, h.post(t, "x").Ref(), "approve")
	if err != nil || !d.Held {
		t.Fatalf("%+v, %v", d, err)
	}
	tests := []struct {
		name   string
		change func(r *http.Request)
		good   bool
	}{
		{"as it is", func(*http.Request) {}, true},
		{"another body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("payload=%7B%7D")) }, false},
		{"no signature", func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, false},
		{"another version", func(r *http.Request) {
			r.Header.Set("X-Slack-Signature", strings.Replace(r.Header.Get("X-Slack-Signature"), "v0", "v1", 1))
		}, false},
		{"another secret", func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			slacktest.SignRequest(r, "another secret", time.Now(), body)
		}, false},
		{"6 minutes old", func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			slacktest.SignRequest(r, h.Options().SigningSecret, time.Now().Add(-6*time.Minute), body)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := h.SignedRequest(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(r)
			if err := verified(h, r); (err == nil) != tt.good {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAHeldDeliveryCanBeSentTwiceAndRedelivered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var retries []string
	h.overHTTP(func(_ http.ResponseWriter, r *http.Request) {
		retries = append(retries, r.Header.Get("X-Slack-Retry-Num"))
	})
	h.Hold(true)
	d, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", "x")
	if err != nil || len(retries) != 0 {
		t.Fatalf("%v, %v", retries, err)
	}
	h.Hold(false)
	if err := errors.Join(h.Send(t.Context(), d), h.Send(t.Context(), d)); err != nil {
		t.Fatal(err)
	}
	again, err := h.Redeliver(t.Context(), d)
	if err != nil || again.ID == d.ID || strings.Join(retries, ",") != ",,1" || len(h.Deliveries()) != 2 {
		t.Errorf("%q, %v", retries, err)
	}
}

func TestSlackGoAnswersAtAResponseAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.overHTTP(answering(""))
	m := h.post(t, "x")
	d, err := h.Click(t.Context(), h.bo.ID, m.Ref(), "approve")
	if err != nil {
		t.Fatal(err)
	}
	text := slack.MsgOptionText("decided by Cleo", false)
	if _, _, err := h.api.PostMessageContext(t.Context(), h.ops.ID, text, slack.MsgOptionResponseURL(d.ResponseURL, slack.ResponseTypeEphemeral)); err != nil {
		t.Error(err)
	}
	if _, _, err := h.api.PostMessageContext(
		t.Context(), h.ops.ID, text, slack.MsgOptionBlocks(card("y")...), slack.MsgOptionReplaceOriginal(d.ResponseURL),
	); err != nil {
		t.Error(err)
	}
	if err := slack.PostWebhookCustomHTTPContext(t.Context(), d.ResponseURL, h.Client(), &slack.WebhookMessage{Text: "third"}); err != nil {
		t.Error(err)
	}
	if _, _, err := h.api.PostMessageContext(t.Context(), h.ops.ID, slack.MsgOptionDeleteOriginal(d.ResponseURL)); err != nil {
		t.Error(err)
	}
	old, _ := h.Message(m.Channel, m.TS)
	if e := h.Ephemerals(h.bo.ID); len(e) != 2 || e[0].Text != "decided by Cleo" || !old.Deleted || len(old.History) != 1 {
		t.Errorf("ephemerals %+v, original %+v", e, old)
	}
}
