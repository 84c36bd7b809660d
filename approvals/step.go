package approvals

import (
	"errors"
	"fmt"
	"time"
)

// Waits between looks at a request whose targets are being converged. A settled target wakes it earlier; these are the
// net below.
const (
	lookAgain       = 30 * time.Second
	lookAgainEnding = 10 * time.Second
	// acceptAlarm and agreeAlarm are when a removal becomes an alarm: not accepted by Graph, or not agreed by the reads.
	acceptAlarm = 30 * time.Second
	agreeAlarm  = 5 * time.Minute
)

// Step is what an event does to a request at a moment. It is pure. It returns the next state and the due work that must
// be committed with it; both hold even when an error is returned, because time may have moved the request before the
// event was refused. An error is a *Refusal, or a mistake of the caller.
//
// Time comes first: what is over is over, whatever woke the request.
func Step(r Request, e Event, m Moment) (Request, []Effect, error) {
	s := step{old: r, r: r.Clone(), m: m}
	s.overtake()
	err := s.take(e)
	s.progress(e)
	if s.bad != nil {
		return r, nil, s.bad
	}
	return s.r, s.effects(), err
}

type step struct {
	old Request
	r   Request
	m   Moment
	bad error // a move that the table does not have: a bug
	// wider says what was consented to beyond what was approved; empty if nothing was, or nobody looked.
	wider string
}

func (s *step) now() time.Time { return s.m.Now }

// to moves the request along an arrow of the table.
func (s *step) to(next State) {
	if s.r.State == next || !MayFollow(s.r.State, next) {
		s.bad = errors.Join(s.bad, fmt.Errorf("%s: no way from %q to %q", s.r.ID, s.r.State, next))
		return
	}
	s.r.State = next
	s.r.Stuck = nil
	if next.Final() {
		s.r.Ended = s.now()
	}
}

func (s *step) over(at time.Time) bool { return !at.IsZero() && !s.now().Before(at) }

// overtake does what time alone does.
func (s *step) overtake() {
	r := &s.r
	switch r.State {
	case StatePending:
		if s.over(r.Round().Lapses) {
			s.closeRound(OutcomeLapsed, Person{}, "nobody decided in time")
			r.Cause = &Cause{Word: CauseLapsed, At: s.now()}
			s.to(StateLapsed)
		}
	case StateApproved:
		if s.over(r.ApplyBy) {
			s.end(Cause{Word: CauseNotApplied})
		}
	case StateActive:
		if s.over(r.End) {
			s.end(Cause{Word: CauseEnd})
		} else if r.Voting() && s.over(r.Round().Lapses) {
			s.closeRound(OutcomeLapsed, Person{}, "nobody decided in time")
		}
	case StateNone, StateEnding, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
}

// end moves to ending; taking away begins in progress, in the same commit.
func (s *step) end(c Cause) {
	if s.r.Voting() {
		s.closeRound(OutcomeDropped, Person{}, "the request ended")
	}
	c.At = s.now()
	s.r.Cause = &c
	s.to(StateEnding)
}

func (s *step) closeRound(o Outcome, by Person, why string) {
	round := s.r.Round()
	round.Outcome, round.Closed, round.Decider, round.Why = o, s.now(), by, why
}

// take does what the event does. It changes nothing when it returns an error.
func (s *step) take(e Event) error {
	switch e := e.(type) {
	case Opened:
		return s.open(e)
	case Voted:
		return s.vote(e)
	case Cancelled:
		return s.cancel(e)
	case Revoked:
		return s.revoke(e)
	case RenewAsked:
		return s.renew(e)
	case Handed:
		return s.hand(e)
	case Replanned:
		return s.replan(e)
	case Held:
		return s.held(e)
	case Proved:
		return s.proved(e)
	case Looked:
		return s.looked(e)
	case FenceBroken:
		s.unfenced(e)
		return nil
	case Reviewed:
		return s.review(e)
	case OwnerLeft:
		s.left(e)
		return nil
	case AccountChanged:
		s.changedAccount(e)
		return nil
	case TaskTaken:
		return s.takeTask(e)
	case Attested:
		return s.attest(e)
	case Consented:
		s.consented(e)
		return nil
	case Woke:
		s.remind()
		return nil
	}
	return fmt.Errorf("%T is no event", e)
}

func (s *step) replan(e Replanned) error {
	if s.r.State != StateApproved || s.r.Written {
		return Refuse(RefusedState, "%s is past planning.", s.r.ID)
	}
	round := s.r.Round()
	s.r.Observed, s.r.Stuck = false, nil
	switch {
	case e.Refusal != nil:
		s.r.Cause = &Cause{Word: CauseReplanned, Why: e.Refusal.What, At: s.now()}
		s.to(StateDenied)
	case Fingerprint(e.Plan, round.Term, e.Ruling) == round.Fingerprint:
		s.r.Written = true
		s.release(0)
	case len(s.r.Rounds) > 1:
		s.r.Cause = &Cause{Word: CauseReplanned, Why: "what it would change was different again when it was to be applied", At: s.now()}
		s.to(StateDenied)
	default:
		s.r.Changes, s.r.ApplyBy = nil, time.Time{}
		s.r.Account = e.Plan.Account
		s.addRound(RoundFirst, round.AskedBy, s.r.Ask.Term, s.r.Ask.Reason, e.Plan, e.Ruling)
		s.to(StatePending)
	}
	return nil
}

func (s *step) held(e Held) error {
	if s.r.State != StateApproved || s.r.Written {
		return nil
	}
	s.r.Observed = e.Observe
	s.stick(e.Why, s.now())
	return nil
}

// stick records why the request does not get on, keeping the time since when.
func (s *step) stick(why string, since time.Time) {
	if s.r.Stuck != nil && s.r.Stuck.Why == why {
		return
	}
	if since.IsZero() {
		since = s.now()
	}
	s.r.Stuck = &Stuck{Why: why, Since: since}
}
