package approvals_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

func TestThePictureIsTheTable(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var drawn, table []string
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, "---->") {
			drawn = append(drawn, strings.TrimSpace(strings.TrimPrefix(line, "//")))
		}
	}
	for _, tr := range approvals.Transitions() {
		from := string(tr.From)
		if from == "" {
			from = "none"
		}
		table = append(table, from+" ----"+tr.On+"----> "+string(tr.To))
	}
	if !slices.Equal(drawn, table) {
		t.Errorf("the picture in doc.go:\n%s\nthe table:\n%s", strings.Join(drawn, "\n"), strings.Join(table, "\n"))
	}
}

func TestAWholeLife(t *testing.T) {
	t.Parallel()
	s := begin(t).is(approvals.StatePending)
	s.does(s.vote("bo", "netsec")).is(approvals.StatePending)
	if got := s.r.Round().WaitsFor(); !slices.Equal(got, []string{"security"}) {
		t.Errorf("waits for %v", got)
	}
	s.does(s.vote("sam", "security")).is(approvals.StateApproved).released()
	if rows := s.r.Rows(); len(rows) != 1 || !rows[0].Want {
		t.Fatalf("rows after release: %v", rows)
	}
	s.later(time.Minute).does(s.seen(approvals.View{Verified: true})).is(approvals.StateActive)
	if want := time.Date(2026, 12, 24, 10, 0, 0, 0, time.UTC); !s.r.End.Equal(want) { // 23 Dec 10:01 is past that morning
		t.Errorf("it ends %v, want %v", s.r.End, want)
	}
	s.now = s.r.End.Add(-14 * 24 * time.Hour)
	s.does(s.seen(approvals.View{Verified: true}))
	if s.r.Reminded != 1 {
		t.Errorf("reminded %d times two weeks before the end", s.r.Reminded)
	}
	s.now = s.r.End
	s.does(s.seen(approvals.View{Verified: true})).is(approvals.StateEnding)
	if rows := s.r.Rows(); len(rows) != 1 || rows[0].Want {
		t.Fatalf("rows at the end: %v", rows)
	}
	s.later(time.Second).does(s.seen(approvals.View{})).is(approvals.StateEnding)
	s.later(time.Minute).does(s.seen(approvals.View{Absent: true})).is(approvals.StateEnded)
	if rows := s.r.Rows(); len(rows) != 0 {
		t.Errorf("rows after the end: %v", rows)
	}
}

func TestChangesAreReleasedInOrderAndTakenAwayInReverse(t *testing.T) {
	t.Parallel()
	s := begin(t, "203.0.113.7/32", "203.0.113.8/32").approved().released()
	states := func() []approvals.ChangeState {
		var out []approvals.ChangeState
		for _, c := range s.r.Changes {
			out = append(out, c.State)
		}
		return out
	}
	want := func(a, b approvals.ChangeState) {
		t.Helper()
		if got := states(); got[0] != a || got[1] != b {
			t.Fatalf("changes are %v, want %s %s", got, a, b)
		}
	}
	want(approvals.ChangeReleased, approvals.ChangeHeld)
	s.does(s.seen(approvals.View{}))
	want(approvals.ChangeReleased, approvals.ChangeHeld)
	s.does(approvals.Woke{Views: []approvals.View{{Verified: true}, {}}})
	want(approvals.ChangeVerified, approvals.ChangeReleased)
	s.does(approvals.Revoked{By: person("sam"), Why: "not needed"})
	want(approvals.ChangeVerified, approvals.ChangeWithdrawn)
	s.does(approvals.Woke{Views: []approvals.View{{Verified: true}, {}}})
	want(approvals.ChangeVerified, approvals.ChangeWithdrawn)
	s.does(approvals.Woke{Views: []approvals.View{{Verified: true}, {Absent: true}}})
	want(approvals.ChangeWithdrawn, approvals.ChangeAbsent)
	s.does(s.seen(approvals.View{Absent: true})).is(approvals.StateEnded)
}

