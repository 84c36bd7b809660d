package companytest_test

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot/slack/slacktest"
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
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "svc-nx@contoso.com, no MFA, only from 20.50.2.1, for 7 days, until about Mon 10 Jan 2000 10:00 UTC; nobody else affected.")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Details", nil)
		view, _ := s.c.Slack.Front("U0BO")
		s.reads("the details", view.Plain(), "svc-nx@contoso.com from 20.50.2.1/32")
		s.reads("the details", view.Plain(), "skips MFA, for the account")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(3 * time.Minute)
		s.wait(time.Minute)
		r := s.state("HP-1001", approvals.StateActive)
		if r.Proof == nil || r.Proof.State != approvals.ProofGiven {
			t.Errorf("it is not proved: %+v", r.Proof)
		}
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "✓ proved")
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "Applied. svc-nx@contoso.com, no MFA, only from 20.50.2.1. Ends")

		if got := nx(s, "20.50.2.1"); got.Code != graphtest.CodeOK {
			t.Errorf("from its address it ends with %d", got.Code)
		}
		s.wait(45 * time.Minute)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "✓ worked")
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

// Two accounts share an address. Whichever ends first, the other goes on, and the address leaves with the last.
func TestTwoAccountsThatShareAnAddressEndInEitherOrder(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]approvals.RequestID{"the first one ends first": "HP-1001", "the second one ends first": "HP-1002"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCompany(t, companytest.Options{}, func(s *scene) {
				last := map[approvals.RequestID]approvals.RequestID{"HP-1001": "HP-1002", "HP-1002": "HP-1001"}[first]
				s.says("sam", "own svc-flow@contoso.com")
				accounts := map[approvals.RequestID]string{"HP-1001": "svc-nx@contoso.com", "HP-1002": "svc-flow@contoso.com"}
				for _, rid := range []approvals.RequestID{"HP-1001", "HP-1002"} {
					s.reads("Ana", s.hears("ana", "account "+accounts[rid]+" from 20.50.2.1 for 7d because AgilePoint NX calls SharePoint"), string(rid)+" is asked for")
					s.says("sam", "approve "+string(rid))
					s.wait(5 * time.Second)
					s.says("bo", "approve "+string(rid))
					s.wait(3 * time.Minute)
				}
				one, two := s.state(first, approvals.StateActive), s.state(last, approvals.StateActive)
				if one.Round().Plan.Zone.Name != two.Round().Plan.Zone.Name {
					t.Fatal("they do not share a zone")
				}
				s.says("bo", "revoke "+string(first)+" because it is over")
				s.wait(3 * time.Minute)
				ended := s.state(first, approvals.StateEnded)
				if ended.Changes[0].KeptBy != last {
					t.Errorf("the address is kept by %q", ended.Changes[0].KeptBy)
				}
				s.reads("the card", s.card(companytest.ChanNetsec, string(first)).Plain(), "stays in force: "+string(last)+" keeps it")
				if s.c.Tenant.IsMember(companytest.ZoneGroup, one.Account.ID) || !s.c.Tenant.IsMember(companytest.ZoneGroup, two.Account.ID) || !s.c.Tenant.Has(companytest.ZoneLocation, "20.50.2.1/32") {
					t.Error("the wrong one is out, or the address is gone")
				}
				s.says("bo", "revoke "+string(last)+" because it is over")
				s.wait(3 * time.Minute)
				s.state(last, approvals.StateEnded)
				if s.c.Tenant.IsMember(companytest.ZoneGroup, two.Account.ID) || s.c.Tenant.Has(companytest.ZoneLocation, "20.50.2.1/32") {
					t.Error("something is left")
				}
			})
		})
	}
}

