package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

// unmanagedName is that of the schedule, in the store.
const unmanagedName = "unmanaged"

// surveyEvery is how often everything in the tenant that hallpass does not manage is counted.
const surveyEvery = 6 * time.Hour

// surveyLasts is how long a look that has to wait for its turn is gone on with. Another replica may have finished it meanwhile.
const surveyLasts = time.Hour

// unmanagedWatch counts, on a schedule, the exemptions that no request stands behind.
type unmanagedWatch struct {
	store noted
	every time.Duration
	// begin begins a look at the tenant; what it gives is called until it needs to wait no more.
	begin func() func(ctx context.Context) (approvals.Survey, error)

	going func(ctx context.Context) (approvals.Survey, error) // nil: no look is under way here
	since time.Time
}

// counted is what is remembered of the last look.
type counted struct {
	At    time.Time `json:"at"`
	Count int       `json:"count"`
	// Whole says that nothing was unreadable: else there are at least so many.
	Whole bool `json:"whole"`
}

// schedule is the watch as work that comes due. The queue gives it to one worker at a time.
func (w *unmanagedWatch) schedule() engine.Schedule {
	return engine.Schedule{Name: unmanagedName, Every: w.every, Do: w.run}
}

// firstLookAfter is how long after the first start the tenant is looked at: people who try something out come first.
const firstLookAfter = 5 * time.Minute

// lookSoon books the first look ever: nobody should have to wait hours to see what there is.
func lookSoon(ctx context.Context, store *redisstore.Store) error {
	_, looked, err := lastListed(ctx, store)
	if err != nil || looked {
		return err
	}
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	return store.Book(ctx, approvals.Due{Kind: approvals.DueSchedule, Key: unmanagedName, Lane: approvals.LaneSweep, At: now.Add(firstLookAfter)})
}

func (w *unmanagedWatch) run(ctx context.Context) error {
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	if w.going == nil || now.Sub(w.since) > surveyLasts {
		w.going, w.since = w.begin(), now
	}
	s, err := w.going(ctx)
	if _, wait := errors.AsType[*approvals.Later](err); wait {
		return err
	}
	if ctx.Err() != nil { // what was read so far is kept: a big tenant takes more than one turn
		return errors.Join(err, &approvals.Later{At: now.Add(time.Second), Why: "the look at the tenant is not over"})
	}
	w.going = nil
	if err != nil {
		return fmt.Errorf("looking for what is not managed: %w", err)
	}
	if err := w.keepList(ctx, s); err != nil {
		return err
	}
	return w.keep(ctx, counted{s.At, s.Count(), len(s.Unknown) == 0})
}

// listedAtMost bounds what is kept of a look for chat and the pages: the command lists all of it. What can be taken over and
// what counts comes first.
const listedAtMost = 1000

func (w *unmanagedWatch) keepList(ctx context.Context, s approvals.Survey) error {
	before, _, err := lastListed(ctx, w.store)
	if err != nil {
		return err
	}
	s = s.After(before)
	all := s.Count()
	rank := func(u approvals.Unmanaged) int {
		switch {
		case u.Expected != "":
			return 2
		case u.Where == "":
			return 1
		}
		return 0
	}
	s.List = slices.Clone(s.List)
	slices.SortStableFunc(s.List, func(a, b approvals.Unmanaged) int { return cmp.Compare(rank(a), rank(b)) })
	s.List = s.List[:min(len(s.List), listedAtMost)]
	s.More = all - s.Count()
	return putDoc(ctx, w.store, spaceSurvey, "list", "last", s) // not beside the count, which is read all the time
}

// lastListed gives what the last look by any replica found; false if there was none yet.
func lastListed(ctx context.Context, store noted) (approvals.Survey, bool, error) {
	return doc[approvals.Survey](ctx, store, spaceSurvey, "list", "last")
}

// keep stores the count, and notes it in the audit log if it is another than before.
func (w *unmanagedWatch) keep(ctx context.Context, c counted) error {
	was, known, err := lastCounted(ctx, w.store)
	if err != nil {
		return err
	}
	if !known || was.Count != c.Count || was.Whole != c.Whole {
		detail := map[string]string{"count": strconv.Itoa(c.Count), "whole": strconv.FormatBool(c.Whole)}
		if known {
			detail["before"] = strconv.Itoa(was.Count)
		}
		if err := w.store.Note(ctx, approvals.Entry{At: c.At, Actor: "hallpass", Act: "unmanaged exemptions counted", Detail: detail}); err != nil {
			return fmt.Errorf("noting how many exemptions are not managed: %w", err)
		}
	}
	return putDoc(ctx, w.store, spaceSurvey, "tenant", "counted", c)
}

// lastCounted gives what the last look by any replica counted; false if there was none yet.
func lastCounted(ctx context.Context, store noted) (counted, bool, error) {
	return doc[counted](ctx, store, spaceSurvey, "tenant", "counted")
}
