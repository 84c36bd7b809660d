package entra_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

func TestWhatBecameOfAnExemptAccountAndOfItsOwnerIsNoticed(t *testing.T) {
	t.Parallel()
	known := func(is bool) approvals.Fact { return approvals.Fact{Known: true, Bool: is} }
	before := approvals.Facts{"account.privileged": known(false), "account.mfa_method": known(false), "account.at_risk": known(false)}
	for name, row := range map[string]struct {
		account, owner graphtest.User
		then           approvals.Facts
		role           bool
		want           []approvals.ConcernWord
	}{
		"all is as it was":                       {graphtest.User{Enabled: true}, graphtest.User{Enabled: true}, before, false, nil},
		"the owner's account is disabled":        {graphtest.User{Enabled: true}, graphtest.User{}, before, false, []approvals.ConcernWord{approvals.ConcernOwnerLeft}},
		"the owner is not there":                 {graphtest.User{Enabled: true}, graphtest.User{ID: "gone"}, before, false, []approvals.ConcernWord{approvals.ConcernOwnerLeft}},
		"the account is disabled":                {graphtest.User{}, graphtest.User{Enabled: true}, before, false, []approvals.ConcernWord{approvals.ConcernDisabled}},
		"the account is not there":               {graphtest.User{ID: "gone"}, graphtest.User{Enabled: true}, before, false, []approvals.ConcernWord{approvals.ConcernGone}},
		"it is at risk":                          {graphtest.User{Enabled: true, Risk: "high"}, graphtest.User{Enabled: true}, before, false, []approvals.ConcernWord{approvals.ConcernRisk}},
		"it registered a method":                 {graphtest.User{Enabled: true, Methods: []string{"mobilePhone"}}, graphtest.User{Enabled: true}, before, false, []approvals.ConcernWord{approvals.ConcernMethod}},
		"it had a method before":                 {graphtest.User{Enabled: true, Methods: []string{"mobilePhone"}}, graphtest.User{Enabled: true}, approvals.Facts{"account.mfa_method": known(true)}, false, nil},
		"whether it had one was not known":       {graphtest.User{Enabled: true, Methods: []string{"mobilePhone"}}, graphtest.User{Enabled: true}, approvals.Facts{}, false, nil},
		"it has become privileged":               {graphtest.User{Enabled: true}, graphtest.User{Enabled: true}, before, true, []approvals.ConcernWord{approvals.ConcernPrivileged}},
		"it was privileged when it was approved": {graphtest.User{Enabled: true}, graphtest.User{Enabled: true}, approvals.Facts{"account.privileged": known(true)}, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			add := func(u graphtest.User, upn string) approvals.Person {
				if u.ID == "gone" {
					return approvals.Person{ID: graphtest.NewID(), UPN: upn, Enabled: true}
				}
				u.UPN = upn
				return approvals.Person{ID: k.tenant.AddUser(u), UPN: upn, Enabled: true}
			}
			r := approvals.Request{ID: "HP-1", State: approvals.StateActive, Account: add(row.account, "svc-x@contoso.com"), Owner: add(row.owner, "olga@contoso.com")}
			r.Rounds = []approvals.Round{{Plan: approvals.Plan{Facts: row.then}}}
			if row.role {
				k.tenant.AddRole(graphtest.RoleAssignment{Principal: r.Account.ID, Role: "29232cdf-9323-42fd-ade2-1d097af3e4de", Name: "Exchange Administrator"})
			}
			got, err := k.e.Concerns(t.Context(), &r)
			for range 3 { // reports are asked once more about one alone
				if _, wait := errors.AsType[*approvals.Later](err); wait {
					got, err = k.e.Concerns(t.Context(), &r)
				}
			}
			var words []approvals.ConcernWord
			for _, c := range got {
				words = append(words, c.Word)
			}
			if err != nil || !cmp.Equal(words, row.want) {
				t.Errorf("%v, %v; want %v", got, err, row.want)
			}
		})
	}
}

func TestConcernsWaitForTheBudget(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.o.empty = true
	_, err := k.e.Concerns(t.Context(), &approvals.Request{Owner: approvals.Person{ID: graphtest.NewID()}})
	if _, wait := errors.AsType[*approvals.Later](err); !wait || len(k.tenant.Calls()) > 0 {
		t.Errorf("%v after %v", err, k.tenant.Calls())
	}
}

func TestPoliciesThatStopWhatIsInForceAreNoticed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		policy   graphtest.Policy
		warnings []string
		want     []string
		needless bool
	}{
		"a device is demanded":                    {graphtest.Policy{Name: "Device", State: "enabled", Grants: []string{"compliantDevice"}}, nil, []string{"stopped Device"}, false},
		"it will be":                              {graphtest.Policy{Name: "Device", State: "enabledForReportingButNotEnforced", Grants: []string{"compliantDevice"}}, nil, []string{"will be stopped Device"}, false},
		"it will be, and the approvers knew":      {graphtest.Policy{Name: "Device", State: "enabledForReportingButNotEnforced", Grants: []string{"compliantDevice"}}, []string{"Coming (report-only today): “Device” demands a device."}, nil, false},
		"it is switched off":                      {graphtest.Policy{Name: "Device", State: "disabled", Grants: []string{"compliantDevice"}}, nil, nil, false},
		"it is about others":                      {graphtest.Policy{Name: "Device", State: "enabled", IncludeGroups: []string{graphtest.NewID()}, Grants: []string{"compliantDevice"}}, nil, nil, false},
		"it depends on the risk of a sign-in":     {graphtest.Policy{Name: "Risk", State: "enabled", SignInRisk: []string{"high"}, Grants: []string{"block"}}, nil, nil, false},
		"another demand that the zone is off for": {graphtest.Policy{Name: "Session", State: "disabled"}, nil, nil, false},
		"no policy asks for MFA any more":         {graphtest.Policy{Name: "Off", State: "disabled"}, nil, []string{"needless "}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := fencedKit(t, 1)
			k.tenant.ChangeLocation("hallpass", k.o.zones[0].Location, func(l *graphtest.Location) { l.Ranges = []string{"20.50.2.1/32"} })
			k.tenant.Join("hallpass", k.o.zones[0].Group, svc)
			k.tenant.AddPolicy(row.policy)
			ask := fenced("20.50.2.1/32")
			r := approvals.Request{ID: "HP-1", State: approvals.StateActive, Ask: ask, Account: approvals.Person{ID: svc, UPN: "svc@contoso.com"}}
			r.Rounds = []approvals.Round{{Plan: approvals.Plan{Warnings: row.warnings, Zone: &approvals.Zone{Name: "zone-a"}}}}
			if row.needless {
				k.tenant.ChangePolicy("dana", k.o.zones[0].MFA[0], func(p *graphtest.Policy) { p.State = "disabled" })
			}
			got, err := k.e.Concerns(t.Context(), &r)
			for range 3 {
				if _, wait := errors.AsType[*approvals.Later](err); wait {
					got, err = k.e.Concerns(t.Context(), &r)
				}
			}
			var words []string
			for _, c := range got {
				words = append(words, string(c.Word)+" "+c.Name)
			}
			if err != nil || !cmp.Equal(words, row.want) {
				t.Errorf("%v, %v; want %v", got, err, row.want)
			}
		})
	}
}
