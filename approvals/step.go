package approvals

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	case Woke:
		s.remind()
		return nil
	}
	return fmt.Errorf("%T is no event", e)
}

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
		s.r.Reminded = s.passed()
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
	s.r.Owner = e.To
	if s.r.Voting() {
		round := s.r.Round()
		round.OwnerYes = nil
		if e.To.Is(round.AskedBy) {
			round.OwnerYes = &Vote{Voter: e.To, Choice: ChoiceApprove, At: s.now(), Reason: "asked for it"}
		}
		round.Votes = slices.DeleteFunc(round.Votes, func(v Vote) bool { return v.Voter.Is(e.To) })
	}
	return nil
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
		s.r.Changes[0].State, s.r.Changes[0].At = ChangeReleased, s.now()
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

// remind notes the nudge and the reminders whose time has come; chat sees the counts and tells people once.
func (s *step) remind() {
	if s.r.Voting() {
		if round := s.r.Round(); !round.Nudged && s.over(round.NudgeAt) {
			round.Nudged = true
		}
	}
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
		sooner(s.now().Add(lookAgain))
		sooner(s.r.ApplyBy)
	case StateActive:
		w.Lane = LaneEnd
		sooner(s.r.End)
		if p := s.r.Proof; p != nil {
			sooner(p.Next)
		}
		if rs := s.reminders(); s.r.Reminded < len(rs) {
			sooner(s.r.End.Add(-rs[s.r.Reminded]))
		}
	case StateEnding:
		w.Lane = LaneEnd
		sooner(s.now().Add(lookAgainEnding))
	case StateNone, StatePending, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
	return w
}
