package approvals_test

import (
	"errors"
	"testing"
	"time"

	"hallpass/approvals"
)

// careful is a pending request whose rule wants a fresh sign-in.
func careful(t *testing.T) *story {
	t.Helper()
	s := begin(t)
	s.r.Round().Ruling.StepUp = true
	return s
}

func TestWhereTheRuleWantsItAYesCountsWithAFreshSignInOnly(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fresh *approvals.FreshSignIn
		ok    bool
	}{
		"in chat":                        {nil, false},
		"signed in now":                  {&approvals.FreshSignIn{At: monday()}, true},
		"signed in nine minutes ago":     {&approvals.FreshSignIn{At: monday().Add(-9 * time.Minute)}, true},
		"signed in eleven minutes ago":   {&approvals.FreshSignIn{At: monday().Add(-11 * time.Minute)}, false},
		"signed in by a clock far ahead": {&approvals.FreshSignIn{At: monday().Add(time.Hour)}, false},
		"signed in nobody knows when":    {&approvals.FreshSignIn{}, false},
	} {
		s := careful(t)
		s.now = monday()
		vote := s.vote("bo", "netsec")
		vote.Vote.Fresh = row.fresh
		err := s.try(vote)
		no, refused := errors.AsType[*approvals.Refusal](err)
		if row.ok != (err == nil) || !row.ok && (!refused || no.Reason != approvals.RefusedStepUp) {
			t.Errorf("%s: %v", name, err)
		}
		if got := len(s.r.Round().Votes); got != map[bool]int{true: 1}[row.ok] {
			t.Errorf("%s: %d votes count", name, got)
		}
	}
}

func TestANoNeedsNoFreshSignIn(t *testing.T) {
	t.Parallel()
	s := careful(t)
	vote := s.vote("bo", "netsec")
	vote.Vote.Choice, vote.Vote.Reason = approvals.ChoiceDeny, "no"
	s.does(vote).is(approvals.StateDenied)
}
