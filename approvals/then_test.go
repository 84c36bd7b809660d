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

func TestTheAccountIsSignedOutLastAndOnlyIfItWasExempt(t *testing.T) {
	t.Parallel()
	begun := func() *story {
		s := blocking(t)
		round := s.r.Round()
		out := approvals.Change{Target: approvals.Target{Kind: approvals.TargetSessions, ID: "svc"}, Title: "Sessions", Entry: approvals.EntrySignedIn, Label: "svc", Adopt: true}
		round.Plan.Changes = append([]approvals.Change{out}, round.Plan.Changes...)
		round.Fingerprint = approvals.Fingerprint(round.Plan, round.Term, round.Ruling)
		return s.approved().released()
	}
	there, gone := approvals.View{Verified: true}, approvals.View{Absent: true}
	s := begun()
	s.does(approvals.Woke{Views: []approvals.View{there, there, there}})
	s.later(s.r.End.Sub(s.now)).does(approvals.Woke{})
	for i, views := range [][]approvals.View{{{}, {}, gone}, {{}, gone, gone}} {
		if got := s.r.Changes[0].State; got != approvals.ChangeVerified || s.r.SignedOut() {
			t.Fatalf("after %d its sessions are %s", i, got)
		}
		s.does(approvals.Woke{Views: views})
	}
	if got := s.r.Changes[0].State; got != approvals.ChangeWithdrawn {
		t.Fatalf("once it is blocked its sessions are %s", got)
	}
	s.later(time.Minute).does(approvals.Woke{Views: []approvals.View{gone, gone, gone}})
	if s.r.State != approvals.StateEnded || !s.r.SignedOut() {
		t.Errorf("it is %s, and signed out: %v", s.r.State, s.r.SignedOut())
	}

	s = begun()
	s.does(approvals.Cancelled{By: s.r.Requester})
	for range 3 {
		s.later(time.Minute).does(approvals.Woke{Views: []approvals.View{gone, gone, gone}})
	}
	if s.r.State != approvals.StateEnded || s.r.SignedOut() {
		t.Errorf("never in force, it is %s, and signed out: %v", s.r.State, s.r.SignedOut())
	}
}

func TestThatAnAccountIsToBeDisabledIsKnownWithoutTheFactsToo(t *testing.T) {
	t.Parallel()
	block := approvals.Progress{Change: approvals.Change{Target: approvals.BlockTarget("blocked", "svc"), Entry: approvals.EntryUnblocked}}
	fact := approvals.Facts{"account.then": {Known: true, Text: "disabled"}}
	for name, row := range map[string]struct {
		r    approvals.Request
		want approvals.Then
	}{
		"asked for":             {approvals.Request{Ask: approvals.Ask{Kind: approvals.KindAccount, Then: approvals.ThenDisabled}, Changes: []approvals.Progress{block}}, approvals.ThenDisabled},
		"as its other request":  {approvals.Request{Ask: approvals.Ask{Kind: approvals.KindAccount}, Rounds: []approvals.Round{{Plan: approvals.Plan{Facts: fact}}}, Changes: []approvals.Progress{block}}, approvals.ThenDisabled},
		"blocked":               {approvals.Request{Ask: approvals.Ask{Kind: approvals.KindAccount}, Changes: []approvals.Progress{block}}, approvals.ThenBlocked},
		"not planned to end so": {approvals.Request{Ask: approvals.Ask{Kind: approvals.KindAccount, Then: approvals.ThenDisabled}}, approvals.ThenMFA},
		"an address":            {approvals.Request{Ask: approvals.Ask{Kind: approvals.KindIP}}, ""},
	} {
		if got := row.r.Then(); got != row.want {
			t.Errorf("%s: it ends as %q, want %q", name, got, row.want)
		}
	}
}
