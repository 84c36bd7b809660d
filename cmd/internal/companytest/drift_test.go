package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
)

func TestWhatAnotherHandTookOutIsToldToSecurityAndAskedForAgainByButton(t *testing.T) {
	t.Parallel()
	rules := companytest.RulesWithBlock(companytest.Rules)
	const rule = "  - name: service accounts behind a fence\n"
	t.Run("which had not heard of it", func(t *testing.T) {
		t.Parallel()
		takenOutAndAskedForAgain(t, rules)
	})
	t.Run("which had a card of it", func(t *testing.T) {
		t.Parallel()
		takenOutAndAskedForAgain(t, strings.Replace(rules, rule, rule+"    notify: [security]\n", 1))
	})
}

func takenOutAndAskedForAgain(t *testing.T, rules string) {
	t.Helper()
	inCompany(t, companytest.Options{Rules: rules}, func(s *scene) {
		exempted(s, "HP-1001", "account svc-nx@contoso.com from 20.50.2.1 20.50.2.2 for 30d then mfa because AgilePoint NX calls SharePoint")
		u, _ := s.c.Tenant.User("svc-nx@contoso.com")
		s.c.Tenant.Leave("dana@contoso.com", companytest.ZoneGroup, u.ID)
		s.wait(6 * time.Hour)
		s.state("HP-1001", approvals.StateEnded)
		s.reads("security's channel", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "dana@contoso.com took it out of Entra ID. It is not put back.")

		cards := 0
		for _, m := range s.c.Slack.Messages(companytest.ChanSecurity) {
			if m.ThreadTS == "" && strings.Contains(m.Plain(), "HP-1001") {
				cards++
			}
		}
		if cards != 1 {
			t.Errorf("security's channel has %d cards of one request", cards)
		}
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Ask for it again", map[string]any{"term": "20d", "reason": "it was taken out by mistake"})
		s.wait(15 * time.Second) // the tenant is read for the plan
		again := s.state("HP-1002", approvals.StatePending)
		if again.Requester.UPN != "cleo@contoso.com" || again.Owner.UPN != "sam@contoso.com" || len(again.Ask.Addresses) != 2 || again.Ask.Then != approvals.ThenMFA {
			t.Errorf("asked for again is %+v, by %s, of %s", again.Ask, again.Requester.UPN, again.Owner.UPN)
		}
		s.says("sam", "approve HP-1002")
		s.wait(5 * time.Second)
		s.clicks("bo", companytest.ChanNetsec, "HP-1002", "Approve", map[string]any{})
		s.wait(3 * time.Minute)
		s.state("HP-1002", approvals.StateActive)
		if !s.c.Tenant.IsMember(companytest.ZoneGroup, u.ID) {
			t.Error("it was approved and is not there")
		}
	})
}
