package teamstest_test

import (
	"net/http"
	"strings"
	"testing"

	"hallpass/bot/teams/teamstest"
)

func TestAPersonAsksAndTheCardChangesUnderTheClick(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	ctx := t.Context()
	if _, err := h.Install(ctx, h.ana.ID); err != nil {
		t.Fatal(err)
	}
	if got := at(h.last(), "type"); got != "installationUpdate" || at(h.last(), "action") != "add" {
		t.Errorf("the bot heard %v", h.last())
	}
	if d, err := h.Say(ctx, h.ana.ID, h.PersonalChat(h.ana.ID), "ip 203.0.113.7 because A & B"); err != nil || d.Status != http.StatusOK {
		t.Fatalf("%+v, %v", d, err)
	}
	heard := h.last()
	if at(heard, "text") != "ip 203.0.113.7 because A &amp; B" || at(heard, "from", "aadObjectId") != h.ana.ObjectID || at(heard, "channelData", "tenant", "id") != h.Options().TenantID {
		t.Errorf("the bot heard %v", heard)
	}
	chat, _ := at(heard, "conversation", "id").(string)
	id := h.posts(chat, message(card("because [okta.com](https://evil.test)")))
	seen, _ := h.Last(chat, h.ana.ID)
	if want := "HP-7\nbecause [okta.com](https://evil.test)\n[Approve] [Deny]"; seen.Plain() != want || seen.Author != "hallpass" {
		t.Errorf("Ana sees %q", seen.Plain())
	}

	h.answer = func(map[string]any) (int, any) {
		return 200, map[string]any{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Not you: you asked."}
	}
	d, err := h.Click(ctx, h.ana.ID, seen.Ref, "Approve", nil)
	if err != nil || d.Problem != "" {
		t.Fatalf("%+v, %v", d, err)
	}
	if got := h.last(); at(got, "name") != "adaptiveCard/action" || at(got, "value", "trigger") != "manual" || at(got, "value", "action", "data", "value") != "HP-7|f1" || at(got, "replyToId") != id {
		t.Errorf("the bot heard %v", got)
	}
	if seen, _ = h.Last(chat, h.ana.ID); !strings.HasSuffix(seen.Plain(), "\nNot you: you asked.") {
		t.Errorf("Ana sees %q", seen.Plain())
	}

	done := map[string]any{"type": "AdaptiveCard", "version": "1.5", "body": []any{map[string]any{"type": "TextBlock", "text": "approved"}}}
	if got := h.calls(http.MethodPut, "conversations/"+chat+"/activities/"+id, message(done)); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	if seen, _ = h.Last(chat, h.ana.ID); seen.Plain() != "approved" || !seen.Edited || len(seen.Buttons()) != 0 {
		t.Errorf("Ana sees %q", seen.Plain())
	}
	if got := h.calls(http.MethodDelete, "conversations/"+chat+"/activities/"+id, nil); got.status != http.StatusOK {
		t.Errorf("%+v", got)
	}
	if seen, _ = h.Last(chat, h.ana.ID); seen.From != h.ana.ID {
		t.Errorf("after the deletion Ana sees %q", seen.Plain())
	}
}

func TestInAChannelOnlyAMentionIsHeardAndTheThreadStandsInTheConversation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	ctx := t.Context()
	must(t, 0, second(h.InstallIn(ctx, h.ana.ID, h.approvals.ID)))
	d, err := h.Say(ctx, h.ana.ID, h.approvals.ID, "lunch?")
	if err != nil || !d.Unheard {
		t.Errorf("%+v, %v", d, err)
	}
	must(t, 0, second(h.Say(ctx, h.ana.ID, h.approvals.ID, "@hallpass list")))
	heard := h.last()
	if at(heard, "text") != "<at>hallpass</at>&nbsp;list\n" || at(heard, "entities", 0, "mentioned", "id") != h.BotID() {
		t.Errorf("the bot heard %v", heard)
	}
	thread, _ := at(heard, "conversation", "id").(string)
	if thread != h.approvals.ID+";messageid="+at(heard, "id").(string) || at(heard, "channelData", "team", "id") != h.team.ID {
		t.Errorf("the thread is %q in %v", thread, at(heard, "channelData"))
	}
	h.posts(thread, message("two are open"))
	all := h.Messages(h.approvals.ID, h.bo.ID)
	if last := all[len(all)-1]; last.Text != "two are open" || last.Thread != at(heard, "id") {
		t.Errorf("Bo sees %+v", last)
	}
	for _, chat := range h.Snapshot(h.gus.ID).Chats {
		if chat.Kind == teamstest.Channel {
			t.Errorf("Gus is not in the team and sees %s", chat.Name)
		}
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }
