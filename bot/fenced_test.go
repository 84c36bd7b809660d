package bot

import (
	"reflect"
	"strings"
	"testing"

	"hallpass/approvals"
)

func fencedGrammar(exclusions ...string) Grammar {
	g := grammar()
	places := g.Names
	g.Names = func(k approvals.Kind) []string {
		if k == approvals.KindAccount {
			return exclusions
		}
		return places(k)
	}
	g.Zones = func() []string { return []string{"zone-a", "zone-b"} }
	return g
}

func TestAnAccountWithItsAddresses(t *testing.T) {
	t.Parallel()
	for text, check := range map[string]func(a approvals.Ask) bool{
		"account svc@x.com from 20.50.2.1, 20.50.3.0/28 for 9d because x": func(a approvals.Ask) bool {
			return a.Fenced() && len(a.Addresses) == 2 && a.Where == "" && a.Account == "svc@x.com" && a.Drop == nil
		},
		"account svc@x.com from 20.50.2.1 drop 20.60.2.1 in zone-b for 9d because x": func(a approvals.Ask) bool {
			return a.Where == "zone-b" && len(a.Drop) == 1
		},
		"account svc@x.com in integrations for 9d because from x": func(a approvals.Ask) bool {
			return !a.Fenced() && a.Where == "integrations" && a.Reason == "from x"
		},
	} {
		c, err := fencedGrammar("integrations").Parse(text)
		if err != nil || !check(c.Ask) {
			t.Errorf("%q: %+v, %v", text, c.Ask, err)
		}
	}
	for text, want := range map[string]string{
		"account svc@x.com for 9d because x":                                      "`/hallpass account svc@x.com from 20.50.2.1 for 9d because x`",
		"account svc@x.com in zone-a for 9d because x":                            "From which addresses does it sign in?",
		"account svc@x.com from 10.0.0.1 for 9d because x":                        "public egress address",
		"account svc@x.com from for 9d because x":                                 "No address was given.",
		"account svc@x.com from 20.50.2.1 in nowhere for 9d because x":            "There is: zone-a, zone-b. Leave it out",
		"account svc@x.com from 20.50.2.0/28 drop 20.50.2.1 for 9d because x":     "20.50.2.1/32 cannot both go on and stop.",
		"account svc@x.com drop 20.50.2.1 for 9d because x":                       "“from” has to say from where it goes on",
		"ip 20.50.2.1 from 20.50.2.2 in office for 9d because x":                  "belong to `account`",
		"account svc@x.com from 20.50.2.1 drop 20.60.2.1 in zone-b for because x": "`/hallpass account svc@x.com from 20.50.2.1 drop 20.60.2.1 in zone-b for 90d because x`",
	} {
		_, err := fencedGrammar().Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not say %q", text, err, want)
		}
	}
	if _, err := grammar().Parse("account svc@x.com from 20.50.2.1 for 9d because x"); err == nil || !strings.Contains(err.Error(), "No fenced zone is set up here") {
		t.Errorf("without zones: %v", err)
	}
}

func TestTheFormOfAFencedAccount(t *testing.T) {
	t.Parallel()
	g := fencedGrammar("integrations")
	fields := map[string]string{
		fieldWhere: g.askForm().Inputs[0].Options[0].Value, fieldSubject: "svc@x.com", fieldFrom: "20.50.2.1\n20.50.2.2", fieldDrop: "20.60.1.1", fieldTerm: "9d", fieldReason: "x",
	}
	ask, wrong := g.readAsk(fields)
	if len(wrong) > 0 || ask.Kind != approvals.KindAccount || len(ask.Addresses) != 2 || len(ask.Drop) != 1 || ask.Where != "" {
		t.Errorf("%+v, %v", ask, wrong)
	}
	fields[fieldFrom] = ""
	if _, wrong = g.readAsk(fields); !strings.Contains(wrong[fieldFrom], "No address") {
		t.Errorf("%v", wrong)
	}
	fields[fieldWhere], fields[fieldFrom] = "account:integrations", "20.50.2.1"
	if _, wrong = g.readAsk(fields); !strings.Contains(wrong[fieldFrom], "choose it above") {
		t.Errorf("%v", wrong)
	}
	if n := len(grammar().askForm().Inputs); n != 6 { // with the one for applications
		t.Errorf("without zones the form has %d fields", n)
	}
}

