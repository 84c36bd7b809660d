package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hallpass/approvals/audit"
)

// The fields of the document in which the store keeps checkpoints: the one that is being handed out, the newest one that
// every sink has, and what is wrong.
const (
	fieldPending = "pending"
	fieldNewest  = "newest"
	fieldDamage  = "damage" // what the last run found wrong, in words
)

// Seal verifies what was written since the newest checkpoint, signs the next one, and hands it to every sink. A crash, or a
// sink that is out of reach, makes the next run hand the same one out again, to all, before there is another: each sink
// has every checkpoint. A log that does not verify is a *DamagedError, a store that lost lines an *OlderError; both are
// signed by nobody.
func (a *Anchor) Seal(ctx context.Context) (audit.Checkpoint, error) {
	prev, found, err := a.Check(ctx)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	if found {
		if err := a.handOut(ctx, prev); err != nil {
			return audit.Checkpoint{}, err
		}
	}
	next, err := a.next(ctx, prev, found)
	if err != nil {
		return next, err
	}
	return next, a.sign(ctx, next)
}

// sign signs a checkpoint and hands it out.
func (a *Anchor) sign(ctx context.Context, c audit.Checkpoint) error {
	signed, err := audit.Sign(a.Key, c)
	if err != nil {
		return err
	}
	if err := a.remember(ctx, fieldPending, signed); err != nil {
		return err
	}
	a.see(signed)
	return a.handOut(ctx, signed)
}

// Anew signs a checkpoint over the lines that are left, whatever they are, after an operator has accepted that lines signed
// before are lost or damaged. The checkpoint says so for ever.
func (a *Anchor) Anew(ctx context.Context) (audit.Checkpoint, error) {
	prev, found, err := a.newest(ctx)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	next := audit.Checkpoint{Tenant: a.Tenant, Anew: true}
	var digest audit.Digest
	if _, err := a.Store.AuditLog(ctx, 1, func(l audit.Line) error {
		digest, next.Seq, next.Link = digest.Add(l), l.Seq, l.Link
		return nil
	}); err != nil {
		return next, err
	}
	next.Digest = digest.String()
	if next.At, err = a.Store.Now(ctx); err != nil {
		return next, err
	}
	if found {
		c, err := a.open(prev)
		if err != nil {
			return next, err
		}
		if next.Prev = prev.Hash(); !next.At.After(c.At) { // the clock of a restored store may be behind
			next.At = c.At.Add(time.Millisecond)
		}
	}
	if err := a.keep(ctx, &next); err != nil {
		return next, err
	}
	if err := a.sign(ctx, next); err != nil {
		return next, err
	}
	return next, a.mark(ctx, "")
}

// handOut gives a checkpoint to every sink, unless all have it.
func (a *Anchor) handOut(ctx context.Context, s audit.Signed) error {
	done, ok, err := a.remembered(ctx, fieldNewest)
	if err != nil || ok && done.Hash() == s.Hash() {
		return err
	}
	for _, sink := range a.Sinks {
		if err := sink.Keep(ctx, s); err != nil {
			return err
		}
	}
	return a.remember(ctx, fieldNewest, s)
}

func (a *Anchor) remember(ctx context.Context, field string, s audit.Signed) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding a checkpoint: %w", err)
	}
	return a.Store.PutDoc(ctx, spaceCheckpoints, a.Tenant, field, data)
}

func (a *Anchor) remembered(ctx context.Context, field string) (audit.Signed, bool, error) {
	var s audit.Signed
	docs, err := a.Store.Docs(ctx, spaceCheckpoints, a.Tenant)
	data, ok := docs[field]
	if err != nil || !ok {
		return s, false, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, false, fmt.Errorf("the checkpoint in Redis cannot be read: %w", err)
	}
	return s, true, nil
}

// next is the checkpoint after prev.
func (a *Anchor) next(ctx context.Context, prev audit.Signed, found bool) (audit.Checkpoint, error) {
	next := audit.Checkpoint{Tenant: a.Tenant}
	var digest audit.Digest
	var before []audit.Signed
	var since time.Time
	if found {
		c, err := a.open(prev)
		if err != nil {
			return next, err
		}
		if digest, err = audit.ParseDigest(c.Digest); err != nil {
			return next, err
		}
		since = c.At
		before, next = []audit.Signed{prev}, audit.Checkpoint{Tenant: a.Tenant, Prev: prev.Hash(), Seq: c.Seq, Link: c.Link}
	}
	public, err := publicHalf(a.Key)
	if err != nil {
		return next, err
	}
	log, last := audit.NewLog(before, public), audit.End{Seq: next.Seq, Link: next.Link}
	end, err := a.Store.AuditLog(ctx, next.Seq+1, func(l audit.Line) error {
		log.Add(l)
		digest = digest.Add(l)
		next.Seq, next.Link = l.Seq, l.Link
		return nil
	})
	if err != nil {
		return next, err
	}
	if end != last || next.Seq != last.Seq { // something was written since
		log.End(&end)
		if report := log.Report(); !report.OK() {
			return next, &DamagedError{report}
		}
	}
	if next.At, err = a.Store.Now(ctx); err != nil {
		return next, err
	}
	if !next.At.After(since) {
		next.At = since.Add(time.Millisecond)
	}
	if err := a.keep(ctx, &next); err != nil {
		return next, err
	}
	next.Digest = digest.String()
	return next, nil
}

// keep fills in what is kept now.
func (a *Anchor) keep(ctx context.Context, c *audit.Checkpoint) error {
	kept, err := a.Kept(ctx)
	c.Live, c.Requests, c.LastID = kept.Live, kept.Requests, kept.LastID
	return err
}
