package approvals_test

import (
	"testing"
	"time"

	"hallpass/approvals"
)

// inForce is an active request for a fenced account.
func inForce(t *testing.T) *story {
	t.Helper()
	s := begin(t, "203.0.113.7/32", "svc")
	s.r.Round().Plan.Zone = &approvals.Zone{Name: "z"}
	s.r.Round().Fingerprint = approvals.Fingerprint(s.r.Round().Plan, s.r.Round().Term, s.r.Round().Ruling)
	return s.active()
}

func TestAFencedExemptionIsProvedOnce(t *testing.T) {
	t.Parallel()
	s := inForce(t)
	if at, ok := s.wake(); !ok || at.After(s.now) || !s.r.Proving(s.now) {
		t.Fatalf("nobody asks: wake at %v, proof %+v", at, s.r.Proof)
	}
	s.does(approvals.Proved{Unknown: true, Why: "Entra ID did not answer"}).is(approvals.StateActive)
	if at, _ := s.wake(); at.Sub(s.now) != 30*time.Second || s.r.Proving(s.now) {
		t.Errorf("it is asked again at %v", at)
	}
	s.later(30 * time.Second).does(approvals.Proved{Agrees: true}).is(approvals.StateActive)
	if at, _ := s.wake(); s.r.Proof.State != approvals.ProofGiven || at.Before(s.now.Add(9*time.Minute)) {
		t.Errorf("%+v, and it is woken at %v", s.r.Proof, at)
	}
	s.later(time.Hour).does(approvals.Proved{Why: "too late"}).is(approvals.StateActive)
}

func TestTheLogIsLookedIntoSoonUntilASignInWorkedAndThenEveryWeek(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]*approvals.Used{"it worked": {Worked: true, What: "AgilePoint NX"}, "it is still stopped": {Why: "a policy"}, "nothing was found": nil} {
		s := inForce(t).does(approvals.Proved{Agrees: true})
		n := 0
		for ; n < 20 && s.r.Proof.Next.Sub(s.now) != 7*24*time.Hour; n++ {
			at, _ := s.wake()
			if at.After(s.r.Proof.Next) {
				t.Fatalf("%s: it is not woken for the look: %v", name, at)
			}
			if s.does(approvals.Looked{Used: &approvals.Used{Worked: true}}).r.Proof.Looks != n {
				t.Fatalf("%s: a look that nobody waits for counts", name)
			}
			s.now = s.r.Proof.Next
			s.does(approvals.Looked{Used: found}).is(approvals.StateActive)
		}
		want := 6
		if found != nil && found.Worked {
			want = 1
		}
		if n != want || found != nil && *s.r.Proof.Used != *found {
			t.Errorf("%s: %d looks, %+v", name, n, s.r.Proof)
		}
	}
}

func TestWhatIsNotAsPredictedIsTakenBack(t *testing.T) {
	t.Parallel()
	s := inForce(t)
	for range 2 { // one answer may come from a replica that is behind
		s.does(approvals.Proved{Why: "“MFA” should not apply and does"}).is(approvals.StateActive).later(30 * time.Second)
	}
	s.does(approvals.Proved{Why: "“MFA” should not apply and does"}).is(approvals.StateEnding)
	if s.r.Cause.Word != approvals.CauseDisproved || s.r.Cause.Why == "" {
		t.Errorf("%+v", s.r.Cause)
	}
	if last := s.r.Changes[len(s.r.Changes)-1]; last.State != approvals.ChangeWithdrawn || s.r.Changes[0].State != approvals.ChangeVerified {
		t.Errorf("the exemption does not go before the fence: %+v", s.r.Changes)
	}
}

func TestAProofThatCannotBeAskedForIsGivenUpAndSaysSo(t *testing.T) {
	t.Parallel()
	s := inForce(t)
	for s.r.Proof.State == approvals.ProofAsked {
		s.does(approvals.Proved{Unknown: true, Why: "no permission"}).is(approvals.StateActive).later(30 * time.Second)
		if s.now.Sub(monday()) > time.Hour {
			t.Fatal("it is asked for ever")
		}
	}
	if s.r.Proof.State != approvals.ProofNone || s.r.Proof.Why != "no permission" {
		t.Errorf("%+v", s.r.Proof)
	}
}

