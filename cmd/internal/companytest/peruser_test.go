package companytest_test

import (
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// scans is a scanner signing in with the account that per-user MFA asks, from an address that policies trust.
func scans(s *scene) int { return unattended(s, "svc-scan@contoso.com", "Scanner", "52.166.10.1") }

// unasked brings an exemption of svc-scan from per-user MFA into force.
func unasked(s *scene, term string) approvals.Request {
	s.hears("ana", "account svc-scan@contoso.com in per-user-mfa for "+term+" because the scanner cannot do MFA")
	s.says("sam", "approve HP-1001")
	s.wait(5 * time.Second)
	s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
	s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
	s.wait(2 * time.Minute)
	return s.state("HP-1001", approvals.StateActive)
}

func TestPerUserMFAOfOneAccountFromAskToEnd(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		if code := scans(s); code == graphtest.CodeOK {
			t.Fatal("per-user MFA asks nobody")
		}
		s.wait(time.Minute)
		s.reads("the advice", s.hears("ana", "advise svc-scan@contoso.com"), "per-user MFA, for the account alone")
		s.reads("Ana", s.hears("ana", "account svc-scan@contoso.com in per-user-mfa for 3d because the scanner cannot do MFA"), "HP-1001 is asked for. It waits for the owner, Sam Stone")
		s.says("sam", "approve HP-1001")
		s.wait(5 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "per-user MFA no longer asks whoever knows its password")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(2 * time.Minute)
		r := s.state("HP-1001", approvals.StateActive)
		if code := scans(s); code != graphtest.CodeOK {
			t.Errorf("while it is in force it ends with %d", code)
		}
		s.reads("Ana", s.hears("ana", "account svc-scan@contoso.com in per-user-mfa for 3d because again"), "You asked for the same in HP-1001")
		s.wait(time.Until(r.End) + 15*time.Second)
		if code := scans(s); code == graphtest.CodeOK {
			t.Error("15 s after its end it still gets in")
		}
		s.wait(2 * time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if u, _ := s.c.Tenant.User("svc-scan@contoso.com"); u.MFAState != "enforced" {
			t.Errorf("it is %s now", u.MFAState)
		}
	})
}

func TestPerUserMFAThatIsEnabledByHandEndsTheRequest(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		unasked(s, "7d")
		u, _ := s.c.Tenant.User("svc-scan@contoso.com")
		s.c.Tenant.SetMFA("dana@contoso.com", u.ID, "enforced")
		s.wait(6 * time.Hour)
		s.state("HP-1001", approvals.StateEnded)
		dm := s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1001")
		s.reads("Ana's card", dm.Plain(), "dana@contoso.com took it out of Entra ID. It is not put back.")
	})
}