func TestAnEntryThatAnotherRequestWantsIsKept(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	s.does(approvals.Revoked{By: person("sam"), Why: "x"}).does(s.seen(approvals.View{KeptBy: "HP-2"})).is(approvals.StateEnded)
	if s.r.Changes[0].KeptBy != "HP-2" {
		t.Errorf("kept by %q", s.r.Changes[0].KeptBy)
	}
}

func TestWhatSomebodyTookOutEndsTheRequest(t *testing.T) {
	t.Parallel()
	s := begin(t).active().does(s0(approvals.View{Vanished: true, Hand: "Dana"})).is(approvals.StateEnding)
	if s.r.Cause.Word != approvals.CauseTakenOut || s.r.Cause.Hand != "Dana" {
		t.Errorf("cause %+v", s.r.Cause)
	}
}

func s0(v approvals.View) approvals.Event { return approvals.Woke{Views: []approvals.View{v}} }

func TestAPlanThatChangedIsAskedAgainOnceAndThenDenied(t *testing.T) {
	t.Parallel()
	s := begin(t).approved()
	s.does(approvals.Replanned{Plan: plan("198.51.100.9/32"), Ruling: ruling()}).is(approvals.StatePending)
	if len(s.r.Round().Votes) != 0 {
		t.Error("votes for the old plan were taken over")
	}
	s.approved().does(approvals.Replanned{Plan: plan("198.51.100.10/32"), Ruling: ruling()}).is(approvals.StateDenied)
}

func TestRulesThatChangedMakeANewRound(t *testing.T) {
	t.Parallel()
	other := ruling()
	other.RulesHash = "r2"
	s := begin(t).approved()
	s.does(approvals.Replanned{Plan: s.r.Round().Plan, Ruling: other}).is(approvals.StatePending)
}

func TestARenewalMovesTheEndAndCountsFromTheOldOne(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	old := s.r.End
	s.later(20 * 24 * time.Hour).does(approvals.RenewAsked{
		By: person("ana"), Term: approvals.Term{For: 10 * 24 * time.Hour}, Reason: "still needed", Plan: s.r.Round().Plan, Ruling: ruling(),
	})
	s.does(s.vote("bo", "netsec")).does(s.vote("sam", "security")).is(approvals.StateActive)
	if want := (approvals.Calendar{}).Morning(old.Add(10 * 24 * time.Hour)); !s.r.End.Equal(want) {
		t.Errorf("ends %v, want %v", s.r.End, want)
	}
}

func TestARenewalDeniedLeavesTheOldEnd(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	old := s.r.End
	s.does(approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 240 * time.Hour}, Plan: s.r.Round().Plan, Ruling: ruling()})
	s.does(s.denial("bo", "netsec")).is(approvals.StateActive)
	if !s.r.End.Equal(old) || s.r.Voting() {
		t.Errorf("end %v, want %v; voting %v", s.r.End, old, s.r.Voting())
	}
}

func TestARenewalBeyondTheTotalIsRefused(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	err := s.try(approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 400 * 24 * time.Hour}, Plan: s.r.Round().Plan, Ruling: ruling()})
	refusedFor(t, err, approvals.RefusedTooLong)
}

func refusedFor(t *testing.T, err error, reason approvals.Reason) {
	t.Helper()
	var no *approvals.Refusal
	if !errors.As(err, &no) || no.Reason != reason {
		t.Errorf("got %v, want a refusal for %s", err, reason)
	}
}

