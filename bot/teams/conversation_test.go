package teams_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/bot/teams"
	"hallpass/bot/teams/teamstest"
)

// TestTheEmulatorsTokensAreJudgedAsItsTableSays runs the token table that Microsoft's own library judges too against the
// real handler.
func TestTheEmulatorsTokensAreJudgedAsItsTableSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.Install(t.Context(), h.ana.ID))
	d := did(t)(h.Say(t.Context(), h.ana.ID, h.PersonalChat(h.ana.ID), "help"))
	for _, a := range h.Attempts() {
		status, err := h.Try(t.Context(), d, a)
		if err != nil {
			t.Fatal(err)
		}
		if (status == http.StatusOK) != a.Accept || !a.Accept && status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("%s: answered %d, the table says accept %t (%s)", a.Name, status, a.Accept, a.Why)
		}
	}
}

func card(title string, buttons ...bot.Button) bot.Card {
	return bot.Card{Tone: bot.ToneWait, Title: title, Lead: bot.Text{{Text: "Ana asks"}}, Buttons: buttons, Plain: title}
}

func approve() []bot.Button {
	return []bot.Button{{ID: bot.ButtonApprove, Label: "Approve", Value: "HP-1:f", Primary: true}, {ID: bot.ButtonDeny, Label: "Deny", Value: "HP-1:f", Danger: true}}
}

func TestACardIsPostedUpdatedAndAnsweredToInItsThread(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.InstallIn(t.Context(), h.ana.ID, h.channel.ID))
	ref, err := h.teams.Post(t.Context(), h.inChannel(), bot.Bare(card("HP-1")))
	if err != nil || ref.ID == "" || ref.Channel != h.channel.ID {
		t.Fatalf("%+v, %v", ref, err)
	}
	if err := h.teams.Update(t.Context(), h.inChannel(), ref, card("HP-1 live", approve()...)); err != nil {
		t.Fatal(err)
	}
	seen, _ := h.Last(h.channel.ID, h.bo.ID)
	if seen.ID != ref.ID || strings.Join(seen.Buttons(), " ") != "Approve Approve Deny" && strings.Join(seen.Buttons(), " ") != "Approve Deny" {
		t.Errorf("Bo sees %q with %v", seen.Plain(), seen.Buttons())
	}
	in := h.inChannel()
	in.Thread = ref.ID
	if _, err := h.teams.Post(t.Context(), in, card("a notice")); err != nil {
		t.Fatal(err)
	}
	if seen, _ = h.Last(h.channel.ID, h.bo.ID); seen.Thread != ref.ID {
		t.Errorf("the notice stands in thread %q", seen.Thread)
	}
	if err := h.teams.Update(t.Context(), h.inChannel(), bot.MessageRef{Channel: h.channel.ID, ID: "1"}, card("x")); !errors.Is(err, bot.ErrGone) {
		t.Errorf("an update of nothing: %v", err)
	}
}

func TestEverybodySeesTheirOwnCardWhereTheyAreFew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.InstallIn(t.Context(), h.ana.ID, h.channel.ID))
	if _, err := h.teams.Post(t.Context(), h.inChannel(), card("HP-1", approve()...)); err != nil {
		t.Fatal(err)
	}
	for _, p := range []teamstest.Person{h.ana, h.bo} {
		if err := h.Look(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		seen, _ := h.Last(h.channel.ID, p.ID)
		if !seen.Own || !strings.Contains(seen.Plain(), "as "+p.ObjectID) || (len(seen.Buttons()) > 0) != (p.ID == h.bo.ID) {
			t.Errorf("%s sees %q", p.Name, seen.Plain())
		}
	}
	if heard := h.ear.all(); len(heard) != 0 {
		t.Errorf("looking did something: %+v", heard)
	}
}

