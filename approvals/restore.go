package approvals

import "time"

// A store can be lost, or come back as it was some time ago. What hallpass put into Entra ID is still there then, and a
// signed checkpoint says what that was, for which request and until when. Restoring makes requests of it again. It is no
// transition: it copies a state that was signed, and from there on the table holds as ever.

// CauseLost is the word of a Cause: the store was lost, and what is known does not allow to go on.
const CauseLost = "store lost"

// Restored says that a request was brought back from a checkpoint. What nobody signed is lost: votes, facts, what the
// policies did, the messages in chat.
type Restored struct {
	// At is when it was brought back, Signed when the checkpoint was made.
	At     time.Time `json:"at"`
	Signed time.Time `json:"signed"`
	// Hash is that of its newest audit entry then: exports and archives from before the loss go on to it.
	Hash string `json:"hash,omitempty"`
}

// Remnant is what a checkpoint keeps of an unfinished request: enough to end it on time, to know its owner, and to ask again
// those who had a say. It holds object ids, and no names but those that stand in its changes, and nothing that people wrote as
// evidence. Of a request that has nothing in Entra ID, and nothing in a place by hand, only id and state are kept.
func (r *Request) Remnant() Request {
	out := Request{ID: r.ID, Version: r.Version, State: r.State, Opened: r.Opened, Hash: r.Hash}
	if len(r.Rows()) == 0 && len(r.InHands()) == 0 {
		return out
	}
	plan, first := Plan{Kind: r.Ask.Kind}, Round{}
	for _, round := range r.Rounds {
		if round.Outcome == OutcomeApproved && first.Outcome == OutcomeOpen {
			first = round
			if z := round.Plan.Zone; z != nil {
				plan.Zone = &Zone{Name: z.Name, Title: z.Title}
			}
		}
	}
	out.Ask, out.ApplyBy, out.Written, out.Applied, out.End, out.Reminded = r.Ask, r.ApplyBy, r.Written, r.Applied, r.End, r.Reminded
	out.Changes = withoutWords(r.Changes)
	out.Requester, out.Owner, out.Account = nameless(r.Requester), nameless(r.Owner), nameless(r.Account)
	out.Account.UPN = r.Account.UPN
	if r.Cause != nil {
		out.Cause = &Cause{Word: r.Cause.Word, By: nameless(r.Cause.By), Why: r.Cause.Why, At: r.Cause.At}
	}
	out.Rounds = []Round{{
		Kind: RoundFirst, Plan: plan, Ruling: r.inForce(), Term: first.Term, Reason: first.Reason, AskedBy: nameless(first.AskedBy),
		Opened: first.Opened, Lapses: first.Lapses, Outcome: OutcomeApproved, Closed: first.Closed,
	}}
	return out
}

// withoutWords are the changes with who did what is done by hand, and when, but without what they said.
func withoutWords(changes []Progress) []Progress {
	out := append([]Progress(nil), changes...)
	bare := func(a *Attestation) *Attestation {
		if a == nil {
			return nil
		}
		return &Attestation{By: nameless(a.By), Proof: a.Proof, At: a.At}
	}
	for i := range out {
		c := &out[i]
		c.Done, c.Undone = bare(c.Done), bare(c.Undone)
		if c.Taken != nil {
			c.Taken = &Takeover{By: nameless(c.Taken.By), At: c.Taken.At}
		}
	}
	return out
}

func nameless(p Person) Person {
	return Person{ID: p.ID, Human: p.Human, Enabled: p.Enabled, Guest: p.Guest}
}

// Restore makes the next state of a request whose store was lost. stored is what the store still has of it, the zero value if
// nothing; signed is what a checkpoint keeps of it, nil if it does not stand there: it was finished by then. gone says that
// an entry of it is not in Entra ID any more: what was taken out stays out.
//
// Nothing that is restored is ever put into Entra ID because of that: an active request stays so with its signed end, if all
// of it is there, and everything else that may have left something there is taken away.
func Restore(stored Request, signed *Request, gone bool, from, now time.Time) Request {
	next := stored.Clone()
	mark := &Restored{At: now, Signed: from}
	if signed == nil {
		next.Restored = mark
		next.lose("by the time that was signed last it was over", now)
		return next
	}
	mark.Hash = signed.Hash
	if stored.Version == 0 {
		next = signed.Clone()
		next.Version, next.Hash = 0, ""
	} else {
		next.State, next.Changes, next.Cause = signed.State, append([]Progress(nil), signed.Changes...), signed.Cause
		next.Written, next.Applied, next.End, next.Reminded = signed.Written, signed.Applied, signed.End, signed.Reminded
		if next.Owner.ID != signed.Owner.ID {
			next.Owner = signed.Owner
		}
		if next.inForce().Rule == "" && len(next.inForce().Seats) == 0 {
			next.Rounds = append(next.Rounds, signed.Rounds...)
		}
	}
	next.Restored, next.Stuck, next.Observed, next.Proof = mark, nil, false, nil
	for i := range next.Rounds {
		if round := &next.Rounds[i]; round.Outcome == OutcomeOpen {
			round.Outcome, round.Closed, round.Why = OutcomeDropped, now, "the store was lost while it was being decided"
		}
	}
	if round := next.Round(); len(round.Plan.Changes) == 0 {
		round.Plan.Account = next.Account
		for _, c := range next.Changes {
			round.Plan.Changes = append(round.Plan.Changes, c.Change)
		}
	}
	for i := range next.Changes { // that it is ours is known by the signature, also when the ledger is lost once more
		if c := &next.Changes[i]; c.Hand == nil && c.State != ChangeHeld && c.State != ChangeAbsent && c.Accepted.IsZero() {
			c.Accepted = from
		}
	}
	switch {
	case next.State == StateApproved:
		next.lose("it was being applied, and whether it may be is not known any more", now)
	case next.State == StateActive && gone:
		next.lose("not all of it was in Entra ID any more", now)
	}
	return next
}

// lose ends a request because of what is not known any more.
func (r *Request) lose(why string, now time.Time) {
	if len(r.Rounds) > 0 && r.Round().Outcome == OutcomeOpen {
		round := r.Round()
		round.Outcome, round.Closed, round.Why = OutcomeDropped, now, "the store was lost while it was being decided"
	}
	r.Stuck, r.Cause = nil, &Cause{Word: CauseLost, Why: why, At: now}
	if r.State == StatePending { // nothing was ever released
		r.State, r.Ended = StateLapsed, now
		return
	}
	r.State = StateEnding
}
