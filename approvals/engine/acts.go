package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hallpass/approvals"
)

// attempts bounds how often an act is tried again when another commit came first.
const attempts = 8

// Open plans and rules an ask and opens a request. It is idempotent by act.Operation.
func (e *Engine) Open(ctx context.Context, act approvals.Act, ask approvals.Ask) (approvals.Request, error) {
	if r, done, err := e.done(ctx, act); done || err != nil {
		return r, err
	}
	who, err := e.standing(ctx, act.Person, nil)
	if err != nil {
		return approvals.Request{}, err
	}
	if err := approvals.May(who, approvals.VerbAsk, nil); err != nil {
		return approvals.Request{}, err
	}
	now, err := e.cfg.Queue.Now(ctx)
	if err != nil {
		return approvals.Request{}, fmt.Errorf("asking for the time: %w", err)
	}
	plan, owner, err := e.plan(ctx, who.Person, ask, now)
	if err != nil {
		return approvals.Request{}, err
	}
	if err := e.mayAdopt(plan); err != nil {
		return approvals.Request{}, err
	}
	if err := e.noTwin(ctx, who.Person, plan); err != nil {
		return approvals.Request{}, err
	}
	ruling, err := e.cfg.Rules().Judge(ask, plan)
	if err != nil {
		return approvals.Request{}, err
	}
	id, err := e.cfg.Requests.NextID(ctx)
	if err != nil {
		return approvals.Request{}, fmt.Errorf("taking an id: %w", err)
	}
	r, err := e.step(ctx, approvals.Request{}, approvals.Opened{
		ID: id, Ask: ask, Requester: who.Person, Owner: owner, Plan: plan, Ruling: ruling,
	}, now, acting(act, who.Person, "opened", map[string]string{"rule": ruling.Rule, "rules": ruling.RulesHash, "reason": ask.Reason}))
	if errors.Is(err, approvals.ErrTwin) { // the same command typed twice: the other one came first
		if no := e.noTwin(ctx, who.Person, plan); no != nil {
			return approvals.Request{}, no
		}
		return approvals.Request{}, approvals.Refuse(approvals.RefusedCollision, "You asked for the same a moment ago.").Or("Type `/hallpass list mine` to see it.")
	}
	return r, err
}

func acting(act approvals.Act, who approvals.Person, what string, detail map[string]string) change {
	if detail == nil {
		detail = map[string]string{}
	}
	detail["via"] = act.Via
	c := change{operation: act.Operation, actor: who, act: what, detail: detail, claim: act.Claim}
	if act.Claim != nil && act.Claim.Kind == approvals.DueInbox {
		c.inbox = act.Operation
	}
	return c
}

// plan makes the plan and finds the owner. A person's own account, and an account without an owner, are refused.
func (e *Engine) plan(ctx context.Context, who approvals.Person, ask approvals.Ask, now time.Time) (approvals.Plan, approvals.Person, error) {
	if !ask.Term.Until.IsZero() && !ask.Term.Until.After(now) {
		return approvals.Plan{}, who, approvals.Refuse(approvals.RefusedInput, "%s is in the past.", ask.Term.Until.UTC().Format("2 Jan 2006"))
	}
	plan, err := e.cfg.Entra.Plan(ctx, ask)
	if err != nil {
		return approvals.Plan{}, who, err
	}
	if plan.Kind == approvals.KindApp && plan.Owner.ID != "" { // there is one of that name: its owner answers for it
		return plan, plan.Owner, nil
	}
	if plan.Kind != approvals.KindAccount || plan.Account.ID == "" { // an account of another product is nobody's in Entra ID
		return plan, who, nil
	}
	if plan.Account.Is(who) {
		return plan, who, approvals.Refuse(approvals.RefusedOwnAccount, "%s is your own account. People are not exempted from MFA; service accounts are.", plan.Account.Label()).
			Or("Ask for the service account that signs in, or for an app registration.")
	}
	if plan.Owner.ID == "" && ask.Adopt { // nobody answers for it: whoever takes it over does
		return plan, who, nil
	}
	if plan.Owner.ID == "" {
		no := approvals.Refuse(approvals.RefusedOwner, "%s has no owner who answers for it, so it cannot be exempted.", plan.Account.Label())
		if e.cfg.Adopters != "" {
			no = no.Or("A member of %s can take it on: `/hallpass own %s`.", e.cfg.Adopters, ask.Account)
		}
		return plan, who, no
	}
	return plan, plan.Owner, nil
}