func TestAPressedButtonIsAnsweredUnderTheCard(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]bool{"Action.Execute": false, "Action.Submit": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			did(t)(h.Install(t.Context(), h.bo.ID))
			ref, err := h.teams.Post(t.Context(), h.person(h.bo), card("HP-1", approve()...))
			if err != nil {
				t.Fatal(err)
			}
			h.ear.ack = func(in bot.Incoming) bot.Ack { // the engine answers at once
				if err := h.teams.Reply(t.Context(), in, bot.Say(bot.ToneGood, "HP-1: your yes counts.")); err != nil {
					t.Error(err)
				}
				return bot.Ack{}
			}
			press := h.Click
			if old {
				press = h.ClickOld
			}
			did(t)(press(t.Context(), h.bo.ID, teamstest.Ref{Chat: ref.Channel, ID: ref.ID}, "Approve", nil))
			heard := h.ear.all()
			if len(heard) != 1 || heard[0].Kind != bot.InSubmit || heard[0].Form != bot.FormApprove || heard[0].Hidden != "HP-1:f" || heard[0].Message != ref {
				t.Fatalf("heard %+v", heard)
			}
			all := h.Messages(ref.Channel, h.bo.ID)
			answered := all[len(all)-1].Plain()
			if !strings.Contains(answered, "your yes counts") {
				t.Errorf("Bo reads %q", answered)
			}
		})
	}
}

func TestARefusalIsAnErrorUnderTheCardAndMarkupInItIsDead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const text = "no: [okta.com](https://evil.test) <img src=x> **bold**"
	h.Hostile(text, "[okta.com](https://evil.test)", "<img src=x>", "**bold**")
	did(t)(h.Install(t.Context(), h.bo.ID))
	ref, err := h.teams.Post(t.Context(), h.person(h.bo), card("HP-1", approve()...))
	if err != nil {
		t.Fatal(err)
	}
	h.ear.ack = func(in bot.Incoming) bot.Ack {
		if err := h.teams.Reply(t.Context(), in, bot.Card{Tone: bot.ToneBad, Lead: bot.Text{{Text: text, Literal: true}}}); err != nil {
			t.Error(err)
		}
		return bot.Ack{}
	}
	did(t)(h.Click(t.Context(), h.bo.ID, teamstest.Ref{Chat: ref.Channel, ID: ref.ID}, "Approve", nil))
	if seen, _ := h.Last(ref.Channel, h.bo.ID); !strings.Contains(seen.Note, "okta.com") {
		t.Errorf("Bo reads %q", seen.Note)
	}
	h.now.push(time.Minute)
	if _, err := h.teams.Post(t.Context(), h.person(h.bo), bot.Card{Title: text, Lead: bot.Text{{Text: text}}, Quote: text, Fields: []bot.Field{{Label: "x", Value: bot.Text{{Text: text}}}}, Plain: text}); err != nil {
		t.Error(err)
	}
}

func TestADialogShowsMistakesAndKeepsWhatWasEntered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.Install(t.Context(), h.bo.ID))
	ref, err := h.teams.Post(t.Context(), h.person(h.bo), card("HP-1", approve()...))
	if err != nil {
		t.Fatal(err)
	}
	form := bot.Form{ID: bot.FormDeny, Title: "Deny HP-1", Submit: "Deny", Hidden: "HP-1:f", Inputs: []bot.Input{{ID: "reason", Label: "Why", Long: true, Max: 200}}}
	wrong := true
	h.ear.ack = func(in bot.Incoming) bot.Ack {
		switch {
		case in.Kind == bot.InClick:
			return bot.Ack{Open: &form}
		case wrong:
			return bot.Ack{Errors: map[string]string{"reason": "A reason is needed.", "other": "And more."}, Form: &form}
		}
		return bot.Ack{}
	}
	did(t)(h.Click(t.Context(), h.bo.ID, teamstest.Ref{Chat: ref.Channel, ID: ref.ID}, "Deny", nil))
	did(t)(h.Submit(t.Context(), h.bo.ID, "Deny", map[string]string{"Why": "  because  "}))
	shown, ok := h.Dialog(h.bo.ID)
	if text := teamstest.Plain(shown.Card); !ok || !strings.Contains(text, "A reason is needed.") || !strings.Contains(text, "And more.") || !strings.Contains(string(shown.Card), `"  because  "`) {
		t.Fatalf("the dialog shows %s", shown.Card)
	}
	wrong = false
	did(t)(h.Submit(t.Context(), h.bo.ID, "Deny", map[string]string{"Why": "too wide"}))
	heard := h.ear.all()
	last := heard[len(heard)-1]
	if last.Form != bot.FormDeny || last.Fields["reason"] != "too wide" || last.Hidden != "HP-1:f" {
		t.Errorf("heard %+v", last)
	}
}