func TestWithoutAFenceThereIsNothingToProveAndWhetherItIsUsedIsLookedUpTheDayAfter(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	if p := s.r.Proof; p == nil || p.State != approvals.ProofLog || s.r.Proving(s.now.Add(time.Hour)) || s.r.Looking(s.now.Add(25*time.Hour)) {
		t.Fatalf("%+v", p)
	}
	if since, unused := s.r.Unused(); unused {
		t.Errorf("unused since %v, and nobody has looked", since)
	}
	for range 3 {
		s.now = s.r.Proof.Next
		s.does(approvals.Looked{Read: true}).is(approvals.StateActive)
	}
	if since, unused := s.r.Unused(); !unused || since != s.r.Applied {
		t.Errorf("unused %v since %v after %v", unused, since, s.now.Sub(s.r.Applied))
	}
	s.now = s.r.Proof.Next
	s.does(approvals.Looked{Read: true, Used: &approvals.Used{Worked: true, At: s.now}, Last: s.now}).is(approvals.StateActive)
	if _, unused := s.r.Unused(); unused {
		t.Error("it is used, and unused all the same")
	}
}

func TestWhatWasNeverLookedUpIsOnceItIsRenewed(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	s.r.Proof = nil
	s.later(20 * 24 * time.Hour).does(approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 30 * 24 * time.Hour}, Plan: s.r.Round().Plan, Ruling: ruling()})
	s.does(s.vote("bo", "netsec")).does(s.vote("sam", "security")).is(approvals.StateActive)
	if p := s.r.Proof; p == nil || p.State != approvals.ProofLog {
		t.Fatalf("%+v", p)
	}
	renewed := s.now
	for range 3 {
		if _, unused := s.r.Unused(); unused && s.now.Sub(renewed) < 14*24*time.Hour {
			t.Errorf("unused %v after it was looked up first", s.now.Sub(renewed))
		}
		s.now = s.r.Proof.Next
		s.does(approvals.Looked{Read: true}).is(approvals.StateActive)
	}
	if since, unused := s.r.Unused(); !unused || since != renewed {
		t.Errorf("unused %v since %v, renewed %v", unused, since, renewed)
	}
}

func TestWhatDoesNotSignInThroughEntraIDIsNotLookedUp(t *testing.T) {
	t.Parallel()
	for _, kind := range []approvals.HandKind{approvals.HandProduct, approvals.HandADFS} {
		c := byHand("203.0.113.7/32")
		c.Hand.Kind = kind
		s := beginWith(t, c).approved().released().does(done("hank", "it is there")).is(approvals.StateActive)
		if looked := s.r.Proof != nil; looked != (kind == approvals.HandADFS) {
			t.Errorf("%s: %+v", kind, s.r.Proof)
		}
	}
}

func TestABrokenFenceEndsWhatItsRuleSays(t *testing.T) {
	t.Parallel()
	broken := approvals.FenceBroken{Zone: "z", Why: "the fence is off"}
	for name, row := range map[string]struct {
		rule  bool
		event approvals.FenceBroken
		ends  bool
	}{
		"its rule ends it":  {true, broken, true},
		"its rule keeps it": {false, broken, false},
		"another zone":      {true, approvals.FenceBroken{Zone: "y"}, false},
	} {
		s := begin(t, "203.0.113.7/32", "svc")
		s.does(broken).is(approvals.StatePending)
		s.r.Round().Plan.Zone = &approvals.Zone{Name: "z"}
		s.r.Round().Ruling.EndUnfenced = row.rule
		s.r.Round().Fingerprint = approvals.Fingerprint(s.r.Round().Plan, s.r.Round().Term, s.r.Round().Ruling)
		s.active()
		s.does(row.event)
		if !row.ends {
			s.is(approvals.StateActive)
			continue
		}
		s.is(approvals.StateEnding)
		if c := s.r.Cause; c.Word != approvals.CauseUnfenced || c.Why != "the fence is off" {
			t.Errorf("%s: %+v", name, c)
		}
		if last := s.r.Changes[len(s.r.Changes)-1]; last.State != approvals.ChangeWithdrawn || s.r.Changes[0].State != approvals.ChangeVerified {
			t.Errorf("%s: the account does not go first: %+v", name, s.r.Changes)
		}
		s.does(broken).is(approvals.StateEnding)
	}
}
