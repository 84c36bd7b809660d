package bot

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

func grammar() Grammar {
	return Grammar{Zone: time.UTC, Names: func(k approvals.Kind) []string {
		return map[approvals.Kind][]string{
			approvals.KindIP: {"trusted-servers", "office"}, approvals.KindAccount: {"integrations"}, approvals.KindApp: {"contracts"},
		}[k]
	}, Hands: func(k approvals.Kind) []string {
		if k == approvals.KindIP {
			return []string{"mfa-settings", "adfs"}
		}
		if k == approvals.KindAccount {
			return []string{"salesforce"}
		}
		return nil
	}}
}

func TestCommandsAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for text, check := range map[string]func(c Command) bool{
		"": func(c Command) bool { return c.Verb == "" },
		"ip 20.50.2.1 in trusted-servers for 90d because AgilePoint calls": func(c Command) bool {
			return c.Ask.Addresses[0].String() == "20.50.2.1/32" && c.Ask.Where == "trusted-servers" && c.Ask.Term.For == 90*day && c.Ask.Reason == "AgilePoint calls"
		},
		"IP 20.50.2.1, 20.50.3.0/28 For 2 weeks IN office ticket INC-7 because a\nb": func(c Command) bool {
			return len(c.Ask.Addresses) == 2 && c.Ask.Term.For == 14*day && c.Ask.Ticket == "INC-7" && strings.Contains(c.Ask.Reason, "b")
		},
		"app AgilePoint-NX in contracts with https://issuer.example repo:contoso/nx:Environment for 365d ticket T-1 because it calls SharePoint": func(c Command) bool {
			return c.Verb == "app" && c.Ask.Kind == approvals.KindApp && c.Ask.App == "agilepoint-nx" && c.Ask.Where == "contracts" && c.Ask.Term.For == 365*day &&
				c.Ask.Credential.Issuer == "https://issuer.example" && c.Ask.Credential.Subject == "repo:contoso/nx:Environment" && c.Ask.Ticket == "T-1"
		},
		"app nx with https://issuer.example sub for 30d because the only access is meant": func(c Command) bool { return c.Ask.Where == "contracts" },
		"ip 20.50.2.1 in office for 90d because it comes with a certificate":              func(c Command) bool { return c.Ask.Reason == "it comes with a certificate" },
		"account &lt;x&gt; because y": nil,
		"account <mailto:svc-nx@contoso.com|svc-nx@contoso.com> until 2027-01-31 because in for a reason": func(c Command) bool {
			return c.Ask.Account == "svc-nx@contoso.com" && c.Ask.Where == "integrations" && c.Ask.Term.Until.Year() == 2027 && c.Ask.Reason == "in for a reason"
		},
		"show 1042":                                     func(c Command) bool { return c.ID == "HP-1042" },
		"approve hp-7 for 14d":                          func(c Command) bool { return c.ID == "HP-7" && c.Term.For == 14*day },
		"deny HP-7 because &lt;no&gt; way":              func(c Command) bool { return c.Why == "<no> way" },
		"renew HP-7 for 1 month because x":              func(c Command) bool { return c.Term.For == 30*day },
		"hand HP-7 to <@U123|bob>":                      func(c Command) bool { return c.To == "U123" && c.Mention },
		"hand HP-7 to bo@contoso.com":                   func(c Command) bool { return c.To == "bo@contoso.com" && !c.Mention },
		"list":                                          func(c Command) bool { return c.List == "mine" },
		"list expiring 2 weeks":                         func(c Command) bool { return c.Within == 14*day },
		"own <mailto:svc@x.com|svc@x.com>":              func(c Command) bool { return c.Account == "svc@x.com" },
		"ip 20.50.2.1 in mfa-settings for 9d because x": func(c Command) bool { return c.Ask.Where == "mfa-settings" && c.Ask.Kind == approvals.KindIP },
		"account NX in Salesforce for 9d because x":     func(c Command) bool { return c.Ask.Where == "salesforce" && c.Ask.Account == "nx" },
		"account svc@x.com for 9d because x":            func(c Command) bool { return c.Ask.Where == "integrations" }, // never by hand unless said
		"review":                                        func(c Command) bool { return c.Verb == "review" },
		"question HP-7":                                 func(c Command) bool { return c.ID == "HP-7" && c.Why == "" },
		"question 7 because the migration is done":      func(c Command) bool { return c.ID == "HP-7" && c.Why == "the migration is done" },
		"let HP-7 end":                                  func(c Command) bool { return c.Verb == "let" && c.ID == "HP-7" },
		"let hp-7 End because it is over":               func(c Command) bool { return c.ID == "HP-7" && c.Why == "it is over" },
		"adopt":                                         func(c Command) bool { return c.Verb == "adopt" && !c.Ask.Adopt },
		"adopt 10.0.0.0/8, 20.50.2.9/24 in office for 90d because nobody knows": func(c Command) bool {
			return c.Ask.Adopt && c.Ask.Kind == approvals.KindIP && len(c.Ask.Addresses) == 2 && c.Ask.Addresses[1].String() == "20.50.2.0/24" && c.Ask.Where == "office"
		},
		"adopt svc@x.com for 90d because x": func(c Command) bool {
			return c.Ask.Adopt && c.Ask.Kind == approvals.KindAccount && c.Ask.Account == "svc@x.com" && c.Ask.Where == "integrations"
		},
		"take 7":                              func(c Command) bool { return c.Verb == "take" && c.ID == "HP-7" },
		"list todo":                           func(c Command) bool { return c.List == "todo" },
		"done HP-7 hallpass-0123456789abcdef": func(c Command) bool { return c.ID == "HP-7" && c.Why == "hallpass-0123456789abcdef" },
		"undone hp-7 because it is gone, for good": func(c Command) bool {
			return c.Verb == "undone" && c.Why == "it is gone, for good"
		},
		"done HP-7 Paste this line:\nhallpass-0123, in the end for TASK-9": func(c Command) bool {
			return c.ID == "HP-7" && strings.Contains(c.Why, "\nhallpass-0123, in the end for TASK-9") // as it was typed
		},
	} {
		c, err := grammar().Parse(text)
		if check == nil {
			if err == nil {
				t.Errorf("%q is taken", text)
			}
			continue
		}
		if err != nil || !check(c) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestAMistakeShowsTheCommandAsItShouldBe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"aprove HP-7":                               "`/hallpass approve HP-7`",
		"20.50.2.1 for 90d":                         "`/hallpass ip 20.50.2.1 for 90d`",
		"ip 20.50.2.1 for 90d because x":            "in trusted-servers for 90d because x`",
		"ip 20.50.2.1 in offce for 90d because x":   "There is no location “offce”. There is: trusted-servers, office, mfa-settings, adfs.",
		"ip 20.50.2.1 in office because x":          "How long is missing.",
		"ip 20.50.2.1 in office for ever because x": "Write 90d, 12h, 2 weeks or until 2027-01-31.",
		"ip 20.50.2.1 in office for 9d":             "The reason is missing.",
		"ip 20.50.2.1 in office until 31.1.27":      "Write the year first",
		"ip 10.0.0.1 in office for 9d because x":    "public egress address",
		"deny HP-7":                                 "`/hallpass deny HP-7 because …`",
		"revoke":                                    "Which request?",
		"hand HP-7":                                 "`/hallpass hand HP-7 to @person`",
		"fly":                                       "`/hallpass help`",
		"done":                                      "Type: `/hallpass done HP-1042 what shows it",
		"done HP-7":                                 "`/hallpass done HP-7 what shows it",
		"undone the thing":                          "`/hallpass undone HP-1042 what shows it",
		"done HP-7 " + strings.Repeat("x", 3500):    "at most 3000 fit",
		"let HP-7 go":                               "`/hallpass let HP-1042 end`",
		"review HP-7":                               "`/hallpass review`",
		"take":                                      "`/hallpass take HP-1042`",
		"adopt 20.50.2.0/24 for 90d because x":      "Into which location? There is: trusted-servers, office.",
		"adopt 20.50.2.0/24 in adfs for 90d because x":             "There is no location “adfs”. There is: trusted-servers, office.",
		"adopt svc@x.com in integrations":                          "`/hallpass adopt svc@x.com in integrations for",
		"adopt svc@x.com from 20.50.2.1 for 9d because x":          "taken over as it is",
		"adopt 20.50.2.0/24 svc@x.com in office for 9d because x":  "\"svc@x.com\" is no range",
		"ip 20.50.2.1 in adsf for 90d because x":                   "There is: trusted-servers, office, mfa-settings, adfs.",
		"ip 20.50.2.1 in salesforce for 90d because x":             "There is no location “salesforce”.",
		"account NX from 20.50.2.1 in salesforce for 9d because x": "No fenced zone is set up here",
		"ip 20.50.2.1 in office for 1d for 2d because x":           "“for” stands twice",
		"deny HP-7 because " + strings.Repeat("x", 3000):           "at most 2000 fit",
		strings.Repeat("y", 10_000):                                "at most 4000 fit",
	} {
		_, err := grammar().Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v does not say %q", text, err, want)
		}
	}
}