func TestSomebodyWhoCannotBeReachedIsToldInTheChannelWithoutDetails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.InstallIn(t.Context(), h.ana.ID, h.channel.ID))
	did(t)(h.Say(t.Context(), h.ana.ID, h.channel.ID, "@hallpass show HP-1")) // the app is not installed for Ana
	act := h.ear.all()[0]
	h.now.push(time.Minute)
	if err := h.teams.Reply(t.Context(), act, bot.Card{Title: "HP-1", Lead: bot.Text{{Text: "the details"}}, Quote: "the reason"}); err != nil {
		t.Fatal(err)
	}
	seen, _ := h.Last(h.channel.ID, h.ana.ID)
	if text := seen.Plain(); !strings.Contains(text, "cannot write to you in person") || strings.Contains(text, "the details") || seen.Thread == "" {
		t.Errorf("the channel reads %q in thread %q", text, seen.Thread)
	}
	if _, err := h.teams.Post(t.Context(), h.person(h.ana), card("x")); !errors.Is(err, bot.ErrGone) {
		t.Errorf("a card for her: %v", err)
	}
	did(t)(h.Install(t.Context(), h.ana.ID))
	h.now.push(time.Minute)
	if _, err := h.teams.Post(t.Context(), h.person(h.ana), card("x")); err != nil {
		t.Errorf("after the installation: %v", err)
	}
	h.Block(h.ana.ID)
	h.now.push(time.Minute)
	if _, err := h.teams.Post(t.Context(), h.person(h.ana), card("x")); !errors.Is(err, bot.ErrGone) || !strings.Contains(err.Error(), "blocked") {
		t.Errorf("while she blocks it: %v", err)
	}
}

func TestAMentionedPersonIsLookedUpWhereTheyAre(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.InstallIn(t.Context(), h.ana.ID, h.channel.ID))
	did(t)(h.Type(t.Context(), h.ana.ID, h.channel.ID, teamstest.Typed{
		Text: "<at>hallpass</at> hand HP-1 to <at>Bo Berg</at>", Mentions: map[string]string{"hallpass": h.BotID(), "Bo Berg": h.bo.ID},
	}))
	text := h.ear.all()[0].Text
	_, id, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(text), ">"), "<@")
	p, err := h.teams.Profile(t.Context(), bot.Account{Platform: "teams", Team: h.Options().TenantID, User: id})
	if err != nil || p.Person != h.bo.ObjectID || p.Blocked != "" {
		t.Errorf("%q is %+v, %v", text, p, err)
	}
	p, err = h.teams.Profile(t.Context(), bot.Account{Platform: "teams", Team: h.Options().TenantID, User: "29:nobody!" + h.channel.ID})
	if err != nil || p.Blocked == "" || p.Person != "" {
		t.Errorf("nobody is %+v, %v", p, err)
	}
}

func TestTheWelcomeComesOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.Install(t.Context(), h.ana.ID))
	did(t)(h.Install(t.Context(), h.ana.ID))
	if all := h.Messages(h.PersonalChat(h.ana.ID), h.ana.ID); len(all) != 1 || !strings.Contains(all[0].Plain(), "hallpass is here") {
		t.Errorf("Ana reads %d messages", len(all))
	}
	did(t)(h.Uninstall(t.Context(), h.ana.ID))
	if _, err := h.teams.Post(t.Context(), h.person(h.ana), card("x")); !errors.Is(err, bot.ErrGone) {
		t.Errorf("after the removal: %v", err)
	}
}

