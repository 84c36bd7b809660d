package entra_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

func adopt(a approvals.Ask) approvals.Ask {
	a.Adopt = true
	return a
}

func TestWhatIsThereCanBeTakenOverWhateverItIs(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ask   approvals.Ask
		warns string
	}{
		"a range":             {adopt(ip("20.50.2.0/24")), ""},
		"a very wide range":   {adopt(ip("20.0.0.0/8")), "A wide range"},
		"a private range":     {adopt(ip("10.0.0.0/16")), "A wide range"},
		"a service account":   {adopt(account("svc@contoso.com")), "from any address today"},
		"a disabled account":  {adopt(account("gone@contoso.com")), "breaks nothing"},
		"a guest":             {adopt(account("partner@contoso.com")), "its own organisation"},
		"a person":            {adopt(account("eve@contoso.com")), "employee id"},
		"an account at risk":  {adopt(account("risky@contoso.com")), "is at risk"},
		"with per-user MFA":   {adopt(account("peruser@contoso.com")), "Per-user MFA is enforced"},
		"by its object id":    {adopt(account(svc)), ""},
		"under no policy now": {adopt(account("svc@contoso.com")), "No enabled policy excludes this group"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, "20.50.2.0/24", "20.0.0.0/8", "10.0.0.0/16")
			people(k.tenant)
			k.tenant.Join("dana@contoso.com", k.o.grp, svc)
			for _, odd := range []graphtest.User{
				{UPN: "gone@contoso.com"},
				{UPN: "partner@contoso.com", Enabled: true, Guest: true},
				{UPN: "eve@contoso.com", Enabled: true, EmployeeID: "9"},
				{UPN: "risky@contoso.com", Enabled: true, Risk: "high"},
				{UPN: "peruser@contoso.com", Enabled: true, MFAState: "enforced"},
			} {
				k.tenant.Join("dana@contoso.com", k.o.grp, k.tenant.AddUser(odd))
			}
			p, err := k.e.Plan(t.Context(), row.ask)
			if _, wait := errors.AsType[*approvals.Later](err); wait { // a report does not have it, and it is asked for alone
				p, err = k.e.Plan(t.Context(), row.ask)
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Changes) != 1 || !p.Changes[0].Adopt {
				t.Errorf("changes %+v", p.Changes)
			}
			if !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, row.warns) }) && row.warns != "" {
				t.Errorf("%q does not warn of %q", p.Warnings, row.warns)
			}
		})
	}
}

func TestWhatCannotBeTakenOverIsRefusedWithWhatToTypeInstead(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ask  approvals.Ask
		want string
	}{
		"an address that is not there":   {adopt(ip("21.50.2.1/32")), "is not in Servers, so there is nothing to take over"},
		"a part of what is there":        {adopt(ip("20.50.2.1/32")), "`/hallpass adopt 20.50.2.0/24 in servers for 90d because …`"},
		"an address of hallpass's":       {adopt(ip("20.60.0.1/32")), "is under hallpass already"},
		"an account that is not there":   {adopt(account("ana@contoso.com")), "is not in Exempt"},
		"an account that does not exist": {adopt(account("nobody@contoso.com")), "There is no account"},
		"an emergency account":           {adopt(account("break@contoso.com")), "hallpass never touches those"},
		"a new ask for what is there":    {account("svc@contoso.com"), "`/hallpass adopt svc@contoso.com in exempt for 90d because …`"},
		"a new ask for what is covered":  {ip("20.50.2.1/32"), "`/hallpass adopt 20.50.2.0/24 in servers for 90d because …`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, "20.50.2.0/24", "20.60.0.1/32")
			people(k.tenant)
			k.o.ours["20.60.0.1/32"] = true
			k.tenant.Join("dana@contoso.com", k.o.grp, svc)
			k.tenant.Join("dana@contoso.com", k.o.grp, "e0000000-0000-4000-a000-00000000000e")
			_, err := k.e.Plan(t.Context(), row.ask)
			if no, refused := errors.AsType[*approvals.Refusal](err); !refused || !strings.Contains(no.Error(), row.want) {
				t.Errorf("%v does not say %q", err, row.want)
			}
		})
	}
}