func TestWhatCouldMakeACardLieIsMadeVisible(t *testing.T) {
	t.Parallel()
	c, err := grammar().Parse("deny HP-7 because \u202egnp.exe\x07\u200bx")
	if err != nil || c.Why != "[U+202E]gnp.exe[U+0007][U+200B]x" {
		t.Errorf("%q, %v", c.Why, err)
	}
}

// TestTheCorrectedCommandIsTaken types what a mistake's answer shows, as people will.
func TestTheCorrectedCommandIsTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"ip 20.50.2.1 for 90d because x", "ip 20.50.2.1 in offce for 90d because x", "ip 20.50.2.1 in office because x", "ip 20.50.2.1 in office for 9d",
		"ip 20.50.2.1 in office for ever because x", "ip", "account", "account svc@contoso.com in nowhere because x", "account svc@contoso.com",
		"aprove HP-7", "deny HP-7", "revoke HP-7", "renew HP-7", "renew HP-7 for 9d", "hand HP-7", "own", "list nothing", "show", "20.50.2.1 in office for 9d because x",
		"ip 20.50.2.1 in office for 1d for 2d because x", "deny HP-7x because y", "ip 20.50.2.1 in office until 31.1.27 because x",
		"let", "question", "review HP-7", "adopt 20.50.2.0/24 in office", "adopt svc@x.com", "adopt svc@x.com from 20.50.2.1 for 9d because x", "adopt 10.0.0.0/8 for 9d because x", "adopt svc@x.com in office for 9d because x",
	} {
		_, err := grammar().Parse(text)
		if err == nil {
			t.Errorf("%q is taken as it is", text)
			continue
		}
		_, shown, found := strings.Cut(err.Error(), "`/hallpass ")
		shown, _, closed := strings.Cut(shown, "`")
		if !found || !closed {
			if !strings.Contains(err.Error(), "Write ") { // a date or a duration: the rest of the command is right
				t.Errorf("%q: %v shows no command", text, err)
			}
			continue
		}
		if _, err := grammar().Parse(shown); err != nil {
			t.Errorf("%q: told to type %q, and that is answered: %v", text, shown, err)
		}
	}
}