func TestABadDayAtTheConnector(t *testing.T) {
	t.Parallel()
	later := func(err error) bool { _, ok := errors.AsType[*approvals.Later](err); return ok }
	unsure := func(err error) bool { _, ok := errors.AsType[*approvals.Unsure](err); return ok }
	for name, row := range map[string]struct {
		fault        teamstest.Fault
		post, update func(error) bool
	}{
		"throttled":             {teamstest.Fault{RetryAfter: 7 * time.Second}, later, later},
		"412":                   {teamstest.Fault{Status: 412}, later, later},
		"502":                   {teamstest.Fault{Status: 502}, unsure, later},
		"504, but it happened":  {teamstest.Fault{Status: 504, Happened: true}, unsure, later},
		"500":                   {teamstest.Fault{Status: 500}, unsure, later},
		"broken off":            {teamstest.Fault{Drop: true}, unsure, later},
		"broken off, happened":  {teamstest.Fault{Drop: true, Happened: true}, unsure, later},
		"an answer of nonsense": {teamstest.Fault{Status: 201, Happened: true, Body: []byte("<html>")}, unsure, nil},
		"401":                   {teamstest.Fault{Status: 401}, later, later},
		"400":                   {teamstest.Fault{Status: 400}, func(err error) bool { return err != nil && !later(err) && !unsure(err) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			did(t)(h.Install(t.Context(), h.ana.ID))
			ref, err := h.teams.Post(t.Context(), h.person(h.ana), card("one"))
			if err != nil {
				t.Fatal(err)
			}
			h.Fail(teamstest.OpPost, row.fault)
			_, err = h.teams.Post(t.Context(), h.person(h.ana), card("two"))
			if !row.post(err) {
				t.Errorf("a post: %v", err)
			}
			if wait, ok := errors.AsType[*approvals.Later](err); ok && row.fault.RetryAfter > 0 && wait.At.Before(noon().Add(row.fault.RetryAfter)) {
				t.Errorf("tried again at %s", wait.At)
			}
			h.Heal()
			h.now.push(time.Minute)
			if row.update != nil {
				h.Fail(teamstest.OpUpdate, row.fault)
				if err := h.teams.Update(t.Context(), h.person(h.ana), ref, card("one, again")); !row.update(err) {
					t.Errorf("an update: %v", err)
				}
				h.Heal()
				h.now.push(time.Minute)
			}
			if err := h.teams.Update(t.Context(), h.person(h.ana), ref, card("one, at last")); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestAFloodWaitsForItsTurnAndOtherConversationsGoOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	did(t)(h.Install(t.Context(), h.ana.ID))
	did(t)(h.Install(t.Context(), h.bo.ID))
	h.now.push(time.Minute)
	sent, waited := 0, 0
	for range 600 {
		_, err := h.teams.Post(t.Context(), h.person(h.ana), card("flood"))
		wait, ok := errors.AsType[*approvals.Later](err)
		switch {
		case err == nil:
			sent++
		case ok:
			waited++
			h.now.push(wait.At.Sub(h.now.now()))
		default:
			t.Fatalf("after %d: %v", sent, err)
		}
	}
	if sent < 250 || waited == 0 {
		t.Errorf("%d sent, %d times waited", sent, waited)
	}
	if _, err := h.teams.Post(t.Context(), h.person(h.ana), card("flood")); err == nil {
		_, err = h.teams.Post(t.Context(), h.person(h.ana), card("flood"))
		if err == nil {
			t.Error("nothing waits")
		}
	}
	if _, err := h.teams.Post(t.Context(), h.person(h.bo), card("for Bo")); err != nil {
		t.Errorf("Bo has to wait too: %v", err)
	}
}

func TestATokenIsNeverSentElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, service := range []string{"https://evil.example/", "http://teams.test/emea", "https://teams.test@evil.example/", "https://teams.test:444/"} {
		ref := teams.Reference{Tenant: h.Options().TenantID, User: h.ana.ObjectID, Conversation: "a:1ana", Service: service}
		if err := h.memory.Keep(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		if _, err := h.teams.Post(t.Context(), h.person(h.ana), card("x")); err == nil {
			t.Errorf("something was sent to %s", service)
		}
	}
	if calls := h.Calls(); len(calls) != 0 {
		t.Errorf("there were calls: %+v", calls)
	}
}
