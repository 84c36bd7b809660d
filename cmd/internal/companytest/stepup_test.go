package companytest_test

import (
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
)

func TestAStolenChatAccountCannotApproveWhereTheRuleWantsAFreshSignIn(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Pages: "https://hallpass.example.com", Rules: companytest.RulesWithStepUp()}, func(s *scene) {
		s.reads("Ana", s.says("ana", "ip 20.50.2.0/25 in trusted-servers for 30d because the farm of AgilePoint NX"), "HP-1001 is asked for")
		s.wait(10 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "To approve, sign in afresh: https://hallpass.example.com/approve/HP-1001")
		s.reads("Cleo", s.says("cleo", "approve HP-1001"), "Approve it here: https://hallpass.example.com/approve/HP-1001")
		for _, b := range s.card(companytest.ChanSecurity, "HP-1001").Buttons() {
			if b.Label == "Approve" {
				t.Error("the card has a button that does not count")
			}
		}
		r := s.state("HP-1001", approvals.StatePending)
		if len(r.Round().Votes) != 0 {
			t.Errorf("votes %+v", r.Round().Votes)
		}
		cleo := companytest.People()[2].Entra
		now, err := s.c.Store.Now(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		// What the page does after a sign-in: see bot/web.
		_, err = s.c.Core.Engine.Vote(s.ctx, approvals.Act{Operation: "web:1", Person: cleo, Via: "web", At: now}, "HP-1001", approvals.Ballot{
			Choice: approvals.ChoiceApprove, Fingerprint: r.Round().Fingerprint, Fresh: &approvals.FreshSignIn{At: now, Methods: []string{"fido"}, Token: "uti"},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.wait(3 * time.Minute)
		if !s.c.Tenant.Has(companytest.Location, "20.50.2.0/25") {
			t.Error("it is not applied")
		}
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "with a fresh sign-in")
	})
}
