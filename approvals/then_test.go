package approvals_test

import (
	"testing"
	"time"

	"hallpass/approvals"
)

// blocking is a request whose account is blocked at its end: its first change is there already.
func blocking(t *testing.T) *story {
	t.Helper()
	s := begin(t)
	round := s.r.Round()
	block := approvals.Change{Target: approvals.BlockTarget("blocked", "svc"), Title: "Blocked accounts", Entry: approvals.EntryUnblocked, Label: "svc", Adopt: true}
	round.Plan.Changes = append([]approvals.Change{block}, round.Plan.Changes...)
	round.Fingerprint = approvals.Fingerprint(round.Plan, round.Term, round.Ruling)
	return s
}

func TestWhatIsThereAlreadyIsReadWhileTheNextIsWritten(t *testing.T) {
	t.Parallel()
	s := blocking(t).approved().released()
	if got := s.r.Changes; got[0].State != approvals.ChangeReleased || got[1].State != approvals.ChangeReleased {
		t.Fatalf("%+v", got)
	}
	s.does(approvals.Woke{Views: []approvals.View{{}, {Verified: true}}})
	if s.r.State != approvals.StateApproved {
		t.Errorf("it is %s before all of it was read", s.r.State)
	}
	s.does(approvals.Woke{Views: []approvals.View{{Verified: true}, {Verified: true}}})
	if s.r.State != approvals.StateActive || s.r.Then() == "" && s.r.Ask.Kind == approvals.KindAccount {
		t.Errorf("it is %s", s.r.State)
	}
}

func TestTheExemptionIsGoneBeforeTheAccountIsBlocked(t *testing.T) {
	t.Parallel()
	s := blocking(t).approved().released()
	s.does(approvals.Woke{Views: []approvals.View{{Verified: true}, {Verified: true}}})
	s.later(s.r.End.Sub(s.now)).does(approvals.Woke{})
	if got := s.r.Changes; got[0].State != approvals.ChangeVerified || got[1].State != approvals.ChangeWithdrawn {
		t.Fatalf("%+v", got)
	}
	s.does(approvals.Woke{Views: []approvals.View{{}, {Absent: true}}})
	if _, is := s.r.Blocked(); s.r.Changes[0].State != approvals.ChangeWithdrawn || is {
		t.Fatalf("%+v", s.r.Changes)
	}
	s.later(time.Minute).does(approvals.Woke{Views: []approvals.View{{Absent: true}, {Absent: true}}})
	if _, is := s.r.Blocked(); s.r.State != approvals.StateEnded || !is {
		t.Errorf("it is %s, and blocked: %v", s.r.State, is)
	}
}

func TestWhoBlocksTheAccountByHandEndsTheRequest(t *testing.T) {
	t.Parallel()
	s := blocking(t).approved().released()
	s.does(approvals.Woke{Views: []approvals.View{{Verified: true}, {Verified: true}}})
	s.later(time.Hour).does(approvals.Woke{Views: []approvals.View{{Vanished: true, Hand: "dana"}, {Verified: true}}})
	if s.r.State != approvals.StateEnding || s.r.Cause.Word != approvals.CauseBlocked || s.r.Cause.Hand != "dana" {
		t.Errorf("it is %s because of %+v", s.r.State, s.r.Cause)
	}
}
