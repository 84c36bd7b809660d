package companytest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

const day = 24 * time.Hour

// certificate is the public half of a certificate that is good for so many days, as somebody pastes it.
func (s *scene) certificate(days int) string {
	s.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "agilepoint-nx"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, days)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// made is the application as it is in the tenant.
func (s *scene) made(name string) (graphtest.App, bool) {
	apps := s.c.Tenant.Apps()
	i := slices.IndexFunc(apps, func(a graphtest.App) bool { return a.Unique == "hallpass-contracts-"+name })
	if i < 0 {
		return graphtest.App{}, false
	}
	return apps[i], true
}

// registers asks for the application and gets it as far as an administrator has to consent.
func (s *scene) registers(rid approvals.RequestID, name, credential, term string) {
	s.t.Helper()
	s.reads("Ana", s.hears("ana", "app "+name+" in contracts with "+credential+" for "+term+" because AgilePoint NX can use a certificate now"), string(rid)+" is asked for")
	s.wait(10 * time.Second)
	s.clicks("cleo", companytest.ChanSecurity, string(rid), "Approve", map[string]any{})
	s.wait(2 * time.Minute)
}

// grants does by hand what the request waits for.
func (s *scene) grants(rid approvals.RequestID, verb string) {
	s.t.Helper()
	s.reads("Bo", s.says("bo", verb+" "+string(rid)+" "+s.prints(rid)), string(rid))
	s.wait(time.Minute)
}

func TestAgilePointMovesFromAFencedExemptionToAnApplication(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		nx(s, "20.50.2.1") // a sign-in that MFA stops
		s.wait(time.Minute)
		s.hears("ana", "account svc-nx@contoso.com from 20.50.2.1 for 7d because AgilePoint NX calls SharePoint")
		s.says("sam", "approve HP-1001")
		s.wait(5 * time.Second)
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(4 * time.Minute)
		s.state("HP-1001", approvals.StateActive)
		s.reads("the advice", s.hears("ana", "advise svc-nx@contoso.com"), "/hallpass app NAME in contracts")
		s.registers("HP-1002", "agilepoint-nx", s.certificate(365), "3d")

		made, is := s.made("agilepoint-nx")
		if !is || len(made.Credentials) != 0 || made.Disabled {
			t.Fatalf("before anybody consented: %+v", made)
		}
		s.reads("the identity team's card", s.card(companytest.ChanIdentity, "HP-1002").Plain(), "consent for agilepoint-nx")
		s.reads("Bo", s.says("bo", "done HP-1002 I clicked"), "Entra ID does not show the consent yet: Sites.Selected is missing")
		s.clicks("bo", companytest.ChanIdentity, "HP-1002", "I do it", nil)
		s.wait(5 * time.Second)
		s.reads("Bo", s.directly("bo"), "Grant admin consent")
		s.c.Tenant.Grant("bo@contoso.com", made.ID, "Sites.Selected")
		s.wait(6 * time.Minute) // hallpass sees it by itself
		s.reads("the identity team's card", s.card(companytest.ChanIdentity, "HP-1002").Plain(), "agilepoint-nx, to be granted on Contracts site")
		if made, _ := s.made("agilepoint-nx"); len(made.Credentials) != 0 {
			t.Fatal("it can sign in before it is granted what it needs")
		}
		s.grants("HP-1002", "done")
		r := s.state("HP-1002", approvals.StateActive)
		if made, _ = s.made("agilepoint-nx"); len(made.Credentials) != 1 {
			t.Errorf("%+v", made)
		}
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1002").Plain(), "What it may do on sites and mailboxes is attested by Bo Berg and not verified")
		s.reads("Sam", s.says("sam", "revoke HP-1001 because it is an application now"), "is being taken away")
		s.wait(3 * time.Minute)
		s.state("HP-1001", approvals.StateEnded)

		s.wait(time.Until(r.End) + 10*time.Second)
		if made, _ = s.made("agilepoint-nx"); len(made.Credentials) != 0 {
			t.Error("10 s after its end it can still sign in")
		}
		s.wait(2 * time.Minute)
		if made, _ = s.made("agilepoint-nx"); !made.Disabled {
			t.Error("it is not disabled")
		}
		s.state("HP-1002", approvals.StateEnding) // somebody has to take the grant away
		s.grants("HP-1002", "undone")
		s.state("HP-1002", approvals.StateEnded)
		s.wait(6 * day)
		if _, is := s.made("agilepoint-nx"); !is {
			t.Error("it was deleted before its time")
		}
		s.wait(2 * day)
		if _, is := s.made("agilepoint-nx"); is {
			t.Error("it was not deleted")
		}
		s.reads("the audit log", s.audit(), `"act":"deleted an application"`)
	})
}

// SharePoint's own API, which older connectors call, heeds none of the permissions of Microsoft Graph.
func TestAnApplicationThatCallsSharePointsOwnAPIIsConsentedToForBoth(t *testing.T) {
	t.Parallel()
	const graphs, both = "permissions: [Sites.Selected]", "permissions: [Sites.Selected, SharePoint/Sites.Selected]"
	inCompany(t, companytest.Options{Rules: strings.Replace(companytest.Rules, graphs, both, 1)}, func(s *scene) {
		s.registers("HP-1001", "agilepoint-nx", s.certificate(365), "3d")
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "SharePoint/Sites.Selected")
		made, _ := s.made("agilepoint-nx")
		s.c.Tenant.Grant("bo@contoso.com", made.ID, "Sites.Selected")
		s.wait(6 * time.Minute)
		s.reads("Bo", s.says("bo", "done HP-1001 I clicked"), "Entra ID does not show the consent yet: SharePoint/Sites.Selected is missing")
		s.c.Tenant.Consent("bo@contoso.com", made.ID)
		s.wait(6 * time.Minute)
		s.grants("HP-1001", "done")
		s.state("HP-1001", approvals.StateActive)
		if made, _ = s.made("agilepoint-nx"); len(made.Credentials) != 1 || len(made.Roles) != 2 {
			t.Errorf("%+v", made)
		}
	})
}

