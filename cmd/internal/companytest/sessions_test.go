package companytest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// revoked is when the sessions of svc-nx were revoked last.
func revoked(s *scene) time.Time {
	u, _ := s.c.Tenant.User("svc-nx@contoso.com")
	return u.Revoked
}

func TestAnAccountIsSignedOutAtTheEndOfItsLastExemptionAndItsCardSaidSoBefore(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{SignsOut: true}, func(s *scene) {
		s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 3d then signed-out because AgilePoint NX calls SharePoint")
		s.says("sam", "approve HP-1001")
		s.wait(5 * time.Second)
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "then signed out")
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(),
			"At its end it is signed out everywhere: a connection that a person signed in, with a stored token, stops until a person signs it in again.")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(3 * time.Minute)
		first := s.state("HP-1001", approvals.StateActive)
		s.reads("Ana", s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 20.50.2.2 for 8d then mfa because of a second server"),
			"exempt by HP-1001 as well, and at the end of that it goes on as “signed-out”")
		second := exempted(s, "HP-1002", "account svc-nx@contoso.com from 20.50.2.1 20.50.2.2 for 8d because of a second server")
		if second.Then() != approvals.ThenSignedOut {
			t.Errorf("the second ends as %q", second.Then())
		}
		s.wait(time.Until(first.End) + 5*time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if at := revoked(s); !at.IsZero() {
			t.Errorf("it was signed out at %s, while HP-1002 keeps it exempt", at)
		}
		s.reads("Ana's card", s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1001").Plain(), "It is signed out once HP-1002 ends.")
		s.wait(time.Until(second.End) + 5*time.Minute)
		ended := s.state("HP-1002", approvals.StateEnded)
		if at := revoked(s); at.Before(second.End) || at.After(ended.Ended) {
			t.Errorf("it was signed out at %s; its end was at %s", at, second.End)
		}
		s.reads("Ana's card", s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1002").Plain(), "It was signed out everywhere: what a person had signed in as it stops until it is signed in again.")
		once := revoked(s)
		s.wait(26 * time.Hour)
		if at := revoked(s); !at.Equal(once) {
			t.Errorf("it was signed out again at %s", at)
		}
	})
}

func TestAnAccountThatIsBlockedIsSignedOutAfterwards(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rules: companytest.RulesWithBlock(companytest.Rules), SignsOut: true}, func(s *scene) {
		r := exempted(s, "HP-1001", fencedFor3Days)
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "then blocked and signed out")
		s.c.Tenant.Fail(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/revokeSignInSessions") }, graphtest.Fault{Status: 503})
		s.wait(time.Until(r.End) + 6*time.Minute)
		s.state("HP-1001", approvals.StateEnding)
		if !blocked(s) || !revoked(s).IsZero() {
			t.Errorf("blocked: %v, signed out: %s", blocked(s), revoked(s))
		}
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "being signed out everywhere")
		s.c.Tenant.Heal()
		s.wait(6 * time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if revoked(s).IsZero() {
			t.Error("it was never signed out")
		}
	})
}

func TestWhatWasNeverInForceSignsNobodyOut(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{SignsOut: true}, func(s *scene) {
		cancelled(s, "account svc-nx@contoso.com from 20.50.2.1 for 3d then signed-out because AgilePoint NX calls SharePoint")
		if at := revoked(s); !at.IsZero() {
			t.Errorf("an account that was never exempt was signed out at %s", at)
		}
	})
}

func TestNobodyIsSignedOutWhereHallpassHasNoIdentityForIt(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.reads("Ana", s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 3d then signed-out because AgilePoint NX calls SharePoint"),
			"Sessions are not hallpass's to revoke here.\nAsk with then mfa.")
	})
}
