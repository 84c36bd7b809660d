package companytest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot/teams/teamstest"
	"hallpass/cmd/internal/companytest"
)

// types types a command in the person's chat with the bot in Teams, and gives what they then read there.
func (s *scene) types(name, text string) string {
	s.t.Helper()
	me := companytest.TeamsID(id(name))
	chat := s.c.Teams.PersonalChat(me)
	before := len(s.c.Teams.Messages(chat, me))
	if d, err := s.c.Teams.Say(s.ctx, me, chat, text); err != nil || d.Problem != "" {
		s.t.Fatalf("%s types %s: %+v, %v", name, text, d, err)
	}
	s.wait(5 * time.Second)
	var read []string
	for _, m := range s.c.Teams.Messages(chat, me)[before+1:] {
		read = append(read, m.Plain())
	}
	return strings.Join(read, "\n")
}

// teamsCard finds the newest card of a chat that speaks of the request and has this button; any card if none is named.
func (s *scene) teamsCard(name, chat, about, button string) teamstest.MessageView {
	s.t.Helper()
	var found teamstest.MessageView
	for _, m := range s.c.Teams.Messages(chat, companytest.TeamsID(id(name))) {
		labels := strings.Join(m.Buttons(), "|")
		if (m.Thread == "" || m.Thread == m.ID) && strings.Contains(m.Plain(), about) && len(m.Card) > 0 && strings.Contains(labels, button) {
			found = m
		}
	}
	if found.ID == "" {
		for _, call := range s.c.Teams.Calls() {
			if call.Status/100 != 2 {
				s.t.Logf("%+v", call)
			}
		}
		for _, m := range s.c.Teams.Messages(chat, companytest.TeamsID(id(name))) {
			s.t.Logf("there is: %s %v", m.Plain(), m.Buttons())
		}
		s.t.Fatalf("no card about %s with %q in %s", about, button, chat)
	}
	return found
}

// presses presses a button of a card in Teams, and gives what the person then reads there.
func (s *scene) presses(name, chat, about, button string, filled map[string]string) string {
	s.t.Helper()
	me := companytest.TeamsID(id(name))
	card := s.teamsCard(name, chat, about, button)
	d, err := s.c.Teams.Click(s.ctx, me, card.Ref, button, nil)
	if err != nil || d.Problem != "" {
		s.t.Fatalf("%s presses %s: %+v, %v", name, button, d, err)
	}
	read := string(d.Answer)
	if filled != nil {
		read = s.submits(name, filled)
	}
	s.wait(5 * time.Second)
	return read
}

// submits fills in the open dialog and presses its one button.
func (s *scene) submits(name string, filled map[string]string) string {
	s.t.Helper()
	me := companytest.TeamsID(id(name))
	open, ok := s.c.Teams.Dialog(me)
	var card struct {
		Actions []struct {
			Title string `json:"title"`
		} `json:"actions"`
	}
	if err := json.Unmarshal(open.Card, &card); !ok || err != nil || len(card.Actions) != 1 {
		s.t.Fatalf("%s has no dialog with one button: %s", name, open.Card)
	}
	d, err := s.c.Teams.Submit(s.ctx, me, card.Actions[0].Title, filled)
	if err != nil || d.Problem != "" {
		s.t.Fatalf("%s submits: %+v, %v", name, d, err)
	}
	return string(d.Answer)
}

