package approvals

import (
	"slices"
)

// progress moves the changes of a request that is being applied, held or taken away, as far as its targets allow: up in
// order, down in the reverse order, one release or withdrawal at a time.
func (s *step) progress(e Event) {
	var views []View
	if woke, ok := e.(Woke); ok {
		views = woke.Views
	} else if seen, ok := e.(Consented); ok {
		views = seen.Views
	}
	view := func(i int) View {
		if i < len(views) {
			return views[i]
		}
		return View{}
	}
	switch s.r.State {
	case StateApproved:
		s.up(view)
	case StateActive:
		s.guard(view)
	case StateNone, StatePending, StateEnding, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
	if s.r.State == StateEnding {
		s.down(view)
	}
}

// up records verified changes and releases the next one; when all are verified the clock of the duration starts.
func (s *step) up(view func(int) View) {
	if !s.r.Written {
		return
	}
	for i := range s.r.Changes {
		c, v := &s.r.Changes[i], view(i)
		if (c.State == ChangeVerified || c.State == ChangeReleased) && v.Vanished { // it was there and was taken out
			s.end(takenOut(c.Change, v))
			return
		}
		if c.State == ChangeHeld {
			s.release(i)
			return
		}
		if c.State != ChangeReleased {
			continue
		}
		if c.Hand != nil { // waits for a person
			if s.r.Stuck = nil; s.wider != "" {
				s.stick(s.wider, s.old.stuckSince(s.wider))
			}
			return
		}
		if !v.Accepted.IsZero() {
			c.Accepted = v.Accepted
		}
		if !v.Verified {
			s.unstick(v)
			return
		}
		c.State, c.At, c.Made = ChangeVerified, s.now(), v.Made
	}
	round := s.approved()
	term := round.Shortest(s.now())
	s.r.Applied = s.now()
	s.r.End = s.m.Calendar.EndOf(term, s.now())
	s.to(StateActive)
	s.r.Reminded = s.passed()
	s.prove()
	if s.over(s.r.End) { // a fixed end that came while it was being applied
		s.end(Cause{Word: CauseEnd})
	}
}

// Restores reports whether an entry of the request that another hand takes out is put back, by the ruling under which its
// present end was approved.
func (r *Request) Restores() bool {
	for _, round := range slices.Backward(r.Rounds) {
		if round.Outcome == OutcomeApproved {
			return round.Ruling.Restore
		}
	}
	return false
}

// approved is the round that approved the changes.
func (s *step) approved() *Round {
	for i := range s.r.Rounds {
		if s.r.Rounds[i].Kind == RoundFirst && s.r.Rounds[i].Outcome == OutcomeApproved {
			return &s.r.Rounds[i]
		}
	}
	return s.r.Round()
}

func (s *step) unstick(v View) {
	if v.Problem == "" {
		s.r.Stuck = nil
		return
	}
	s.stick(v.Problem, v.Since)
}

// takenOut is why a request ends of which another hand took an entry out, or whose account another hand blocked.
func takenOut(c Change, v View) Cause {
	word := CauseTakenOut
	if c.Blocks() {
		word = CauseBlocked
	}
	return Cause{Word: word, Hand: v.Hand, Why: c.Label}
}

// guard ends an active request whose entry was taken out by another hand. It is not put back: hallpass never fights.
func (s *step) guard(view func(int) View) {
	for i, c := range s.r.Changes {
		if v := view(i); v.Vanished {
			s.end(takenOut(c.Change, v))
			return
		}
	}
}

// unfenced ends what is in force behind a fence that does not hold, where its rule says so.
func (s *step) unfenced(e FenceBroken) {
	if s.r.EndsUnfenced(e.Zone) {
		s.end(Cause{Word: CauseUnfenced, Why: e.Why})
	}
}

// down withdraws the last change that is still there, and the one before it when that one is recorded as absent. What hallpass
// takes away itself never waits for a person: an end is an end. People are sent to one place after the other.
func (s *step) down(view func(int) View) {
	person := false // one is waited for
	for i := len(s.r.Changes) - 1; i >= 0; i-- {
		c, v := &s.r.Changes[i], view(i)
		if c.Consent() && c.State != ChangeAbsent { // it goes with the application
			c.State, c.At = ChangeAbsent, s.now()
		}
		switch c.State {
		case ChangeHeld:
			c.State, c.At = ChangeAbsent, s.now()
		case ChangeReleased, ChangeVerified, ChangeAttested:
			if c.Hand != nil && person {
				continue
			}
			s.withdraw(i)
			if c.Hand == nil {
				return
			}
			person = true
		case ChangeWithdrawn:
			if c.Hand != nil {
				person = s.undoing(i, view) || person
				continue
			}
			if !v.Absent && v.KeptBy == "" {
				s.overdue(c, v)
				return
			}
			c.State, c.At, c.KeptBy, c.Covered = ChangeAbsent, s.now(), v.KeptBy, v.Covered
		case ChangeAbsent:
		}
	}
	if person {
		return
	}
	s.to(StateEnded)
}

// overdue tells why a removal is not done, and raises the alarms of a removal that takes too long.
func (s *step) overdue(c *Progress, v View) {
	if !v.Accepted.IsZero() {
		c.Accepted = v.Accepted
	}
	waited := s.now().Sub(c.At)
	switch {
	case v.Problem != "":
		s.stick(v.Problem, v.Since)
	case c.Accepted.IsZero() && waited > acceptAlarm:
		s.stick("Entra ID has not accepted the removal for 30 seconds", c.At)
	case waited > agreeAlarm:
		s.stick("the removal was accepted, but reads of Entra ID have not agreed for 5 minutes", c.At)
	default:
		s.r.Stuck = nil
	}
}
