package slacktest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"hallpass/bot/slack/slacktest"
)

// open lets a person open the form by a command.
func (h *house) open(t *testing.T) slacktest.View {
	t.Helper()
	h.overHTTP(answering(""))
	d, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.api.OpenViewContext(t.Context(), d.TriggerID, form()); err != nil {
		t.Fatal(err)
	}
	v, _ := h.Front(h.ana.ID)
	return v
}

func TestATriggerOpensOneFormWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.open(t)
	if _, err := h.api.OpenViewContext(t.Context(), h.Deliveries()[0].TriggerID, form()); err == nil || !strings.HasPrefix(err.Error(), "exchanged_trigger_id") {
		t.Errorf("second use: %v", err)
	}
	d, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", "")
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(3*time.Second + time.Millisecond)
	if _, err := h.api.OpenViewContext(t.Context(), d.TriggerID, form()); err == nil || !strings.HasPrefix(err.Error(), "expired_trigger_id") {
		t.Errorf("late use: %v", err)
	}
}

func TestTheClientRefusesAFormThatIsNotFilledIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.open(t)
	tests := []struct {
		name   string
		values map[string]any
		field  string
	}{
		{"a required field is empty", map[string]any{"reason": "why"}, "where"},
		{"an option that is not offered", map[string]any{"reason": "why", "where": "loc-9"}, "where"},
		{"a text that is too long", map[string]any{"why": strings.Repeat("x", 21), "where": "loc-1"}, "why"},
		{"a line break in one line", map[string]any{"why": "a\nb", "where": "loc-1"}, "why"},
	}
	for _, tt := range tests {
		// One form, one case after the other.
		_, err := h.Submit(t.Context(), h.ana.ID, v.ID, tt.values)
		var refused *slacktest.FormError
		if !errors.As(err, &refused) || refused.Fields[tt.field] == "" {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
	if _, err := h.Submit(t.Context(), h.ana.ID, v.ID, map[string]any{"no such field": "x"}); err == nil {
		t.Error("an unknown field was filled in")
	}
	if n := len(h.Deliveries()); n != 1 {
		t.Errorf("%d deliveries", n)
	}
}

func TestASubmissionCarriesStateAndClosesTheForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.open(t)
	var got slack.InteractionCallback
	h.overHTTP(func(_ http.ResponseWriter, r *http.Request) { got, _ = slack.InteractionCallbackParse(r) })
	if _, err := h.Submit(t.Context(), h.ana.ID, v.ID, map[string]any{"Reason": "servers", "where": "Servers"}); err != nil {
		t.Fatal(err)
	}
	values := got.View.State.Values
	if got.Type != slack.InteractionTypeViewSubmission || got.View.CallbackID != "ask" || got.View.PrivateMetadata != "p1" ||
		values["why"]["reason"].Value != "servers" || values["where"]["location"].SelectedOption.Value != "loc-2" || got.View.Hash != v.Hash {
		t.Errorf("got %+v", got.View)
	}
	if _, there := values["note"]["ticket"]; !there {
		t.Error("the empty optional field is not in the state")
	}
	if len(h.Views(h.ana.ID)) != 0 {
		t.Error("the form is still open")
	}
}

func TestAnswersToASubmission(t *testing.T) {
	t.Parallel()
	modal := mustJSON(t, form())
	second := strings.Replace(modal, `"Ask"`, `"Second"`, 1)
	tests := []struct {
		name, answer string
		check        func(h *house, views []slacktest.View) bool
	}{
		{"nothing closes", ``, func(_ *house, v []slacktest.View) bool { return len(v) == 0 }},
		{"clear closes all", `{"response_action":"clear"}`, func(_ *house, v []slacktest.View) bool { return len(v) == 0 }},
		{"errors stand at the fields", `{"response_action":"errors","errors":{"why":"too vague"}}`, func(_ *house, v []slacktest.View) bool {
			return len(v) == 1 && v[0].Errors["why"] == "too vague" && v[0].Problem == ""
		}},
		{"errors at an unknown field", `{"response_action":"errors","errors":{"nope":"x"}}`, troubled},
		{"update shows another view", `{"response_action":"update","view":` + second + `}`, func(_ *house, v []slacktest.View) bool {
			return len(v) == 1 && v[0].Title == "Second"
		}},
		{"push puts one on top", `{"response_action":"push","view":` + second + `}`, func(_ *house, v []slacktest.View) bool {
			return len(v) == 2 && v[1].Title == "Second"
		}},
		{"a view with a long title", `{"response_action":"update","view":` + strings.Replace(modal, `"Ask"`, `"A title that is far too long"`, 1) + `}`, troubled},
		{"an unknown action", `{"response_action":"explode"}`, troubled},
		{"no JSON", `ok`, troubled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			v := h.open(t)
			h.overHTTP(answering(tt.answer))
			if _, err := h.Submit(t.Context(), h.ana.ID, v.ID, map[string]any{"reason": "r", "where": "loc-1"}); err != nil {
				t.Fatal(err)
			}
			if views := h.Views(h.ana.ID); !tt.check(h, views) {
				t.Errorf("got %+v", views)
			}
		})
	}
}

func troubled(_ *house, v []slacktest.View) bool {
	return len(v) == 1 && strings.HasPrefix(v[0].Problem, "We had some trouble connecting")
}

