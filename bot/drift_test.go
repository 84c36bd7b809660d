package bot

import (
	"strings"
	"testing"

	"hallpass/approvals"
)

func TestTheButtonUnderWhatWasTakenOutFillsInTheSameAsk(t *testing.T) {
	t.Parallel()
	g := fencedGrammar("integrations")
	g.Blocks = func() bool { return true }
	for _, text := range []string{
		"ip 20.50.2.1 20.50.3.0/28 2a01:111:f403:f90d::/64 in trusted-servers for 9d because x",
		"account svc@x.com in integrations for 9d because x",
		"account svc@x.com in integrations for 9d then mfa because x",
		"account svc@x.com from 20.50.2.1 20.50.3.0/28 for 9d because x",
		"account svc@x.com from 20.50.2.1 drop 20.60.2.1 20.70.2.0/24 for 9d then blocked because x",
	} {
		c, err := g.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		r := approvals.Request{State: approvals.StateEnded, Ask: c.Ask, Cause: &approvals.Cause{Word: approvals.CauseTakenOut}}
		buttons := Voice{}.Live(&r, false).Buttons
		if len(buttons) != 1 || buttons[0].ID != ButtonAsk {
			t.Fatalf("%s: %+v", text, buttons)
		}
		fields := map[string]string{fieldTerm: "9d", fieldReason: "x"}
		for _, in := range g.prepared(buttons[0].Value).Inputs {
			if in.Value != "" {
				fields[in.ID] = in.Value
			}
		}
		fields[fieldTerm] = "9d"
		again, wrong := g.readAsk(fields)
		if len(wrong) > 0 {
			t.Errorf("%s: what is filled in is wrong: %v", text, wrong)
		}
		if got, want := anew(&approvals.Request{Ask: again}), anew(&r); got != want {
			t.Errorf("%s: it asks for\n%s, not for\n%s", text, got, want)
		}
	}
}

func TestOnlyWhatWasTakenOutAndIsOverCanBeAskedForAgainByButton(t *testing.T) {
	t.Parallel()
	long, err := grammar().Parse("ip 20.50.2.1 in trusted-servers for 9d because x")
	if err != nil {
		t.Fatal(err)
	}
	for what, r := range map[string]approvals.Request{
		"in force":             {State: approvals.StateActive},
		"still being verified": {State: approvals.StateEnding, Cause: &approvals.Cause{Word: approvals.CauseTakenOut}},
		"revoked":              {State: approvals.StateEnded, Cause: &approvals.Cause{Word: approvals.CauseRevoked}},
		"too much for a button": {State: approvals.StateEnded, Cause: &approvals.Cause{Word: approvals.CauseTakenOut}, Ask: approvals.Ask{
			Kind: approvals.KindApp, App: strings.Repeat("x", longestPrepared),
		}},
	} {
		if r.Ask.Kind == "" {
			r.Ask = long.Ask
		}
		for _, b := range (Voice{}).Live(&r, false).Buttons {
			if b.ID == ButtonAsk {
				t.Errorf("%s: %+v", what, b)
			}
		}
	}
}