// FuzzParse: whatever is typed is either answered with words for people, or means exactly one thing that can be carried out.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"ip 20.50.2.1 in office for 9d because x", "account svc@x.com for 2 weeks ticket A-1 because \u202ex", "hand HP-7 to <@U1|x>",
		"renew hp-0007 until 2027-01-31 because <https://x|y>", "list expiring 1 day and 2 hours", "approve 7 for 3h", "own &lt;a&gt;", "adopt 10.0.0.0/8 in office for 9d because x", "adopt svc@x.com in integrations for 9d because x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := grammar().Parse(text)
		if err != nil {
			if _, ok := errors.AsType[*approvals.Refusal](err); !ok {
				t.Errorf("%q: %v is not for people", text, err)
			}
			return
		}
		if c.Verb != "" && !slices.Contains(verbs(), c.Verb) {
			t.Errorf("%q is the verb %q", text, c.Verb)
		}
		for _, said := range []string{c.Why, c.Ask.Reason, c.Ask.Ticket, c.Ask.Account, c.To} {
			if said != visible(said) || len([]rune(said)) > maxCommand*8 {
				t.Errorf("%q: %q could deceive", text, said)
			}
		}
		switch c.Verb {
		case "adopt":
			if c.Ask.Adopt {
				sound(t, text, c.Ask)
			}
		case "ip", "account":
			sound(t, text, c.Ask)
		case "show", "approve", "deny", "cancel", "renew", "revoke", "hand", "question", "let":
			if again, err := approvals.ParseRequestID(string(c.ID)); err != nil || again != c.ID {
				t.Errorf("%q is about %q", text, c.ID)
			}
			if c.Term.For < 0 || c.Verb == "deny" && c.Why == "" || c.Verb == "hand" && c.To == "" {
				t.Errorf("%q: %+v", text, c)
			}
		}
	})
}