func TestVotesThatDoNotCount(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		vote   func(s *story) approvals.Voted
		reason approvals.Reason
	}{
		"the requester's own":           {func(s *story) approvals.Voted { return s.vote("ana", "netsec") }, approvals.RefusedRights},
		"of somebody without a seat":    {func(s *story) approvals.Voted { return s.vote("eve", "sales") }, approvals.RefusedRights},
		"of a guest":                    {func(s *story) approvals.Voted { v := s.vote("bo", "netsec"); v.Vote.Voter.Guest = true; return v }, approvals.RefusedRights},
		"of a disabled account":         {func(s *story) approvals.Voted { v := s.vote("bo", "netsec"); v.Vote.Voter.Enabled = false; return v }, approvals.RefusedRights},
		"for an older plan":             {func(s *story) approvals.Voted { v := s.vote("bo", "netsec"); v.Fingerprint = "old"; return v }, approvals.RefusedMoved},
		"of the requester's other self": {func(s *story) approvals.Voted { v := s.vote("ana2", "netsec"); v.Vote.Voter.Human = "ana"; return v }, approvals.RefusedRights},
		"a denial without a reason":     {func(s *story) approvals.Voted { v := s.denial("bo", "netsec"); v.Vote.Reason = ""; return v }, approvals.RefusedInput},
		"for longer than was asked for": {func(s *story) approvals.Voted {
			v := s.vote("bo", "netsec")
			v.Vote.Shorten = 9999 * time.Hour
			return v
		}, approvals.RefusedInput},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			refusedFor(t, s.try(row.vote(s)), row.reason)
			if len(s.r.Round().Votes) != 0 {
				t.Error("it was counted all the same")
			}
		})
	}
}

func TestTheOwnerSaysYesFirst(t *testing.T) {
	t.Parallel()
	s := &story{t: t, now: monday()}
	s.does(approvals.Opened{
		ID: "HP-1", Requester: person("ana"), Owner: person("olga"), Plan: plan("x"), Ruling: ruling(),
		Ask: approvals.Ask{Term: approvals.Term{For: time.Hour}},
	})
	refusedFor(t, s.try(s.vote("bo", "netsec")), approvals.RefusedRights)
	s.does(s.vote("olga")).is(approvals.StatePending)
	refusedFor(t, s.try(s.vote("olga", "netsec")), approvals.RefusedRights)
	s.approved()
}

func TestAVoterWhoLostTheSeatNoLongerCounts(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.does(s.vote("bo", "netsec"))
	last := s.vote("sam", "security")
	last.Standings = nil // bo has left the group
	s.does(last).is(approvals.StatePending)
	if got := s.r.Round().WaitsFor(); !slices.Equal(got, []string{"netsec"}) {
		t.Errorf("waits for %v", got)
	}
}

func TestTheShortestApprovedDurationHolds(t *testing.T) {
	t.Parallel()
	s := begin(t)
	v := s.vote("bo", "netsec")
	v.Vote.Shorten = 2 * time.Hour
	s.does(v).does(s.vote("sam", "security")).released().does(s.seen(approvals.View{Verified: true}))
	if want := s.now.Add(2 * time.Hour); !s.r.End.Equal(want) {
		t.Errorf("ends %v, want %v", s.r.End, want)
	}
}

func TestARemovalThatTakesTooLongIsSaidSo(t *testing.T) {
	t.Parallel()
	s := begin(t).active().does(approvals.Revoked{By: person("sam"), Why: "x"})
	s.later(31 * time.Second).does(s.seen(approvals.View{}))
	if s.r.Stuck == nil || !strings.Contains(s.r.Stuck.Why, "30 seconds") {
		t.Errorf("stuck: %+v", s.r.Stuck)
	}
	s.later(5 * time.Minute).does(s.seen(approvals.View{Accepted: s.now}))
	if s.r.Stuck == nil || !strings.Contains(s.r.Stuck.Why, "5 minutes") {
		t.Errorf("stuck: %+v", s.r.Stuck)
	}
}

