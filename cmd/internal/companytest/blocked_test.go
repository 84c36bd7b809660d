package companytest_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// signsIn is the job of svc-nx, signing in from its server.
func signsIn(s *scene) int { return unattended(s, "svc-nx@contoso.com", "AgilePoint NX", "20.50.2.1") }

// unattended is a program that signs in to SharePoint with an account's password, from an address; it gives the code of the answer.
func unattended(s *scene, account, program, from string) int {
	return s.c.Tenant.SignIn(graphtest.Attempt{
		User: account, App: program, AppID: "a91e0000-0000-4000-a000-000000000001", Resource: "Office 365 SharePoint Online",
		ResourceID: "00000003-0000-0ff1-ce00-000000000000", Address: netip.MustParseAddr(from), Client: "mobileAppsAndDesktopClients",
		Kind: "nonInteractiveUser", Protocol: "ropc",
	}).Code
}

// blocked reports whether svc-nx is among the blocked accounts.
func blocked(s *scene) bool {
	u, _ := s.c.Tenant.User("svc-nx@contoso.com")
	return s.c.Tenant.IsMember(companytest.BlockedGroup, u.ID)
}

// exempted brings a fenced exemption of svc-nx into force.
func exempted(s *scene, id, command string) approvals.Request {
	s.hears("ana", command)
	s.says("sam", "approve "+id)
	s.wait(5 * time.Second)
	s.clicks("bo", companytest.ChanNetsec, id, "Approve", map[string]any{})
	s.wait(3 * time.Minute)
	return s.state(approvals.RequestID(id), approvals.StateActive)
}

const fencedFor3Days = "account svc-nx@contoso.com from 20.50.2.1 for 3d because AgilePoint NX calls SharePoint"

func TestAnAccountIsBlockedAtTheEndAndANewRequestLetsItInAgain(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rules: companytest.RulesWithBlock(companytest.Rules)}, func(s *scene) {
		r := exempted(s, "HP-1001", fencedFor3Days)
		if code := signsIn(s); code != graphtest.CodeOK || blocked(s) {
			t.Fatalf("while it is in force it ends with %d; blocked: %v", code, blocked(s))
		}
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "then blocked")
		s.reads("Ana", s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 20.50.2.2 for 3d then mfa because of a second server"),
			"exempt by HP-1001 as well, and at the end of that it goes on as “blocked”: it cannot end in two ways")
		s.wait(time.Until(r.End) + 2*time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if code := signsIn(s); code != 53003 || !blocked(s) {
			t.Errorf("after its end it ends with %d; blocked: %v", code, blocked(s))
		}
		s.reads("Ana's card", s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1001").Plain(),
			"svc-nx@contoso.com is blocked from every sign-in now. Its owner decides: a new request lets it in again")
		s.reads("the reviewer", s.hears("sam", "review"), "svc-nx@contoso.com is blocked since HP-1001 ended")
		s.reads("the reviewer", s.hears("sam", "review"), "Sam Stone, its owner, has to decide whether it is let in again, disabled or deleted.")
		s.wait(time.Hour)
		s.reads("the advice", s.hears("ana", "advise svc-nx@contoso.com"), "It is in “Blocked accounts”, which is blocked from every sign-in")
		r = exempted(s, "HP-1002", fencedFor3Days)
		if code := signsIn(s); code != graphtest.CodeOK || blocked(s) {
			t.Errorf("asked for again it ends with %d; blocked: %v", code, blocked(s))
		}
		if said := s.hears("sam", "review"); strings.Contains(said, "has to decide") {
			t.Errorf("it was let in again, and the reviewer still reads %q", said)
		}
		s.wait(time.Until(r.End) + 2*time.Minute)
		s.state("HP-1002", approvals.StateEnded)
		if !blocked(s) {
			t.Error("after the second end it is not blocked")
		}
		s.reads("the reviewer", s.hears("sam", "review"), "svc-nx@contoso.com is blocked since HP-1002 ended")
		// An administrator decides otherwise, and hallpass leaves that alone.
		u, _ := s.c.Tenant.User("svc-nx@contoso.com")
		s.c.Tenant.Leave("dana@contoso.com", companytest.BlockedGroup, u.ID)
		s.wait(6 * time.Hour)
		if blocked(s) {
			t.Error("hallpass fights with an administrator")
		}
		if said := s.hears("sam", "review"); strings.Contains(said, "has to decide") {
			t.Errorf("an administrator has decided, and the reviewer still reads %q", said)
		}
	})
}

