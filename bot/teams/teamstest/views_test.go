package teamstest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/bot/teams/teamstest"
)

// answered is an invoke's answer with a card.
func answered(content any) map[string]any {
	return map[string]any{"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": content}
}

func text(s string) map[string]any {
	return map[string]any{
		"type": "AdaptiveCard", "version": "1.5", "body": []any{map[string]any{"type": "TextBlock", "text": s}},
	}
}

func TestACardIsRefreshedForThoseThatItNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	ctx := t.Context()
	must(t, 0, second(h.InstallIn(ctx, h.ana.ID, h.team.ID)))
	content := card("because")
	content["refresh"] = map[string]any{"action": map[string]any{"type": "Action.Execute", "verb": "view", "data": map[string]any{"value": "HP-7"}}, "userIds": []any{h.bo.ID}}
	id := h.posts(h.approvals.ID, message(content))
	h.answer = func(a map[string]any) (int, any) {
		if at(a, "value", "trigger") != "automatic" || at(a, "value", "action", "verb") != "view" {
			t.Errorf("the bot heard %v", a)
		}
		return 200, answered(text("for " + at(a, "from", "name").(string)))
	}
	for range 2 { // the second look brings nothing new
		for _, who := range []string{h.ana.ID, h.bo.ID} {
			if err := h.Look(ctx, who); err != nil {
				t.Fatal(err)
			}
		}
	}
	bos, _ := h.Last(h.approvals.ID, h.bo.ID)
	anas, _ := h.Last(h.approvals.ID, h.ana.ID)
	if bos.Plain() != "for Bo Berg" || !bos.Own || anas.Own || !strings.HasPrefix(anas.Plain(), "HP-7") {
		t.Errorf("Bo sees %q, Ana sees %q", bos.Plain(), anas.Plain())
	}
	h.calls(http.MethodPut, "conversations/"+h.approvals.ID+"/activities/"+id, message(content))
	if bos, _ = h.Last(h.approvals.ID, h.bo.ID); bos.Own {
		t.Errorf("after a change for all Bo still sees %q", bos.Plain())
	}
	if err := h.Look(ctx, h.bo.ID); err != nil {
		t.Fatal(err)
	}
	if n := len(h.Deliveries()); n != 2+2 {
		t.Errorf("%d deliveries", n)
	}
	if raw, err := json.Marshal(h.Snapshot(h.bo.ID)); err != nil || !strings.Contains(string(raw), "for Bo Berg") {
		t.Errorf("the snapshot is %s, %v", raw, err)
	}
}

func TestADialogIsOpenedCorrectedAndClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	ctx := t.Context()
	must(t, 0, second(h.Install(ctx, h.bo.ID)))
	h.posts(h.PersonalChat(h.bo.ID), message(card("because")))
	m, _ := h.Last(h.PersonalChat(h.bo.ID), h.bo.ID)
	form := func(note string) map[string]any {
		c := text(note)
		c["body"] = append(c["body"].([]any), map[string]any{"type": "Input.Text", "id": "reason", "label": "Reason", "isRequired": true, "errorMessage": "say why", "maxLength": 10})
		c["actions"] = []any{map[string]any{"type": "Action.Submit", "title": "Send", "data": map[string]any{"value": "HP-7|f1"}}}
		return map[string]any{"task": map[string]any{"type": "continue", "value": map[string]any{
			"title": "Deny", "height": "medium", "width": "medium", "card": map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": c},
		}}}
	}
	h.answer = func(a map[string]any) (int, any) {
		switch reason, _ := at(a, "value", "data", "reason").(string); {
		case at(a, "name") == "task/fetch" && at(a, "value", "data", "form") == "deny":
			return 200, form("Why?")
		case at(a, "name") == "task/submit" && reason == "no":
			return 200, form("Say more.")
		case at(a, "name") == "task/submit" && at(a, "value", "data", "value") == "HP-7|f1":
			return 200, nil
		}
		return 500, nil
	}
	must(t, 0, second(h.Click(ctx, h.bo.ID, m.Ref, "Deny", nil)))
	open, _ := h.Dialog(h.bo.ID)
	if got := teamstest.Plain(open.Card); open.Title != "Deny" || got != "Why?\nReason: __\n[Send]" {
		t.Errorf("Bo has %q open: %q", open.Title, got)
	}
	for name, filled := range map[string]map[string]string{
		"an empty field that must be filled": {}, "more than fits": {"Reason": "far too long"}, "a field that is not there": {"Reason": "no", "Colour": "red"},
	} {
		if _, err := h.Submit(ctx, h.bo.ID, "Send", filled); err == nil {
			t.Errorf("the client let through: %s", name)
		}
	}
	must(t, 0, second(h.Submit(ctx, h.bo.ID, "Send", map[string]string{"Reason": "no"})))
	if open, _ = h.Dialog(h.bo.ID); !strings.HasPrefix(teamstest.Plain(open.Card), "Say more.") {
		t.Errorf("Bo has open: %q", teamstest.Plain(open.Card))
	}
	must(t, 0, second(h.Submit(ctx, h.bo.ID, "Send", map[string]string{"reason": "not needed"})))
	if _, ok := h.Dialog(h.bo.ID); ok {
		t.Error("the dialog is still open")
	}
	h.answer = func(map[string]any) (int, any) { return 200, map[string]any{"task": map[string]any{"type": "dance"}} }
	d, err := h.Click(ctx, h.bo.ID, m.Ref, "Deny", nil)
	if open, _ = h.Dialog(h.bo.ID); err != nil || d.Problem == "" || open.Note == "" {
		t.Errorf("an answer that Teams does not know: %+v, %v, %+v", d, err, open)
	}
}

