package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// restoring is one run of restoring.
type restoring struct {
	core *Core
	from audit.Checkpoint
	hash string // of its statement
	// there are the entries of every target that could be read.
	there  map[approvals.Target][]string
	unread []string // targets that could not be read, and why
	people map[string]approvals.Person
}

// fate is what becomes of one request.
type fate struct {
	id     approvals.RequestID
	stored approvals.Request  // zero: the store has nothing of it
	signed *approvals.Request // nil: it does not stand in the checkpoint
	next   *approvals.Request // nil: nothing is to be done
	what   string
}

// judge compares the checkpoint with the store and the tenant.
func (r *restoring) judge(ctx context.Context) ([]fate, error) {
	signed := r.signed()
	if err := r.look(ctx, signed); err != nil {
		return nil, err
	}
	now, err := r.core.parts.Store.Now(ctx)
	if err != nil {
		return nil, err
	}
	var out []fate
	for i := range signed {
		f, err := r.of(ctx, &signed[i], now)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if !r.from.Restorable() { // an old checkpoint does not say which requests there were
		return out, nil
	}
	states := []approvals.State{approvals.StatePending, approvals.StateApproved, approvals.StateActive, approvals.StateEnding}
	err = r.core.parts.Store.EachIn(ctx, states, func(stored approvals.Request) error {
		_, stands := r.from.Signed(stored.ID)
		if stands || stored.Opened.After(r.from.At) || number(stored.ID) > r.from.LastID || stored.State.Final() || stored.State == approvals.StateEnding || r.brought(&stored) {
			return nil
		}
		next := approvals.Restore(stored, nil, false, r.from.At, now)
		out = append(out, fate{id: stored.ID, stored: stored, next: &next, what: "was over by the time of the checkpoint: " + saysFate(&next)})
		return nil
	})
	slices.SortFunc(out, func(a, b fate) int { return cmp.Compare(number(a.id), number(b.id)) })
	return out, err
}

// of judges one request of the checkpoint.
func (r *restoring) of(ctx context.Context, signed *approvals.Request, now time.Time) (fate, error) {
	f := fate{id: signed.ID, signed: signed}
	stored, err := r.core.parts.Store.Load(ctx, signed.ID)
	switch {
	case errors.Is(err, approvals.ErrNotFound):
		stored = approvals.Request{}
	case errors.Is(err, approvals.ErrForged):
		f.what = "was changed in Redis by another hand: serve ends it"
		return f, nil
	case err != nil:
		return f, err
	}
	f.stored = stored
	known, err := r.knows(ctx, &stored, signed)
	switch {
	case err != nil:
		return f, err
	case known:
		f.what = "is known: " + string(stored.State)
		return f, nil
	case stored.Version > 0 && !signed.Opened.IsZero() && !stored.Opened.Equal(signed.Opened):
		f.what = "CANNOT be restored: its id was given to another request after the loss. Take its entries out by hand (hallpass remove-all -print)"
		return f, nil
	case len(signed.Changes) == 0 && stored.Version == 0:
		f.what = fmt.Sprintf("was %s and had nothing in Entra ID: it is lost, ask anew", signed.State)
		return f, nil
	case len(signed.Changes) == 0:
		f.what = fmt.Sprintf("is %s in Redis, and had nothing in Entra ID when it was signed: votes since then are lost", stored.State)
		return f, nil
	}
	next := approvals.Restore(stored, signed, r.gone(signed), r.from.At, now)
	f.next, f.what = &next, "comes back: "+saysFate(&next)
	return f, nil
}

// knows reports whether the store knows what was signed of a request, or more.
func (r *restoring) knows(ctx context.Context, stored, signed *approvals.Request) (bool, error) {
	if stored.Version == 0 {
		return false, nil
	}
	if r.brought(stored) || signed.Hash != "" && stored.Hash == signed.Hash {
		return true, nil
	}
	if signed.Hash == "" { // an old checkpoint: what the store has is at least as much
		return true, nil
	}
	trail, err := r.core.parts.Store.Trail(ctx, *stored)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(trail, func(e approvals.Entry) bool { return e.Hash == signed.Hash }), nil
}

// brought reports whether a request was restored from this checkpoint before, or from a newer one.
func (r *restoring) brought(stored *approvals.Request) bool {
	return stored.Restored != nil && !stored.Restored.Signed.Before(r.from.At)
}

// gone reports whether something that an active request keeps is not in its target.
func (r *restoring) gone(signed *approvals.Request) bool {
	return slices.ContainsFunc(signed.Rows(), func(row approvals.Row) bool {
		seen, read := r.there[row.Target]
		return row.Want && read && !slices.Contains(seen, row.Entry)
	})
}

// look reads every target of the checkpoint. One that cannot be read, because somebody deleted it perhaps, is taken to hold
// what was signed: then it is taken away in the usual way.
func (r *restoring) look(ctx context.Context, signed []approvals.Request) error {
	r.there = map[approvals.Target][]string{}
	targets := map[approvals.Target]bool{}
	for i := range signed {
		for _, c := range signed[i].Changes {
			if c.Hand == nil && readable(c.Target) { // what people put somewhere by hand nobody can read
				targets[c.Target] = true
			}
		}
	}
	store := r.core.parts.Store
	for _, t := range slices.SortedFunc(maps.Keys(targets), func(a, b approvals.Target) int { return strings.Compare(a.String(), b.String()) }) {
		now, err := store.Now(ctx)
		if err != nil {
			return err
		}
		sight, err := patient(ctx, store.Now, func(ctx context.Context) (approvals.Sight, error) {
			return r.core.Tenant.Read(ctx, t, now, approvals.ClassPerson)
		})
		if err != nil {
			r.unread = append(r.unread, fmt.Sprintf("%s could not be read, so what was signed is taken to be there: %v", t, err))
			continue
		}
		r.there[t] = sight.Entries
	}
	return nil
}

// readable reports whether a read of the target says something before a request is there that speaks of it. Of an account's own
// state it does not; what was signed is taken to be there, and converging ends what is not.
func readable(t approvals.Target) bool {
	return t.Kind != approvals.TargetMFA && t.Kind != approvals.TargetBlock && t.Kind != approvals.TargetSessions
}

// signed are the requests of the checkpoint. One of the first format has entries only: requests are made of them that know no
// more than these.
func (r *restoring) signed() []approvals.Request {
	if r.from.Restorable() {
		return slices.Clone(r.from.Requests)
	}
	var out []approvals.Request
	for _, l := range r.from.Live {
		t, err := approvals.ParseTarget(l.Target)
		if err != nil {
			continue // nothing that hallpass signed
		}
		i := slices.IndexFunc(out, func(q approvals.Request) bool { return q.ID == l.Request })
		if i < 0 {
			i = len(out)
			out = append(out, approvals.Request{
				ID: l.Request, State: approvals.StateEnding, Ask: approvals.Ask{Kind: approvals.KindIP}, Opened: r.from.At, Written: true,
				Rounds: []approvals.Round{{Kind: approvals.RoundFirst, Outcome: approvals.OutcomeApproved, Reason: "not known any more"}},
			})
		}
		q := &out[i]
		if !l.End.IsZero() {
			q.State, q.End, q.Applied = approvals.StateActive, l.End, r.from.At
		}
		change := approvals.Progress{Change: approvals.Change{Target: t, Entry: l.Entry, Label: cmp.Or(l.Label, l.Entry)}, State: approvals.ChangeVerified, At: r.from.At}
		if t.Kind == approvals.TargetGroup { // it goes first
			q.Ask.Kind, q.Ask.Account = approvals.KindAccount, l.Label
			q.Account = approvals.Person{ID: l.Entry, UPN: l.Label}
			q.Changes = append(q.Changes, change)
		} else {
			q.Changes = append([]approvals.Progress{change}, q.Changes...)
		}
		q.Rounds[0].Plan.Kind = q.Ask.Kind
	}
	return out
}

// lastID is the highest number of a request that the checkpoint names.
func (r *restoring) lastID() int64 {
	last := r.from.LastID
	for _, l := range r.from.Live {
		last = max(last, number(l.Request))
	}
	return last
}

// number is that of an id; 0 of something else.
func number(id approvals.RequestID) int64 {
	var n int64
	if _, err := fmt.Sscanf(string(id), "HP-%d", &n); err != nil {
		return 0
	}
	return n
}

func saysFate(r *approvals.Request) string {
	switch {
	case r.State == approvals.StateActive:
		return "ends " + r.End.UTC().Format(time.DateTime)
	case r.State == approvals.StateEnding && r.Cause != nil && r.Cause.Word == approvals.CauseLost:
		return "is taken away, because " + r.Cause.Why
	case r.State == approvals.StateEnding:
		return "is taken away, as it was before"
	}
	return string(r.State)
}

// writeFates says what becomes of each request.
func writeFates(w io.Writer, c audit.Checkpoint, fates []fate, unread []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The newest checkpoint was signed at %s, over %d lines and %d live entries.\n", c.At.UTC().Format(time.DateTime), c.Seq, len(c.Live))
	for _, u := range unread {
		b.WriteString("  " + u + "\n")
	}
	for _, f := range fates {
		fmt.Fprintf(&b, "  %-10s %s\n", f.id, f.what)
	}
	if len(fates) == 0 {
		b.WriteString("  There was no unfinished request.\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing what becomes of requests: %w", err)
	}
	return nil
}
