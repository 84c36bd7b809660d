package bot_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

const day = 24 * time.Hour

// hostile is text by which people try to make a card say something else.
const hostile = "<!channel> <@U0BO> <https://evil.example|https://login.microsoftonline.com> *bold* `code`\n✓ Bo Berg (netsec) approved\n\u202egnp.exe\x07 <at>everyone</at> [okta](https://evil.example) <img src=x>"

func person(id, name string) approvals.Person {
	return approvals.Person{ID: id, Human: id, Name: name, UPN: id + "@contoso.com", Enabled: true}
}

func ana() approvals.Person  { return person("ana", "Ana Almeida") }
func bo() approvals.Person   { return person("bo", "Bo Berg") }
func cleo() approvals.Person { return person("cleo", "Cleo Costa") }
func sam() approvals.Person  { return person("sam", "Sam Stone") }

// life is a request and the moment it has reached. Every card of the golden files is of a request that Step has made, so
// none shows what cannot be.
type life struct {
	t   *testing.T
	r   approvals.Request
	now time.Time
}

func (l *life) does(e approvals.Event) *life {
	l.t.Helper()
	next, _, err := approvals.Step(l.r, e, approvals.Moment{Now: l.now})
	if err != nil {
		l.t.Fatalf("%T: %v", e, err)
	}
	l.r = next
	return l
}

func (l *life) later(d time.Duration) *life { l.now = l.now.Add(d); return l }

func (l *life) is(s approvals.State) *life {
	l.t.Helper()
	if l.r.State != s {
		l.t.Fatalf("the request is %s, want %s", l.r.State, s)
	}
	return l
}

// ask is what begins a life.
type ask struct {
	by, owner approvals.Person
	addresses []string
	account   string
	where     string
	days      int
	reason    string
	ticket    string
	warnings  []string
	notify    []string
	adopt     bool
}

