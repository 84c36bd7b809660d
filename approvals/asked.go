package approvals

import (
	"slices"
)

func (s *step) cancel(e Cancelled) error {
	if err := s.mayByName(e.By, VerbCancel); err != nil {
		return err
	}
	switch s.r.State {
	case StatePending:
		s.closeRound(OutcomeDropped, e.By, e.Why)
		s.r.Cause = &Cause{Word: CauseCancelled, By: e.By, Why: e.Why, At: s.now()}
		s.to(StateCancelled)
	case StateApproved:
		s.end(Cause{Word: CauseCancelled, By: e.By, Why: e.Why})
	case StateActive:
		s.closeRound(OutcomeDropped, e.By, e.Why)
	case StateNone, StateEnding, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
	return nil
}

// mayByName asks May for verbs that need no group: the engine has asked with the full standing before.
func (s *step) mayByName(by Person, verb Verb) error {
	return May(Standing{Person: by, Groups: s.r.Round().Ruling.Groups(), Security: true}, verb, &s.r)
}

func (s *step) revoke(e Revoked) error {
	if err := s.mayByName(e.By, VerbRevoke); err != nil {
		return err
	}
	if e.Why == "" {
		return Refuse(RefusedInput, "Revoking needs a reason.").Or("Type `/hallpass revoke %s because …`.", s.r.ID)
	}
	s.end(Cause{Word: CauseRevoked, By: e.By, Why: e.Why})
	return nil
}

func (s *step) renew(e RenewAsked) error {
	if err := s.mayByName(e.By, VerbRenew); err != nil {
		return err
	}
	var mine []Change
	for _, c := range s.r.Changes {
		mine = append(mine, c.Change)
	}
	if !SameChanges(mine, e.Plan.Changes) {
		return Refuse(RefusedState, "Today %s would need other changes than it was approved for.", s.r.ID).
			Or("Open a new request instead: `/hallpass`.")
	}
	end := e.Term.End(s.r.End)
	if !end.After(s.r.End) {
		return Refuse(RefusedInput, "That is not later than the present end of %s.", s.r.ID)
	}
	if limit := s.r.Applied.Add(e.Ruling.MaxTotal); e.Ruling.MaxTotal > 0 && end.After(limit) {
		return Refuse(RefusedTooLong, "With all renewals %s may last until %s at most.", s.r.ID, limit.UTC().Format("2 Jan 2006")).
			Or("Ask for less, or open a new request.")
	}
	s.addRound(RoundRenewal, e.By, e.Term, e.Reason, e.Plan, e.Ruling)
	return nil
}

func (s *step) hand(e Handed) error {
	if err := s.mayByName(e.By, VerbHand); err != nil {
		return err
	}
	switch {
	case !e.To.Enabled || e.To.Guest:
		return Refuse(RefusedInput, "%s cannot own an exemption: the account is disabled or a guest.", e.To.Label())
	case e.To.Is(s.r.Account):
		return Refuse(RefusedInput, "An account cannot own its own exemption.")
	case e.To.Is(s.r.Owner):
		return Refuse(RefusedInput, "%s owns %s already.", e.To.Label(), s.r.ID)
	}
	s.give(e.To)
	return nil
}

// give makes somebody the owner. What the owner before said does not count any more, nor does a vote of the new one.
func (s *step) give(to Person) {
	s.r.Owner = to
	if !s.r.Voting() {
		return
	}
	round := s.r.Round()
	round.OwnerYes = nil
	if to.Is(round.AskedBy) {
		round.OwnerYes = &Vote{Voter: to, Choice: ChoiceApprove, At: s.now(), Reason: "asked for it"}
	}
	round.Votes = slices.DeleteFunc(round.Votes, func(v Vote) bool { return v.Voter.Is(to) })
}
