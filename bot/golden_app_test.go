package bot_test

import (
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/bot"
)

// application is an ask for an application that writes to one site.
func application(t *testing.T, name string) *life {
	t.Helper()
	l := server(t)
	l.r.Ask = approvals.Ask{
		Kind: approvals.KindApp, App: name, Where: "contracts", Term: l.r.Ask.Term, Reason: l.r.Ask.Reason,
		Credential: approvals.Credential{Issuer: "https://token.actions.githubusercontent.com", Subject: "repo:contoso/nx:environment:production"},
	}
	round, target := l.r.Round(), approvals.AppTarget("contracts", name)
	consent := approvals.ByHand{Kind: approvals.HandConsent, Name: "consent-" + target.ID, Title: "consent for " + name, Group: "tenant-admins", GroupID: "g4"}
	site := approvals.ByHand{Kind: approvals.HandSharePoint, Name: "contracts-site", Title: "Contracts site", Group: "identity", GroupID: "g3", Site: "https://contoso.sharepoint.com/sites/contracts"}
	round.Plan.Kind, round.Plan.Policies = approvals.KindApp, nil
	round.Plan.Changes = []approvals.Change{
		{Target: target, Title: "Contracts", Entry: approvals.EntryRegistered, Label: "the application, without credentials"},
		{Target: consent.Target(), Title: consent.Title, Entry: "Sites.Selected", Label: "Sites.Selected", Hand: &consent},
		byhand.Grant(site, target.ID, "write"),
		{Target: target, Title: "Contracts", Entry: l.r.Ask.Credential.Entry(), Label: l.r.Ask.Credential.Label()},
	}
	round.Plan.Facts = approvals.Facts{"app.permissions": {Known: true, List: []string{"Sites.Selected"}}, "app.credential": {Known: true, Text: "federated"}}
	round.Plan.Warnings = []string{"No password and no MFA: whoever holds a token of https://token.actions.githubusercontent.com for that subject is the application, from anywhere."}
	round.Fingerprint = approvals.Fingerprint(round.Plan, round.Term, round.Ruling)
	return l
}

// appPieces are the cards of an application's life.
func appPieces(t *testing.T, card func(string, bot.Card), form func(string, bot.Form), approver, requester, notices func(string, *life)) {
	t.Helper()
	v := bot.Voice{Zone: time.UTC}
	l := application(t, "agilepoint-nx")
	approver("app-asked", l)
	form("form-details-app", v.Details(&l.r))
	l.approved().released()
	requester("app-being-made", l)
	l.later(30 * time.Second).does(approvals.Woke{Views: []approvals.View{{Verified: true, Accepted: l.now, Made: "c0ffee00-0000-4000-a000-000000000001"}}})
	requester("app-waits-for-consent", l)
	card("app-consent-group", v.Hand(&l.r, false))
	card("app-consent-person", v.Hand(&l.r, true))
	l.does(approvals.Consented{Consent: approvals.Consent{Wider: []string{"Mail.ReadBasic.All"}}})
	requester("app-consent-wider", l)
	l.later(3 * time.Hour).does(approvals.Consented{Consent: approvals.Consent{Missing: []string{"Sites.Selected"}}})
	notices("app-consent-reminded", l)
	l.does(approvals.Consented{})
	card("app-grant", v.Hand(&l.r, false))
	work := byhand.Steps(&l.r, task(t, l))
	l.does(approvals.Attested{By: bo(), Evidence: work.Expect, Expect: work.Expect})
	l.seen(approvals.View{Verified: true, Accepted: l.now}).is(approvals.StateActive)
	requester("app-active", l)
	notices("app-active", l)
	l.until(l.r.End)
	requester("app-ending", l)
	l.seen(approvals.View{Absent: true})
	requester("app-ending-grant", l)
	undo := byhand.Steps(&l.r, task(t, l))
	l.later(time.Minute).does(approvals.Attested{By: bo(), Undo: true, Evidence: undo.Expect, Expect: undo.Expect}).is(approvals.StateEnded)
	requester("app-ended", l)
	notices("app-ended", l)
	card("answer-advice", bot.AdviceCard(approvals.Advice{
		Account: approvals.Person{UPN: "svc-nx@contoso.com"}, Stopped: "MFA is asked for, and nobody answers: per-user MFA is enforced (AADSTS50076).",
		Options: []approvals.Option{
			{Way: approvals.WayApp, Fits: true, Why: "No user, so no policy for users applies.", Type: "/hallpass app NAME in contracts with CERTIFICATE for 90d because …", Where: "contracts"},
			{Way: approvals.WayZone, Why: "Per-user MFA is enforced; it has to be disabled first."},
			{Way: approvals.WayService, Fits: true, Why: "For everybody from there.", Type: "/hallpass ip ADDRESS in mfa-settings for 30d because …", Where: "mfa-settings"},
		},
		Seen: []approvals.SeenAt{{Address: "20.50.2.1", About: "NL, AS8075, AgilePoint NX"}}, Unknown: []string{"whether it is at risk"},
	}))
	card("alarm-app", bot.ReportCard("hallpass-contracts-agilepoint-nx", approvals.Report{
		Target: l.r.App(), Word: approvals.ReportForeign, Entries: []string{"secret:5f1c", "permission:Mail.ReadBasic.All", "owner:" + hostile},
	}))
}

func task(t *testing.T, l *life) approvals.Task {
	t.Helper()
	task, waits := l.r.Task()
	if !waits {
		t.Fatalf("nothing is to be done by hand; the request is %s: %+v", l.r.State, l.r.Changes)
	}
	return task
}
