package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// prints is what the script of a request prints at its end, when it found everything as it should be.
func (s *scene) prints(rid approvals.RequestID) string {
	s.t.Helper()
	r, err := s.c.Store.Load(s.ctx, rid)
	if err != nil {
		s.t.Fatal(err)
	}
	task, waits := r.Task()
	if !waits {
		s.t.Fatalf("%s waits for nothing by hand", rid)
	}
	return byhand.Steps(&r, task).Expect
}

// audit is the whole audit log as text.
func (s *scene) audit() string {
	s.t.Helper()
	rows, err := s.c.Store.Audit(s.ctx, 200)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.Entry)
	}
	return strings.Join(out, "\n")
}

func (s *scene) never(where, got, word string) {
	s.t.Helper()
	if strings.Contains(got, word) {
		s.t.Errorf("%s:\n%s\nsays %q", where, got, word)
	}
}

func TestTrustedIPsOfTheServiceSettingsFromAskToEnd(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.reads("Ana", s.says("ana", "ip 2603:1020:206:1::25 in mfa-settings for 30d because AgilePoint NX"), "IPv4 only")
		s.reads("Ana", s.says("ana", "ip 20.50.2.1 20.50.2.2 in mfa-settings for 30d because AgilePoint NX still has per-user MFA"), "HP-1001 is asked for")
		s.wait(10 * time.Second)
		card := s.card(companytest.ChanSecurity, "HP-1001").Plain()
		s.reads("the approvers' card", card, "Done by hand, by a member of identity, and taken away by hand at its end: hallpass cannot verify either.")
		s.reads("the approvers' card", card, "For everybody: per-user MFA asks nobody who comes from there")
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(time.Minute)
		s.state("HP-1001", approvals.StateApproved)
		s.reads("Ana", s.directly("ana"), "it has to be put into MFA service settings by hand by somebody of identity")

		task := s.card(companytest.ChanIdentity, "HP-1001").Plain()
		s.reads("the identity team's card", task, "put it into MFA service settings by hand")
		s.reads("the identity team's card", task, "20.50.2.1/32")
		s.reads("Bo", s.says("bo", "list todo"), "HP-1001")
		s.reads("Ana", s.says("ana", "list todo"), "There is nothing") // it is hers, so somebody else has to
		s.reads("Ana", s.says("ana", "done HP-1001 I have made it"), "somebody else of identity has to do it and say so")
		s.reads("Cleo", s.says("cleo", "done HP-1001 I have made it"), "is done by members of identity")
		s.clicks("bo", companytest.ChanIdentity, "HP-1001", "I do it", nil)
		s.wait(5 * time.Second)
		s.reads("Bo", s.directly("bo"), "trusted ips")
		s.reads("Bo", s.directly("bo"), "20.50.2.2/32")
		s.reads("the identity team's card", s.card(companytest.ChanIdentity, "HP-1001").Plain(), "Bo Berg (identity)")
		s.c.Tenant.SetServiceSettings(graphtest.ServiceSettings{TrustedIPs: []string{"20.50.2.1/32", "20.50.2.2/32"}})
		s.clicks("bo", companytest.ChanIdentity, "HP-1001", "It is made", map[string]any{"reason": "TASK-77: the list shows <both>, *saved*"})
		s.wait(10 * time.Second)
		r := s.state("HP-1001", approvals.StateActive)
		if r.Word() != "attested by Bo Berg" {
			t.Errorf("it is %q", r.Word())
		}
		for where, text := range map[string]string{"Ana": s.directly("ana"), "the approvers' card": s.card(companytest.ChanSecurity, "HP-1001").Plain()} {
			s.reads(where, text, "In force, attested by Bo Berg: done by hand, and not verified.")
			s.never(where, text, "verified in Entra ID. It ends")
		}
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "TASK-77: the list shows <both>, *saved*")
		s.reads("the audit log", s.audit(), `"act":"done"`)
		s.reads("the audit log", s.audit(), `TASK-77`)

		s.wait(time.Until(r.End) + time.Minute)
		s.state("HP-1001", approvals.StateEnding)
		s.reads("Ana", s.directly("ana"), "Still in force: it has to be taken out of MFA service settings by hand")
		s.reads("the identity team's card", s.card(companytest.ChanIdentity, "HP-1001").Plain(), "take it out of MFA service settings by hand")
		s.wait(25 * time.Hour) // nobody does it
		s.state("HP-1001", approvals.StateEnding)
		var channel, security strings.Builder
		for _, m := range s.c.Slack.Messages(companytest.ChanIdentity) {
			channel.WriteString(m.Plain() + "\n")
		}
		for _, m := range s.c.Slack.Messages(companytest.ChanSecurity) {
			security.WriteString(m.Plain() + "\n")
		}
		s.reads("the identity team's channel", channel.String(), "still to be taken out of MFA service settings by hand")
		s.reads("the security channel", security.String(), "overdue: it has ended and is still in force")
		s.c.Tenant.SetServiceSettings(graphtest.ServiceSettings{})
		s.reads("Bo", s.says("bo", "undone HP-1001 taken out and saved, TASK-78"), "It has ended (attested by Bo Berg)")
		s.wait(10 * time.Second)
		if r := s.state("HP-1001", approvals.StateEnded); r.Word() != "attested by Bo Berg" {
			t.Errorf("it ended %q", r.Word())
		}
		for where, text := range map[string]string{
			"Ana": s.directly("ana"), "the approvers' card": s.card(companytest.ChanSecurity, "HP-1001").Plain(), "show": s.says("ana", "show HP-1001"),
		} {
			s.reads(where, text, "attested by Bo Berg")
			s.never(where, text, "Taken away and verified")
			s.never(where, text, "ended (verified)")
		}
		if got := s.c.Tenant.Ranges(companytest.Location); len(got) != 1 {
			t.Errorf("something was written to the tenant: %v", got)
		}
	})
}

