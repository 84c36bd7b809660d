package bot_test

import (
	"slices"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
)

// unused is an exemption in force that nobody seems to need.
func unused(t *testing.T) *life {
	t.Helper()
	l := fenced(t).vote(sam(), approvals.ChoiceApprove, 0).approved().released().later(30 * time.Second)
	l.seen(approvals.View{Verified: true, Accepted: l.now}).does(approvals.Proved{Agrees: true})
	return l.later(20 * day).does(approvals.Looked{Read: true})
}

// reviewPieces are what reviewers see, and what comes of what they say.
func reviewPieces(t *testing.T, card func(string, bot.Card), requester, approver, notices func(string, *life)) {
	t.Helper()
	v := bot.Voice{Zone: time.UTC}
	idle := unused(t)
	requester("active-unused", idle)
	notices("unused", idle.until(idle.r.End.Add(-3*day)))
	asked := unused(t).later(time.Hour).does(approvals.Reviewed{By: sam(), Verdict: approvals.VerdictAsk, Why: hostile})
	requester("active-questioned", asked)
	notices("questioned", asked)
	let := unused(t).later(time.Hour).does(approvals.Reviewed{By: sam(), Verdict: approvals.VerdictLetGo, Why: "the migration is done"})
	notices("let-end", let)
	approver("active-renewal-of-what-was-let-end", let.later(time.Hour).renewal())

	soon := server(t).active()
	soon.until(soon.r.End.Add(-5 * day))
	stuck := server(t).active()
	stuck.r.Stuck = &approvals.Stuck{Why: "Entra ID refuses the write", Since: soon.now}
	far := server(t).active()
	far.r.End = soon.now.Add(40 * day)
	w := bot.ForReview{At: soon.now, Active: []approvals.Request{idle.r, soon.r, stuck.r, far.r, far.r}, Unmanaged: 3, Surveyed: true}
	w.Undecided = []approvals.Undecided{
		{Label: "svc-" + hostile, Request: "HP-1001", Owner: sam(), Since: soon.now.Add(-9 * day)},
		{Label: "svc-old@contoso.com", Request: "HP-7", Since: soon.now.Add(-500 * day)},
		{Label: "svc-out@contoso.com", Request: "HP-8", Owner: sam(), Since: soon.now.Add(-2 * day), Disable: true},
		{Label: "svc-found@contoso.com"},
	}
	paged := v
	paged.Pages = "https://hallpass.example.com"
	card("review", paged.ReviewCard(w))
	card("review-many", v.ReviewCard(bot.ForReview{
		At: soon.now, Active: slices.Repeat([]approvals.Request{soon.r}, 40), Undecided: slices.Repeat(w.Undecided, 4), Unread: true,
	}))
	card("review-nothing", v.ReviewCard(bot.ForReview{At: soon.now, Active: []approvals.Request{far.r}}))
	worries := []bot.Worry{}
	for _, c := range []approvals.Concern{
		{Word: approvals.ConcernOwnerLeft, What: "the account of its owner, " + hostile + ", is disabled"},
		{Word: approvals.ConcernGone, What: "svc-nx@contoso.com does not exist any more"},
		{Word: approvals.ConcernPrivileged, What: "svc-nx@contoso.com has become privileged: Exchange Administrator"},
	} {
		worries = append(worries, bot.Worry{Request: idle.r, Concern: c})
	}
	card("alarm-worries", bot.WorryCards(slices.Repeat(worries, 5))[0])
	var stops []bot.Worry
	for i := range 15 {
		r := idle.r
		r.ID = approvals.MakeRequestID(int64(2000 + i))
		stops = append(stops, bot.Worry{Request: r, Concern: approvals.Concern{Word: approvals.ConcernComing, What: "demands a compliant device", Policy: "p9", Name: "Require compliant device"}})
	}
	stops = append(stops, bot.Worry{Request: idle.r, Concern: approvals.Concern{Word: approvals.ConcernStopped, What: "blocks", Policy: "p8", Name: hostile}})
	card("alarm-worries-policies", bot.WorryCards(stops)[0])
	card("review-one", v.ToReview(&idle.r))
}