func TestAnApplicationThatIsNoLongerUsedIsForReview(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.registers("HP-1001", "agilepoint-nx", s.certificate(365), "30d")
		made, _ := s.made("agilepoint-nx")
		s.c.Tenant.Consent("bo@contoso.com", made.ID)
		s.wait(6 * time.Minute)
		s.grants("HP-1001", "done")
		s.state("HP-1001", approvals.StateActive)
		s.c.Tenant.LogSignIn(graphtest.SignIn{Principal: made.Principal, AppID: made.ID, App: "agilepoint-nx", Kind: "servicePrincipal", Resource: "Office 365 SharePoint Online"})
		s.wait(11 * time.Minute)
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "Office 365 SharePoint Online")
		s.reads("Sam", s.says("sam", "review"), "0 not used")
		s.wait(14*day + time.Hour)
		s.reads("Sam after two weeks without a sign-in", s.says("sam", "review"), "1 not used")
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "not used since")
	})
}

func TestACertificateIsRotatedByASecondRequest(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.registers("HP-1001", "nx", s.certificate(60), "3d")
		made, _ := s.made("nx")
		s.c.Tenant.Grant("bo@contoso.com", made.ID, "Sites.Selected")
		s.wait(6 * time.Minute)
		s.grants("HP-1001", "done")
		first := s.state("HP-1001", approvals.StateActive)

		s.registers("HP-1002", "nx", s.certificate(365), "300d")
		s.wait(6 * time.Minute)
		s.grants("HP-1002", "done")
		s.state("HP-1002", approvals.StateActive)
		if made, _ = s.made("nx"); len(made.Credentials) != 2 {
			t.Fatalf("%+v", made.Credentials)
		}
		s.wait(time.Until(first.End) + 3*time.Minute)
		r := s.state("HP-1001", approvals.StateEnded) // what the other keeps needs nobody
		if made, _ = s.made("nx"); len(made.Credentials) != 1 || made.Disabled {
			t.Errorf("after the first ended: %+v", made)
		}
		if r.Changes[0].KeptBy != "HP-1002" {
			t.Errorf("%+v", r.Changes[0])
		}
	})
}

func TestWhatNobodyApprovedOfAnApplicationIsAnAlarm(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.registers("HP-1001", "nx", s.certificate(365), "300d")
		made, _ := s.made("nx")
		s.c.Tenant.Grant("bo@contoso.com", made.ID, "Sites.Selected", "Mail.ReadBasic.All")
		s.wait(6 * time.Minute)
		s.state("HP-1001", approvals.StateApproved)
		s.reads("the approvers' card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "consented to more than was approved: Mail.ReadBasic.All")
		s.c.Tenant.Meddle(made.ID, func(a *graphtest.App) { a.Roles = []string{"Sites.Selected"} })
		s.wait(6 * time.Minute)
		s.grants("HP-1001", "done")
		s.state("HP-1001", approvals.StateActive)

		s.c.Tenant.Meddle(made.ID, func(a *graphtest.App) {
			a.Credentials = append(a.Credentials, graphtest.Credential{ID: "5f1c0000-0000-4000-8000-000000000001", Secret: true, Ends: time.Now().AddDate(2, 0, 0)})
		})
		s.wait(3 * time.Hour)
		var security []string
		for _, m := range s.c.Slack.Messages(companytest.ChanSecurity) {
			security = append(security, m.Plain())
		}
		s.reads("the security channel", strings.Join(security, "\n"), "has what nobody approved: secret:5f1c0000-0000-4000-8000-000000000001")
		if n := strings.Count(strings.Join(security, "\n"), "has what nobody approved"); n != 1 {
			t.Errorf("it was told %d times", n)
		}
		s.reads("Cleo", s.says("cleo", "revoke HP-1001 because somebody has added a secret"), "is being taken away")
		s.wait(time.Minute)
		if made, _ = s.made("nx"); !made.Disabled {
			t.Error("it can still sign in, with a secret of another hand")
		}
	})
}

func TestAnApplicationWhoseCredentialIsTakenOutEnds(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.registers("HP-1001", "nx", "https://token.actions.githubusercontent.com repo:contoso/nx:environment:production", "300d")
		made, _ := s.made("nx")
		s.c.Tenant.Grant("bo@contoso.com", made.ID, "Sites.Selected")
		s.wait(6 * time.Minute)
		s.grants("HP-1001", "done")
		s.state("HP-1001", approvals.StateActive)
		s.c.Tenant.Meddle(made.ID, func(a *graphtest.App) { a.Federated = nil })
		s.wait(6 * time.Hour)
		s.state("HP-1001", approvals.StateEnding) // its grant has to be taken away by hand
		s.reads("Ana", s.directly("ana"), "took it out of Entra ID. It is not put back.")
		if made, _ = s.made("nx"); !made.Disabled {
			t.Error("it is not disabled")
		}
	})
}
