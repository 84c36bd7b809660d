package engine

import (
	"context"
	"errors"
	"fmt"

	"hallpass/approvals"
)

// Get gives a request, and whether this person may see more of it than id, state and end.
func (e *Engine) Get(ctx context.Context, person string, id approvals.RequestID) (approvals.Request, bool, error) {
	r, err := e.load(ctx, id)
	if err != nil {
		return r, false, err
	}
	who, err := e.standing(ctx, person, unique(append(r.Round().Ruling.Groups(), r.Hands()...)))
	if err != nil {
		return approvals.Request{}, false, err
	}
	return r, approvals.May(who, approvals.VerbShow, &r) == nil, nil
}

// List gives requests that match.
func (e *Engine) List(ctx context.Context, q approvals.Query) ([]approvals.Request, error) {
	found, err := e.cfg.Requests.Find(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("listing requests: %w", err)
	}
	return found, nil
}

// Waiting gives the requests with an open round in which this person can still say something that counts.
func (e *Engine) Waiting(ctx context.Context, person string) ([]approvals.Request, error) {
	open, err := e.List(ctx, approvals.Query{Voting: true, Limit: -1})
	if err != nil {
		return nil, err
	}
	var groups []string
	var voting []approvals.Request
	for _, r := range open {
		if r.Voting() {
			voting = append(voting, r)
			groups = append(groups, r.Round().Ruling.Groups()...)
		}
	}
	if len(voting) == 0 {
		return nil, nil
	}
	who, err := e.standing(ctx, person, unique(groups))
	if err != nil {
		return nil, err
	}
	var mine []approvals.Request
	for _, r := range voting {
		if approvals.May(who, approvals.VerbApprove, &r) == nil && !voted(r.Round(), who.Person) {
			mine = append(mine, r)
		}
	}
	return mine, nil
}

func voted(round *approvals.Round, p approvals.Person) bool {
	for _, v := range round.Votes {
		if v.Voter.Is(p) {
			return true
		}
	}
	return false
}

func unique(names []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// Refused records that somebody was refused. A store that does not answer is logged: the person gets the answer anyway.
func (e *Engine) Refused(ctx context.Context, act approvals.Act, verb approvals.Verb, id approvals.RequestID, refusal *approvals.Refusal) {
	e.cfg.Refused(refusal.Reason)
	now, err := e.cfg.Queue.Now(ctx)
	if err == nil {
		entry := approvals.Entry{
			Request: id, At: now, Actor: act.Person, Act: "refused",
			Detail: map[string]string{"verb": string(verb), "reason": string(refusal.Reason), "what": refusal.What, "via": act.Via},
		}
		err = e.cfg.Requests.Note(ctx, entry)
	}
	if err != nil {
		e.cfg.Log.ErrorContext(ctx, "a refusal could not be recorded", "reason", string(refusal.Reason), "error", err)
	}
}

// Owners remembers who took on accounts that had no owner.
type Owners interface {
	// OwnerOf gives the owner that an account, by its Entra object id, has now, wherever that is said. One who left is none:
	// then the person is zero.
	OwnerOf(ctx context.Context, account string) (approvals.Person, error)
	// SetOwner stores the owner of an account that has none, both by Entra object id.
	SetOwner(ctx context.Context, account, owner string) error
}

// Own makes a member of the adopters' group the owner of an account that has none.
func (e *Engine) Own(ctx context.Context, act approvals.Act, account string) error {
	if e.cfg.Adopters == "" {
		return approvals.Refuse(approvals.RefusedRights, "Nobody is set up here to take on accounts without an owner.").
			Or("Ask your administrator to name a group as `adopters` in the rules file.")
	}
	who, err := e.standing(ctx, act.Person, []string{e.cfg.Adopters})
	if err != nil {
		return err
	}
	if len(who.Groups) == 0 || !who.Person.Enabled || who.Person.Guest {
		return approvals.Refuse(approvals.RefusedRights, "Only members of %s can take on accounts.", e.cfg.Adopters)
	}
	svc, err := e.cfg.Directory.Standing(ctx, account, nil)
	if errors.Is(err, approvals.ErrNotFound) {
		return approvals.Refuse(approvals.RefusedNotFound, "There is no account %s in Entra ID.", account)
	}
	if err != nil {
		return fmt.Errorf("reading the account: %w", err)
	}
	if svc.Person.Is(who.Person) {
		return approvals.Refuse(approvals.RefusedOwnAccount, "An account cannot own itself.")
	}
	owner, err := e.cfg.Owners.OwnerOf(ctx, svc.Person.ID)
	if err != nil {
		return fmt.Errorf("asking for the owner: %w", err)
	}
	if owner.ID != "" && owner.ID != who.Person.ID {
		return approvals.Refuse(approvals.RefusedOwner, "%s is owned by %s already.", svc.Person.Label(), owner.Label()).
			Or("Ask %s, or your administrator if they cannot be reached.", owner.Label())
	}
	if err := e.cfg.Owners.SetOwner(ctx, svc.Person.ID, who.Person.ID); err != nil {
		return fmt.Errorf("storing the owner: %w", err)
	}
	now, err := e.cfg.Queue.Now(ctx)
	if err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	entry := approvals.Entry{
		At: now, Actor: who.Person.ID, Name: who.Person.Label(), Act: "took on account",
		Detail: map[string]string{"account": svc.Person.ID, "via": act.Via},
	}
	if err := e.cfg.Requests.Note(ctx, entry); err != nil {
		return fmt.Errorf("recording it: %w", err)
	}
	return nil
}
