package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

func TestSecurityReadsThatAnOwnerHasLeftAndGivesTheRequestToSomebodyElse(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.says("ana", "ip 20.50.2.1 in trusted-servers for 40h because AgilePoint NX calls SharePoint")
		s.wait(10 * time.Second)
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(2 * time.Minute)
		s.state("HP-1001", approvals.StateActive)
		s.c.Tenant.ChangeUser(companytest.People()[0].Entra, func(u *graphtest.User) { u.Enabled = false })
		s.wait(25 * time.Hour)
		alarm := s.card(companytest.ChanSecurity, "Look at these exemptions").Plain()
		s.reads("the alarm", alarm, "the account of its owner, Ana Almeida, is disabled")
		s.reads("the alarm", alarm, "/hallpass hand HP-1001 to @person")
		s.reads("Sam", s.says("sam", "hand HP-1001 to bo@contoso.com"), "now belongs to Bo Berg")
		s.wait(time.Minute)
		if got := s.state("HP-1001", approvals.StateActive); got.Owner.Name != "Bo Berg" {
			t.Errorf("owner %+v", got.Owner)
		}
	})
}

const fencedFor40Days = "account svc-nx@contoso.com from 20.50.2.1 for 40d because AgilePoint NX signs in unattended"

func TestTheDeputyAnswersForTheExemptionOfAnOwnerWhoLeft(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		exempted(s, "HP-1001", fencedFor40Days)
		s.c.Tenant.ChangeUser(companytest.People()[3].Entra, func(u *graphtest.User) { u.Enabled = false })
		s.wait(49 * time.Hour) // two looks
		alarm := s.card(companytest.ChanSecurity, "Look at these exemptions").Plain()
		s.reads("the alarm", alarm, "the account of its owner, Sam Stone, is disabled. Ana Almeida answers for it now")
		if got := s.state("HP-1001", approvals.StateActive); got.Owner.Name != "Ana Almeida" {
			t.Errorf("owner %+v", got.Owner)
		}
	})
}

func TestAnAccountThatIsAtRiskEndsItsExemptionWhereTheRuleSaysSo(t *testing.T) {
	t.Parallel()
	const rule = "  - name: service accounts behind a fence\n"
	rules := strings.Replace(companytest.Rules, rule, rule+"    account_changed: end\n", 1)
	inCompany(t, companytest.Options{Rules: rules}, func(s *scene) {
		exempted(s, "HP-1001", fencedFor40Days)
		account := s.state("HP-1001", approvals.StateActive).Account.ID
		s.wait(25 * time.Hour)
		s.state("HP-1001", approvals.StateActive)
		s.c.Tenant.ChangeUser(account, func(u *graphtest.User) { u.Risk = "high" })
		s.wait(25 * time.Hour)
		if got := s.state("HP-1001", approvals.StateEnded); got.Cause.Word != approvals.CauseChanged {
			t.Errorf("cause %+v", got.Cause)
		}
		if s.c.Tenant.IsMember(companytest.ZoneGroup, account) {
			t.Error("it is still exempt")
		}
		alarm := s.card(companytest.ChanSecurity, "Look at these exemptions").Plain()
		s.reads("the alarm", alarm, "is at risk, says Identity Protection")
		s.reads("the alarm", alarm, "It ends, as its rule says.")
	})
}

func TestAPolicyThatWouldStopAJobIsToldToSecurityAndToTheOwnerOnce(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		exempted(s, "HP-1001", fencedFor40Days)
		s.state("HP-1001", approvals.StateActive)
		s.c.Tenant.AddPolicy(graphtest.Policy{Name: "Require compliant device", State: "enabledForReportingButNotEnforced", Grants: []string{"compliantDevice"}})
		s.wait(49 * time.Hour) // two looks
		const want = "If the policy “Require compliant device” (report-only today"
		var security, sam []string
		for _, m := range s.c.Slack.Messages(companytest.ChanSecurity) {
			security = append(security, m.Plain())
		}
		for _, m := range s.c.Slack.Messages(s.c.Slack.DMChannel("U0SAM")) {
			sam = append(sam, m.Plain())
		}
		for where, text := range map[string]string{"the security channel": strings.Join(security, "\n"), "the owner": strings.Join(sam, "\n")} {
			s.reads(where, text, want)
			if n := strings.Count(text, want); n != 1 {
				t.Errorf("%s is told %d times", where, n)
			}
		}
	})
}