// noTwin refuses what the same person has asked for already.
func (e *Engine) noTwin(ctx context.Context, who approvals.Person, plan approvals.Plan) error {
	mine, err := e.cfg.Requests.Find(ctx, approvals.Query{
		Person: who.ID, States: []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive}, Limit: -1,
	})
	if err != nil {
		return fmt.Errorf("looking for the same request: %w", err)
	}
	for _, r := range mine {
		if !r.Requester.Is(who) || !approvals.SameChanges(r.Round().Plan.Changes, plan.Changes) {
			continue
		}
		no := approvals.Refuse(approvals.RefusedCollision, "You asked for the same in %s, which is %s.", r.ID, r.State)
		if r.State == approvals.StateActive {
			no = no.Or("To make it last longer: `/hallpass renew %s for 30d because …`.", r.ID)
		}
		return no
	}
	return nil
}

// standing reads a person; one who does not exist is refused in words.
func (e *Engine) standing(ctx context.Context, id string, groups []string) (approvals.Standing, error) {
	s, err := e.cfg.Directory.Standing(ctx, id, groups)
	if errors.Is(err, approvals.ErrNotFound) {
		return s, approvals.Refuse(approvals.RefusedIdentity, "Your account is not in Entra ID any more.")
	}
	if err != nil {
		return s, fmt.Errorf("reading the standing of %s: %w", id, err)
	}
	return s, nil
}

// on does an act on a stored request: it loads, lets event work out the event, steps and commits, again from the start if
// another commit came first.
func (e *Engine) on(ctx context.Context, act approvals.Act, id approvals.RequestID, verb approvals.Verb,
	event func(ctx context.Context, who approvals.Standing, r *approvals.Request, now time.Time) (approvals.Event, map[string]string, error),
) (approvals.Request, error) {
	if r, done, err := e.done(ctx, act); done || err != nil {
		return r, err
	}
	for range attempts {
		r, err := e.load(ctx, id)
		if err != nil {
			return r, err
		}
		groups := r.Round().Ruling.Groups()
		if verb == approvals.VerbTake || verb == approvals.VerbDone || verb == approvals.VerbUndone {
			groups = r.Hands()
		}
		who, err := e.standing(ctx, act.Person, groups)
		if err != nil {
			return r, err
		}
		now, err := e.cfg.Queue.Now(ctx)
		if err != nil {
			return r, fmt.Errorf("asking for the time: %w", err)
		}
		// What time has ended is told as ended, and committed as such, before rights are looked at.
		moved, _, _ := approvals.Step(r, approvals.Woke{}, approvals.Moment{Now: now, Calendar: e.cfg.Calendar})
		if err := approvals.May(who, verb, &moved); err != nil {
			return r, err
		}
		ev, detail, err := event(ctx, who, &r, now)
		if err != nil {
			return r, err
		}
		next, err := e.step(ctx, r, ev, now, acting(act, who.Person, string(verb), detail))
		if errors.Is(err, approvals.ErrConflict) {
			continue
		}
		return next, err
	}
	return approvals.Request{}, fmt.Errorf("%s: %w, %d times in a row", id, approvals.ErrConflict, attempts)
}

func (e *Engine) load(ctx context.Context, id approvals.RequestID) (approvals.Request, error) {
	r, err := e.cfg.Requests.Load(ctx, id)
	if errors.Is(err, approvals.ErrNotFound) {
		return r, approvals.Refuse(approvals.RefusedNotFound, "There is no request %s, or it was archived.", id).Or("Type `/hallpass list mine` to see yours.")
	}
	if isForged(err) {
		return r, e.refuseForged(ctx, id)
	}
	if err != nil {
		return r, fmt.Errorf("loading %s: %w", id, err)
	}
	return r, nil
}

// Vote records a vote. Everyone who voted before is read again, so that a vote counts only while its voter may vote.
func (e *Engine) Vote(ctx context.Context, act approvals.Act, id approvals.RequestID, b approvals.Ballot) (approvals.Request, error) {
	verb := approvals.VerbApprove
	if b.Choice == approvals.ChoiceDeny {
		verb = approvals.VerbDeny
	}
	return e.on(ctx, act, id, verb, func(ctx context.Context, who approvals.Standing, r *approvals.Request, now time.Time) (approvals.Event, map[string]string, error) {
		groups := r.Round().Ruling.Groups()
		standings := map[string][]string{}
		for _, v := range r.Round().Approvals() {
			s, err := e.cfg.Directory.Standing(ctx, v.Voter.ID, groups)
			switch {
			case errors.Is(err, approvals.ErrNotFound):
				continue // gone: the vote no longer counts
			case err != nil:
				return nil, nil, fmt.Errorf("reading the standing of an earlier voter: %w", err)
			case s.Person.Enabled && !s.Person.Guest:
				standings[v.Voter.ID] = s.Groups
			}
		}
		vote := approvals.Vote{
			Voter: who.Person, Choice: b.Choice, Groups: who.Groups, Shorten: b.Shorten, Reason: b.Reason, At: now, Via: act.Via,
			Fresh: b.Fresh,
		}
		detail := map[string]string{"fingerprint": b.Fingerprint, "reason": b.Reason}
		if f := b.Fresh; f != nil {
			detail["signed in"], detail["contexts"], detail["methods"], detail["token"] = f.At.UTC().Format(time.RFC3339), strings.Join(f.Contexts, " "), strings.Join(f.Methods, " "), f.Token
		}
		if b.Shorten > 0 {
			detail["shorten"] = b.Shorten.String()
		}
		return approvals.Voted{Vote: vote, Fingerprint: b.Fingerprint, Standings: standings}, detail, nil
	})
}

