package realtest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/realtest"
	"hallpass/graph/graphtest"
)

const group = "20000000-0000-4000-8000-000000000001"

// at is a time of the doctored histories, in seconds.
func at(s int) time.Time {
	return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Add(time.Duration(s) * time.Second)
}

// history is a request with what the tenant's journal says of it.
type history struct {
	requests []approvals.Request
	journal  []graphtest.Event
	now      time.Time
}

func entry(s int, member string, added bool) graphtest.Event {
	return graphtest.Event{At: at(s), Actor: "hallpass", Target: "group:" + group, Entry: member, Added: added}
}

func yes(human string) approvals.Vote {
	return approvals.Vote{Voter: approvals.Person{ID: human, Human: human}, Choice: approvals.ChoiceApprove, Groups: []string{"netsec"}}
}

// whole is a life as it should be: asked for at 0, approved at 10, put in at 12, applied at 30, over at 90, taken out at 91.
func whole() *history {
	change := approvals.Change{Target: approvals.Target{Kind: approvals.TargetGroup, ID: group}, Entry: "svc"}
	owner := yes("ana")
	return &history{now: at(300), journal: []graphtest.Event{entry(12, "svc", true), entry(91, "svc", false)}, requests: []approvals.Request{{
		ID: "HP-1", State: approvals.StateEnded, Opened: at(0), Applied: at(30), End: at(90), Ended: at(120),
		Requester: approvals.Person{ID: "ana", Human: "ana"}, Ask: approvals.Ask{Reason: "AgilePoint"},
		Changes: []approvals.Progress{{Change: change, State: approvals.ChangeAbsent}},
		Cause:   &approvals.Cause{Word: approvals.CauseEnd, At: at(90)},
		Rounds: []approvals.Round{{
			Kind: approvals.RoundFirst, Outcome: approvals.OutcomeApproved, Closed: at(10), Term: approvals.Term{For: time.Minute}, OwnerYes: &owner,
			Plan: approvals.Plan{Changes: []approvals.Change{change}}, Ruling: approvals.Ruling{Seats: []approvals.Seat{{Group: "netsec", Count: 1}}},
			Votes: []approvals.Vote{yes("bo")},
		}},
	}}}
}

func (h *history) weigh() realtest.Verdict { return realtest.Weigh(h.requests, h.journal, h.now) }

// renewed adds a round that was closed at s with that outcome, for another minute.
func (h *history) renewed(s int, outcome approvals.Outcome) {
	r := &h.requests[0]
	again := r.Rounds[0]
	again.Kind, again.Outcome, again.Closed = approvals.RoundRenewal, outcome, at(s)
	if outcome != approvals.OutcomeApproved {
		again.Votes = nil
	}
	r.Rounds = append(r.Rounds, again)
}

func TestTheJudgeAcceptsLivesAsTheyShouldBe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(h *history){
		"as asked for": func(*history) {},
		"renewed": func(h *history) {
			h.renewed(60, approvals.OutcomeApproved)
			h.requests[0].End, h.requests[0].Cause.At, h.journal[1] = at(150), at(150), entry(151, "svc", false)
		},
		"a renewal that nobody wanted": func(h *history) { h.renewed(60, approvals.OutcomeLapsed) },
		"revoked": func(h *history) {
			h.requests[0].Cause, h.journal[1] = &approvals.Cause{Word: approvals.CauseRevoked, At: at(50)}, entry(51, "svc", false)
		},
		"denied": func(h *history) {
			r := &h.requests[0]
			r.State, r.Applied, r.End, r.Changes, h.journal = approvals.StateDenied, time.Time{}, time.Time{}, nil, nil
			r.Rounds[0].Outcome, r.Rounds[0].Votes[0].Choice = approvals.OutcomeDenied, approvals.ChoiceDeny
		},
		"cancelled before it was approved": func(h *history) {
			r := &h.requests[0]
			r.State, r.Applied, r.End, r.Changes, h.journal = approvals.StateCancelled, time.Time{}, time.Time{}, nil, nil
			r.Rounds[0].Outcome, r.Cause.Word = approvals.OutcomeDropped, approvals.CauseCancelled
		},
		"approved anew because the plan changed": func(h *history) {
			r := &h.requests[0]
			r.Rounds = append(r.Rounds, r.Rounds[0])
			r.Rounds[0].Closed = at(5)
		},
		"kept for the next one": func(h *history) {
			next := whole().requests[0]
			next.ID, next.Ask.Reason, next.Applied, next.End, next.Cause.At = "HP-2", "more of it", at(85), at(145), at(145)
			next.Rounds[0].Closed = at(80)
			h.requests, h.journal[1] = append(h.requests, next), entry(146, "svc", false)
		},
		"another hand's entry in the same group": func(h *history) {
			foreign := entry(20, "backup", true)
			foreign.Actor = "an administrator"
			h.journal = append(h.journal, foreign)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := whole()
			change(h)
			v := h.weigh()
			if n := len(v.Lost) + len(v.Doubled) + len(v.Unapproved) + len(v.Late); n > 0 || v.Overshoot > 2*time.Second {
				t.Errorf("%+v", v)
			}
		})
	}
}

