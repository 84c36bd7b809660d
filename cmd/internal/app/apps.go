package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// appsEvery is how often it is looked whether an application that was ended can be deleted.
const appsEvery = 6 * time.Hour

// The documents that remember which applications hallpass has made.
const (
	spaceApps = "apps"
	keyMade   = "made"
)

// madeApp is what is remembered of an application from before it is made until it is deleted.
type madeApp struct {
	Target approvals.Target `json:"target"`
	// Keep is how long it stays, disabled, after nothing wants it any more; Ended is when that was first seen.
	Keep    time.Duration `json:"keep"`
	Ended   time.Time     `json:"ended,omitzero"`
	Deleted bool          `json:"deleted,omitempty"`
}

// noteApp remembers an application before it is made or enabled again.
func noteApp(ctx context.Context, store noted, t approvals.Target, keep time.Duration) error {
	return putDoc(ctx, store, spaceApps, keyMade, t.ID, madeApp{Target: t, Keep: keep})
}

// liveApps are the applications that hallpass has made and not deleted, by their names. Those that can be read are given beside
// an error about the others.
func liveApps(ctx context.Context, store noted) ([]madeApp, error) {
	docs, err := store.Docs(ctx, spaceApps, keyMade)
	if err != nil {
		return nil, err
	}
	var out []madeApp
	var failed []error
	for _, field := range slices.Sorted(maps.Keys(docs)) {
		a, _, err := decoded[madeApp](docs[field], spaceApps, field)
		if failed = append(failed, err); err == nil && !a.Deleted {
			out = append(out, a)
		}
	}
	return out, errors.Join(failed...)
}

// appKeeper deletes applications that were ended long enough ago: until then an administrator can see what there was, and the
// same name comes back with the same application.
type appKeeper struct {
	store noted
	// wanted reports whether a request wants anything of the application; remove deletes it if it is ended and no request is about
	// to, and reports whether it is gone.
	wanted func(ctx context.Context, t approvals.Target) (bool, error)
	remove func(ctx context.Context, t approvals.Target) (bool, error)
}

func (k appKeeper) schedule() engine.Schedule {
	return engine.Schedule{Name: spaceApps, Every: appsEvery, Do: k.run}
}

func (k appKeeper) run(ctx context.Context) error {
	list, err := liveApps(ctx, k.store)
	failed := []error{err}
	for _, a := range list {
		err := k.keep(ctx, a)
		if later, ok := errors.AsType[*approvals.Later](err); ok {
			return later
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// keep deletes one application if its time has come.
func (k appKeeper) keep(ctx context.Context, a madeApp) error {
	now, err := k.store.Now(ctx)
	if err != nil {
		return err
	}
	wanted, err := k.wanted(ctx, a.Target)
	switch {
	case err != nil:
		return err
	case wanted && a.Ended.IsZero():
		return nil
	case wanted:
		a.Ended = time.Time{}
	case a.Ended.IsZero():
		a.Ended = now
	case now.Sub(a.Ended) < a.Keep:
		return nil
	default:
		gone, err := k.remove(ctx, a.Target)
		if err != nil || !gone {
			return err
		}
		if err := noteNow(ctx, k.store, approvals.Entry{Act: "deleted an application", Detail: map[string]string{"target": a.Target.String()}}); err != nil {
			return err
		}
		a.Deleted = true
	}
	return putDoc(ctx, k.store, spaceApps, keyMade, a.Target.ID, a)
}

// wantsApp reports whether any request wants something of the application now.
func (c *Core) wantsApp(ctx context.Context, t approvals.Target) (bool, error) {
	_, rows, _, err := c.parts.Store.Target(ctx, t)
	return len(rows) > 0, err
}

// removeApp deletes an application that was ended, unless a request that is not over is about it.
func (c *Core) removeApp(ctx context.Context, t approvals.Target) (bool, error) {
	live, err := c.Engine.List(ctx, approvals.Query{
		States: []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive, approvals.StateEnding}, Limit: -1,
	})
	if err != nil {
		return false, fmt.Errorf("looking who wants %s: %w", t, err)
	}
	if slices.ContainsFunc(live, func(r approvals.Request) bool {
		return r.Ask.Kind == approvals.KindApp && approvals.AppTarget(r.Ask.Where, r.Ask.App) == t
	}) {
		return false, nil
	}
	return c.Tenant.DeleteApp(ctx, t)
}