// TestEveryStateTimesEveryEvent goes over the whole matrix: no event panics, moves along an arrow that is not in the
// table, changes a final request, or leaves an unfinished one without a wake-up.
func TestEveryStateTimesEveryEvent(t *testing.T) {
	t.Parallel()
	states := map[string]func(t *testing.T) *story{
		"pending":  func(t *testing.T) *story { t.Helper(); return begin(t) },
		"approved": func(t *testing.T) *story { t.Helper(); return begin(t).approved() },
		"released": func(t *testing.T) *story { t.Helper(); return begin(t).approved().released() },
		"active":   func(t *testing.T) *story { t.Helper(); return begin(t).active() },
		"renewing": func(t *testing.T) *story {
			t.Helper()
			s := begin(t).active()
			return s.does(approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 48 * time.Hour}, Plan: s.r.Round().Plan, Ruling: ruling()})
		},
		"ending": func(t *testing.T) *story {
			t.Helper()
			return begin(t).active().does(approvals.Revoked{By: person("sam"), Why: "x"})
		},
		"ended": func(t *testing.T) *story {
			t.Helper()
			s := begin(t).active().does(approvals.Revoked{By: person("sam"), Why: "x"})
			return s.does(s.seen(approvals.View{Absent: true}))
		},
		"denied":    func(t *testing.T) *story { t.Helper(); s := begin(t); return s.does(s.denial("bo", "netsec")) },
		"cancelled": func(t *testing.T) *story { t.Helper(); return begin(t).does(approvals.Cancelled{By: person("ana")}) },
		"lapsed":    func(t *testing.T) *story { t.Helper(); return begin(t).later(73 * time.Hour).does(approvals.Woke{}) },
	}
	events := map[string]func(s *story) approvals.Event{
		"opened":  func(*story) approvals.Event { return approvals.Opened{ID: "HP-1", Plan: plan("x"), Ruling: ruling()} },
		"approve": func(s *story) approvals.Event { return s.vote("bo", "netsec", "security") },
		"deny":    func(s *story) approvals.Event { return s.denial("sam", "security") },
		"cancel":  func(*story) approvals.Event { return approvals.Cancelled{By: person("ana")} },
		"revoke":  func(*story) approvals.Event { return approvals.Revoked{By: person("sam"), Why: "x"} },
		"renew": func(s *story) approvals.Event {
			return approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: time.Hour}, Plan: s.r.Round().Plan, Ruling: ruling()}
		},
		"hand":        func(*story) approvals.Event { return approvals.Handed{By: person("sam"), To: person("olga")} },
		"owner left":  func(*story) approvals.Event { return approvals.OwnerLeft{To: person("olga")} },
		"planned":     func(s *story) approvals.Event { return approvals.Replanned{Plan: s.r.Round().Plan, Ruling: ruling()} },
		"planned new": func(*story) approvals.Event { return approvals.Replanned{Plan: plan("y"), Ruling: ruling()} },
		"refused": func(*story) approvals.Event {
			return approvals.Replanned{Refusal: approvals.Refuse(approvals.RefusedByRule, "no")}
		},
		"held":     func(*story) approvals.Event { return approvals.Held{Why: "paused"} },
		"woke":     func(*story) approvals.Event { return approvals.Woke{} },
		"verified": func(s *story) approvals.Event { return s.seen(approvals.View{Verified: true}) },
		"absent":   func(s *story) approvals.Event { return s.seen(approvals.View{Absent: true}) },
		"vanished": func(s *story) approvals.Event { return s.seen(approvals.View{Vanished: true}) },
		"problem":  func(s *story) approvals.Event { return s.seen(approvals.View{Problem: "p"}) },
	}
	for sn, state := range states {
		for en, event := range events {
			for _, wait := range []time.Duration{0, time.Hour, 100 * 24 * time.Hour} {
				t.Run(sn+"/"+en+"/"+wait.String(), func(t *testing.T) {
					t.Parallel()
					s := state(t).later(wait)
					before := s.r
					err := s.try(event(s))
					var no *approvals.Refusal
					if err != nil && !errors.As(err, &no) {
						t.Fatalf("not a refusal: %v", err)
					}
					at, ok := s.wake()
					if !s.r.State.Final() && (!ok || at.Before(s.now.Add(-200*24*time.Hour))) {
						t.Errorf("%s has no wake-up", s.r.State)
					}
					if before.State.Final() && (s.r.State != before.State || err == nil && en != "woke" && en != "held" && en != "owner left" && !isView(en) || before.Owner != s.r.Owner) {
						t.Errorf("a finished request moved to %s, %v", s.r.State, err)
					}
					for _, row := range s.r.Rows() {
						if row.Want && !s.r.Written {
							t.Error("something is wanted that was never released")
						}
						if row.Want && s.r.State == approvals.StateActive && !s.now.Before(s.r.End) {
							t.Error("something is wanted past the end")
						}
					}
				})
			}
		}
	}
}

func isView(name string) bool {
	return slices.Contains([]string{"verified", "absent", "vanished", "problem"}, name)
}