func TestAskedInSlackApprovedInTeamsRenewedInTeamsRevokedInSlack(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Teams: true}, func(s *scene) {
		s.wait(time.Minute) // the welcomes
		anas := s.c.Teams.PersonalChat(companytest.TeamsID(id("ana")))
		s.reads("Ana in Slack", s.says("ana", "ip 20.50.2.1 in trusted-servers for 30d because AgilePoint NX calls SharePoint"), "HP-1001 is asked for")
		s.wait(15 * time.Second)
		s.reads("the approvers' card in Slack", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "AgilePoint NX calls SharePoint")
		s.reads("the approvers' card in Teams", s.teamsCard("bo", companytest.TeamsNetsec, "HP-1001", "Approve").Plain(), "AgilePoint NX calls SharePoint")
		s.reads("Ana's card in Teams", s.teamsCard("ana", anas, "HP-1001", "Cancel").Plain(), "AgilePoint NX calls SharePoint")

		s.reads("Ana in Teams", s.types("ana", "approve HP-1001"), "so you cannot decide")
		s.reads("Bo", s.presses("bo", companytest.TeamsNetsec, "HP-1001", "Approve", nil), "your yes counts")
		s.wait(15 * time.Second)
		s.reads("Slack shows Bo's yes", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "Bo Berg")
		s.reads("Bo in Slack", s.says("bo", "approve HP-1001"), "It still waits for security") // one person, one vote
		s.presses("cleo", companytest.TeamsSecurity, "HP-1001", "Approve", nil)
		s.wait(2 * time.Minute)
		r := s.state("HP-1001", approvals.StateActive)
		if !s.c.Tenant.Has(companytest.Location, "20.50.2.1/32") {
			t.Error("it is not in the tenant")
		}
		for where, card := range map[string]string{
			"Slack": s.card(companytest.ChanNetsec, "HP-1001").Plain(), "Teams": s.teamsCard("bo", companytest.TeamsNetsec, "HP-1001", "").Plain(),
		} {
			s.reads("the approvers' card in "+where, card, "Applied. Ends")
		}

		s.presses("ana", anas, "HP-1001", "Renew", map[string]string{"How much longer": "10d", "Why": "the migration is late"})
		s.wait(15 * time.Second)
		s.presses("bo", companytest.TeamsNetsec, "HP-1001", "Approve", nil)
		s.presses("sam", companytest.TeamsSecurity, "HP-1001", "Approve", nil)
		s.wait(15 * time.Second)
		if renewed := s.state("HP-1001", approvals.StateActive); !renewed.End.After(r.End) {
			t.Errorf("the end stays %v", renewed.End)
		}

		s.reads("Sam in Slack", s.says("sam", "revoke HP-1001 because an incident"), "is being taken away")
		s.wait(3 * time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if s.c.Tenant.Has(companytest.Location, "20.50.2.1/32") {
			t.Error("it is still in the tenant")
		}
		for where, card := range map[string]teamstest.MessageView{
			"Ana's":          s.teamsCard("ana", anas, "HP-1001", ""),
			"the approvers'": s.teamsCard("bo", companytest.TeamsNetsec, "HP-1001", ""),
			"security's":     s.teamsCard("cleo", companytest.TeamsSecurity, "HP-1001", ""),
		} {
			s.reads(where+" card in Teams", card.Plain(), "HP-1001")
			for _, b := range card.Buttons() {
				if b != "Details" {
					t.Errorf("%s ended card still has %q", where, b)
				}
			}
		}
		for _, breach := range s.c.Teams.Breaches() {
			t.Errorf("what a person wrote could come alive: %s", breach)
		}
		for _, call := range s.c.Teams.Strayed() {
			t.Errorf("something was sent to %s", call.Host)
		}
	})
}

func TestAFormInTeamsAsksAndSaysWhatIsWrongAtItsField(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Teams: true}, func(s *scene) {
		s.wait(time.Minute)
		me := companytest.TeamsID(id("ana"))
		chat := s.c.Teams.PersonalChat(me)
		fields := map[string]string{"What": "ip:trusted-servers", "Addresses, the account, or the application": "10.0.0.1", "How long": "30d", "Why": "a [link](https://evil.test)"}
		s.c.Teams.Hostile("a [link](https://evil.test)")
		s.presses("ana", chat, "hallpass is here", "Ask for an exemption", fields)
		form, ok := s.c.Teams.Dialog(me)
		if !ok {
			t.Fatal("the form is closed")
		}
		s.reads("the form", teamstest.Plain(form.Card), "10.0.0.1")
		fields["Addresses, the account, or the application"] = "20.50.2.9"
		if err := s.c.Store.Penalise(s.ctx, "ca", time.Now().Add(8*time.Second)); err != nil {
			t.Fatal(err)
		}
		s.reads("the answer", s.submits("ana", fields), "On it.") // planning waits for Graph's budget
		s.wait(15 * time.Second)
		s.teamsCard("ana", chat, "HP-1001 is asked for", "")
		s.state("HP-1001", approvals.StatePending)
		s.reads("Slack's card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "evil.test")

		// Everybody is shown their own card; whoever cannot decide has no button for it, and what they read changes nothing.
		for name, may := range map[string]bool{"bo": true, "ana": false} {
			if err := s.c.Teams.Look(s.ctx, companytest.TeamsID(id(name))); err != nil {
				t.Fatal(err)
			}
			labels := strings.Join(s.teamsCard(name, companytest.TeamsNetsec, "HP-1001", "").Buttons(), " ")
			if strings.Contains(labels, "Approve") != may {
				t.Errorf("%s is shown the buttons %q", name, labels)
			}
		}
		s.presses("bo", companytest.TeamsNetsec, "HP-1001", "Details", nil)
		if shown, ok := s.c.Teams.Dialog(companytest.TeamsID(id("bo"))); !ok || !strings.Contains(teamstest.Plain(shown.Card), "Who decides") {
			t.Error("Details shows nothing")
		}
		s.presses("bo", companytest.TeamsNetsec, "HP-1001", "Deny", map[string]string{"Why": "too wide"})
		s.wait(15 * time.Second)
		s.state("HP-1001", approvals.StateDenied)
		for _, breach := range s.c.Teams.Breaches() {
			t.Errorf("what a person wrote could come alive: %s", breach)
		}
	})
}
