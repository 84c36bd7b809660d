package approvals_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass/approvals"
)

// naivelyFilled tries every assignment of voters to chairs.
func naivelyFilled(chairs []string, voters [][]string) bool {
	if len(chairs) == 0 {
		return true
	}
	for i, groups := range voters {
		if slices.Contains(groups, chairs[0]) && naivelyFilled(chairs[1:], slices.Delete(slices.Clone(voters), i, i+1)) {
			return true
		}
	}
	return false
}

func TestSeatsAreFilledExactlyWhenSomeAssignmentFillsThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		group := rapid.SampledFrom([]string{"a", "b", "c"})
		var seats []approvals.Seat
		var chairs []string
		for range rapid.IntRange(1, 3).Draw(t, "seats") {
			s := approvals.Seat{Group: group.Draw(t, "group"), Count: rapid.IntRange(1, 2).Draw(t, "count")}
			seats = append(seats, s)
			for range s.Count {
				chairs = append(chairs, s.Group)
			}
		}
		voters := rapid.SliceOfN(rapid.SliceOfNDistinct(group, 0, 3, rapid.ID), 0, 5).Draw(t, "voters")
		if got, want := approvals.Filled(seats, voters), naivelyFilled(chairs, voters); got != want {
			t.Fatalf("Filled(%v, %v) = %v, want %v", seats, voters, got, want)
		}
	})
}

// TestNoExemptionOutlivesItsEndAndNoneIsWithoutApproval drives a request with arbitrary events at arbitrary times.
func TestNoExemptionOutlivesItsEndAndNoneIsWithoutApproval(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		changes := rapid.SampledFrom([][]approvals.Change{
			plan("203.0.113.7/32", "203.0.113.8/32").Changes, {graphed("a", "203.0.113.7/32"), byHand("x")}, {byHand("x"), byHand("y"), graphed("b", "203.0.113.8/32")},
		}).Draw(rt, "changes")
		s := beginWith(t, changes...)
		yes := map[string]bool{}
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			s.later(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(rt, "wait")))
			first := len(s.r.Rounds)
			var e approvals.Event
			switch rapid.IntRange(0, 10).Draw(rt, "event") {
			case 0, 1:
				who := rapid.SampledFrom([]string{"ana", "bo", "sam", "eve"}).Draw(rt, "who")
				groups := map[string][]string{"ana": {"netsec", "security"}, "bo": {"netsec"}, "sam": {"security"}}[who]
				e = s.vote(who, groups...)
				if s.try(e) == nil && s.r.State == approvals.StateApproved || s.r.State == approvals.StatePending {
					yes[who] = true
				}
				continue
			case 2:
				round := s.r.Round()
				e = approvals.Replanned{Plan: round.Plan, Ruling: round.Ruling}
			case 3:
				e = approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 240 * time.Hour}, Plan: approvals.Plan{Kind: approvals.KindIP, Changes: changes}, Ruling: ruling()}
			case 4:
				e = approvals.Revoked{By: person("sam"), Why: "x"}
				if rapid.IntRange(0, 4).Draw(rt, "mercy") > 0 {
					e = approvals.Woke{}
				}
			case 9:
				who := rapid.SampledFrom([]string{"hank", "ana"}).Draw(rt, "hand")
				e = approvals.Attested{By: person(who), Undo: rapid.Bool().Draw(rt, "undo"), Evidence: "I say so"}
			case 5:
				e = s.seen(approvals.View{Absent: true})
			default:
				e = s.seen(approvals.View{Verified: true})
			}
			_ = s.try(e) // refusals are fine
			_ = first
			byHandHolds(rt, s, yes)
			for _, row := range s.r.Rows() {
				if row.Want && s.r.State == approvals.StateActive && !s.now.Before(s.r.End) {
					rt.Fatalf("wanted %v past the end", s.now.Sub(s.r.End))
				}
				if row.Want && (!yes["bo"] || !yes["sam"]) {
					rt.Fatalf("wanted without the approval of both groups: %v", yes)
				}
			}
			if s.r.State == approvals.StateActive && s.r.End.After(s.r.Applied.Add(366*24*time.Hour+4*24*time.Hour)) {
				rt.Fatalf("renewed beyond the total: %v", s.r.End.Sub(s.r.Applied))
			}
		}
	})
}

// byHandHolds checks what is done by hand: nothing is asked of people without the approval of both groups; past the end it
// is asked to be taken away; nothing of it has a row or is called verified; nothing is over that nobody gave their word for.
func byHandHolds(rt *rapid.T, s *story, yes map[string]bool) {
	attested := false
	for i, c := range s.r.Changes {
		if c.Hand == nil {
			continue
		}
		if c.State == approvals.ChangeVerified {
			rt.Fatal("what a person does is called verified")
		}
		asked := c.State == approvals.ChangeReleased || c.State == approvals.ChangeAttested || c.State == approvals.ChangeWithdrawn
		if asked && (!yes["bo"] || !yes["sam"]) {
			rt.Fatalf("asked of people without the approval of both groups: %v", yes)
		}
		if c.State == approvals.ChangeAttested && (c.Done == nil || c.Done.By.ID != "hank") {
			rt.Fatalf("attested by %+v", c.Done)
		}
		was := c.Done != nil || c.Undone != nil
		attested = attested || was
		if s.r.State == approvals.StateEnded && c.Done != nil && c.Undone == nil {
			rt.Fatalf("ended, but nobody said that change %d is gone", i)
		}
		if s.r.State == approvals.StateActive && c.State != approvals.ChangeAttested {
			rt.Fatalf("active with change %d %s", i, c.State)
		}
		for _, row := range s.r.Rows() {
			if row.Change == i {
				rt.Fatal("what a person does has a row")
			}
		}
	}
	if task, waits := s.r.Task(); waits && s.r.State == approvals.StateEnding && !task.Undo {
		rt.Fatal("past the end it is asked to be made")
	}
	if strings.HasPrefix(s.r.Word(), approvals.WordAttested) && !attested {
		rt.Fatalf("%q by nobody's word", s.r.Word())
	}
	if attested && s.r.State == approvals.StateEnded && s.r.Word() == approvals.WordVerified {
		rt.Fatal("ended as verified, by the word of a person")
	}
	if !s.r.State.Final() && s.r.State != approvals.StateNone {
		if _, ok := s.wake(); !ok && s.fx != nil {
			rt.Fatal("an unfinished request that nobody wakes")
		}
	}
}
