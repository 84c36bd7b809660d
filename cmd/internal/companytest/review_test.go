package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
)

func TestSecurityIsToldEveryMondayAndSaysWhatBecomesOfWhatNobodyUses(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.reads("Ana", s.says("ana", "account svc-nx@contoso.com from 20.50.2.1 for 40d because AgilePoint NX signs in unattended"), "HP-1001 is asked for")
		s.wait(10 * time.Second)
		s.reads("Sam", s.says("sam", "approve HP-1001"), "your yes counts") // he owns the account
		s.wait(5 * time.Second)
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(15 * time.Minute)
		s.state("HP-1001", approvals.StateActive)
		s.reads("Ana", s.says("ana", "review"), "security's reviewers only")

		monday := time.Date(2000, 1, 31, 8, 0, 0, 0, time.UTC) // the fifth Monday; bubbles begin on 1 January 2000
		s.wait(time.Until(monday) + 25*time.Hour)
		head := s.card(companytest.ChanSecurity, weekly)
		s.reads("the digest", head.Plain(), "HP-1001  svc-nx@contoso.com, Sam Stone, ends")
		s.reads("the digest", head.Plain(), "not used since")
		s.reads("the digest", head.Plain(), "1 exemption in Entra ID has no request")
		s.reads("the digest", head.Plain(), "(chart: What ends)")
		thread := s.c.Slack.Thread(head.Channel, head.TS)
		if len(thread) != 1 {
			t.Fatalf("%d messages in its thread", len(thread))
		}
		presses := func(button string) {
			t.Helper()
			if _, err := s.c.Slack.Click(s.ctx, id("sam"), thread[0].Ref(), button); err != nil {
				t.Fatal(err)
			}
			s.wait(5 * time.Second)
		}
		presses("Ask the owner")
		r := s.state("HP-1001", approvals.StateActive)
		if r.Review == nil || r.Review.Verdict != approvals.VerdictAsk || r.Review.By.Name != "Sam Stone" {
			t.Errorf("review %+v", r.Review)
		}
		s.reads("Bo", s.says("bo", "let HP-1001 end"), "Only security's reviewers")
		s.reads("Sam", s.says("sam", "let HP-1001 end because the migration is done"), "you let it end")
		s.wait(5 * time.Second)
		dm := s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1001")
		var told []string
		for _, m := range s.c.Slack.Thread(dm.Channel, dm.TS) {
			told = append(told, m.Plain())
		}
		s.reads("Ana's thread", strings.Join(told, "\n"), "of security asks: is it still needed?")
		s.reads("Ana's thread", strings.Join(told, "\n"), "of security lets it end")
		s.reads("Sam", s.says("sam", "review"), "Nothing waits for a reviewer.")

		s.reads("Ana", s.says("ana", "renew HP-1001 for 10d because the migration is late"), "the renewal is asked for")
		s.wait(15 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "to let it end. Reason: the migration is done")
		s.wait(time.Until(r.End) + 2*time.Minute)
		s.state("HP-1001", approvals.StateEnded)
	})
}