func TestABadAnswerToAClickIsShownAsAFailure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	ctx := t.Context()
	must(t, 0, second(h.Install(ctx, h.bo.ID)))
	h.posts(h.PersonalChat(h.bo.ID), message(card("because")))
	m, _ := h.Last(h.PersonalChat(h.bo.ID), h.bo.ID)
	h.Hostile("<b>HP</b>")
	for name, row := range map[string]struct {
		status int
		body   any
		slow   bool
	}{
		"nothing":                          {200, nil, false},
		"a 500":                            {500, nil, false},
		"a card that is none":              {200, answered(map[string]any{"type": "Card"}), false},
		"a card of 30 KB":                  {200, answered(card(strings.Repeat("x", 30<<10))), false},
		"a card with a person's markup":    {200, answered(text("<b>HP</b>")), false},
		"a message with a person's markup": {200, map[string]any{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "<b>HP</b>"}, false},
		"an error that says 200":           {200, map[string]any{"statusCode": 200, "type": "application/vnd.microsoft.error", "value": map[string]any{"code": "x", "message": "x"}}, false},
		"a good card that comes late":      {200, answered(text("late")), true},
	} {
		h.answer = func(map[string]any) (int, any) {
			if row.slow {
				h.clock.Advance(teamstest.Patience + time.Second)
			}
			return row.status, row.body
		}
		d, _ := h.Click(ctx, h.bo.ID, m.Ref, "Approve", nil)
		if seen, _ := h.Last(h.PersonalChat(h.bo.ID), h.bo.ID); d.Problem == "" || seen.Own || seen.Note == "" {
			t.Errorf("%s: %+v, Bo sees %q", name, d, seen.Plain())
		}
	}
	h.answer = func(map[string]any) (int, any) {
		return 200, map[string]any{"statusCode": 403, "type": "application/vnd.microsoft.error", "value": map[string]any{"code": "Refused", "message": "You cannot approve this."}}
	}
	d, err := h.Click(ctx, h.bo.ID, m.Ref, "Approve", nil)
	if seen, _ := h.Last(h.PersonalChat(h.bo.ID), h.bo.ID); err != nil || d.Problem != "" || seen.Note != "You cannot approve this." {
		t.Errorf("%+v, %v, %+v", d, err, seen)
	}
	d, err = h.ClickOld(ctx, h.bo.ID, m.Ref, "Approve", nil)
	if err != nil || d.Kind != "message" || at(h.last(), "value", "verb") != "approve" || at(h.last(), "replyToId") != m.ID {
		t.Errorf("in an old client: %+v, %v, %v", d, err, h.last())
	}
	if _, err := h.Click(ctx, h.bo.ID, m.Ref, "Revoke", nil); err == nil {
		t.Error("Bo pressed a button that is not there")
	}
	if _, err := h.Click(ctx, h.gus.ID, m.Ref, "Approve", nil); err == nil {
		t.Error("Gus pressed a button in Bo's chat")
	}
}
