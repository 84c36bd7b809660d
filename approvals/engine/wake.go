package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"hallpass/approvals"
)

// wake does what is due for a request. Nothing is remembered from what woke it: the state and the targets say what to do.
func (e *Engine) wake(ctx context.Context, claim approvals.Claim) error {
	r, err := e.cfg.Requests.Load(ctx, approvals.RequestID(claim.Key))
	if errors.Is(err, approvals.ErrNotFound) || (err == nil && r.State.Final()) {
		return e.finish(ctx, claim, time.Time{})
	}
	if isForged(err) {
		return e.disown(ctx, claim)
	}
	if err != nil {
		return fmt.Errorf("loading %s: %w", claim.Key, err)
	}
	if r.State == approvals.StateApproved && !r.Written { // a whole plan is made
		longer, cancel, extended, err := e.extend(ctx, claim, e.cfg.Timing.PlanLease)
		if err != nil {
			return err
		}
		defer cancel()
		ctx, claim = longer, extended
	}
	event, why, err := e.eventFor(ctx, &r, claim.Now)
	if later, ok := errors.AsType[*approvals.Later](err); ok {
		return e.finish(ctx, claim, r.NoLater(later.At, claim.Now))
	}
	if err != nil {
		return err
	}
	c := change{operation: "wake-" + strconv.FormatInt(claim.Token, 10), act: why, claim: &claim, done: true}
	next, effects, err := approvals.Step(r, event, approvals.Moment{Now: claim.Now, Calendar: e.cfg.Calendar})
	if err != nil {
		return fmt.Errorf("stepping %s: %w", r.ID, err)
	}
	if !tells(effects) {
		return e.finish(ctx, claim, wakeAt(effects))
	}
	_, err = e.commit(ctx, r, next, effects, claim.Now, c)
	return err
}

// tells reports whether a step changed anything: then it asks for people to be told.
func tells(effects []approvals.Effect) bool {
	for _, effect := range effects {
		if _, ok := effect.(approvals.Tell); ok {
			return true
		}
	}
	return false
}

func wakeAt(effects []approvals.Effect) time.Time {
	for _, effect := range effects {
		if w, ok := effect.(approvals.Wake); ok {
			return w.At
		}
	}
	return time.Time{}
}

// finish ends a claim. A claim that lapsed meanwhile needs no finishing: somebody else has the work.
func (e *Engine) finish(ctx context.Context, claim approvals.Claim, again time.Time) error {
	err := e.cfg.Queue.Finish(ctx, claim, again)
	if errors.Is(err, approvals.ErrLostClaim) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finishing %s: %w", claim.Member(), err)
	}
	return nil
}

// eventFor works out what is to happen to a request that is due, and names it for the audit log.
func (e *Engine) eventFor(ctx context.Context, r *approvals.Request, now time.Time) (approvals.Event, string, error) {
	if r.State == approvals.StateApproved && !r.Written {
		return e.beforeFirst(ctx, r)
	}
	if r.State == approvals.StateActive && !now.Before(r.End) {
		// Its end has come, whatever its targets hold and the log says; many may end in the same second, and a look at a target is
		// as long as the list of all who want something of it.
		return approvals.Woke{}, "woke", nil
	}
	if r.Proving(now) {
		event, err := e.prove(ctx, r)
		return event, "proved", err
	}
	if r.Looking(now) && !r.ReminderDue(now) { // the log may have to be waited for long
		event, err := e.look(ctx, r, now)
		return event, "looked", err
	}
	var views []approvals.View
	for i, c := range r.Changes {
		if c.Hand != nil { // nothing of it can be read
			view, err := e.byHand(ctx, r, i, now)
			if err != nil {
				return nil, "", err
			}
			views = append(views, view)
			continue
		}
		rec, rows, _, err := e.cfg.Targets.Target(ctx, c.Target)
		if err != nil {
			return nil, "", fmt.Errorf("reading target %s: %w", c.Target, err)
		}
		trust, err := e.believe(ctx, &rec, rows, now)
		if err != nil {
			return nil, "", err
		}
		for j, row := range trust.rows { // its own word is known already
			if row.Request != r.ID {
				rows[j].Want = row.Want
			}
		}
		views = append(views, approvals.ViewOf(rec, rows, r.ID, i, c.Entry))
	}
	if app, permissions, waits := r.AwaitsConsent(); waits && now.Before(r.ApplyBy) {
		return e.consent(ctx, app, permissions, views)
	}
	return approvals.Woke{Views: views}, "woke", nil
}

// prove asks whether an applied exemption does what was predicted. Answers count from when it was applied, or from the last
// one that did not agree.
func (e *Engine) prove(ctx context.Context, r *approvals.Request) (approvals.Event, error) {
	prover, ok := e.cfg.Entra.(Prover)
	if !ok {
		return approvals.Proved{Unknown: true, Why: "Entra ID cannot be asked here"}, nil
	}
	since := r.Applied
	if r.Proof.At.After(since) {
		since = r.Proof.At
	}
	event, err := prover.Prove(ctx, r.Round().Plan, since)
	if err != nil {
		return nil, err
	}
	return event, nil
}

const (
	// logReach is how far back the sign-in log is asked at most, logLag how late a sign-in may stand in it.
	logReach = 30 * 24 * time.Hour
	logLag   = 2 * time.Hour
)

// look asks whether the exemption has worked since it was applied, or since the last look once it has.
func (e *Engine) look(ctx context.Context, r *approvals.Request, now time.Time) (approvals.Event, error) {
	prover, ok := e.cfg.Entra.(Prover)
	if !ok {
		return approvals.Looked{}, nil
	}
	since := r.Applied
	if p := r.Proof; p.Used != nil && p.Used.Worked && p.Looked.Add(-logLag).After(since) {
		since = p.Looked.Add(-logLag)
	}
	if far := now.Add(-logReach); far.After(since) {
		since = far
	}
	event, err := prover.Look(ctx, r.Round().Plan, since)
	if err != nil {
		return nil, err
	}
	return event, nil
}

// beforeFirst plans and rules an approved request once more, just before its first change is released.
func (e *Engine) beforeFirst(ctx context.Context, r *approvals.Request) (approvals.Event, string, error) {
	why, err := e.held(ctx)
	if err != nil {
		return nil, "", err
	}
	switch why {
	case "":
	case heldByMode:
		return approvals.Held{Why: why, Observe: true}, "observed", nil
	default:
		return approvals.Held{Why: why}, "held", nil
	}
	plan, err := e.cfg.Entra.Plan(ctx, r.Ask)
	var no *approvals.Refusal
	var later *approvals.Later
	switch {
	case errors.As(err, &no):
		return approvals.Replanned{Refusal: no}, "planned again", nil
	case errors.As(err, &later):
		return nil, "", err
	case err != nil:
		e.cfg.Log.WarnContext(ctx, "planning again failed", "request", string(r.ID), "error", err)
		return approvals.Held{Why: "Entra ID could not be read before applying; trying again"}, "held", nil
	}
	ruling, err := e.cfg.Rules().Judge(r.Ask, plan)
	if errors.As(err, &no) {
		return approvals.Replanned{Refusal: no}, "planned again", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("judging %s again: %w", r.ID, err)
	}
	return approvals.Replanned{Plan: plan, Ruling: ruling}, "planned again", nil
}
