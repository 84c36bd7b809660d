package approvals_test

import (
	"net/netip"
	"testing"
	"time"

	"hallpass/approvals"
)

// monday is a working morning from which the tests of this package start.
func monday() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

func person(id string) approvals.Person {
	return approvals.Person{ID: id, Human: id, Name: id, Enabled: true}
}

func target(id string) approvals.Target {
	return approvals.Target{Kind: approvals.TargetLocation, ID: id}
}

func plan(entries ...string) approvals.Plan {
	p := approvals.Plan{Kind: approvals.KindIP}
	for i, e := range entries {
		p.Changes = append(p.Changes, approvals.Change{Target: target(string(rune('a' + i))), Entry: e, Label: e})
	}
	return p
}

func ruling() approvals.Ruling {
	return approvals.Ruling{
		Rule: "everything", Seats: []approvals.Seat{{Group: "netsec", Count: 1}, {Group: "security", Count: 1}},
		Max: 90 * 24 * time.Hour, MaxTotal: 365 * 24 * time.Hour, Lapse: 72 * time.Hour, Nudge: 24 * time.Hour,
		Remind: []time.Duration{14 * 24 * time.Hour, 24 * time.Hour}, ApplyWithin: 24 * time.Hour, RulesHash: "r1",
	}
}

// story is one request and what is done to it.
type story struct {
	t   *testing.T
	r   approvals.Request
	now time.Time
	fx  []approvals.Effect
}

func begin(t *testing.T, entries ...string) *story {
	t.Helper()
	if len(entries) == 0 {
		entries = []string{"203.0.113.7/32"}
	}
	s := &story{t: t, now: monday()}
	s.does(approvals.Opened{
		ID: "HP-1", Requester: person("ana"), Owner: person("ana"), Plan: plan(entries...), Ruling: ruling(),
		Ask: approvals.Ask{
			Kind: approvals.KindIP, Addresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")},
			Where: "trusted", Term: approvals.Term{For: 30 * 24 * time.Hour}, Reason: "a workflow engine",
		},
	})
	return s
}

func (s *story) try(e approvals.Event) error {
	s.t.Helper()
	next, fx, err := approvals.Step(s.r, e, approvals.Moment{Now: s.now})
	if !approvals.MayFollow(s.r.State, next.State) && s.r.State != next.State {
		// two arrows in one step are fine as long as each is in the table: only approved to ended is such a jump
		if s.r.State != approvals.StateApproved && s.r.State != approvals.StateActive || next.State != approvals.StateEnded {
			s.t.Errorf("%T moved the request from %s to %s", e, s.r.State, next.State)
		}
	}
	s.r, s.fx = next, fx
	return err
}

func (s *story) does(e approvals.Event) *story {
	s.t.Helper()
	if err := s.try(e); err != nil {
		s.t.Fatalf("%T: %v", e, err)
	}
	return s
}

func (s *story) later(d time.Duration) *story { s.now = s.now.Add(d); return s }

func (s *story) vote(who string, groups ...string) approvals.Voted {
	standings := map[string][]string{}
	for _, v := range s.r.Round().Votes {
		standings[v.Voter.ID] = v.Groups
	}
	return approvals.Voted{
		Vote:        approvals.Vote{Voter: person(who), Choice: approvals.ChoiceApprove, Groups: groups},
		Fingerprint: s.r.Round().Fingerprint, Standings: standings,
	}
}

func (s *story) denial(who string, groups ...string) approvals.Voted {
	v := s.vote(who, groups...)
	v.Vote.Choice, v.Vote.Reason = approvals.ChoiceDeny, "no"
	return v
}

func (s *story) approved() *story {
	s.t.Helper()
	return s.does(s.vote("bo", "netsec")).does(s.vote("sam", "security")).is(approvals.StateApproved)
}

func (s *story) released() *story {
	s.t.Helper()
	round := s.r.Round()
	return s.does(approvals.Replanned{Plan: round.Plan, Ruling: round.Ruling})
}

func (s *story) active() *story {
	s.t.Helper()
	s.approved().released()
	for range s.r.Changes {
		s.does(s.seen(approvals.View{Verified: true}))
	}
	return s.is(approvals.StateActive)
}

// seen wakes the request with the same view of all its changes.
func (s *story) seen(v approvals.View) approvals.Woke {
	var views []approvals.View
	for range s.r.Changes {
		views = append(views, v)
	}
	return approvals.Woke{Views: views}
}

func (s *story) is(state approvals.State) *story {
	s.t.Helper()
	if s.r.State != state {
		s.t.Fatalf("the request is %s, want %s (stuck: %v)", s.r.State, state, s.r.Stuck)
	}
	return s
}

func (s *story) wake() (time.Time, bool) {
	for _, f := range s.fx {
		if w, ok := f.(approvals.Wake); ok {
			return w.At, true
		}
	}
	return time.Time{}, false
}
