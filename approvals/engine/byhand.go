package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
)

// Take notes that the person does by hand what the request waits for.
func (e *Engine) Take(ctx context.Context, act approvals.Act, id approvals.RequestID) (approvals.Request, error) {
	return e.on(ctx, act, id, approvals.VerbTake, func(_ context.Context, who approvals.Standing, _ *approvals.Request, _ time.Time) (approvals.Event, map[string]string, error) {
		return approvals.TaskTaken{By: who.Person}, nil, nil
	})
}

// Attest records the person's word that what the request waits for was made by hand, or with undo that it was taken away.
// Where the steps are a script, the evidence has to hold the fingerprint that it prints.
func (e *Engine) Attest(ctx context.Context, act approvals.Act, id approvals.RequestID, undo bool, evidence string) (approvals.Request, error) {
	verb := approvals.VerbDone
	if undo {
		verb = approvals.VerbUndone
	}
	return e.on(ctx, act, id, verb, func(ctx context.Context, who approvals.Standing, r *approvals.Request, now time.Time) (approvals.Event, map[string]string, error) {
		if app, permissions, waits := r.AwaitsConsent(); waits && !undo {
			return e.saysConsented(ctx, app, permissions)
		}
		moved, _, _ := approvals.Step(*r, approvals.Woke{}, approvals.Moment{Now: now, Calendar: e.cfg.Calendar})
		event := approvals.Attested{By: who.Person, Undo: undo, Evidence: evidence, Via: act.Via}
		if task, waits := moved.Task(); waits && task.Undo == undo {
			event.Expect = byhand.Steps(&moved, task).Expect
		}
		return event, map[string]string{"evidence": evidence, "fingerprint": event.Expect}, nil
	})
}

// Todo gives the requests that wait for something that this person may do by hand, soonest asked for first.
func (e *Engine) Todo(ctx context.Context, person string) ([]approvals.Request, error) {
	all, err := e.List(ctx, approvals.Query{States: []approvals.State{approvals.StateApproved, approvals.StateEnding}, Limit: -1})
	if err != nil {
		return nil, err
	}
	var waiting []approvals.Request
	var groups []string
	for _, r := range all {
		if task, waits := r.Task(); waits {
			waiting, groups = append(waiting, r), append(groups, task.Place.Group)
		}
	}
	if len(waiting) == 0 {
		return nil, nil
	}
	who, err := e.standing(ctx, person, unique(groups))
	if err != nil {
		return nil, err
	}
	var mine []approvals.Request
	for _, r := range waiting {
		if approvals.May(who, approvals.VerbTake, &r) == nil {
			mine = append(mine, r)
		}
	}
	return mine, nil
}

// byHand is the view of a change that a person makes: nothing of it can be read, only whether another live request keeps
// it. That is asked only of a change that was withdrawn before, so of two requests that end at the same time each sees the
// other as withdrawn, and a person is asked for both.
func (e *Engine) byHand(ctx context.Context, r *approvals.Request, i int, at time.Time) (approvals.View, error) {
	c := r.Changes[i]
	if r.State != approvals.StateEnding || c.State != approvals.ChangeWithdrawn {
		return approvals.View{}, nil
	}
	live, err := e.cfg.Requests.Find(ctx, approvals.Query{States: []approvals.State{approvals.StateApproved, approvals.StateActive}, Limit: -1})
	if err != nil {
		return approvals.View{}, fmt.Errorf("looking who else wants %s in %s: %w", c.Entry, c.Target, err)
	}
	for _, other := range live {
		if other.ID == r.ID {
			continue
		}
		for _, o := range other.Changes {
			if o.Target != c.Target || o.Entry != c.Entry || o.State != approvals.ChangeReleased && o.State != approvals.ChangeAttested {
				continue
			}
			// What is found through an index is read itself: it may have ended meanwhile, or not be hallpass's own word.
			now, err := e.cfg.Requests.Load(ctx, other.ID)
			if isForged(err) || errors.Is(err, approvals.ErrNotFound) {
				break
			}
			if err != nil {
				return approvals.View{}, fmt.Errorf("loading %s: %w", other.ID, err)
			}
			if keeps(&now, c.Change, at) {
				return approvals.View{KeptBy: other.ID}, nil
			}
		}
	}
	return approvals.View{}, nil
}

// keeps reports whether the request wants what the change wants, and has not come to its end: two that end together would
// otherwise each be kept by the other until its own end is committed.
func keeps(r *approvals.Request, c approvals.Change, at time.Time) bool {
	if r.State == approvals.StateActive && !at.Before(r.End) {
		return false
	}
	if r.State != approvals.StateApproved && r.State != approvals.StateActive {
		return false
	}
	for _, o := range r.Changes {
		if o.Target == c.Target && o.Entry == c.Entry && (o.State == approvals.ChangeReleased || o.State == approvals.ChangeAttested) {
			return true
		}
	}
	return false
}
