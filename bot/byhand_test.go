package bot

import (
	"testing"

	"hallpass/approvals"
)

func handGrammar() Grammar {
	g := fencedGrammar("integrations")
	g.Hands = func(k approvals.Kind) []string {
		if k == approvals.KindIP {
			return []string{"mfa-settings", "adfs"}
		}
		return []string{"intranet"}
	}
	return g
}

func TestTheButtonsOnAdvicePrepareWhatIsDoneByHand(t *testing.T) {
	t.Parallel()
	a := approvals.Advice{
		Account: approvals.Person{ID: "1", UPN: "svc@x.com"}, Stopped: "MFA",
		Options: []approvals.Option{
			{Way: approvals.WayZone, Why: "w"},
			{Way: approvals.WayService, Fits: true, Why: "w", Where: "mfa-settings"},
			{Way: approvals.WayADFS, Why: "w", Where: "adfs"},
			{Way: approvals.WayIntranet, Fits: true, Why: "w", Where: "intranet"},
		},
	}
	c := adviceCard(a)
	if len(c.Buttons) != 2 || c.Buttons[0].Label != "Prepare it by hand: mfa-settings" {
		t.Fatalf("%+v", c.Buttons)
	}
	for i, want := range [][2]string{{"ip:mfa-settings", ""}, {"account:intranet", "svc@x.com"}} {
		form := handGrammar().prepared(c.Buttons[i].Value)
		if form.Inputs[0].Value != want[0] || form.Inputs[1].Value != want[1] {
			t.Errorf("%q fills in %+v", c.Buttons[i].Value, form.Inputs[:2])
		}
	}
	a.Options = append(a.Options, a.Options...)
	if c := adviceCard(a); len(c.Buttons) != maxPrepared {
		t.Errorf("%d buttons", len(c.Buttons))
	}
}

func TestThePreparedFormIsTakenAsItWasFilledIn(t *testing.T) {
	t.Parallel()
	g := handGrammar()
	fields := map[string]string{fieldWhere: "account:intranet", fieldSubject: "svc@x.com", fieldTerm: "7d", fieldReason: "x"}
	ask, wrong := g.readAsk(fields)
	if len(wrong) != 0 || ask.Where != "intranet" || ask.Kind != approvals.KindAccount {
		t.Errorf("%+v, %v", ask, wrong)
	}
	fields[fieldWhere] = "account:mfa-settings" // takes addresses
	if _, wrong := g.readAsk(fields); wrong[fieldWhere] == "" {
		t.Error("an account was taken for a place that takes addresses")
	}
	fields[fieldWhere], fields[fieldSubject] = "ip:mfa-settings", ""
	if _, wrong := g.readAsk(fields); wrong[fieldSubject] == "" {
		t.Error("no address was taken for an address")
	}
}
