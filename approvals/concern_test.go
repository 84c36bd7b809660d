package approvals_test

import (
	"testing"

	"hallpass/approvals"
)

func TestAnAccountThatChangedEndsItsExemptionWhereTheRuleSaysSo(t *testing.T) {
	t.Parallel()
	for word, ends := range map[approvals.ConcernWord]bool{
		approvals.ConcernGone: true, approvals.ConcernDisabled: true, approvals.ConcernPrivileged: true, approvals.ConcernRisk: true, approvals.ConcernMethod: true,
		approvals.ConcernOwnerLeft: false, approvals.ConcernStopped: false, approvals.ConcernComing: false, approvals.ConcernNeedless: false,
	} {
		for _, rule := range []bool{true, false} {
			s := begin(t)
			s.r.Round().Ruling.EndChanged = rule
			event := approvals.AccountChanged{Concern: approvals.Concern{Word: word, What: "svc is at risk"}}
			s.does(event).is(approvals.StatePending)
			s.active().does(event)
			if !ends || !rule {
				s.is(approvals.StateActive)
				continue
			}
			s.is(approvals.StateEnding)
			if c := s.r.Cause; c.Word != approvals.CauseChanged || c.Why != "svc is at risk" {
				t.Errorf("%s: %+v", word, c)
			}
			s.does(event).is(approvals.StateEnding)
		}
	}
}