// A source of facts is off; the ask is refused, and the answer names the fact.
func TestAnUnknownFactNeverApproves(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		for path, fact := range map[string]string{
			"/users/{}/transitiveMemberOf": "plan.account.privileged", "/roleManagement/": "plan.account.privileged", "/riskyUsers": "plan.account.at_risk",
			"/authentication/requirements": "plan.account.per_user_mfa", "identitySecurityDefaults": "plan.tenant.security_defaults", "/auditLogs/signIns": "plan.zone.blocked",
		} {
			before, after, _ := strings.Cut(path, "{}")
			s.c.Tenant.Fail(func(r *http.Request) bool {
				return strings.Contains(r.URL.Path, before) && strings.Contains(r.URL.Path, after)
			}, graphtest.Fault{Status: http.StatusForbidden})
			s.reads(path, s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because x"), fact)
			s.c.Tenant.Heal()
			s.wait(2 * time.Minute)
		}
		s.reads("with all of them", s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because x"), "HP-1001 is asked for")
	})
}

// The fence breaks after the approval. The account stays out until it is mended; then it goes on by itself.
func TestTheAccountWaitsOutsideWhileItsFenceIsBroken(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because AgilePoint NX calls SharePoint")
		s.says("sam", "approve HP-1001")
		s.wait(5 * time.Second)
		s.c.Tenant.After(func(r *http.Request) bool { return r.Method == http.MethodPatch }, func() { // the address is just in
			s.c.Tenant.ChangePolicy("dana", companytest.ZoneFence, func(p *graphtest.Policy) { p.State = "disabled" })
		})
		s.says("bo", "approve HP-1001")
		s.wait(5 * time.Minute)
		r := s.state("HP-1001", approvals.StateApproved)
		if !s.c.Tenant.Has(companytest.ZoneLocation, "20.50.2.1/32") || s.c.Tenant.IsMember(companytest.ZoneGroup, r.Account.ID) {
			t.Fatal("the account is exempt without a fence, or its address was not written")
		}
		if r.Stuck == nil || !strings.Contains(r.Stuck.Why, "fence") {
			t.Fatalf("it does not say why it waits: %+v", r.Stuck)
		}
		s.reads("Ana", s.hears("ana", "account svc-backup@contoso.com from 20.50.2.1 for 7d because x"), "is off. Nobody is put into it until that is mended")
		s.c.Tenant.ChangePolicy("dana", companytest.ZoneFence, func(p *graphtest.Policy) { p.State = "enabled" })
		s.wait(10 * time.Minute)
		s.state("HP-1001", approvals.StateActive)
	})
}

// What was applied does not do what was predicted: somebody switched the fence off at the same moment. The exemption is taken
// back, and says why.
func TestAnExemptionThatIsNotAsPredictedIsTakenBack(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because AgilePoint NX calls SharePoint")
		s.says("sam", "approve HP-1001")
		s.wait(5 * time.Second)
		s.c.Tenant.After(func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/members/$ref")
		}, func() {
			s.c.Tenant.ChangePolicy("dana", companytest.ZoneFence, func(p *graphtest.Policy) { p.State = "disabled" })
		})
		s.says("bo", "approve HP-1001")
		s.wait(10 * time.Minute)
		r := s.state("HP-1001", approvals.StateEnded)
		if s.c.Tenant.IsMember(companytest.ZoneGroup, r.Account.ID) || s.c.Tenant.Has(companytest.ZoneLocation, "20.50.2.1/32") {
			t.Error("it is still exempt")
		}
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "did not say what was predicted")
		s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "the fence is not in force")
	})
}

