package main

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// What signs in: AgilePoint NX to SharePoint Online, with its service account and nobody there.
const (
	jobAccount    = "svc-nx@contoso.com"
	jobApp        = "AgilePoint NX"
	jobAppID      = "a9117e00-0000-4000-a000-000000000001"
	sharePoint    = "Office 365 SharePoint Online"
	sharePointID  = "00000003-0000-0ff1-ce00-000000000000"
	formerAddress = "20.50.9.40" // of a server that nobody needs any more
	showSignIns   = 5
)

// signIn is a sign-in with the service account, and how the tenant judged it.
type signIn struct {
	N       int       `json:"n"` // counts from 1
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	Address string    `json:"address"`
	Code    int       `json:"code"` // AADSTS; 0: let in
	Verdict string    `json:"verdict"`
}

// signIns remembers them for the page.
type signIns struct {
	mu   sync.Mutex // mu guards list
	list []signIn
}

// shown are the last ones, newest first.
func (l *signIns) shown() []signIn {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(l.list[max(0, len(l.list)-showSignIns):])
	slices.Reverse(out)
	if out == nil {
		return []signIn{}
	}
	return out
}

// signIn lets the service account sign in from an address, as the job does, with the right password. The tenant judges.
func (s *stage) signIn(address string) error {
	from, err := netip.ParseAddr(address)
	if err != nil {
		return fmt.Errorf("nobody signs in from %q", address)
	}
	got := s.tenant.SignIn(job(from))
	s.signIns.mu.Lock()
	defer s.signIns.mu.Unlock()
	s.signIns.list = append(s.signIns.list, signIn{
		N: len(s.signIns.list) + 1, At: s.now(), Who: jobAccount, Address: from.String(), Code: got.Code, Verdict: verdict(got),
	})
	return nil
}

// job is what the job's sign-ins look like.
func job(from netip.Addr) graphtest.Attempt {
	return graphtest.Attempt{
		User: jobAccount, App: jobApp, AppID: jobAppID, Resource: sharePoint, ResourceID: sharePointID, Address: from,
		Client: "mobileAppsAndDesktopClients", Kind: "nonInteractiveUser", Protocol: "ropc",
	}
}

// verdict says how the tenant judged, and by which policy.
func verdict(s graphtest.SignIn) string {
	by := ""
	for _, p := range s.Policies {
		if p.Result == "failure" && (by == "" || slices.Contains(p.Grants, "Block")) {
			by = " by “" + p.Name + "”"
		}
	}
	switch s.Code {
	case graphtest.CodeOK:
		return "let in, without MFA"
	case graphtest.CodeBlocked:
		return "blocked" + by
	case graphtest.CodeMFA, graphtest.CodeRegister:
		return "asked for MFA" + by + "; nobody is there to answer"
	}
	return s.Reason
}

// past is what the sign-in log holds before the story: the account was used from another server, when no MFA was asked for.
func past(t *graphtest.Tenant, now time.Time) {
	// Somebody once put an account into the exclusion group by hand, and nobody remembers why.
	legacy := t.AddUser(graphtest.User{UPN: "svc-legacy@contoso.com", Name: "svc-legacy", Enabled: true})
	t.Join("dana@contoso.com", companytest.GroupExempt, legacy)
	user, ok := t.User(jobAccount)
	if !ok {
		return
	}
	t.LogSignIn(graphtest.SignIn{
		At: now.Add(-9 * 24 * time.Hour), User: user.ID, App: jobApp, AppID: jobAppID, Resource: sharePoint, ResourceID: sharePointID,
		Client: "Mobile Apps and Desktop clients", Protocol: "ropc", Requirement: "singleFactorAuthentication", Address: netip.MustParseAddr(formerAddress),
		Country: "NL", Kind: "nonInteractiveUser", Reason: "Other.", Risk: "none",
	})
}
