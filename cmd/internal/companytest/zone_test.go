package companytest_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// nx is AgilePoint NX signing in to SharePoint with its service account, from an address, with nobody there.
func nx(s *scene, address string) graphtest.SignIn {
	return s.c.Tenant.SignIn(graphtest.Attempt{
		User: "svc-nx@contoso.com", App: "AgilePoint NX", AppID: "a9117e00-0000-4000-a000-000000000001", Resource: "Office 365 SharePoint Online",
		ResourceID: "00000003-0000-0ff1-ce00-000000000000", Address: netip.MustParseAddr(address), Client: "mobileAppsAndDesktopClients",
		Kind: "nonInteractiveUser", Protocol: "ropc",
	})
}

// hears types a command whose answer takes Entra ID a few seconds, one call of Conditional Access a second.
func (s *scene) hears(name, text string) string {
	s.t.Helper()
	before := len(s.c.Slack.Ephemerals(id(name)))
	said := s.says(name, text)
	s.wait(12 * time.Second)
	for _, m := range s.c.Slack.Ephemerals(id(name))[before:] {
		said += "\n" + m.Plain()
	}
	return said
}

func TestAgilePointGetsIntoSharePointWithoutMFAFromItsAddressOnly(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		if got := nx(s, "20.50.2.1"); got.Code != graphtest.CodeRegister {
			t.Fatalf("before, it ends with %d", got.Code)
		}
		s.wait(time.Minute)
		s.reads("Ana", s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because AgilePoint NX calls SharePoint"), "HP-1001 is asked for. It waits for the owner, Sam Stone")
		s.wait(5 * time.Second)
		s.reads("Sam", s.says("sam", "approve HP-1001"), "your yes counts")
		s.wait(5 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "svc-nx@contoso.com, no MFA, only from 20.50.2.1, for 7 days; nobody else affected.")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Details", nil)
		view, _ := s.c.Slack.Front("U0BO")
		s.reads("the details", view.Plain(), "svc-nx@contoso.com from 20.50.2.1/32")
		s.reads("the details", view.Plain(), "skips MFA, for the account")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(3 * time.Minute)
		r := s.state("HP-1001", approvals.StateActive)
		s.wait(30 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "Applied. svc-nx@contoso.com, no MFA, only from 20.50.2.1. Ends")

		if got := nx(s, "20.50.2.1"); got.Code != graphtest.CodeOK {
			t.Errorf("from its address it ends with %d", got.Code)
		}
		if got := nx(s, "20.50.2.2"); got.Code != graphtest.CodeBlocked {
			t.Errorf("from elsewhere it ends with %d", got.Code)
		}
		person := s.c.Tenant.SignIn(graphtest.Attempt{User: "ana@contoso.com", ResourceID: "00000003-0000-0ff1-ce00-000000000000", Address: netip.MustParseAddr("20.50.2.1"), Client: "browser"})
		if person.Code == graphtest.CodeOK {
			t.Error("a person from the same address is asked for no MFA any more")
		}
		s.wait(time.Until(r.End) + 5*time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		if got := nx(s, "20.50.2.1"); got.Code == graphtest.CodeOK {
			t.Error("after the end it still gets in")
		}
		inOrder(t, s, r.Account.ID, "20.50.2.1/32")
	})
}

// inOrder holds the history against the one promise of a zone: the account is in the group only while its address is in the
// location.
func inOrder(t *testing.T, s *scene, account, address string) {
	t.Helper()
	var steps []string
	for _, e := range s.c.Tenant.History() {
		switch {
		case e.Entry == account && e.Added:
			steps = append(steps, "account in")
		case e.Entry == account:
			steps = append(steps, "account out")
		case e.Entry == address && e.Added:
			steps = append(steps, "address in")
		case e.Entry == address:
			steps = append(steps, "address out")
		}
	}
	if want := []string{"address in", "account in", "account out", "address out"}; !slices.Equal(steps, want) {
		t.Errorf("in the tenant: %s", strings.Join(steps, ", "))
	}
}