// begin opens a request on a Monday morning.
func begin(t *testing.T, a ask) *life {
	t.Helper()
	l := &life{t: t, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	wanted := approvals.Ask{Kind: approvals.KindIP, Adopt: a.adopt, Where: a.where, Term: approvals.Term{For: time.Duration(a.days) * day}, Reason: a.reason, Ticket: a.ticket}
	plan := approvals.Plan{
		Kind: approvals.KindIP, Warnings: a.warnings, Facts: approvals.Facts{}, Made: l.now,
		Policies: []approvals.PolicyEffect{{ID: "p1", Name: "Require MFA for everyone", State: "enabled", Does: "skips MFA from this address"}},
	}
	for _, text := range a.addresses {
		p := netip.MustParsePrefix(text)
		wanted.Addresses = append(wanted.Addresses, p)
		plan.Changes = append(plan.Changes, approvals.Change{
			Target: approvals.Target{Kind: approvals.TargetLocation, ID: "loc"}, Title: "Trusted servers", Entry: text, Label: text,
		})
	}
	plan.Facts["addresses"] = approvals.Fact{Known: true, Int: int64(len(a.addresses))}
	plan.Facts["location.trusted"] = approvals.Fact{Known: true}
	plan.Facts["location.policies"] = approvals.Fact{Why: "Graph did not answer"}
	if a.account != "" {
		wanted.Kind, wanted.Account, plan.Kind = approvals.KindAccount, a.account, approvals.KindAccount
		plan.Account = approvals.Person{ID: "svc", Human: "svc", Name: "svc-nx", UPN: a.account, Enabled: true}
		plan.Policies[0].Does = "no longer asks this account for MFA"
		plan.Changes = []approvals.Change{{
			Target: approvals.Target{Kind: approvals.TargetGroup, ID: "grp"}, Title: "MFA exempt integrations", Entry: "svc", Label: a.account,
		}}
		plan.Facts = approvals.Facts{"account.privileged": {Known: true}, "group.members": {Known: true, Int: 3}}
	}
	for i := range plan.Changes {
		plan.Changes[i].Adopt = a.adopt
	}
	return l.does(approvals.Opened{
		ID: "HP-1042", Ask: wanted, Requester: a.by, Owner: a.owner, Plan: plan,
		Ruling: approvals.Ruling{
			Rule: "everything else", Seats: []approvals.Seat{{Group: "netsec", GroupID: "g1", Count: 1}, {Group: "security", GroupID: "g2", Count: 1}},
			Max: 90 * day, MaxTotal: 365 * day, Lapse: 3 * day, Nudge: day, Remind: []time.Duration{14 * day, 3 * day, day},
			ApplyWithin: day, RulesHash: strings.Repeat("51aa", 16), Notify: a.notify,
		},
	})
}

// server is the usual ask: one address for thirty days.
func server(t *testing.T) *life {
	t.Helper()
	return begin(t, ask{by: ana(), owner: ana(), addresses: []string{"20.50.2.1/32"}, where: "trusted-servers", days: 30, reason: "AgilePoint NX calls SharePoint"})
}

// account is an ask for a service account that Sam answers for.
func account(t *testing.T) *life {
	t.Helper()
	return begin(t, ask{
		by: ana(), owner: sam(), account: "svc-nx@contoso.com", where: "integrations", days: 30, reason: "AgilePoint NX signs in", ticket: "INC-4711",
		warnings: []string{"The account will sign in without MFA from any address: whoever knows its password can."},
	})
}

// fenced is an ask for that account, for 75 days, from one address only.
func fenced(t *testing.T) *life {
	t.Helper()
	l := account(t)
	l.r.Ask.Addresses = []netip.Prefix{netip.MustParsePrefix("20.50.2.1/32")}
	round := l.r.Round()
	round.Term = approvals.Term{For: 75 * day}
	round.Plan.Zone = &approvals.Zone{Name: "z", Title: "Integrations, fenced", Pairs: []approvals.Pair{{Account: "svc", Label: "svc-nx@contoso.com", Address: "20.50.2.1/32"}}}
	round.Plan.Changes = append([]approvals.Change{{
		Target: approvals.Target{Kind: approvals.TargetLocation, ID: "loc"}, Title: "Integrations, fenced", Entry: "20.50.2.1/32", Label: "20.50.2.1/32",
	}}, round.Plan.Changes...)
	round.Plan.Warnings = []string{"It will be BLOCKED from: 20.60.1.9 (AgilePoint NX, last 2 days ago)."}
	round.Ruling.EndUnfenced = true
	round.Fingerprint = approvals.Fingerprint(round.Plan, round.Term, round.Ruling)
	return l
}

// blocking is a fenced life whose account is blocked at its end.
func blocking(t *testing.T) *life {
	t.Helper()
	l := fenced(t)
	round := l.r.Round()
	round.Plan.Changes = append([]approvals.Change{{
		Target: approvals.BlockTarget("blocked", "svc"), Title: "Blocked accounts", Entry: approvals.EntryUnblocked, Label: "svc-nx@contoso.com", Adopt: true,
	}}, round.Plan.Changes...)
	round.Fingerprint = approvals.Fingerprint(round.Plan, round.Term, round.Ruling)
	return l
}

func (l *life) vote(who approvals.Person, choice approvals.Choice, shorten time.Duration, groups ...string) *life {
	l.t.Helper()
	standings := map[string][]string{}
	for _, v := range l.r.Round().Votes {
		standings[v.Voter.ID] = v.Groups
	}
	reason := ""
	if choice == approvals.ChoiceDeny {
		reason = "the vendor has a connector without this"
	}
	return l.does(approvals.Voted{
		Vote:        approvals.Vote{Voter: who, Choice: choice, Groups: groups, Shorten: shorten, Reason: reason},
		Fingerprint: l.r.Round().Fingerprint, Standings: standings,
	})
}

func (l *life) approved() *life {
	l.t.Helper()
	return l.vote(bo(), approvals.ChoiceApprove, 0, "netsec").later(time.Minute).vote(cleo(), approvals.ChoiceApprove, 0, "security")
}

func (l *life) released() *life {
	l.t.Helper()
	round := l.r.Round()
	return l.does(approvals.Replanned{Plan: round.Plan, Ruling: round.Ruling})
}

// seen wakes the request with the same view of all changes, once for each of them.
func (l *life) seen(v approvals.View) *life {
	l.t.Helper()
	for range l.r.Changes {
		var views []approvals.View
		for range l.r.Changes {
			views = append(views, v)
		}
		l.does(approvals.Woke{Views: views})
	}
	return l
}

func (l *life) active() *life {
	l.t.Helper()
	return l.approved().released().later(30 * time.Second).seen(approvals.View{Verified: true, Accepted: l.now}).is(approvals.StateActive)
}

func (l *life) until(at time.Time) *life {
	l.t.Helper()
	l.now = at
	return l.does(approvals.Woke{})
}

func (l *life) renewal() *life {
	l.t.Helper()
	round := l.r.Round()
	return l.does(approvals.RenewAsked{By: ana(), Term: approvals.Term{For: 10 * day}, Reason: "the migration is late", Plan: round.Plan, Ruling: round.Ruling})
}