func TestARuleOfADFSFromAskToEnd(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1, Teams: true}, func(s *scene) {
		s.says("ana", "ip 20.50.2.0/29 in adfs for 12h because the build farm signs in through AD FS")
		s.wait(10 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "For corp.contoso.com AD FS is what asks for MFA")
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(time.Minute)
		before := len(s.c.Slack.Ephemerals(id("bo")))
		s.clicks("bo", companytest.ChanIdentity, "HP-1001", "Steps", nil)
		s.wait(3 * time.Second)
		script := s.whispers("bo", before)
		s.reads("the steps", script, "$addresses = @('20.50.2.0/29')")
		s.reads("the steps", script, `20\.50\.2\.([0-7])`)
		s.reads("the steps", script, "Paste this line to hallpass:")
		s.reads("the identity team in Teams", s.teamsCard("bo", companytest.TeamsIdentity, "HP-1001", "").Plain(), "put it into AD FS by hand")

		s.reads("Bo", s.says("bo", "done HP-1001 it worked"), "The fingerprint that the script prints when HP-1001 is done is not in there.")
		s.reads("Bo", s.says("bo", "done HP-1001 hallpass-0123456789abcdef"), "is not in there")
		made := s.prints("HP-1001")
		s.reads("Bo", s.says("bo", "done HP-1001 Paste this line to hallpass:\n"+made), "It is in force (attested by Bo Berg)")
		r := s.state("HP-1001", approvals.StateActive)
		if r.Changes[0].Done.Proof != made {
			t.Errorf("%+v", r.Changes[0].Done)
		}
		s.reads("Sam", s.says("sam", "revoke HP-1001 because an incident"), "is being taken away")
		s.wait(10 * time.Second)
		s.reads("Bo", s.says("bo", "undone HP-1001 "+made), "is not in there") // of the other direction
		s.reads("Sam", s.says("sam", "undone HP-1001 "+s.prints("HP-1001")), "It has ended (attested by Sam Stone)")
		s.state("HP-1001", approvals.StateEnded)
	})
}

func TestAnotherProductsOwnSettingsFromAskToEnd(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.reads("Ana", s.says("ana", "account nx-integration in salesforce for 7d because the nightly export"), "HP-1001 is asked for")
		s.wait(10 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "The account is not in Entra ID")
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(time.Minute)
		s.reads("Sam", s.says("sam", "take HP-1001"), "The steps come to you")
		s.wait(5 * time.Second)
		s.reads("Sam", s.directly("sam"), "Waive MFA for exempt users")
		s.reads("Cleo", s.says("cleo", "done HP-1001 I did it after all"), "It is in force (attested by Cleo Costa)") // whoever took it
		r := s.state("HP-1001", approvals.StateActive)
		s.wait(time.Until(r.End) + time.Minute)
		s.state("HP-1001", approvals.StateEnding)
		s.reads("Sam", s.says("sam", "undone HP-1001 permission set removed"), "It has ended (attested by Sam Stone)")
		s.state("HP-1001", approvals.StateEnded)
	})
}

func TestSkippingMFAOnTheIntranetListsItsConditions(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.c.Tenant.AddPolicy(graphtest.Policy{Name: "MFA outside", State: "enabled", IncludeLocations: []string{"All"}, ExcludeLocations: []string{"AllTrusted"}})
		s.reads("Ana", s.says("ana", "advise svc-plant@plant.contoso.com"), "/hallpass account svc-plant@plant.contoso.com in intranet for 30d because …")
		s.says("ana", "account svc-plant@plant.contoso.com in intranet for 7d because the server stands in the plant")
		s.wait(10 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "For ALL federated users of the intranet")
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(time.Minute)
		s.says("bo", "take HP-1001")
		s.wait(5 * time.Second)
		for _, condition := range []string{"resolves to an internal address", "insidecorporatenetwork", "all trusted locations", "Then, under"} {
			s.reads("Bo", s.directly("bo"), condition)
		}
		s.c.Tenant.SetServiceSettings(graphtest.ServiceSettings{SkipIntranet: true})
		s.says("bo", "done HP-1001 all four are so; ticked and saved")
		r := s.state("HP-1001", approvals.StateActive)
		s.wait(time.Until(r.End) + time.Minute)
		s.says("bo", "undone HP-1001 cleared and saved")
		s.state("HP-1001", approvals.StateEnded)
	})
}
