package approvals

import "slices"

// Roles are what a person is to a request.
type Roles struct {
	Requester bool // asked for it, or for its open round
	Owner     bool
	Account   bool // is the account that it exempts
	Seat      bool // is in a group that holds a seat
	Security  bool
	Hand      bool // is in the group that does what the request waits for, or has done
}

// RolesIn works out what the person is to the request.
func RolesIn(s Standing, r *Request) Roles {
	round := r.Round()
	roles := Roles{
		Requester: s.Person.Is(r.Requester) || s.Person.Is(round.AskedBy),
		Owner:     s.Person.Is(r.Owner),
		Account:   s.Person.Is(r.Account),
		Security:  s.Security,
	}
	hands := r.Hands()
	if task, waits := r.Task(); waits {
		hands = []string{task.Place.Group}
	}
	for _, group := range hands {
		roles.Hand = roles.Hand || slices.Contains(s.Groups, group)
	}
	for _, group := range round.Ruling.Groups() {
		roles.Seat = roles.Seat || slices.Contains(s.Groups, group)
	}
	return roles
}

// Counts reports whether somebody in these roles can take a seat: never the requester, the owner or the account.
func (r Roles) Counts() bool { return r.Seat && !r.Requester && !r.Owner && !r.Account }

// May is the one answer to who may do what with a request in the state it is in. It returns nil or a Refusal. The
// request is nil for VerbAsk.
func May(s Standing, verb Verb, r *Request) error {
	if !s.Person.Enabled {
		return Refuse(RefusedRights, "Your account is disabled in Entra ID.")
	}
	if s.Person.Guest {
		return Refuse(RefusedRights, "Guests cannot use hallpass.")
	}
	if verb == VerbAsk {
		if !s.MayAsk {
			return Refuse(RefusedRights, "You are not among those who may ask for exemptions here.").
				Or("Ask a colleague who may, or your administrator.")
		}
		return nil
	}
	roles := RolesIn(s, r)
	switch verb {
	case VerbAsk:
		return nil
	case VerbShow:
		if roles.Requester || roles.Owner || roles.Seat || roles.Security || roles.Hand {
			return nil
		}
		return Refuse(RefusedRights, "The details of %s are shown to those concerned only.", r.ID)
	case VerbApprove, VerbDeny:
		return mayVote(roles, verb, r)
	case VerbCancel:
		return mayCancel(roles, r)
	case VerbRenew:
		return mayRenew(roles, r)
	case VerbRevoke:
		return mayRevoke(roles, r)
	case VerbTake, VerbDone, VerbUndone:
		return mayHand(roles, verb, r)
	case VerbReview:
		return mayReview(roles, r)
	case VerbHand:
		if !roles.Owner && !roles.Security {
			return Refuse(RefusedRights, "Only the owner of %s, or security, can hand it to somebody else.", r.ID)
		}
		if r.State.Final() {
			return Refuse(RefusedState, "%s is %s.", r.ID, r.State)
		}
		return nil
	}
	return Refuse(RefusedRights, "%q is nothing that can be done.", verb)
}

func mayVote(roles Roles, verb Verb, r *Request) error {
	if !r.Voting() {
		return closed(r)
	}
	if r.Round().NeedsOwner() {
		switch {
		case roles.Owner && !roles.Account:
			return nil
		case verb == VerbDeny && roles.Counts():
			return nil
		}
		return Refuse(RefusedRights, "%s waits for its owner, %s, to say yes first.", r.ID, r.Owner.Label())
	}
	switch {
	case roles.Counts():
		return nil
	case roles.Requester:
		return Refuse(RefusedRights, "You asked for %s, so you cannot decide on it.", r.ID)
	case roles.Owner:
		return Refuse(RefusedRights, "You own what %s exempts, so your vote does not count.", r.ID)
	case roles.Account:
		return Refuse(RefusedRights, "%s is about this very account.", r.ID)
	}
	return Refuse(RefusedRights, "You are not in a group that decides on %s.", r.ID)
}

func closed(r *Request) error {
	round := r.Round()
	switch {
	case r.State == StateActive:
		return Refuse(RefusedState, "%s is active; nothing is to be decided on it now.", r.ID)
	case r.Cause != nil && r.State.Final():
		return Refuse(RefusedState, "%s is %s since %s.", r.ID, r.State, r.Cause.At.UTC().Format("2 Jan 2006 15:04 UTC"))
	case round.Outcome == OutcomeApproved && round.Decider.ID != "":
		return Refuse(RefusedState, "%s was approved by %s at %s.", r.ID, round.Decider.Label(), round.Closed.UTC().Format("15:04 UTC"))
	}
	return Refuse(RefusedState, "%s is %s; nothing is to be decided on it now.", r.ID, r.State)
}

func mayCancel(roles Roles, r *Request) error {
	if !roles.Requester && !roles.Owner {
		return Refuse(RefusedRights, "Only the requester or the owner of %s can cancel it.", r.ID)
	}
	switch r.State {
	case StatePending, StateApproved:
		return nil
	case StateActive:
		if r.Voting() {
			return nil // takes the renewal back
		}
		return Refuse(RefusedState, "%s is active.", r.ID).Or("To end it early, its owner types `/hallpass revoke %s because …`.", r.ID)
	case StateNone, StateEnding, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
	return closed(r)
}

func mayRenew(roles Roles, r *Request) error {
	if !roles.Requester && !roles.Owner {
		return Refuse(RefusedRights, "Only the requester or the owner of %s can renew it.", r.ID)
	}
	if r.State != StateActive {
		return Refuse(RefusedState, "%s is %s; only an active request can be renewed.", r.ID, r.State).
			Or("Open a new request instead: `/hallpass`.")
	}
	if r.Voting() {
		return Refuse(RefusedState, "A renewal of %s is already being decided on.", r.ID)
	}
	return nil
}

func mayRevoke(roles Roles, r *Request) error {
	if !roles.Owner && !roles.Seat && !roles.Security {
		return Refuse(RefusedRights, "Only the owner of %s, its approvers or security can revoke it.", r.ID)
	}
	switch r.State {
	case StateApproved, StateActive:
		return nil
	case StatePending:
		return Refuse(RefusedState, "%s is not approved yet.", r.ID).Or("Type `/hallpass deny %s because …` or `/hallpass cancel %s`.", r.ID, r.ID)
	case StateNone, StateEnding, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
	return closed(r)
}
