package approvals

import (
	"strings"
	"time"
)

// undoWithin is how long taking away by hand may take before it is an alarm, where the rule does not say.
const undoWithin = 24 * time.Hour

// MaxEvidence bounds what a person pastes as evidence, in bytes.
const MaxEvidence = 4000

// taskReminders are how long after a task was released its people are reminded; after the last of them every day.
func taskReminders() []time.Duration {
	return []time.Duration{2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour}
}

// reminderAt is when the nth reminder of a task is due, counted from 0.
func reminderAt(since time.Time, n int) time.Time {
	list := taskReminders()
	if n < len(list) {
		return since.Add(list[n])
	}
	return since.Add(list[len(list)-1] + time.Duration(n-len(list)+1)*24*time.Hour)
}

// ReminderAt is when those who have to do the task are reminded next.
func ReminderAt(t Task) time.Time { return reminderAt(t.Since, t.Reminded) }

// release lets a change be made. With one that is made by hand go those right behind it in the same place: a person is
// sent there once. With one for which nothing is written, because it is there already, goes the next: nothing would be gained by
// reading it first.
func (s *step) release(i int) {
	first := s.r.Changes[i]
	for ; i < len(s.r.Changes); i++ {
		c := &s.r.Changes[i]
		if c.State != ChangeHeld || c.Target != first.Target || (c.Hand == nil) != (first.Hand == nil) {
			return
		}
		c.State, c.At, c.Taken, c.Reminded = ChangeReleased, s.now(), nil, 0
		if c.Hand == nil {
			if next := i + 1; c.Adopt && next < len(s.r.Changes) && s.r.Changes[next].State == ChangeHeld {
				s.release(next)
			}
			return
		}
	}
}

// withdraw lets a change be taken away, and with one that was made by hand those right before it in the same place. What
// was released and never attested may have been made all the same: a person has to say that it is not there.
func (s *step) withdraw(i int) {
	last := s.r.Changes[i]
	for ; i >= 0; i-- {
		c := &s.r.Changes[i]
		if c.Target != last.Target || (c.Hand == nil) != (last.Hand == nil) || c.State == ChangeAbsent || c.State == ChangeHeld {
			return
		}
		c.State, c.At, c.Accepted, c.Taken, c.Reminded = ChangeWithdrawn, s.now(), time.Time{}, nil, 0
		if c.Hand == nil {
			return
		}
	}
}

// undoing looks at everything that is to be taken away by hand together with change i. What another live request keeps
// needs nobody. It reports whether a person is still waited for, and raises the alarm if that takes too long.
func (s *step) undoing(i int, view func(int) View) bool {
	waits := false
	for target := s.r.Changes[i].Target; i >= 0 && s.r.Changes[i].Hand != nil && s.r.Changes[i].Target == target; i-- {
		c := &s.r.Changes[i]
		if c.State != ChangeWithdrawn {
			continue
		}
		if kept := view(i).KeptBy; kept != "" {
			c.State, c.At, c.KeptBy = ChangeAbsent, s.now(), kept
			continue
		}
		waits = true
		if s.over(c.At.Add(s.undoWithin())) {
			s.stick("nobody has said that it was taken out of "+c.Title+" by hand: "+c.Hand.Group+" has to", c.At)
		} else {
			s.r.Stuck = nil
		}
	}
	return waits
}

func (s *step) undoWithin() time.Duration {
	if d := s.r.inForce().UndoWithin; d > 0 {
		return d
	}
	return undoWithin
}

// takeTask notes who does what is to be done by hand. Whoever else takes it later has it.
func (s *step) takeTask(e TaskTaken) error {
	if err := s.mayByHand(e.By, VerbTake); err != nil {
		return err
	}
	task, _ := s.r.Task()
	for _, i := range task.Changes {
		s.r.Changes[i].Taken = &Takeover{By: e.By, At: s.now()}
	}
	return nil
}

