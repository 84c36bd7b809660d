package approvals_test

import (
	"slices"
	"testing"
	"time"

	"hallpass/approvals"
)

// What is restored is never more than what was signed: it keeps its end, loses what was not decided, and is taken away where
// what is known does not allow it to stay.
func TestWhatIsRestoredIsNoMoreThanWhatWasSigned(t *testing.T) {
	t.Parallel()
	pending := begin(t).r
	released := begin(t, "203.0.113.7/32").approved().released().r
	active := begin(t).active().r
	ending := begin(t).active().does(approvals.Revoked{By: person("sam"), Why: "x"}).r
	lost := approvals.Request{}
	signedAt, now := active.Applied.Add(time.Hour), active.Applied.Add(2*time.Hour)
	for name, row := range map[string]struct {
		stored approvals.Request
		signed *approvals.Request
		gone   bool
		want   approvals.State
	}{
		"active, and all is lost":                       {lost, remnant(&active), false, approvals.StateActive},
		"active, and somebody took it out meanwhile":    {lost, remnant(&active), true, approvals.StateEnding},
		"being applied: whether it may be is not known": {lost, remnant(&released), false, approvals.StateEnding},
		"ending":                                         {lost, remnant(&ending), false, approvals.StateEnding},
		"active, and the backup says pending":            {pending, remnant(&active), false, approvals.StateActive},
		"ending, and the backup says active":             {active, remnant(&ending), false, approvals.StateEnding},
		"over, and the backup says active":               {active, nil, false, approvals.StateEnding},
		"over, and the backup says pending":              {pending, nil, false, approvals.StateLapsed},
		"over, and the backup says that it goes through": {released, nil, false, approvals.StateEnding},
	} {
		got := approvals.Restore(row.stored, row.signed, row.gone, signedAt, now)
		if got.State != row.want || got.Restored == nil || !got.Restored.At.Equal(now) {
			t.Errorf("%s: %s, want %s; %+v", name, got.State, row.want, got.Restored)
			continue
		}
		if row.signed != nil && !got.End.Equal(row.signed.End) {
			t.Errorf("%s: it ends %s, signed was %s", name, got.End, row.signed.End)
		}
		if len(got.Rounds) > 0 && got.Round().Outcome == approvals.OutcomeOpen {
			t.Errorf("%s: votes are still taken for what nobody remembers", name)
		}
		for _, r := range got.Rows() {
			if r.Want != (got.State == approvals.StateActive) && got.State != approvals.StateEnding {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

// A restored request goes on through the table like any other: to its end, and away.
func TestARestoredRequestEndsOnTimeLikeAnyOther(t *testing.T) {
	t.Parallel()
	s := begin(t).active()
	s.r = approvals.Restore(approvals.Request{}, remnant(&s.r), false, s.now, s.now)
	s.now = s.r.End.Add(-time.Minute)
	s.does(s.seen(approvals.View{Verified: true})).is(approvals.StateActive)
	s.now = s.r.End
	s.does(s.seen(approvals.View{Verified: true})).is(approvals.StateEnding)
	s.later(time.Minute).does(s.seen(approvals.View{Absent: true})).is(approvals.StateEnded)
}

// remnant is what a checkpoint keeps. No names of people are in it but that of the account.
func remnant(r *approvals.Request) *approvals.Request {
	out := r.Remnant()
	return &out
}

func TestARemnantNamesNobodyAndKeepsWhatIsNeededToEndIt(t *testing.T) {
	t.Parallel()
	r := begin(t).active().r
	got := r.Remnant()
	for _, p := range []approvals.Person{got.Requester, got.Owner, got.Round().AskedBy} {
		if p.ID == "" || p.Name != "" || p.UPN != "" {
			t.Errorf("%+v", p)
		}
	}
	if !slices.Equal(got.Rows(), r.Rows()) || !got.End.Equal(r.End) || got.State != r.State || got.Hash != r.Hash {
		t.Errorf("%+v", got)
	}
	before := begin(t).r
	if got := before.Remnant(); got.ID != before.ID || got.State != approvals.StatePending || len(got.Rounds)+len(got.Changes) > 0 {
		t.Errorf("of what is not in Entra ID only id and state are kept: %+v", got)
	}
}
