package bot

import (
	"strings"
	"testing"

	"hallpass/approvals"
)

func TestWhatBecomesOfAnAccountIsSaidBehindThen(t *testing.T) {
	t.Parallel()
	g := fencedGrammar("integrations")
	for text, want := range map[string]approvals.Then{
		"account svc@x.com from 20.50.2.1 for 9d because then x":             "",
		"account svc@x.com from 20.50.2.1 for 9d then mfa because x":         approvals.ThenMFA,
		"account svc@x.com from 20.50.2.1 then BLOCKED for 9d because x":     approvals.ThenBlocked,
		"account svc@x.com in integrations for 9d then blocked because of x": approvals.ThenBlocked,
		"account svc@x.com from 20.50.2.1 for 9d then signed-out because x":  approvals.ThenSignedOut,
		"account svc@x.com from 20.50.2.1 then Signed Out for 9d because x":  approvals.ThenSignedOut,
		"account svc@x.com from 20.50.2.1 for 9d then disabled because x":    approvals.ThenDisabled,
	} {
		if c, err := g.Parse(text); err != nil || c.Ask.Then != want {
			t.Errorf("%q: %q, %v", text, c.Ask.Then, err)
		}
	}
	for text, want := range map[string]string{
		"account svc@x.com from 20.50.2.1 for 9d then gone because x": "“gone” is none of it",
		"account svc@x.com from 20.50.2.1 for 9d then because x":      "Then what?",
		"account svc@x.com from 20.50.2.1 then mfa because x":         "for 90d then mfa because x`",
		"ip 20.50.2.1 in office for 9d then mfa because x":            "it belongs to `account`",
		"adopt svc@x.com in integrations for 9d then mfa because x":   "it belongs to `account`",
	} {
		if _, err := g.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestTheFormAsksWhatBecomesOfAnAccountWhereItCanBeBlocked(t *testing.T) {
	t.Parallel()
	g := fencedGrammar("integrations")
	offers := func() (words string) {
		for _, in := range g.askForm().Inputs {
			if in.ID == fieldThen {
				words = in.Hint + ":"
				for _, o := range in.Options {
					words += " " + o.Value
				}
			}
		}
		return words
	}
	if got := offers(); got != "" {
		t.Errorf("where nothing can become of an account the form offers %q", got)
	}
	g.SignsOut = true
	if got := offers(); got != "nothing chosen: asked for MFA again: mfa signed-out" {
		t.Errorf("where it can be signed out the form offers %q", got)
	}
	g.Blocks = func() bool { return true }
	if got := offers(); got != "nothing chosen: blocked: blocked disabled signed-out mfa" {
		t.Errorf("where it can be both the form offers %q", got)
	}
	g.SignsOut = false
	if got := offers(); got != "nothing chosen: blocked: blocked disabled mfa" {
		t.Errorf("where it can be blocked the form offers %q", got)
	}
	fields := map[string]string{fieldWhere: fenced + ":", fieldSubject: "svc@x.com", fieldFrom: "20.50.2.1", fieldTerm: "9d", fieldReason: "x", fieldThen: "mfa"}
	if ask, wrong := g.readAsk(fields); len(wrong) > 0 || ask.Then != approvals.ThenMFA {
		t.Errorf("%+v, %v", ask, wrong)
	}
	fields[fieldThen] = "evil"
	if _, wrong := g.readAsk(fields); wrong[fieldThen] == "" {
		t.Error("a choice that is not there was taken")
	}
	address := map[string]string{fieldWhere: "ip:office", fieldSubject: "20.50.2.1", fieldTerm: "9d", fieldReason: "x", fieldThen: "blocked"}
	if _, wrong := g.readAsk(address); !strings.Contains(wrong[fieldThen], "Only an account can be blocked") {
		t.Errorf("an address is blocked: %v", wrong)
	}
}