func TestAPastedErrorBecomesARequest(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		failed := nx(s, "20.50.2.1")
		s.wait(time.Minute)
		said := s.hears("ana", "AADSTS50079: you must enroll in multi-factor authentication. User: svc-nx@contoso.com")
		s.reads("Ana", said, "MFA is asked for, and nobody answers: the policy “Require MFA for everyone” (AADSTS"+strconv.Itoa(failed.Code)+")")
		s.reads("Ana", said, "✓ app registration with a certificate")
		s.reads("Ana", said, "/hallpass account svc-nx@contoso.com from ADDRESS for 30d because")
		if strings.Contains(said, "20.50.2.1") {
			t.Error("somebody who has nothing to do with the account reads from where it signs in")
		}
		s.reads("its owner", s.hears("sam", "advise svc-nx@contoso.com"), "seen at 20.50.2.1")
		answer := s.c.Slack.Ephemerals("U0ANA")
		if _, err := s.c.Slack.Click(s.ctx, "U0ANA", answer[len(answer)-1].Ref(), "Prepare the request"); err != nil {
			t.Fatal(err)
		}
		s.wait(time.Second)
		view, ok := s.c.Slack.Front("U0ANA")
		if !ok {
			t.Fatal("no form opens")
		}
		if _, err := s.c.Slack.Submit(s.ctx, "U0ANA", view.ID, map[string]any{"addresses": "20.50.2.1", "term": "7d", "reason": "AgilePoint NX calls SharePoint"}); err != nil {
			t.Fatal(err)
		}
		s.wait(15 * time.Second)
		r := s.state("HP-1001", approvals.StatePending)
		if !r.Ask.Fenced() || r.Account.UPN != "svc-nx@contoso.com" {
			t.Errorf("%+v", r.Ask)
		}
	})
}

// Graph fails in every way at every step, for a while. The account is in the group only while its address is in the location,
// and in the end all is as it should be.
func TestTheOrderHoldsWhateverFails(t *testing.T) {
	t.Parallel()
	steps := map[string]func(r *http.Request) bool{
		"the address is written": func(r *http.Request) bool { return r.Method == http.MethodPatch },
		"the account is put in": func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/members/$ref")
		},
		"the account is taken out": func(r *http.Request) bool { return r.Method == http.MethodDelete },
		"locations are read": func(r *http.Request) bool {
			return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/namedLocations")
		},
		"policies are read": func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/policies") },
		"the group is read": func(r *http.Request) bool {
			return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/groups/"+companytest.ZoneGroup)
		},
		"What If is asked": func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/evaluate") },
	}
	faults := map[string]graphtest.Fault{
		"throttled": {Status: http.StatusTooManyRequests, Times: 3}, "failed": {Status: http.StatusInternalServerError, Times: 3},
		"lost": {Drop: true, Times: 3}, "lost, and it happened": {Drop: true, Happened: true, Times: 2},
	}
	for step, match := range steps {
		for kind, fault := range faults {
			t.Run(step+", "+kind, func(t *testing.T) {
				t.Parallel()
				inCompany(t, companytest.Options{}, func(s *scene) {
					s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because AgilePoint NX calls SharePoint")
					s.says("sam", "approve HP-1001")
					s.wait(5 * time.Second)
					s.c.Tenant.Fail(match, fault)
					s.says("bo", "approve HP-1001")
					s.wait(15 * time.Minute)
					r := s.state("HP-1001", approvals.StateActive)
					if r.Proof == nil || r.Proof.State != approvals.ProofGiven {
						t.Errorf("it is not proved: %+v", r.Proof)
					}
					s.c.Tenant.Heal()
					s.c.Tenant.Fail(match, fault)
					s.says("bo", "revoke HP-1001 because it is over")
					s.wait(15 * time.Minute)
					s.state("HP-1001", approvals.StateEnded)
					inOrder(t, s, r.Account.ID, "20.50.2.1/32")
				})
			})
		}
	}
}

// alarms are the messages in the security channel that speak of the zone itself.
func alarms(s *scene) []string {
	var out []string
	for _, m := range s.c.Slack.Messages(companytest.ChanSecurity) {
		if text := m.Plain(); strings.Contains(text, "The fence of the zone ") {
			out = append(out, text)
		}
	}
	return out
}

