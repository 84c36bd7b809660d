package app

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// RestoreOptions say what is restored from, and whether it is done.
type RestoreOptions struct {
	// Checkpoints, if not nil, are what is restored from instead of audit.checkpoint_file, oldest first.
	Checkpoints []audit.Signed
	// Key, if not nil, is the public key of those checkpoints; otherwise that of audit.key.
	Key ed25519.PublicKey
	// Go does it; otherwise it is only said.
	Go bool
}

// restoreWithin bounds one run: reading a location waits for its turn in the tenant's budget.
const restoreWithin = 15 * time.Minute

// Restore brings back the requests that the newest checkpoint keeps and the store has lost, and says on w what becomes of
// each. Additions are held from then on, until an operator resumes; removals are not.
func Restore(ctx context.Context, cfg Config, o RestoreOptions, w io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, restoreWithin)
	defer cancel()
	return withCoreFor(ctx, cfg, func(ctx context.Context, core *Core) error {
		if o.Checkpoints == nil {
			if !cfg.Audit.On() {
				return errors.New("audit.key is not set, so no checkpoints were signed here; -checkpoints FILE -key FILE names those of another place")
			}
			list, err := (&fileSink{path: string(cfg.Audit.CheckpointFile)}).all()
			if err != nil {
				return err
			}
			o.Checkpoints = list
		}
		return core.restore(ctx, cfg.Tenant.Name, o, w)
	})
}

// errOnlySaid is what an operator reads who has only looked.
var errOnlySaid = errors.New("nothing was changed. hallpass restore -go does what stands above")

func (c *Core) restore(ctx context.Context, tenant string, o RestoreOptions, w io.Writer) error {
	checkpoint, signed, err := c.believed(ctx, tenant, o)
	if err != nil {
		return err
	}
	r := restoring{core: c, from: checkpoint, hash: signed.Hash(), people: map[string]approvals.Person{}}
	fates, err := r.judge(ctx)
	if err != nil {
		return err
	}
	if err := writeFates(w, checkpoint, fates, r.unread); err != nil {
		return err
	}
	n := 0
	for _, f := range fates {
		if f.next != nil {
			n++
		}
	}
	switch {
	case n == 0:
		return nil
	case !o.Go:
		return errOnlySaid
	}
	return r.carryOut(ctx, fates, n)
}

// believed gives the checkpoint to restore from: the newest of those given, if all of them are beyond doubt and no newer one
// is known anywhere.
func (c *Core) believed(ctx context.Context, tenant string, o RestoreOptions) (audit.Checkpoint, audit.Signed, error) {
	key, anchor := o.Key, c.parts.Anchor
	if key == nil {
		if anchor == nil {
			return audit.Checkpoint{}, audit.Signed{}, errors.New("there is no key to check the checkpoints with: set audit.key, or say -key FILE")
		}
		public, err := publicHalf(anchor.Key)
		if err != nil {
			return audit.Checkpoint{}, audit.Signed{}, err
		}
		key = public
	}
	newest, signed, err := audit.Newest(o.Checkpoints, key, tenant)
	if err != nil || anchor == nil {
		return newest, signed, err
	}
	other, found, err := anchor.newest(ctx)
	if err != nil {
		return newest, signed, fmt.Errorf("looking for a newer checkpoint: %w", err)
	}
	if !found || other.Hash() == signed.Hash() {
		return newest, signed, nil
	}
	known, err := anchor.open(other)
	if err != nil {
		return newest, signed, err
	}
	switch at := known.At.UTC().Format(time.DateTime); {
	case !known.At.After(newest.At):
		return newest, signed, nil
	case known.Anew:
		return newest, signed, fmt.Errorf("the loss was accepted at %s: what was signed before counts no more. hallpass remove-all -print writes how to take it out by hand", at)
	default:
		return newest, signed, fmt.Errorf("this checkpoint of %s is stale: a newer one, of %s, is known. Restore from audit.checkpoint_file", newest.At.UTC().Format(time.DateTime), at)
	}
}

// carryOut holds additions, sees to it that no id is given out twice, and commits what was judged.
func (r *restoring) carryOut(ctx context.Context, fates []fate, n int) error {
	store := r.core.parts.Store
	paused, err := store.Paused(ctx)
	if err != nil {
		return err
	}
	if !paused {
		if err := store.Pause(ctx, "hallpass: requests were restored from a checkpoint; hallpass resume -accept-loss goes on"); err != nil {
			return err
		}
	}
	if err := store.RaiseIDs(ctx, r.lastID()); err != nil {
		return err
	}
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	if err := store.Note(ctx, approvals.Entry{At: now, Actor: "operator", Act: "restores", Detail: map[string]string{
		"checkpoint": r.hash, "signed": r.from.At.UTC().Format(time.RFC3339), "line": strconv.FormatInt(r.from.Seq, 10), "requests": strconv.Itoa(n),
	}}); err != nil {
		return err
	}
	var wrong []error
	for _, f := range fates {
		if f.next == nil {
			continue
		}
		if err := r.bring(ctx, f); err != nil {
			wrong = append(wrong, fmt.Errorf("%s was not restored: %w", f.id, err)) // the others must not wait for it
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w\nSay hallpass restore -go again: what is restored stays so", errors.Join(wrong...))
	}
	return nil
}

// bring commits one request. One that moved since it was judged is judged again by the next run.
func (r *restoring) bring(ctx context.Context, f fate) error {
	next := *f.next
	people := []*approvals.Person{&next.Requester, &next.Owner, &next.Account}
	for _, c := range next.Changes { // by whose word it stands, and who is at it
		if c.Done != nil {
			people = append(people, &c.Done.By)
		}
		if c.Undone != nil {
			people = append(people, &c.Undone.By)
		}
		if c.Taken != nil {
			people = append(people, &c.Taken.By)
		}
	}
	for _, p := range people {
		if err := r.named(ctx, p); err != nil {
			return err
		}
	}
	if n := len(next.Rounds); n > 0 && f.stored.Version == 0 {
		next.Rounds[n-1].Plan.Account = next.Account
		if err := r.named(ctx, &next.Rounds[n-1].AskedBy); err != nil {
			return err
		}
	}
	detail := map[string]string{"checkpoint": r.hash, "signed": r.from.At.UTC().Format(time.RFC3339), "lost": "votes and facts since then, and all that was not signed"}
	if f.signed != nil && f.signed.Hash != "" {
		detail["before"] = f.signed.Hash
	}
	_, err := r.core.Engine.Restore(ctx, "restore-"+r.hash[:16]+"-"+string(f.id), f.stored, next, r.there, detail)
	return err
}

// named reads who an object id is now. Who has left keeps the id: the request must not wait for that.
func (r *restoring) named(ctx context.Context, p *approvals.Person) error {
	if p.ID == "" || p.Name != "" {
		return nil
	}
	if known, ok := r.people[p.ID]; ok {
		*p = known
		return nil
	}
	s, err := patient(ctx, r.core.parts.Store.Now, func(ctx context.Context) (approvals.Standing, error) { return r.core.Tenant.Standing(ctx, p.ID, nil) })
	switch {
	case errors.Is(err, approvals.ErrNotFound):
		p.Enabled = false
	case err != nil:
		r.core.parts.Log.WarnContext(ctx, "who an object id is could not be read", "id", p.ID, "error", err)
		return nil
	default:
		*p = s.Person
	}
	r.people[p.ID] = *p
	return nil
}