// sound checks what must hold for an ask that the grammar lets through.
func sound(t *testing.T, text string, a approvals.Ask) {
	t.Helper()
	if !slices.Contains(grammar().Names(a.Kind), a.Where) || a.Reason == "" || a.Term.IsZero() || a.Term.For < 0 || a.Term.For > 0 && !a.Term.Until.IsZero() {
		t.Errorf("%q: %+v", text, a)
	}
	if a.Kind == approvals.KindAccount && (a.Account == "" || strings.ContainsAny(a.Account, " \n") || len(a.Addresses) > 0) {
		t.Errorf("%q: the account %q", text, a.Account)
	}
	for _, p := range a.Addresses {
		again, err := approvals.ParseAddress(p.String())
		if a.Adopt { // whatever stands in Entra ID
			again, err = netip.ParsePrefix(p.String())
		}
		if err != nil || again != p || p != p.Masked() {
			t.Errorf("%q: the address %s", text, p)
		}
	}
	if a.Kind == approvals.KindIP && len(a.Addresses) == 0 {
		t.Errorf("%q: no address", text)
	}
}

// FuzzForm: what the check of a form lets through can be carried out, and says the same as a command would.
func FuzzForm(f *testing.F) {
	f.Add(FormAsk, "", "ip:office", "20.50.2.1", "90d", "x", "INC-1", "")
	f.Add(FormAsk, "", "account:integrations", "svc@contoso.com", "until 2027-01-31", "x", "", "")
	f.Add(FormApprove, "HP-7:f", "", "", "14d", "", "", "")
	f.Add(FormHand, "HP-7:f", "", "", "", "", "", "bo@contoso.com")
	f.Fuzz(func(t *testing.T, form, hidden, where, subject, term, reason, ticket, to string) {
		in := Incoming{Kind: InSubmit, Form: form, Hidden: hidden, Fields: map[string]string{
			fieldWhere: where, fieldSubject: subject, fieldTerm: term, fieldReason: reason, fieldTicket: ticket, fieldTo: to,
		}}
		wrong := grammar().checkForm(in)
		c, seen, err := grammar().formCommand(in)
		if len(wrong) > 0 {
			for field, text := range wrong {
				if field == "" || text == "" {
					t.Errorf("%+v: a mistake without words: %q", in, wrong)
				}
			}
			return
		}
		if form == FormAsk {
			if err != nil {
				t.Errorf("%+v was let through, and then: %v", in, err)
				return
			}
			sound(t, subject, c.Ask)
			return
		}
		if err == nil && (seen != "" && !strings.HasSuffix(hidden, ":"+seen) || c.ID == "" || c.Why != visible(c.Why)) {
			t.Errorf("%+v became %+v, %q", in, c, seen)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	f.Add("90d")
	f.Add("1 day and 12 hours")
	f.Add("4441d 4y and 12 hours")
	f.Add("99y 364d 23h 59m")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			return
		}
		if d <= 0 {
			t.Errorf("%q is %s", text, d)
		}
		if d%time.Minute == 0 {
			again, err := ParseDuration(strings.TrimPrefix(typed(approvals.Term{For: d}), "for "))
			if err != nil || again != d {
				t.Errorf("%q became %s, and typed again %s, %v", text, d, again, err)
			}
		}
	})
}
