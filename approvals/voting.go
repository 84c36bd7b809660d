package approvals

import (
	"fmt"
	"time"
)

func (s *step) open(e Opened) error {
	if s.r.State != StateNone {
		return Refuse(RefusedState, "%s exists already.", s.r.ID)
	}
	if len(e.Plan.Changes) == 0 || len(e.Ruling.Seats) == 0 {
		return fmt.Errorf("%s: a plan without changes, or a ruling without seats, cannot be opened", e.ID)
	}
	s.r = Request{
		ID: e.ID, Ask: e.Ask, Requester: e.Requester, Owner: e.Owner, Account: e.Plan.Account, Opened: s.now(),
	}
	s.addRound(RoundFirst, e.Requester, e.Ask.Term, e.Ask.Reason, e.Plan, e.Ruling)
	s.to(StatePending)
	return nil
}

func (s *step) addRound(kind RoundKind, by Person, term Term, reason string, plan Plan, ruling Ruling) {
	round := Round{
		Kind: kind, Plan: plan, Ruling: ruling, Term: term, Reason: reason, AskedBy: by,
		Fingerprint: Fingerprint(plan, term, ruling),
		Opened:      s.now(), Lapses: s.now().Add(ruling.Lapse),
	}
	if kind == RoundRenewal && round.Lapses.After(s.r.End) {
		round.Lapses = s.r.End
	}
	if ruling.Nudge > 0 {
		round.NudgeAt = s.now().Add(ruling.Nudge)
	}
	if by.Is(s.r.Owner) {
		round.OwnerYes = &Vote{Voter: by, Choice: ChoiceApprove, At: s.now(), Reason: "asked for it"}
	}
	s.r.Rounds = append(s.r.Rounds, round)
}

func (s *step) vote(e Voted) error {
	verb := VerbApprove
	if e.Vote.Choice == ChoiceDeny {
		verb = VerbDeny
	}
	standing := Standing{Person: e.Vote.Voter, Groups: e.Vote.Groups}
	if err := May(standing, verb, &s.r); err != nil {
		return err
	}
	round := s.r.Round()
	if e.Fingerprint != round.Fingerprint {
		return Refuse(RefusedMoved, "%s has changed since that card was shown.", s.r.ID).
			Or("Look at it again: `/hallpass show %s`.", s.r.ID)
	}
	vote := e.Vote
	vote.At = s.now()
	if err := stepUp(&s.r, vote, s.now()); err != nil {
		return err
	}
	if verb == VerbDeny {
		if vote.Reason == "" {
			return Refuse(RefusedInput, "A denial needs a reason.").Or("Type `/hallpass deny %s because …`.", s.r.ID)
		}
		s.deny(vote)
		return nil
	}
	if vote.Shorten < 0 || vote.Shorten > round.Term.Length(s.start(round)) {
		return Refuse(RefusedInput, "You can shorten what was asked for, not lengthen it.")
	}
	if round.NeedsOwner() {
		round.OwnerYes = &vote
		if vote.Shorten > 0 {
			round.Term = Term{For: vote.Shorten}
			round.Fingerprint = Fingerprint(round.Plan, round.Term, round.Ruling)
		}
		return nil
	}
	kept := round.Votes[:0:0]
	for _, v := range round.Votes {
		v.Groups = e.Standings[v.Voter.ID]
		if !v.Voter.Is(vote.Voter) && len(v.Groups) > 0 {
			kept = append(kept, v)
		}
	}
	round.Votes = append(kept, vote)
	if len(round.WaitsFor()) == 0 {
		s.approve(vote.Voter)
	}
	return nil
}

// start is when the term of a round begins, as far as is known.
func (s *step) start(round *Round) time.Time {
	if round.Kind == RoundRenewal {
		return s.r.End
	}
	return s.now()
}

func (s *step) deny(vote Vote) {
	s.r.Round().Votes = append(s.r.Round().Votes, vote)
	s.closeRound(OutcomeDenied, vote.Voter, vote.Reason)
	if s.r.State == StatePending {
		s.r.Cause = &Cause{Word: CauseDenied, By: vote.Voter, Why: vote.Reason, At: s.now()}
		s.to(StateDenied)
	}
}

func (s *step) approve(by Person) {
	round := s.r.Round()
	term := round.Shortest(s.start(round))
	s.closeRound(OutcomeApproved, by, "")
	if round.Kind == RoundRenewal {
		s.r.End = s.m.Calendar.EndOf(term, s.r.End)
		s.r.Review = nil // it was about the end before
		s.r.Reminded = s.passed()
		if s.r.Proof == nil { // it has been in force since before its kind was looked up in the log
			s.prove()
		}
		return
	}
	s.r.Changes = nil
	for _, c := range round.Plan.Changes {
		s.r.Changes = append(s.r.Changes, Progress{Change: c, State: ChangeHeld, At: s.now()})
	}
	s.r.ApplyBy = s.now().Add(round.Ruling.ApplyWithin)
	if !term.Until.IsZero() && term.Until.Before(s.r.ApplyBy) {
		s.r.ApplyBy = term.Until
	}
	s.to(StateApproved)
}
