package entra

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// Edits gives what the directory audit says was done to the target since then, newest first, by hallpass too.
func (e *Entra) Edits(ctx context.Context, t approvals.Target, since time.Time) ([]approvals.Edit, error) {
	if t.Kind == approvals.TargetSessions { // who else revokes them does no harm, and nobody can give them back
		return nil, nil
	}
	if err := e.reserve(ctx, BucketAudit, approvals.ClassSweep, 1); err != nil {
		return nil, err
	}
	object, err := e.audited(ctx, t)
	if err != nil || object == "" {
		return nil, err
	}
	found, err := e.cfg.Reader.Audits(ctx, since, object)
	if err != nil {
		return nil, e.said(ctx, err, BucketAudit, "reading the directory audit")
	}
	writer := e.cfg.Writer
	switch t.Kind {
	case approvals.TargetApp:
		writer = e.cfg.Apps
	case approvals.TargetMFA:
		if writer = e.cfg.MFA; writer == nil {
			return nil, noPerUser()
		}
	case approvals.TargetLocation, approvals.TargetGroup, approvals.TargetBlock, approvals.TargetSessions, approvals.TargetManual:
	}
	self, err := writer.Self(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding out under which id hallpass writes: %w", err)
	}
	if t.Kind == approvals.TargetApp {
		return e.appEdits(ctx, t, found, self)
	}
	var out []approvals.Edit
	for _, a := range found {
		edit := approvals.Edit{At: a.At, Own: a.ByAppID != "" && slices.Contains(self, a.ByAppID), Hand: handOf(a)}
		switch t.Kind {
		case approvals.TargetMFA:
			if edit.Removed, err = e.perUserEdit(ctx, t, a); err != nil {
				return nil, fmt.Errorf("reading the ledger: %w", err)
			}
		case approvals.TargetBlock:
			edit.Added, edit.Removed = blockEdit(a, t)
		case approvals.TargetLocation, approvals.TargetGroup, approvals.TargetApp, approvals.TargetSessions, approvals.TargetManual:
			edit.Added, edit.Removed = changed(a, t)
		}
		if len(edit.Added)+len(edit.Removed) > 0 {
			out = append(out, edit)
		}
	}
	slices.SortStableFunc(out, func(a, b approvals.Edit) int { return b.At.Compare(a.At) })
	return out, nil
}

// audited is the object id under which a target stands in the audit; empty if it is not there.
func (e *Entra) audited(ctx context.Context, t approvals.Target) (string, error) {
	if t.Kind == approvals.TargetBlock {
		_, account := t.Blocked()
		return account, nil
	}
	if t.Kind != approvals.TargetApp {
		return t.ID, nil
	}
	if e.cfg.Apps == nil {
		return "", noApps()
	}
	a, err := e.cfg.Reader.MadeApp(ctx, t.ID)
	if graph.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", e.said(ctx, err, BucketDirectory, "reading the app registration")
	}
	return a.ObjectID, nil
}

// handOf names who did an audited act, for people.
func handOf(a graph.Audit) string {
	if a.ByAppName != "" && a.ByUserUPN == "" {
		return "the app " + a.ByAppName
	}
	return cmp.Or(a.ByUserUPN, a.ByUserID, a.ByAppID)
}

// changed are the entries that an audited act added to the target and took out of it.
func changed(a graph.Audit, t approvals.Target) (added, removed []string) {
	if t.Kind == approvals.TargetGroup {
		others := slices.DeleteFunc(slices.Clone(a.Targets), func(id string) bool { return id == t.ID })
		switch {
		case strings.HasPrefix(a.Activity, "Add member"):
			return others, nil
		case strings.HasPrefix(a.Activity, "Remove member"):
			return nil, others
		}
		return nil, nil
	}
	for _, c := range a.Changes {
		before, after := prefixesIn(c.Old), prefixesIn(c.New)
		for _, p := range after {
			if !slices.Contains(before, p) {
				added = append(added, p)
			}
		}
		for _, p := range before {
			if !slices.Contains(after, p) {
				removed = append(removed, p)
			}
		}
	}
	return added, removed
}

// prefixesIn finds the address ranges in a property of the audit, which may be JSON of any shape.
func prefixesIn(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF.:/", r) })
	var out []string
	for _, w := range words {
		if p, err := netip.ParsePrefix(strings.Trim(w, ":")); err == nil {
			out = append(out, p.Masked().String())
		} else if p, err := netip.ParsePrefix(w); err == nil {
			out = append(out, p.Masked().String())
		}
	}
	return out
}

// appEdits names who has changed an application: the audit says that its credentials were changed and not which, so whoever
// did is named for everything that is missing.
func (e *Entra) appEdits(ctx context.Context, t approvals.Target, found []graph.Audit, self []string) ([]approvals.Edit, error) {
	ours, err := e.cfg.Ledger.Ours(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	var entries []string
	for entry, is := range ours {
		if is {
			entries = append(entries, entry)
		}
	}
	slices.Sort(entries)
	var out []approvals.Edit
	for _, a := range found {
		if own := a.ByAppID != "" && slices.Contains(self, a.ByAppID); !own {
			out = append(out, approvals.Edit{At: a.At, Hand: handOf(a), Removed: entries})
		}
	}
	return out, nil
}

// perUserEdit is what an act in the audit did to the account's state: whoever enabled it again took the exemption out.
func (e *Entra) perUserEdit(ctx context.Context, t approvals.Target, a graph.Audit) (removed []string, err error) {
	if !strings.HasPrefix(a.Activity, "Enable Strong Auth") {
		return nil, nil
	}
	ours, err := e.cfg.Ledger.Ours(ctx, t)
	for entry := range ours {
		removed = append(removed, entry)
	}
	slices.Sort(removed)
	return removed, err
}
