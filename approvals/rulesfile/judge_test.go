package rulesfile_test

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
)

const day = 24 * time.Hour

func number(n int64) approvals.Fact { return approvals.Fact{Known: true, Int: n} }

func yes() approvals.Fact { return approvals.Fact{Known: true, Bool: true} }

func no() approvals.Fact { return approvals.Fact{Known: true} }

func ip(d time.Duration) approvals.Ask {
	return approvals.Ask{Kind: approvals.KindIP, Where: "trusted-servers", Term: approvals.Term{For: d}}
}

func account(d time.Duration, ticket string) approvals.Ask {
	return approvals.Ask{Kind: approvals.KindAccount, Account: "svc@example.com", Where: "crm-mfa", Term: approvals.Term{For: d}, Ticket: ticket}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		ask   approvals.Ask
		facts approvals.Facts
		want  string // the rule, or "reason: text"
	}{
		{"one address for a month takes the first rule", ip(30 * day), approvals.Facts{"size": number(1)}, "one address, short"},
		{"one address for longer takes the next", ip(14*day + 17*day), approvals.Facts{"size": number(1)}, `too_long: 31d is too long: the rule "addresses" allows 14d at most. Ask for ` + "`for 14d` or less; it can be renewed."},
		{"many addresses take the second rule", ip(14 * day), approvals.Facts{"size": number(256)}, "addresses"},
		{"no rule matches", ip(14 * day), approvals.Facts{"size": number(257)}, "rule: No rule of your organisation allows this exemption. Ask the people who keep the rules file whether there should be one."},
		{"an unknown fact does not fall through", ip(14 * day), approvals.Facts{"size": {Why: "Entra ID did not answer."}}, `unknown: The rule "one address, short" needs to know how many addresses the widest prefix holds, at most 2^62 (plan.size), and that is not known: Entra ID did not answer. Try again later.`},
		{"an unknown fact that makes no difference is passed by", ip(14 * day), approvals.Facts{"size": number(2)}, "addresses"},
		{"a privileged account is refused", account(day, ""), approvals.Facts{"account.privileged": yes()}, "rule: Privileged accounts are not exempted. Ask for an app registration instead."},
		{"a refusal that cannot be judged refuses", account(day, ""), approvals.Facts{}, `unknown: The refusal "privileged accounts" needs to know whether the account holds an Entra role (plan.account.privileged), and that is not known: it could not be read from Entra ID. Try again later.`},
		{"known lets a rule go on", account(day, ""), approvals.Facts{"account.privileged": no(), "group.members": number(3), "fenced": yes()}, "cloud accounts"},
		{"a ticket is demanded", account(day, " "), approvals.Facts{"account.privileged": no(), "account.synced": yes()}, `rule: The rule "synced accounts" demands a ticket. Add it to the ask, as in ` + "`ticket OPS-123`."},
		{"a ticket was given", account(day, "OPS-1"), approvals.Facts{"account.privileged": no(), "account.synced": yes()}, "synced accounts"},
		{"without a fence only where the rule says so", account(day, ""), approvals.Facts{"account.privileged": no(), "account.synced": no(), "group.members": number(3), "fenced": no()}, `rule: The account could then sign in from anywhere without MFA, and the rule "cloud accounts" does not allow an exemption without a fence. Name the addresses that it signs in from: ` + "`/hallpass account svc@example.com from ADDRESS for 30d because …`" + `. Better still is an app registration or a managed identity.`},
		{"an unknown fence is no fence", account(day, ""), approvals.Facts{"account.privileged": no(), "account.synced": no(), "group.members": number(3)}, `rule: The account could then sign in from anywhere without MFA, and the rule "cloud accounts" does not allow an exemption without a fence. Name the addresses that it signs in from: ` + "`/hallpass account svc@example.com from ADDRESS for 30d because …`" + `. Better still is an app registration or a managed identity.`},
		{"until a date counts from the plan", approvals.Ask{Kind: approvals.KindIP, Term: approvals.Term{Until: made.Add(30 * day)}}, approvals.Facts{"size": number(1)}, "one address, short"},
		{"until a date that is past", approvals.Ask{Kind: approvals.KindIP, Term: approvals.Term{Until: made}}, approvals.Facts{"size": number(1)}, "input: This would end before it begins. Say how long, as in `for 30d`, or a later date."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := good(t).Judge(tt.ask, approvals.Plan{Kind: tt.ask.Kind, Facts: tt.facts, Made: made})
			text := got.Rule
			if refusal, ok := errors.AsType[*approvals.Refusal](err); ok {
				text = string(refusal.Reason) + ": " + refusal.Error()
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARulingSaysEverythingTheRuleSays(t *testing.T) {
	t.Parallel()
	f := good(t)
	got, err := f.Judge(ip(7*day), approvals.Plan{Facts: approvals.Facts{"size": number(2)}})
	if err != nil {
		t.Fatal(err)
	}
	want := approvals.Ruling{
		Rule:  "addresses",
		Seats: []approvals.Seat{{Group: "netsec", GroupID: "1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10", Count: 2}},
		Max:   14 * day, MaxTotal: 365 * day, Lapse: 3 * day, ApplyWithin: day,
		RulesHash: f.Hash(), Read: []string{"size"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got, err = f.Judge(account(7*day, ""), approvals.Plan{
		Facts: approvals.Facts{"account.privileged": no(), "group.members": number(3), "fenced": yes()},
	})
	if err != nil {
		t.Fatal(err)
	}
	want = approvals.Ruling{
		Rule: "cloud accounts",
		Seats: []approvals.Seat{
			{Group: "netsec", GroupID: "1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10", Count: 1},
			{Group: "security", GroupID: "90aa4c11-0000-4d2e-8a51-0c9d2b7e4f10", Count: 1},
		},
		Max: 90 * day, MaxTotal: 365 * day, Lapse: 3 * day, Nudge: day, ApplyWithin: day,
		Remind: []time.Duration{14 * day, 3 * day, day}, Notify: []string{"security"}, Restore: true, EndUnfenced: true, EndChanged: true, StepUp: true,
		RulesHash: f.Hash(), Read: []string{"account.privileged", "fenced", "group.members"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmergencyAccountIsRefusedBeforeEverythingElse(t *testing.T) {
	t.Parallel()
	const id = "0A1B2C3D-0000-4d2e-8a51-0c9d2b7e4f10"
	byID := account(day, "")
	byID.Account = id
	for name, c := range map[string]struct {
		ask  approvals.Ask
		plan approvals.Plan
	}{
		"the planned account": {account(day, ""), approvals.Plan{Account: approvals.Person{ID: id}}},
		"typed by its id":     {byID, approvals.Plan{}},
		"an entry":            {account(day, ""), approvals.Plan{Changes: []approvals.Change{{Entry: id}}}},
	} {
		_, err := good(t).Judge(c.ask, c.plan)
		var refusal *approvals.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != approvals.RefusedEmergency {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A fenced exemption stands on a few facts; a rule goes on without one only if it speaks of it.
func TestAFencedAccountNeedsItsFactsUnlessTheRuleSpeaksOfThem(t *testing.T) {
	t.Parallel()
	ask := account(day, "")
	ask.Addresses = []netip.Prefix{netip.MustParsePrefix("20.50.2.1/32")}
	all := approvals.Facts{
		"fenced": yes(), "tenant.security_defaults": no(), "account.privileged": no(), "account.at_risk": no(),
		"account.per_user_mfa": {Known: true, Text: "disabled"}, "zone.blocked": {Known: true}, "zone.runs": yes(),
	}
	for missing := range all {
		if missing == "fenced" {
			continue // nothing to read: without it there is no fence
		}
		facts := maps.Clone(all)
		facts[missing] = approvals.Fact{Why: "the source is off"}
		for condition, want := range map[string]string{
			"true":                                 "r0 needs " + missing,
			"!known(plan." + missing + ") || true": "",
			"plan.fenced":                          "r0 needs " + missing,
		} {
			_, err := fileWith(t, condition).Judge(ask, approvals.Plan{Kind: ask.Kind, Facts: facts})
			switch refusal, is := errors.AsType[*approvals.Refusal](err); {
			case want == "" && err != nil:
				t.Errorf("%s without %s: %v", condition, missing, err)
			case want == "":
			case !is || refusal.Reason != approvals.RefusedUnknown || !strings.Contains(refusal.What, "plan."+missing) || !strings.Contains(refusal.What, "the source is off"):
				t.Errorf("%s without %s: %v", condition, missing, err)
			}
		}
	}
	if _, err := fileWith(t, "true").Judge(ask, approvals.Plan{Kind: ask.Kind, Facts: all}); err != nil {
		t.Error(err)
	}
	if _, err := fileWith(t, "true").Judge(account(day, ""), approvals.Plan{}); err != nil {
		t.Errorf("without a fence there is nothing to know about it: %v", err)
	}
}

// fileWith is a file with one rule per condition, in order, named r0, r1 and so on.
func fileWith(t interface{ Fatal(args ...any) }, conditions ...string) *rulesfile.File {
	var b strings.Builder
	b.WriteString("groups: {g: {id: 1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10}}\nrules:\n")
	for i, c := range conditions {
		fmt.Fprintf(&b, "  - name: r%d\n    when: %q\n    unfenced: true\n    approve: [{group: g}]\n", i, c)
	}
	f, err := rulesfile.Parse([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatAnUnknownFactDoesToACondition(t *testing.T) {
	t.Parallel()
	tests := []struct{ when, want string }{
		{"plan.account.guest", "unknown"},
		{"!plan.account.guest", "unknown"},
		{"plan.account.guest || !plan.account.guest", "unknown"},
		{"plan.account.guest || false", "unknown"},
		{"false || plan.account.guest", "unknown"},
		{"plan.account.guest ? true : true", "unknown"},
		{"plan.account.guest == false", "unknown"},
		{"plan.overlaps.exists(o, o == '8.8.8.8/32')", "unknown"},
		{"size(plan.overlaps) == 0", "unknown"},
		{"plan.group.members / 0 > 1", "unknown"},
		{"1 / int(ask.reason.size()) > 1", "unknown"}, // it fails
		{"true || plan.account.guest", "r0"},
		{"plan.account.guest || true", "r0"},
		{"plan.account.guest && false", "r1"},
		{"known(plan.account.guest)", "r1"},
		{"!known(plan.account.guest)", "r0"},
		{"known(plan.account.guest) && plan.account.guest", "r1"},
		{"known(ask.kind)", "r0"},
	}
	for _, tt := range tests {
		_, err := fileWith(t, tt.when, "true").Judge(account(day, ""), approvals.Plan{})
		got, rulingErr := fileWith(t, tt.when, "true").Judge(account(day, ""), approvals.Plan{})
		if (err == nil) != (rulingErr == nil) {
			t.Fatal("not the same twice")
		}
		word := got.Rule
		if refusal, ok := errors.AsType[*approvals.Refusal](err); ok {
			word = string(refusal.Reason)
		}
		if word != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.when, word, err, tt.want)
		}
	}
}

// formula is a random condition over three facts, with what three-valued logic says about it.
func formula(t *rapid.T, facts map[string]approvals.Fact, depth int) (text string, value int) { // 0 false, 1 true, 2 unknown
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		name := rapid.SampledFrom([]string{"account.guest", "account.synced", "account.enabled"}).Draw(t, "fact")
		f := facts[name]
		switch {
		case !f.Known:
			return "plan." + name, 2
		case f.Bool:
			return "plan." + name, 1
		}
		return "plan." + name, 0
	}
	a, x := formula(t, facts, depth-1)
	if rapid.IntRange(0, 4).Draw(t, "not") == 0 {
		return "!(" + a + ")", []int{1, 0, 2}[x]
	}
	b, y := formula(t, facts, depth-1)
	if rapid.Bool().Draw(t, "and") {
		switch {
		case x == 0 || y == 0:
			return "(" + a + " && " + b + ")", 0
		case x == 2 || y == 2:
			return "(" + a + " && " + b + ")", 2
		}
		return "(" + a + " && " + b + ")", 1
	}
	switch {
	case x == 1 || y == 1:
		return "(" + a + " || " + b + ")", 1
	case x == 2 || y == 2:
		return "(" + a + " || " + b + ")", 2
	}
	return "(" + a + " || " + b + ")", 0
}

func TestTheFirstRuleThatIsNotFalseDecidesAndUnknownRefuses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := approvals.Facts{}
		for _, name := range []string{"account.guest", "account.synced", "account.enabled"} {
			facts[name] = approvals.Fact{Known: rapid.Bool().Draw(t, "known"), Bool: rapid.Bool().Draw(t, "value")}
		}
		n := rapid.IntRange(1, 4).Draw(t, "rules")
		var conditions []string
		want := "rule"
		for i := range n {
			text, value := formula(t, facts, 3)
			conditions = append(conditions, text)
			if want == "rule" && value == 1 {
				want = fmt.Sprintf("r%d", i)
			}
			if want == "rule" && value == 2 {
				want = "unknown"
			}
		}
		got, err := fileWith(t, conditions...).Judge(account(day, ""), approvals.Plan{Facts: facts})
		word := got.Rule
		if refusal, ok := errors.AsType[*approvals.Refusal](err); ok {
			word = string(refusal.Reason)
		}
		if word != want {
			t.Fatalf("%q with %v: got %s, want %s", conditions, facts, word, want)
		}
	})
}
