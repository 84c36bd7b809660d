package entra

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// Read gives a read of the target that was started at or after fresh.
func (e *Entra) Read(ctx context.Context, t approvals.Target, fresh time.Time, class approvals.Class) (approvals.Sight, error) {
	switch t.Kind {
	case approvals.TargetLocation:
		list, at, err := e.locations(ctx, fresh, class)
		if err != nil {
			return approvals.Sight{}, err
		}
		i := slices.IndexFunc(list, func(l graph.Location) bool { return l.ID == t.ID })
		if i < 0 {
			return approvals.Sight{}, approvals.Refuse(approvals.RefusedTarget, "The named location is not in Entra ID any more.").Or("An administrator has to make it anew and name its id in the rules file.")
		}
		return approvals.Sight{Entries: canonical(list[i].Ranges), At: at}, nil
	case approvals.TargetGroup:
		if err := e.reserve(ctx, BucketDirectory, class, 1); err != nil {
			return approvals.Sight{}, err
		}
		at, err := e.cfg.Now(ctx)
		if err != nil {
			return approvals.Sight{}, err
		}
		ids, err := e.cfg.Reader.Members(ctx, t.ID)
		if err != nil {
			return approvals.Sight{}, e.said(ctx, err, BucketDirectory, "reading the exclusion group")
		}
		slices.Sort(ids)
		return approvals.Sight{Entries: ids, At: at}, nil
	case approvals.TargetApp:
		return e.readApp(ctx, t, class)
	case approvals.TargetMFA:
		return e.readPerUser(ctx, t, class)
	case approvals.TargetBlock:
		return e.readBlock(ctx, t, class)
	case approvals.TargetSessions:
		return e.readSessions(ctx, t, class)
	case approvals.TargetManual: // nothing of it can be read
	}
	return approvals.Sight{}, approvals.Refuse(approvals.RefusedTarget, "%s is no target.", t)
}

func canonical(ranges []string) []string {
	out := make([]string, 0, len(ranges))
	for _, r := range ranges {
		if c := approvals.Canonical(r); c != placeholder {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Write sends one write. Nil means that Graph accepted all of it.
func (e *Entra) Write(ctx context.Context, t approvals.Target, w approvals.Write) error {
	class := approvals.ClassApply
	if w.Urgent {
		class = approvals.ClassRemoval
	}
	switch t.Kind {
	case approvals.TargetGroup:
		return e.writeGroup(ctx, t.ID, w, class)
	case approvals.TargetApp:
		return e.writeApp(ctx, t, w, class)
	case approvals.TargetMFA:
		return e.writePerUser(ctx, t, w, class)
	case approvals.TargetBlock:
		return e.writeBlock(ctx, t, w, class)
	case approvals.TargetSessions:
		return e.writeSessions(ctx, t, w, class)
	case approvals.TargetLocation, approvals.TargetManual:
	}
	return e.writeLocation(ctx, t.ID, w, class)
}

// placeholder is what an otherwise empty location holds: Entra ID takes no location without a range, and this one can
// never be anybody's address.
const placeholder = "192.0.2.255/32"

// writeLocation replaces the ranges of a location by what is there, less what goes, plus what comes. Where others write
// too, what is there is read right before.
func (e *Entra) writeLocation(ctx context.Context, id string, w approvals.Write, class approvals.Class) error {
	var refused error // of the additions; what is to be removed is removed all the same
	if refused = e.gateLocation(ctx, id, w.Add); refused != nil {
		w.Add = nil
		if len(w.Remove) == 0 {
			return refused
		}
	}
	calls, others := 1, e.cfg.Places.Shared(approvals.Target{Kind: approvals.TargetLocation, ID: id})
	if others {
		calls = 2
	}
	if err := e.reserve(ctx, BucketCA, class, calls); err != nil {
		return err
	}
	seen := w.Seen
	if others {
		now, err := e.cfg.Reader.Location(ctx, id)
		if err != nil {
			return e.readBefore(ctx, err, BucketCA, "reading the named location before writing")
		}
		seen = canonical(now.Ranges)
	}
	next := make([]netip.Prefix, 0, len(seen)+len(w.Add))
	for _, entry := range slices.Concat(seen, w.Add) {
		if slices.Contains(w.Remove, entry) {
			continue
		}
		p, err := netip.ParsePrefix(entry)
		if err != nil {
			return approvals.Refuse(approvals.RefusedTarget, "The location holds %q, which hallpass cannot read; it is not written, so that nothing is lost.", entry)
		}
		if p = p.Masked(); !slices.Contains(next, p) {
			next = append(next, p)
		}
	}
	if len(next) > graph.MaxRanges {
		return approvals.Refuse(approvals.RefusedTarget, "The location would hold %d ranges; Entra ID takes %d.", len(next), graph.MaxRanges)
	}
	if len(next) == 0 {
		next = append(next, netip.MustParsePrefix(placeholder))
	}
	slices.SortFunc(next, netip.Prefix.Compare)
	if err := e.cfg.Writer.PutRanges(ctx, id, next); err != nil {
		return e.said(ctx, err, BucketCA, "writing the named location")
	}
	return refused
}

// readBefore explains a failed read before a write: nothing was written, whatever became of the read.
func (e *Entra) readBefore(ctx context.Context, err error, bucket, doing string) error {
	out := e.said(ctx, err, bucket, doing)
	if unsure, ok := errors.AsType[*approvals.Unsure](out); ok {
		return unsure.Err
	}
	return out
}

// atOnce is how many membership calls are under way at the same time, and leave how much of the deadline must be left to
// start one.
const (
	atOnce = 10
	leave  = time.Second
)

// writeGroup adds and removes single members. One who is there already, or gone already, is done. If any call fails, the
// write as a whole is not accepted: the next read says what became of it.
func (e *Entra) writeGroup(ctx context.Context, id string, w approvals.Write, class approvals.Class) error {
	var refused error // of the additions; what is to be removed is removed all the same
	if refused = e.gateGroup(ctx, id, w.Add); refused != nil {
		w.Add = nil
		if len(w.Remove) == 0 {
			return refused
		}
	}
	if err := e.reserve(ctx, BucketDirectory, class, len(w.Add)+len(w.Remove)); err != nil {
		return err
	}
	var mu sync.Mutex // mu guards failed
	var failed error
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	do := func(call func() error) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := call(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
			}
		})
	}
	late := false
	for _, member := range slices.Concat(w.Remove, w.Add) {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < leave { //nolint:forbidigo // a context's deadline is machine time
			late = true
			break
		}
		if slices.Contains(w.Remove, member) {
			do(func() error {
				err := e.cfg.Writer.RemoveMember(ctx, id, member)
				if graph.IsNotFound(err) {
					return nil
				}
				return err
			})
		} else {
			do(func() error {
				err := e.cfg.Writer.AddMember(ctx, id, member)
				if graph.IsAlreadyMember(err) {
					return nil
				}
				return err
			})
		}
	}
	all.Wait()
	switch {
	case failed != nil && graph.IsThrottled(failed) && len(w.Add)+len(w.Remove) > 1, late:
		return &approvals.Unsure{Err: errors.Join(failed, errors.New("only a part of the members was written"))}
	case failed != nil:
		return e.said(ctx, failed, BucketDirectory, "changing the exclusion group")
	}
	return refused
}
