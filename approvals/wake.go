package approvals

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// remind notes the nudge and the reminders whose time has come; chat sees the counts and tells people once.
func (s *step) remind() {
	if s.r.Voting() {
		if round := s.r.Round(); !round.Nudged && s.over(round.NudgeAt) {
			round.Nudged = true
		}
	}
	s.remindHands()
	if s.r.State == StateActive {
		s.r.Reminded = max(s.r.Reminded, s.passed())
	}
}

// passed counts the reminders whose time has come for the present end.
func (s *step) passed() int {
	n := 0
	for _, before := range s.reminders() {
		if s.over(s.r.End.Add(-before)) {
			n++
		}
	}
	return n
}

// ReminderDue reports whether a reminder of the end is due.
func (r *Request) ReminderDue(now time.Time) bool {
	at, is := r.nextReminder()
	return is && !now.Before(at)
}

func (r *Request) nextReminder() (at time.Time, is bool) {
	list := r.inForce().Remind
	if r.State != StateActive || r.Reminded >= len(list) {
		return time.Time{}, false
	}
	return r.End.Add(-list[r.Reminded]), true
}

// NoLater is when a request that has to wait until a time is looked at again: whatever it waits for, its reminder and its end come
// first.
func (r *Request) NoLater(at, now time.Time) time.Time {
	if r.State != StateActive {
		return at
	}
	sooner := func(t time.Time) {
		if t.After(now) && t.Before(at) {
			at = t
		}
	}
	sooner(r.End)
	if t, is := r.nextReminder(); is {
		sooner(t)
	}
	return at
}

// reminders are those of the ruling under which the present end was approved.
func (s *step) reminders() []time.Duration { return s.r.inForce().Remind }

func (s *step) effects() []Effect {
	if s.r.State.Final() && !s.changed() {
		return nil
	}
	var out []Effect
	before := s.old.Rows()
	for _, row := range s.r.Rows() {
		if slices.Contains(before, row) {
			continue
		}
		lane := LaneApply
		if !row.Want {
			lane = LaneEnd
		}
		out = append(out, Converge{Target: row.Target, Lane: lane})
	}
	if !s.r.State.Final() {
		out = append(out, s.wake())
	}
	if s.changed() {
		out = append(out, Tell{})
	}
	return out
}

// changed compares what would be stored.
func (s *step) changed() bool {
	before, err := json.Marshal(s.old)
	after, err2 := json.Marshal(s.r)
	return err != nil || err2 != nil || !bytes.Equal(before, after)
}

// wake is when the request has to be looked at next. An unfinished request always has one.
func (s *step) wake() Wake {
	w := Wake{Lane: LaneApply}
	sooner := func(at time.Time) {
		if !at.IsZero() && (w.At.IsZero() || at.Before(w.At)) {
			w.At = at
		}
	}
	if s.r.Voting() {
		round := s.r.Round()
		sooner(round.Lapses)
		if !round.Nudged {
			sooner(round.NudgeAt)
		}
	}
	switch s.r.State {
	case StateApproved:
		if s.old.State != StateApproved {
			sooner(s.now()) // plan again and release
		}
		if task, waits := s.r.Task(); waits {
			sooner(s.taskWake(task))
		} else {
			sooner(s.now().Add(lookAgain))
		}
		sooner(s.r.ApplyBy)
	case StateActive:
		w.Lane = LaneEnd
		sooner(s.r.End)
		if p := s.r.Proof; p != nil {
			sooner(p.Next)
		}
		if at, is := s.r.nextReminder(); is {
			sooner(at)
		}
	case StateEnding:
		w.Lane = LaneEnd
		task, waits := s.r.Task()
		if len(s.r.Rows()) > 0 {
			sooner(s.now().Add(lookAgainEnding))
		}
		switch {
		case waits && s.withdrew():
			sooner(s.now()) // another live request may keep it: then nobody is waited for
		case waits:
			sooner(s.taskWake(task))
		default:
			sooner(s.now().Add(lookAgainEnding))
		}
	case StateNone, StatePending, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
	return w
}
