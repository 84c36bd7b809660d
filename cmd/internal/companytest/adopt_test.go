package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

func TestWhatStandsInTheTenantWithoutARequestIsFoundTakenOverAndTakenAwayAtItsEnd(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		proxy := s.c.Tenant.AddUser(graphtest.User{UPN: "svc-proxy@contoso.com", Name: "svc-proxy", Enabled: true}) // nobody owns it
		s.c.Tenant.Join("dana@contoso.com", companytest.GroupExempt, proxy)
		s.c.Tenant.Join("dana@contoso.com", companytest.GroupExempt, companytest.Emergency)
		s.reads("Sam before anybody looked", s.says("sam", "adopt"), "has not looked yet")
		s.wait(6 * time.Minute)
		s.reads("Sam after the first look", s.says("sam", "adopt"), "exemptions in Entra ID have no request")
		s.wait(25 * time.Hour)
		found := s.says("sam", "adopt")
		s.reads("Sam", found, "2 exemptions in Entra ID have no request")
		s.reads("Sam", found, "/hallpass adopt svc-proxy@contoso.com in integrations for 90d because …")
		s.reads("Sam", found, "/hallpass adopt 52.166.10.0/28 in trusted-servers for 90d because …")
		s.reads("Sam", found, "put there by dana@contoso.com")
		s.reads("Ana", s.says("ana", "adopt"), "shown to security's reviewers only")

		s.reads("Ana", s.says("ana", "ip 52.166.10.3 for 30d because x"), "/hallpass adopt 52.166.10.0/28 in trusted-servers for 90d because …")
		s.reads("Sam", s.says("sam", "adopt 52.166.10.0/28 in trusted-servers for 20d because the old proxy"), "HP-1001 is asked for")
		s.reads("Sam", s.says("sam", "adopt svc-proxy@contoso.com in integrations for 10d because nobody knows what it is for"), "HP-1002 is asked for")
		s.wait(10 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1002").Plain(), "without a request. Once that is approved, Sam Stone answers for it")
		for _, id := range []string{"HP-1001", "HP-1002"} {
			s.clicks("bo", companytest.ChanNetsec, id, "Approve", map[string]any{})
			s.clicks("cleo", companytest.ChanSecurity, id, "Approve", map[string]any{})
		}
		s.wait(2 * time.Minute)
		ranged, member := s.state("HP-1001", approvals.StateActive), s.state("HP-1002", approvals.StateActive)
		if n := writes(s.c.Tenant); n != 0 {
			t.Errorf("%d writes to Entra ID before the end", n)
		}
		s.reads("Sam's card", s.card(s.c.Slack.DMChannel("U0SAM"), "HP-1002").Plain(), "it was there before the request. Ends")
		s.reads("Sam again", s.says("sam", "adopt svc-proxy@contoso.com in integrations for 10d because x"), "is under hallpass already")

		s.wait(time.Until(member.End) + 2*time.Minute)
		s.state("HP-1002", approvals.StateEnded)
		if s.c.Tenant.IsMember(companytest.GroupExempt, proxy) || !s.c.Tenant.IsMember(companytest.GroupExempt, companytest.Emergency) {
			t.Error("not the one that was taken over was taken away, and nothing else")
		}
		s.wait(time.Until(ranged.End) + 2*time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if s.c.Tenant.Has(companytest.Location, "52.166.10.0/28") || writes(s.c.Tenant) != 2 {
			t.Errorf("the tenant has %v, after %v", s.c.Tenant.Ranges(companytest.Location), s.c.Tenant.Calls())
		}
		s.wait(25 * time.Hour)
		s.reads("Sam at the end", s.says("sam", "adopt"), "has an owner and an end")
	})
}

// writes counts the calls that change something in Entra ID.
func writes(t *graphtest.Tenant) int {
	n := 0
	for call, times := range t.Calls() {
		if strings.HasPrefix(call, "PATCH ") || strings.HasPrefix(call, "DELETE ") || strings.HasSuffix(call, "/$ref") {
			n += times
		}
	}
	return n
}