// attest records a person's word for everything that is to be done by hand now. Nothing of it was verified.
func (s *step) attest(e Attested) error {
	verb := VerbDone
	if e.Undo {
		verb = VerbUndone
	}
	if err := s.mayByHand(e.By, verb); err != nil {
		return err
	}
	if _, _, consent := s.r.AwaitsConsent(); consent {
		return Refuse(RefusedState, "Whether an administrator has consented is read in Entra ID, and nobody's word counts for it.")
	}
	evidence := strings.TrimSpace(e.Evidence)
	example := "/hallpass " + string(verb) + " " + string(s.r.ID) + " …"
	switch {
	case evidence == "":
		return Refuse(RefusedInput, "Say what shows that it is %s: a ticket, what you saw, or what the script printed.", verb).Or("Type `%s`.", example)
	case len(evidence) > MaxEvidence:
		return Refuse(RefusedInput, "That is too long: %d bytes at most.", MaxEvidence).Or("Paste what the script printed last, or name a ticket that has it all.")
	case e.Expect != "" && !hasWord(evidence, e.Expect):
		return Refuse(RefusedInput, "The fingerprint that the script prints when %s is %s is not in there.", s.r.ID, verb).
			Or("Run the script that its card shows now, to its end, and paste its last line: `/hallpass %s %s hallpass-…`. If it prints no fingerprint, it says why.", verb, s.r.ID)
	}
	task, _ := s.r.Task()
	a := &Attestation{By: e.By, Evidence: evidence, Proof: e.Expect, At: s.now(), Via: e.Via}
	for _, i := range task.Changes {
		c := &s.r.Changes[i]
		c.At = s.now()
		if e.Undo {
			c.State, c.Undone = ChangeAbsent, a
		} else {
			c.State, c.Done = ChangeAttested, a
		}
	}
	s.r.Stuck = nil
	return nil
}

// hasWord reports whether the word stands in the text as a whole.
func hasWord(text, word string) bool {
	for _, field := range strings.FieldsFunc(text, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		if strings.EqualFold(field, word) {
			return true
		}
	}
	return false
}

// mayByHand asks May for what is done by hand: the engine has asked with the groups of the person before.
func (s *step) mayByHand(by Person, verb Verb) error {
	return May(Standing{Person: by, Groups: s.r.Hands()}, verb, &s.r)
}

// mayHand says who may do by hand what the request waits for: a member of the group that the place names, never the
// account, and not who asked for it or owns it: they have the advantage, and their word would be all there is. A rule may
// allow that.
func mayHand(roles Roles, verb Verb, r *Request) error {
	task, waits := r.Task()
	wrong := verb == VerbDone && task.Undo || verb == VerbUndone && !task.Undo
	switch {
	case !waits && len(r.Hands()) == 0:
		return Refuse(RefusedState, "Nothing of %s is done by hand.", r.ID)
	case !waits:
		return Refuse(RefusedState, "%s is %s; nothing is to be done by hand for it now.", r.ID, r.State)
	case !roles.Hand:
		return Refuse(RefusedRights, "What %s waits for is done by members of %s.", r.ID, task.Place.Group)
	case roles.Account:
		return Refuse(RefusedRights, "%s is about this very account.", r.ID)
	case (roles.Requester || roles.Owner) && !r.inForce().AttestSelf:
		return Refuse(RefusedRights, "You asked for %s or own what it exempts, so somebody else of %s has to do it and say so.", r.ID, task.Place.Group).
			Or("A rule can allow it: `attest: self`.")
	case wrong && task.Undo:
		return Refuse(RefusedState, "%s has ended: now it has to be taken away.", r.ID).Or("When that is so: `/hallpass undone %s …`.", r.ID)
	case wrong:
		return Refuse(RefusedState, "%s has not been made yet.", r.ID).Or("When it is: `/hallpass done %s …`. To stop it: `/hallpass revoke %s because …`.", r.ID, r.ID)
	}
	return nil
}

// remindHands notes the reminders of a task whose time has come.
func (s *step) remindHands() {
	task, ok := s.r.Task()
	if !ok {
		return
	}
	n := task.Reminded
	for s.over(reminderAt(task.Since, n)) {
		n++
	}
	for _, i := range task.Changes {
		s.r.Changes[i].Reminded = n
	}
}

// taskWake is when a request that waits for a person is looked at next: to remind, to raise the alarm, or to see whether
// another request keeps what it wants taken away.
func (s *step) taskWake(task Task) time.Time {
	at := reminderAt(task.Since, task.Reminded)
	if look := s.now().Add(lookForConsent); task.Place.Kind == HandConsent && look.Before(at) {
		at = look
	}
	if !task.Undo {
		return at
	}
	if alarm := task.Since.Add(s.undoWithin()); alarm.After(s.now()) && alarm.Before(at) {
		at = alarm
	}
	if keeps := s.now().Add(lookAgainByHand); keeps.Before(at) {
		at = keeps
	}
	return at
}

// withdrew reports whether this step let something be taken away by hand.
func (s *step) withdrew() bool {
	for i, c := range s.r.Changes {
		if c.Hand != nil && c.State == ChangeWithdrawn && s.old.Changes[i].State != ChangeWithdrawn {
			return true
		}
	}
	return false
}

// lookAgainByHand is how often a request whose undoing waits for a person is held against the other live ones.
const lookAgainByHand = 10 * time.Minute