// cancelled asks for HP-1001, has it approved, and cancels it before it is in force.
func cancelled(s *scene, command string) {
	s.hears("ana", command)
	s.says("sam", "approve HP-1001")
	s.wait(5 * time.Second)
	s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
	s.wait(10 * time.Second)
	s.state("HP-1001", approvals.StateApproved)
	s.hears("ana", "cancel HP-1001")
	s.wait(5 * time.Minute)
	s.state("HP-1001", approvals.StateEnded)
	s.wait(time.Hour)
}

func TestWhatWasNeverInForceBlocksNobody(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rules: companytest.RulesWithBlock(companytest.Rules)}, func(s *scene) {
		cancelled(s, fencedFor3Days)
		if blocked(s) {
			t.Error("an account that was never exempt is blocked")
		}
	})
}

func TestAnAccountThatIsBlockedByHandIsExemptNoMore(t *testing.T) {
	t.Parallel()
	const rule = "  - name: service accounts behind a fence\n"
	rules := strings.Replace(companytest.RulesWithBlock(companytest.Rules), rule, rule+"    restore: true\n", 1) // but not that
	inCompany(t, companytest.Options{Rules: rules}, func(s *scene) {
		before, _ := s.c.Tenant.User("svc-nx@contoso.com")
		s.c.Tenant.Join("dana@contoso.com", companytest.BlockedGroup, before.ID) // so that the request lets it in
		exempted(s, "HP-1001", strings.Replace(fencedFor3Days, "3d", "7d", 1))
		u, _ := s.c.Tenant.User("svc-nx@contoso.com")
		s.c.Tenant.Join("dana@contoso.com", companytest.BlockedGroup, u.ID)
		s.wait(6 * time.Hour)
		s.state("HP-1001", approvals.StateEnded)
		if !blocked(s) || s.c.Tenant.IsMember(companytest.ZoneGroup, u.ID) {
			t.Error("it was let in, or is exempt still")
		}
		s.reads("Ana's card", s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1001").Plain(), "dana@contoso.com blocked the account from every sign-in, so its exemption ends.")
	})
}

func TestAnAccountThatPerUserMFAAsksIsBlockedAfterItsStateIsPutBack(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rules: companytest.RulesWithBlock(companytest.Rules)}, func(s *scene) {
		r := unasked(s, "3d")
		if code := scans(s); code != graphtest.CodeOK {
			t.Errorf("while it is in force it ends with %d", code)
		}
		s.wait(time.Until(r.End) + 3*time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if u, _ := s.c.Tenant.User("svc-scan@contoso.com"); u.MFAState != "enforced" || !s.c.Tenant.IsMember(companytest.BlockedGroup, u.ID) {
			t.Errorf("it is %s now, and blocked: %v", u.MFAState, s.c.Tenant.IsMember(companytest.BlockedGroup, u.ID))
		}
	})
}

func TestAnAccountThatIsToBeDisabledIsBlockedUntilAnAdministratorHasDisabledIt(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rules: companytest.RulesWithBlock(companytest.Rules)}, func(s *scene) {
		r := exempted(s, "HP-1001", strings.Replace(fencedFor3Days, " because", " then disabled because", 1))
		if r.Then() != approvals.ThenDisabled {
			t.Errorf("it ends as %q", r.Then())
		}
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "then blocked and to be disabled")
		s.reads("Ana", s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 20.50.2.2 for 3d then blocked because of a second server"),
			"at the end of that it goes on as “disabled”")
		s.wait(time.Until(r.End) + 2*time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if code := signsIn(s); code != 53003 || !blocked(s) {
			t.Errorf("after its end it ends with %d; blocked: %v", code, blocked(s))
		}
		s.reads("Ana's card", s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1001").Plain(), "is to be disabled: an administrator does that in Entra ID, and security is reminded until it is done.")
		s.reads("the reviewer", s.hears("sam", "review"), "and an administrator is to disable it in Entra ID.")
		s.c.Tenant.ChangeUser("svc-nx@contoso.com", func(u *graphtest.User) { u.Enabled = false })
		if said := s.hears("sam", "review"); strings.Contains(said, "disable it") {
			t.Errorf("it was disabled, and the reviewer still reads %q", said)
		}
	})
}