func TestAPastedErrorIsAQuestion(t *testing.T) {
	t.Parallel()
	const id = "c0000000-0000-4000-a000-00000000000c"
	for text, want := range map[string]approvals.Question{
		"advise svc-nx@contoso.com":                             {Account: "svc-nx@contoso.com"},
		"advise <mailto:svc-nx@contoso.com|svc-nx@contoso.com>": {Account: "svc-nx@contoso.com"},
		"advise 50000000-0000-4000-a000-000000000005":           {Account: "50000000-0000-4000-a000-000000000005"},
		"AADSTS50076: Due to a configuration change … Trace ID: a0000000-0000-4000-a000-00000000000a Correlation ID: " + id + " Timestamp: 2026-11-23": {Code: 50076, Correlation: id},
		"Error: AADSTS50079 for user svc-nx@contoso.com":                                          {Code: 50079, Account: "svc-nx@contoso.com"},
		"{\"error\":\"interaction_required\",\"correlation_id\":\"" + strings.ToUpper(id) + "\"}": {Correlation: id},
	} {
		c, err := grammar().Parse(text)
		if err != nil || c.Verb != "advise" || c.Question != want {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
	for text, want := range map[string]string{
		"advise":                 "On which account?",
		"advise two words":       "On which account?",
		"ADSTS50076 is no error": "There is no command",
	} {
		if _, err := grammar().Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if c, err := grammar().Parse("deny HP-7 because AADSTS50076 came again"); err != nil || c.Verb != "deny" {
		t.Errorf("a reason with an error in it: %+v, %v", c, err)
	}
}

func TestTheButtonOnAdviceFillsInTheForm(t *testing.T) {
	t.Parallel()
	a := approvals.Advice{
		Account: approvals.Person{ID: "1", UPN: "svc@x.com"}, Stopped: "MFA",
		Options: []approvals.Option{{Way: approvals.WayApp, Fits: true, Why: "w"}, {Way: approvals.WayZone, Fits: true, Why: "w", Type: "/hallpass account svc@x.com from ADDRESS"}},
	}
	c := adviceCard(a)
	if len(c.Buttons) != 1 {
		t.Fatalf("%+v", c)
	}
	form := fencedGrammar("integrations").prepared(c.Buttons[0].Value)
	if form.Inputs[0].Value != "zone:" || form.Inputs[1].Value != "svc@x.com" {
		t.Errorf("%+v", form.Inputs)
	}
	for _, value := range []string{"ask", "", "zone:", "nothing: x"} {
		if form := fencedGrammar().prepared(value); form.Inputs[0].Value != "" || form.Inputs[1].Value != "" {
			t.Errorf("%q fills in %+v", value, form.Inputs[:2])
		}
	}
	for _, address := range []string{"20.50.2.1", "20.60.2.1", "10.0.0.1", "2a01:4f8::1", "20.70.2.1"} {
		a.Seen = append(a.Seen, approvals.SeenAt{Address: address, About: "DE"})
	}
	c = adviceCard(a)
	if len(c.Buttons) != 3 || c.Buttons[1].Label != "From 20.50.2.1" || c.Buttons[2].Label != "From 20.60.2.1" {
		t.Fatalf("the addresses that it was seen at have %+v", c.Buttons)
	}
	form = fencedGrammar("integrations").prepared(c.Buttons[2].Value)
	if form.Inputs[1].Value != "svc@x.com" || form.Inputs[2].ID != fieldFrom || form.Inputs[2].Value != "20.60.2.1" {
		t.Errorf("%+v", form.Inputs)
	}
	a.Options[1].Fits = false
	if c := adviceCard(a); len(c.Buttons) != 0 {
		t.Error("a way that does not fit has a button")
	}
}

func TestTheCommandThatAsksAnewIsTakenAndAsksForTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"ip 20.50.2.1 2a01:111::/64 in office for 9d because x", "account svc@x.com in integrations for 9d because x",
		"account svc@x.com from 20.50.2.1 drop 20.60.2.1 in zone-b for 9d because x", "account svc@x.com from 20.50.2.0/28 for 9d because x",
	} {
		g := fencedGrammar("integrations")
		c, err := g.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		typed := anew(&approvals.Request{Ask: c.Ask})
		again, err := g.Parse(strings.TrimPrefix(typed, "/hallpass "))
		again.Ask.Term, again.Ask.Reason = c.Ask.Term, c.Ask.Reason
		if err != nil || !reflect.DeepEqual(again.Ask, c.Ask) {
			t.Errorf("%q became %q: %+v, %v", text, typed, again.Ask, err)
		}
	}
}