func TestAnUpdateOfAViewKeepsWhatWasTypedAndMindsItsHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.open(t)
	if err := h.Fill(h.ana.ID, v.ID, "reason", "half a sent"); err != nil {
		t.Fatal(err)
	}
	next := form()
	next.Title.Text = "Ask again"
	if _, err := h.api.UpdateViewContext(t.Context(), next, "", "stale", v.ID); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("stale hash: %v", err)
	}
	if _, err := h.api.UpdateViewContext(t.Context(), next, "", v.Hash, v.ID); err != nil {
		t.Fatal(err)
	}
	now, _ := h.Front(h.ana.ID)
	if now.Title != "Ask again" || !strings.Contains(string(now.State), "half a sent") {
		t.Errorf("got %+v", now)
	}
	bad := form()
	bad.Title.Text = "A title that is far too long"
	_, err := h.api.UpdateViewContext(t.Context(), bad, "", "", v.ID)
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "invalid_arguments" ||
		!cmp.Equal(refused.ResponseMetadata.Messages, []string{"[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"}) {
		t.Errorf("got %+v", err)
	}
}

func TestViewsStackThreeHigh(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.open(t)
	plain := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
	more := form()
	more.NotifyOnClose = true
	more.Blocks.BlockSet = append(more.Blocks.BlockSet, slack.NewActionBlock("b", slack.NewButtonBlockElement("more", "v", plain("More"))))
	var err error
	for i := range 4 {
		v, _ := h.Front(h.ana.ID)
		if _, err = h.api.UpdateViewContext(t.Context(), more, "", "", v.ID); err != nil {
			t.Fatal(err)
		}
		var d *slacktest.Delivery
		if d, err = h.Click(t.Context(), h.ana.ID, v.Ref(), "More"); err != nil {
			t.Fatal(err)
		}
		if _, err = h.api.PushViewContext(t.Context(), d.TriggerID, more); err != nil {
			if i != 2 {
				t.Fatalf("push %d: %v", i, err)
			}
			break
		}
	}
	if err == nil || err.Error() != "push_limit_reached" {
		t.Errorf("got %v", err)
	}
	d, err := h.CloseView(t.Context(), h.ana.ID)
	if err != nil || !strings.Contains(string(d.Payload), `"view_closed"`) || len(h.Views(h.ana.ID)) != 2 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAHomeTabIsPublishedOpenedAndClicked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var paths []string
	h.overHTTP(func(_ http.ResponseWriter, r *http.Request) { paths = append(paths, r.URL.Path) })
	if _, err := h.OpenHome(t.Context(), h.ana.ID); err != nil {
		t.Fatal(err)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: card("HP-7")}}
	if _, err := h.api.PublishViewContext(t.Context(), slack.PublishViewContextRequest{UserID: h.ana.ID, View: home}); err != nil {
		t.Fatal(err)
	}
	v, ok := h.Home(h.ana.ID)
	if !ok || len(v.Buttons()) != 2 {
		t.Fatalf("home %+v", v)
	}
	d, err := h.Click(t.Context(), h.ana.ID, v.Ref(), "Deny")
	if err != nil || !strings.Contains(string(d.Payload), `"container":{"type":"view"`) || d.ResponseURL != "" {
		t.Errorf("%s, %v", d.Payload, err)
	}
	if !cmp.Equal(paths, []string{"/events", "/interactions"}) {
		t.Errorf("paths %q", paths)
	}
}

func TestAnExternalSelectOffersWhatTheAppAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.open(t)
	next := form()
	plain := slack.NewTextBlockObject("plain_text", "who", false, false)
	next.Blocks.BlockSet = []slack.Block{
		slack.NewInputBlock("acc", plain, nil, slack.NewOptionsSelectBlockElement("external_select", plain, "account")),
	}
	if _, err := h.api.UpdateViewContext(t.Context(), next, "", "", v.ID); err != nil {
		t.Fatal(err)
	}
	h.overHTTP(func(rw http.ResponseWriter, r *http.Request) {
		if cb, err := slack.InteractionCallbackParse(r); err == nil && cb.Type == slack.InteractionTypeBlockSuggestion && cb.Value == "sv" {
			_, _ = io.WriteString(rw, `{"options":[{"text":{"type":"plain_text","text":"svc-build"},"value":"id-1"}]}`)
		}
	})
	labels, _, err := h.Suggest(t.Context(), h.ana.ID, v.Ref(), "account", "sv")
	if err != nil || !cmp.Equal(labels, []string{"svc-build"}) {
		t.Fatalf("%q, %v", labels, err)
	}
	if _, err := h.Submit(t.Context(), h.ana.ID, v.ID, map[string]any{"acc": "svc-build"}); err != nil {
		t.Error(err)
	}
}

func TestASnapshotHoldsWhatOnePersonSees(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var kinds []slacktest.EventKind
	cancel := h.Subscribe(func(e slacktest.Event) { kinds = append(kinds, e.Kind) })
	h.AddChannel(slacktest.Channel{Name: "secret", Private: true}, h.bo.ID)
	h.open(t)
	h.post(t, "x")
	h.Say(h.bo.ID, h.ops.ID, "looking")
	if _, err := h.api.PostEphemeralContext(t.Context(), h.ops.ID, h.ana.ID, slack.MsgOptionText("psst", false)); err != nil {
		t.Fatal(err)
	}
	cancel()
	s := h.Snapshot(h.ana.ID)
	if len(s.Channels) != 1 || len(s.Channels[0].Messages) != 3 || len(s.Modals) != 1 || s.Me.Name != "ana" {
		t.Errorf("got %s", mustJSON(t, s))
	}
	if len(h.Snapshot(h.bo.ID).Channels[0].Messages) != 2 {
		t.Error("Bo sees what only Ana may see")
	}
	want := []slacktest.EventKind{"people", "delivery", "view", "view", "message", "message", "ephemeral"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
}