// Cancel takes a request back before it is applied.
func (e *Engine) Cancel(ctx context.Context, act approvals.Act, id approvals.RequestID, why string) (approvals.Request, error) {
	return e.on(ctx, act, id, approvals.VerbCancel, func(_ context.Context, who approvals.Standing, _ *approvals.Request, _ time.Time) (approvals.Event, map[string]string, error) {
		return approvals.Cancelled{By: who.Person, Why: why}, map[string]string{"reason": why}, nil
	})
}

// Revoke ends an approved or active request early.
func (e *Engine) Revoke(ctx context.Context, act approvals.Act, id approvals.RequestID, why string) (approvals.Request, error) {
	return e.on(ctx, act, id, approvals.VerbRevoke, func(_ context.Context, who approvals.Standing, _ *approvals.Request, _ time.Time) (approvals.Event, map[string]string, error) {
		return approvals.Revoked{By: who.Person, Why: why}, map[string]string{"reason": why}, nil
	})
}

// Renew opens a round for a later end, planned and ruled anew by today's rules. The old end stands until it is approved.
func (e *Engine) Renew(ctx context.Context, act approvals.Act, id approvals.RequestID, term approvals.Term, why string) (approvals.Request, error) {
	return e.on(ctx, act, id, approvals.VerbRenew, func(ctx context.Context, who approvals.Standing, r *approvals.Request, _ time.Time) (approvals.Event, map[string]string, error) {
		ask := r.Ask
		ask.Adopt = false   // by now it is ours: what would be refused to anybody is not made to last longer
		ask.Then = r.Then() // whatever is usual by now: it is the same exemption
		ask.Reason = why
		ask.Term = approvals.Term{For: term.Length(r.End)}
		if ask.Term.For <= 0 {
			return nil, nil, approvals.Refuse(approvals.RefusedInput, "That is not later than the present end of %s.", r.ID)
		}
		if err := ask.Credential.Outlives(r.End.Add(ask.Term.For)); err != nil {
			return nil, nil, err
		}
		plan, err := e.cfg.Entra.Plan(ctx, ask)
		if err != nil {
			return nil, nil, err
		}
		ruling, err := e.cfg.Rules().Judge(ask, plan)
		if err != nil {
			return nil, nil, err
		}
		return approvals.RenewAsked{By: who.Person, Term: term, Reason: why, Plan: plan, Ruling: ruling},
			map[string]string{"rule": ruling.Rule, "rules": ruling.RulesHash, "reason": why}, nil
	})
}

// Review records what a reviewer says of a request in force, and has its owner told.
func (e *Engine) Review(ctx context.Context, act approvals.Act, id approvals.RequestID, verdict approvals.Verdict, why string) (approvals.Request, error) {
	return e.on(ctx, act, id, approvals.VerbReview, func(_ context.Context, who approvals.Standing, _ *approvals.Request, _ time.Time) (approvals.Event, map[string]string, error) {
		return approvals.Reviewed{By: who.Person, Verdict: verdict, Why: why}, map[string]string{"verdict": string(verdict), "reason": why}, nil
	})
}

// Hand gives a request another owner, named by Entra object id.
func (e *Engine) Hand(ctx context.Context, act approvals.Act, id approvals.RequestID, to string) (approvals.Request, error) {
	return e.on(ctx, act, id, approvals.VerbHand, func(ctx context.Context, who approvals.Standing, _ *approvals.Request, _ time.Time) (approvals.Event, map[string]string, error) {
		s, err := e.standing(ctx, to, nil)
		if err != nil {
			return nil, nil, err
		}
		return approvals.Handed{By: who.Person, To: s.Person}, map[string]string{"to": s.Person.ID}, nil
	})
}