// Each of these histories has one thing wrong, and the judge must name it.
func TestTheJudgeRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(h *history)
		kind   string
		want   string
	}{
		"approved and never applied": {func(h *history) {
			r := &h.requests[0]
			r.Applied, r.End, r.Cause, h.journal = time.Time{}, time.Time{}, &approvals.Cause{Word: approvals.CauseNotApplied, At: at(90)}, nil
		}, "lost", "approved and never applied: not applied in time"},
		"applied by its own word only": {func(h *history) { h.journal = nil }, "lost", "never was there"},
		"approved and not ended":       {func(h *history) { h.requests[0].State = approvals.StateEnding }, "lost", "approved and is ending"},
		"lapsed": {func(h *history) {
			r := &h.requests[0]
			r.State, r.Applied, r.End, h.journal = approvals.StateLapsed, time.Time{}, time.Time{}, nil
			r.Rounds[0].Outcome, r.Cause.Word = approvals.OutcomeLapsed, approvals.CauseLapsed
		}, "lost", "never approved and is lapsed"},
		"denied by nobody": {func(h *history) {
			r := &h.requests[0]
			r.State, r.Applied, r.End, h.journal = approvals.StateDenied, time.Time{}, time.Time{}, nil
			r.Rounds[0].Outcome, r.Cause.Word = approvals.OutcomeDropped, approvals.CauseReplanned
		}, "lost", "never approved and is denied"},
		"pending for ever": {func(h *history) {
			r := &h.requests[0]
			r.State, r.Applied, r.End, r.Cause, h.journal = approvals.StatePending, time.Time{}, time.Time{}, nil, nil
			r.Rounds[0].Outcome = approvals.OutcomeOpen
		}, "lost", "never approved and is pending"},
		"taken away before its end": {func(h *history) { h.journal[1] = entry(60, "svc", false) }, "lost", "taken away at 12:01:00.000, before its end"},
		"gone when it was renewed": {func(h *history) {
			h.renewed(60, approvals.OutcomeApproved)
			h.requests[0].End, h.requests[0].Cause.At = at(150), at(150)
		}, "lost", "before its end"},
		"asked for once and there twice": {func(h *history) {
			h.requests = append(h.requests, whole().requests[0])
			h.requests[1].ID = "HP-2"
		}, "doubled", "HP-1 and HP-2 are the same"},
		"put in twice": {func(h *history) {
			h.journal = []graphtest.Event{entry(12, "svc", true), entry(14, "svc", false), entry(15, "svc", true), entry(91, "svc", false)}
		}, "doubled", "put in 2 times"},
		"one human's votes counted twice": {func(h *history) {
			h.requests[0].Rounds[0].Votes = append(h.requests[0].Rounds[0].Votes, yes("bo"))
		}, "doubled", "two votes"},
		"nobody asked for it":           {func(h *history) { h.journal = append(h.journal, entry(20, "other", true), entry(21, "other", false)) }, "unapproved", "other"},
		"put in before it was approved": {func(h *history) { h.journal[0] = entry(9, "svc", true) }, "unapproved", "svc"},
		"put in by an approval of another plan": {func(h *history) {
			r := &h.requests[0]
			r.Rounds = append(r.Rounds, r.Rounds[0])
			r.Rounds[1].Closed = at(20)
		}, "unapproved", "svc"},
		"put back after its end":      {func(h *history) { h.journal = append(h.journal, entry(130, "svc", true), entry(131, "svc", false)) }, "unapproved", "svc"},
		"approved without its votes":  {func(h *history) { h.requests[0].Rounds[0].Votes = nil }, "unapproved", "with 0 votes"},
		"approved without the owner":  {func(h *history) { h.requests[0].Rounds[0].OwnerYes = nil }, "unapproved", "passes for approved"},
		"renewed without votes":       {func(h *history) { h.renewed(60, approvals.OutcomeApproved); h.requests[0].Rounds[1].Votes = nil }, "unapproved", "with 0 votes"},
		"put in and the group missed": {func(h *history) { h.requests[0].Rounds[0].Votes[0].Groups = []string{"others"} }, "unapproved", "with 1 votes"},
		"there a minute too long":     {func(h *history) { h.journal[1] = entry(151, "svc", false) }, "late", "1m1s past its end"},
		"there for ever":              {func(h *history) { h.journal = h.journal[:1] }, "late", "3m30s past its end"},
		"a later end than was approved": {func(h *history) {
			h.requests[0].End, h.requests[0].Cause.At, h.journal[1] = at(150), at(150), entry(151, "svc", false)
		}, "late", "was approved until 12:01:30.000"},
		"a renewal that was refused and lived": {func(h *history) {
			h.renewed(60, approvals.OutcomeDenied)
			h.requests[0].End, h.requests[0].Cause.At, h.journal[1] = at(150), at(150), entry(151, "svc", false)
		}, "late", "was approved until 12:01:30.000"},
		"kept by one that was over": {func(h *history) {
			next := whole().requests[0]
			next.ID, next.Ask.Reason, next.Applied, next.End, next.Cause.At = "HP-2", "more of it", at(170), at(230), at(230)
			next.Rounds[0].Closed = at(160)
			h.requests, h.journal[1] = append(h.requests, next), entry(231, "svc", false)
		}, "late", "past its end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := whole()
			row.change(h)
			v := h.weigh()
			found := map[string][]string{"lost": v.Lost, "doubled": v.Doubled, "unapproved": v.Unapproved, "late": v.Late}[row.kind]
			if !strings.Contains(strings.Join(found, "\n"), row.want) {
				t.Errorf("not called %s (%q): %+v", row.kind, row.want, v)
			}
		})
	}
}
