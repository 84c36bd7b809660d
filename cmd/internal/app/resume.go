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

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// Resume lets new exemptions through again. If the store has lost what was signed, or the audit log does not verify, it
// writes side by side what hallpass knows, what was signed last and what Entra ID has, and goes on only if the loss is
// accepted: a checkpoint then says so for ever.
func Resume(ctx context.Context, cfg Config, acceptLoss bool, w io.Writer) error {
	return withCore(ctx, cfg, func(ctx context.Context, core *Core) error { return core.resume(ctx, acceptLoss, w) })
}

// errNotAccepted is what an operator reads who has only looked.
var errNotAccepted = errors.New("new exemptions stay held. Bring back what was signed (hallpass restore), take out of Entra ID what nobody wants, then accept the loss: hallpass resume -accept-loss")

func (c *Core) resume(ctx context.Context, acceptLoss bool, w io.Writer) error {
	store, anchor := c.parts.Store, c.parts.Anchor
	if anchor == nil {
		return store.Resume(ctx)
	}
	sound, err := anchor.Sound(ctx)
	if err != nil {
		return err
	}
	if sound.Wrong == "" {
		return store.Resume(ctx)
	}
	if _, err := fmt.Fprintf(w, "%s.\n\n", sound.Wrong); err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	sides, err := c.sides(ctx, sound.Newest.Live)
	if err != nil {
		return err
	}
	if err := WriteSides(w, sides); err != nil {
		return err
	}
	if !acceptLoss {
		return errNotAccepted
	}
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	if err := store.Note(ctx, approvals.Entry{At: now, Actor: "operator", Act: "accepted a loss", Detail: map[string]string{"what": sound.Wrong}}); err != nil {
		return err
	}
	if err := store.RaiseIDs(ctx, sound.Newest.LastID); err != nil { // no id is given out twice
		return err
	}
	if _, err := anchor.Anew(ctx); err != nil {
		return err
	}
	return store.Resume(ctx)
}

// Side is one entry of a target, and who knows of it.
type Side struct {
	Target, Entry string
	// Known: a request in the store wants it, or is taking it away. Signed: it stands in the newest checkpoint, under this
	// request. There: it is in Entra ID.
	Known, There bool
	Signed       approvals.RequestID
	// ByHand: it is in a place that hallpass cannot read, so nobody knows whether it is there.
	ByHand bool
}

// sides compares every target that the rules file, the store or the checkpoint names.
func (c *Core) sides(ctx context.Context, signed []audit.Live) ([]Side, error) {
	targets := map[approvals.Target]bool{}
	for _, t := range named(c.parts.Rules.File)() {
		targets[t] = true
	}
	bySigned := map[[2]string]approvals.RequestID{}
	out, err := c.handSides(ctx, signed)
	if err != nil {
		return nil, err
	}
	for _, l := range signed {
		if _, byHand := handPlace(l.Target); byHand {
			continue
		}
		t, err := approvals.ParseTarget(l.Target)
		if err != nil {
			return nil, fmt.Errorf("the checkpoint: %w", err)
		}
		targets[t] = true
		bySigned[[2]string{l.Target, l.Entry}] = l.Request
	}
	for _, t := range slices.SortedFunc(maps.Keys(targets), func(a, b approvals.Target) int { return strings.Compare(a.String(), b.String()) }) {
		_, rows, _, err := c.parts.Store.Target(ctx, t)
		if err != nil {
			return nil, err
		}
		now, err := c.parts.Store.Now(ctx)
		if err != nil {
			return nil, err
		}
		sight, err := patient(ctx, c.parts.Store.Now, func(ctx context.Context) (approvals.Sight, error) {
			return c.Tenant.Read(ctx, t, now, approvals.ClassSweep)
		})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", t, err)
		}
		entries := map[string]Side{}
		note := func(entry string, change func(*Side)) {
			s := entries[entry]
			s.Target, s.Entry = t.String(), entry
			change(&s)
			entries[entry] = s
		}
		for _, row := range rows {
			note(row.Entry, func(s *Side) { s.Known = true })
		}
		for _, entry := range sight.Entries {
			note(entry, func(s *Side) { s.There = true })
		}
		for key, id := range bySigned {
			if key[0] == t.String() {
				note(key[1], func(s *Side) { s.Signed = id })
			}
		}
		for _, entry := range slices.Sorted(maps.Keys(entries)) {
			out = append(out, entries[entry])
		}
	}
	return out, nil
}

// handSides compares what was put into places by hand, as the store and the checkpoint know it.
func (c *Core) handSides(ctx context.Context, signed []audit.Live) ([]Side, error) {
	now, err := kept(ctx, c.parts.Store)
	if err != nil {
		return nil, err
	}
	entries := map[[2]string]Side{}
	note := func(l audit.Live, change func(*Side)) {
		if _, byHand := handPlace(l.Target); !byHand {
			return
		}
		s := entries[[2]string{l.Target, l.Entry}]
		s.Target, s.Entry, s.ByHand = l.Target, l.Entry, true
		change(&s)
		entries[[2]string{l.Target, l.Entry}] = s
	}
	for _, l := range now.Live {
		note(l, func(s *Side) { s.Known = true })
	}
	for _, l := range signed {
		note(l, func(s *Side) { s.Signed = l.Request })
	}
	return slices.SortedFunc(maps.Values(entries), func(a, b Side) int {
		return cmp.Or(strings.Compare(a.Target, b.Target), strings.Compare(a.Entry, b.Entry))
	}), nil
}

// WriteSides writes what was compared, one entry a line, and what each means.
func WriteSides(w io.Writer, sides []Side) error {
	var b strings.Builder
	target := ""
	for _, s := range sides {
		if s.Target != target {
			target = s.Target
			fmt.Fprintf(&b, "%s\n  %-44s %-9s %-9s %s\n", target, "entry", "hallpass", "Entra ID", "signed last")
		}
		there := mark(s.There)
		if s.ByHand {
			there = "?"
		}
		fmt.Fprintf(&b, "  %-44s %-9s %-9s %-12s %s\n", visible(s.Entry), mark(s.Known), there, s.Signed, s.meaning())
	}
	if len(sides) == 0 {
		b.WriteString("There is nothing in any target.\n")
	}
	b.WriteString("\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing what was compared: %w", err)
	}
	return nil
}

func mark(is bool) string {
	if is {
		return "yes"
	}
	return "-"
}

// meaning says what an operator has to think of it.
func (s Side) meaning() string {
	switch {
	case s.ByHand && !s.Known:
		return "LOST: people put it there by hand and hallpass no longer knows it; somebody has to look"
	case s.ByHand:
		return "by hand: hallpass cannot read it"
	case s.There && !s.Known && s.Signed != "":
		return "LOST: hallpass put it there and no longer knows it; hallpass restore brings it back"
	case s.There && !s.Known:
		return "not hallpass's, or put there after the last checkpoint"
	case s.Known && !s.There:
		return "hallpass knows it; it is not there (yet, or any more)"
	case !s.There:
		return "gone already"
	}
	return ""
}
