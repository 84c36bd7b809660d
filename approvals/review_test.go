package approvals_test

import (
	"testing"
	"time"

	"hallpass/approvals"
)

func TestAVerdictIsKeptUntilTheNextEndIsApprovedAndChangesNoEnd(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	end := s.r.End
	s.later(time.Hour).does(approvals.Reviewed{By: person("sam"), Verdict: approvals.VerdictAsk})
	s.later(time.Hour).does(approvals.Reviewed{By: person("sam"), Verdict: approvals.VerdictLetGo, Why: "the migration is done"})
	if v := s.r.Review; v == nil || v.Verdict != approvals.VerdictLetGo || v.By.ID != "sam" || !v.At.Equal(s.now) || !s.r.End.Equal(end) {
		t.Fatalf("%+v, ends %v", v, s.r.End)
	}
	s.does(approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 240 * time.Hour}, Reason: "late", Plan: s.r.Round().Plan, Ruling: ruling()})
	if s.r.Review == nil {
		t.Error("forgotten while those who decide on the renewal would read it")
	}
	s.does(s.vote("bo", "netsec")).does(s.vote("sam", "security"))
	if s.r.Review != nil || !s.r.End.After(end) {
		t.Errorf("%+v, ends %v", s.r.Review, s.r.End)
	}
}

func TestOnlyWhatIsInForceIsReviewed(t *testing.T) {
	t.Parallel()
	s := begin(t)
	if err := s.try(approvals.Reviewed{By: person("sam"), Verdict: approvals.VerdictAsk}); err == nil || s.r.Review != nil {
		t.Errorf("pending: %v, %+v", err, s.r.Review)
	}
	s.active()
	if err := s.try(approvals.Reviewed{By: person("sam"), Verdict: "away with it"}); err == nil || s.r.Review != nil {
		t.Errorf("no verdict: %v, %+v", err, s.r.Review)
	}
}

func TestWhatNoSignInWasSeenOfForTwoWeeksIsUnused(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, row := range map[string]struct {
		days   int
		looked approvals.Looked
		unused bool
	}{
		"never used, looked at after a week":      {8, approvals.Looked{Read: true}, false},
		"never used, looked at after two weeks":   {15, approvals.Looked{Read: true}, true},
		"the log could not be read":               {15, approvals.Looked{}, false},
		"used yesterday":                          {15, approvals.Looked{Read: true, Last: monday().Add(14 * day)}, false},
		"used two weeks ago and no more":          {29, approvals.Looked{Read: true, Last: monday().Add(14 * day)}, true},
		"signing in is tried and fails all along": {15, approvals.Looked{Read: true, Used: &approvals.Used{Why: "a policy"}}, true},
	} {
		s := inForce(t).does(approvals.Proved{Agrees: true})
		s.now = monday().Add(time.Duration(row.days) * day)
		s.does(row.looked).is(approvals.StateActive)
		if since, got := s.r.Unused(); got != row.unused || got && since.After(s.now.Add(-14*day)) {
			t.Errorf("%s: %v since %v; %+v", name, got, since, s.r.Proof)
		}
	}
	if _, is := begin(t).active().r.Unused(); is {
		t.Error("of an exemption that the log does not tell of it is said that it is unused")
	}
}