// A fence breaks while an exemption is in force. Security is told once; what its rule says so of ends, the rest goes on; when
// the fence is mended, that is told too, and a new breakage is a new alarm.
func TestABrokenFenceIsToldOnceAndEndsWhatItsRuleSays(t *testing.T) {
	t.Parallel()
	ends := strings.Replace(companytest.Rules, "  - name: service accounts behind a fence\n", "  - name: service accounts behind a fence\n    fence_broken: end\n", 1)
	for name, row := range map[string]struct {
		rules string
		state approvals.State
		says  string
	}{
		"its rule ends it":  {ends, approvals.StateEnded, "Ending, as their rules say: HP-1001."},
		"its rule keeps it": {companytest.Rules, approvals.StateActive, "Still in force: HP-1001. To end one: /hallpass revoke HP-1001 because …"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCompany(t, companytest.Options{Rules: row.rules, ZoneEvery: 10 * time.Minute}, func(s *scene) {
				s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because AgilePoint NX calls SharePoint")
				s.says("sam", "approve HP-1001")
				s.wait(5 * time.Second)
				s.says("bo", "approve HP-1001")
				s.wait(30 * time.Minute)
				account := s.state("HP-1001", approvals.StateActive).Account.ID
				if got := alarms(s); len(got) > 0 {
					t.Fatalf("an alarm while the fence holds: %q", got)
				}
				s.c.Tenant.ChangePolicy("dana", companytest.ZoneFence, func(p *graphtest.Policy) { p.State = "disabled" })
				s.wait(time.Hour)
				got := alarms(s)
				if len(got) != 1 {
					t.Fatalf("%d alarms: %q", len(got), got)
				}
				for _, want := range []string{
					"The fence of the zone Integrations, fenced does not hold", "the fence “Integrations: only from their location” is off. Switch it on.", row.says,
					"hallpass looks every 10 minutes and says when it holds again. To look now: hallpass zone check",
				} {
					s.reads("security", got[0], want)
				}
				s.state("HP-1001", row.state)
				if in := s.c.Tenant.IsMember(companytest.ZoneGroup, account); in != (row.state == approvals.StateActive) {
					t.Errorf("the account is in the group: %v", in)
				}
				if row.state == approvals.StateEnded {
					s.reads("the card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "The fence of its zone does not hold, so it ends, as its rule says. Reason: the fence “Integrations: only from their location” is off")
					inOrder(t, s, account, "20.50.2.1/32")
				}
				s.c.Tenant.ChangePolicy("dana", companytest.ZoneFence, func(p *graphtest.Policy) { p.State = "enabled" })
				s.wait(time.Hour)
				if got = alarms(s); len(got) != 2 {
					t.Fatalf("%d messages: %q", len(got), got)
				}
				s.reads("security", got[1], "The fence of the zone Integrations, fenced holds again.")
				s.c.Tenant.ChangePolicy("dana", companytest.ZoneFence, func(p *graphtest.Policy) { p.State = "enabledForReportingButNotEnforced" })
				s.wait(time.Hour)
				if got = alarms(s); len(got) != 3 {
					t.Fatalf("%d messages: %q", len(got), got)
				}
				s.reads("security", got[2], "only reports, so it blocks nobody")
			})
		})
	}
}

// Graph and Slack fail while a fence is broken: nothing is said that is not so, and in the end security is told once.
func TestAnAlarmComesThroughWhateverFails(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{ZoneEvery: 10 * time.Minute}, func(s *scene) {
		s.c.Tenant.Fail(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/groups/"+companytest.ZoneGroup) }, graphtest.Fault{Status: http.StatusInternalServerError, Times: 6})
		s.wait(25 * time.Minute)
		if got := alarms(s); len(got) > 0 {
			t.Fatalf("an alarm, because Graph was away: %q", got)
		}
		s.c.Tenant.ChangePolicy("dana", companytest.PolicyMFA, func(p *graphtest.Policy) { p.ExcludeGroups = []string{companytest.GroupExempt} })
		s.c.Slack.Fail("chat.postMessage", slacktest.Fault{Status: http.StatusServiceUnavailable, Times: 3})
		s.wait(time.Hour)
		got := alarms(s)
		if len(got) != 1 {
			t.Fatalf("%d alarms: %q", len(got), got)
		}
		s.reads("security", got[0], "the MFA policy “Require MFA for everyone” does not exclude the zone's group. Exclude the zone's group from it.")
	})
}
