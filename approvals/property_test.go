package approvals_test

import (
	"slices"
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
		s := begin(t, "203.0.113.7/32", "203.0.113.8/32")
		yes := map[string]bool{}
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			s.later(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(rt, "wait")))
			first := len(s.r.Rounds)
			var e approvals.Event
			switch rapid.IntRange(0, 8).Draw(rt, "event") {
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
				e = approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 240 * time.Hour}, Plan: plan("203.0.113.7/32", "203.0.113.8/32"), Ruling: ruling()}
			case 4:
				e = approvals.Revoked{By: person("sam"), Why: "x"}
				if rapid.IntRange(0, 4).Draw(rt, "mercy") > 0 {
					e = approvals.Woke{}
				}
			case 5:
				e = s.seen(approvals.View{Absent: true})
			default:
				e = s.seen(approvals.View{Verified: true})
			}
			_ = s.try(e) // refusals are fine
			_ = first
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
