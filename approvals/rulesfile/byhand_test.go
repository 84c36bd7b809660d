package rulesfile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
)

func TestPlacesByHandAreRead(t *testing.T) {
	t.Parallel()
	f := good(t)
	const netsec, security = "1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10", "90aa4c11-0000-4d2e-8a51-0c9d2b7e4f10"
	want := []approvals.ByHand{
		{Kind: approvals.HandService, Name: "mfa-settings", Title: "MFA service settings", Group: "netsec", GroupID: netsec},
		{Kind: approvals.HandADFS, Name: "adfs", Title: "adfs", Group: "netsec", GroupID: netsec, Domain: "contoso.com", Parties: []string{"urn:crm:prod"}},
		{Kind: approvals.HandIntranet, Name: "intranet", Title: "intranet", Group: "netsec", GroupID: netsec, Domain: "contoso.com"},
		{Kind: approvals.HandSharePoint, Name: "nx-site", Title: "nx-site", Group: "security", GroupID: security, Site: "https://contoso.sharepoint.com/sites/nx"},
		{Kind: approvals.HandExchange, Name: "nx-mail", Title: "nx-mail", Group: "security", GroupID: security, Mailboxes: []string{"nx@contoso.com"}},
		{
			Kind: approvals.HandProduct, Name: "salesforce", Title: "Salesforce", Group: "security", GroupID: security,
			Do: []string{"Open the user.", "Tick the box."}, Undo: []string{"Open the user.", "Clear the box."},
		},
	}
	if diff := cmp.Diff(want, f.Hands()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"mfa-settings", "adfs"}, f.HandNames(approvals.KindIP)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"intranet", "salesforce"}, f.HandNames(approvals.KindAccount)); diff != "" {
		t.Error(diff)
	}
	if h, ok := f.ByHand("adfs"); !ok || h.Kind != approvals.HandADFS {
		t.Errorf("%+v, %v", h, ok)
	}
	if _, ok := f.ByHand("trusted-servers"); ok {
		t.Error("a location is a place by hand")
	}
}

// handPlan is a plan for an account in the place.
func handPlan(place approvals.ByHand) approvals.Plan {
	return approvals.Plan{
		Kind: approvals.KindAccount, Facts: approvals.Facts{"account.privileged": no(), "fenced": no(), "by_hand": yes(), "account.synced": no(), "group.members": number(0)},
		Changes: []approvals.Change{{Target: place.Target(), Entry: "nx", Hand: &place}},
	}
}

func TestWhatOnlyAWordStandsForNeedsARuleThatAllowsIt(t *testing.T) {
	t.Parallel()
	f := good(t)
	place, _ := f.ByHand("salesforce")
	ask := approvals.Ask{Kind: approvals.KindAccount, Account: "nx", Where: "salesforce", Term: approvals.Term{For: 240 * time.Hour}, Reason: "x"}
	got, err := f.Judge(ask, handPlan(place))
	if err != nil || got.Rule != "by hand" || !got.AttestSelf || got.UndoWithin != 12*time.Hour {
		t.Errorf("%+v, %v", got, err)
	}
	ask.Term.For = 480 * time.Hour // the next rule that matches knows nothing of it
	_, err = f.Judge(ask, handPlan(place))
	if refusal, ok := errors.AsType[*approvals.Refusal](err); !ok || refusal.Reason != approvals.RefusedByRule || !strings.Contains(refusal.Error(), "`by_hand: true`") {
		t.Errorf("got %v", err)
	}
	mixed := handPlan(place)
	mixed.Changes = append(mixed.Changes, approvals.Change{Target: approvals.Target{Kind: approvals.TargetGroup, ID: "g"}, Entry: "u"})
	ask.Term.For = 240 * time.Hour
	if _, err = f.Judge(ask, mixed); err == nil || !strings.Contains(err.Error(), "without a fence") {
		t.Errorf("a group without a fence came in beside what is done by hand: %v", err)
	}
	if got, err := f.Judge(ip(7*day), approvals.Plan{Facts: approvals.Facts{"size": number(2), "by_hand": no()}}); err != nil || got.UndoWithin != 0 || got.AttestSelf {
		t.Errorf("%+v, %v", got, err)
	}
}
