package bot_test

import (
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
)

// byHand is an ask for what a member of identity does in that place.
func byHand(t *testing.T, place approvals.ByHand, entries ...string) *life {
	t.Helper()
	l := server(t)
	round := l.r.Round()
	round.Plan.Changes = nil
	for _, e := range entries {
		round.Plan.Changes = append(round.Plan.Changes, approvals.Change{Target: place.Target(), Title: place.Title, Entry: e, Label: e, Hand: &place})
	}
	l.r.Ask.Where = place.Name
	round.Plan.Policies = nil
	round.Plan.Warnings = []string{"Done by hand, by a member of identity, and taken away by hand at its end: hallpass cannot verify either."}
	round.Fingerprint = approvals.Fingerprint(round.Plan, round.Term, round.Ruling)
	l.r.Changes = nil
	for _, c := range round.Plan.Changes {
		l.r.Changes = append(l.r.Changes, approvals.Progress{Change: c, State: approvals.ChangeHeld})
	}
	return l
}

func settings() approvals.ByHand {
	return approvals.ByHand{Kind: approvals.HandService, Name: "mfa-settings", Title: "MFA service settings", Group: "identity", GroupID: "g3"}
}

func adfs() approvals.ByHand {
	return approvals.ByHand{Kind: approvals.HandADFS, Name: "adfs", Title: "AD FS", Group: "identity", GroupID: "g3", Domain: "corp.contoso.com", Parties: []string{"urn:federation:MicrosoftOnline"}}
}

func evilPlace() approvals.ByHand {
	return approvals.ByHand{Kind: approvals.HandProduct, Name: "crm", Title: hostile, Group: "identity", GroupID: "g3", Do: []string{hostile, "x"}, Undo: []string{hostile}}
}

// says is Bo's word, with evidence.
func (l *life) says(undo bool, evidence string) *life {
	l.t.Helper()
	return l.does(approvals.Attested{By: bo(), Undo: undo, Evidence: evidence})
}

// handPieces are the cards of what people do by hand, for those who do it and for the others.
func handPieces(t *testing.T, card func(string, bot.Card), approver, requester, notices func(string, *life)) {
	t.Helper()
	v := bot.Voice{Zone: time.UTC}
	group := func(name string, l *life) { card("hand-"+name+"-group", v.Hand(&l.r, false)) }
	person := func(name string, l *life) { card("hand-"+name+"-person", v.Hand(&l.r, true)) }

	l := byHand(t, settings(), "20.50.2.1/32", "20.50.2.2/32")
	approver("hand-asked", l)
	l.approved().released()
	approver("hand-waits", l)
	requester("hand-waits", l)
	group("waits", l)
	l.later(time.Minute).does(approvals.TaskTaken{By: bo()})
	group("taken", l)
	person("taken", l)
	l.later(2 * time.Hour).does(approvals.Woke{})
	notices("hand-reminded", l)
	l.says(false, "CHG-77: the list shows both. "+hostile)
	approver("hand-in-force", l)
	requester("hand-in-force", l)
	l.until(l.r.End)
	group("undo", l)
	requester("hand-ending", l)
	l.later(25 * time.Hour).does(approvals.Woke{}).does(approvals.Woke{})
	group("overdue", l)
	approver("hand-overdue", l)
	notices("hand-overdue", l)
	l.says(true, "taken out, CHG-78").is(approvals.StateEnded)
	approver("ended-hand", l)
	requester("ended-hand", l)
	group("over", l)
	notices("hand-ended", l)

	person("script", byHand(t, adfs(), "20.50.2.0/29").approved().released())
	person("injection", byHand(t, evilPlace(), hostile).approved().released())
	group("injection", byHand(t, evilPlace(), hostile).approved().released())
	requester("ended-hand-never-made", byHand(t, settings(), "20.50.2.1/32").later(time.Hour).approved().does(approvals.Cancelled{By: ana(), Why: "not needed any more"}))
}
