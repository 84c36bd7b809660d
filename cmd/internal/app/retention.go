package app

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

// Retention says what is archived by itself. Without a folder nothing is.
type Retention struct {
	Folder string
	After  time.Duration // since it was finished
	Tenant string        // the tenant's id, which stands in the archives
	Key    ed25519.PrivateKey
}

// archivedAtOnce is how many requests one run archives: fewer than by hand, because it must end within its lease.
const archivedAtOnce = 500

// retaining is the schedule that archives what is long over, once a day.
type retaining struct {
	Retention
	store *redisstore.Store
	most  int
	log   *slog.Logger
	// alarm tells the security channel.
	alarm alarm
}

func (k *retaining) schedule() engine.Schedule {
	return engine.Schedule{Name: "retention", Every: 24 * time.Hour, Do: k.run}
}

// run archives one file full, and asks to go on if there is more. What the disk refuses is an alarm and no error: trying again
// within a minute mends nothing, and the next day does.
func (k *retaining) run(ctx context.Context) error {
	if paused, err := k.store.Paused(ctx); err != nil || paused { // somebody is looking at what the store lost
		return err
	}
	now, err := k.store.Now(ctx)
	if err != nil {
		return err
	}
	o := ArchiveOptions{
		Before: now.UTC().Truncate(24 * time.Hour).Add(-k.After), Most: k.most, Go: true,
		File: filepath.Join(k.Folder, "hallpass-"+now.UTC().Format("20060102T150405.000Z")+".json"), // one that is left of a crash is another
	}
	done, err := archive(ctx, k.store, k.Key, k.Tenant, o)
	switch {
	case ctx.Err() != nil || errors.Is(err, approvals.ErrStore):
		return err
	case err != nil:
		k.log.ErrorContext(ctx, "ALARM: what is long over could not be archived", "error", err)
		k.alarm.raise(ctx, k.log, "What is long over could not be archived: "+err.Error()+".", "It stays in Redis, and is tried again tomorrow. Look at the folder audit.archive_folder; `hallpass check` says what it finds there.")
		return nil
	case done.Requests == 0:
		return nil
	}
	out := done.Requests - len(done.Kept)
	k.log.InfoContext(ctx, "archived what is long over", "file", o.File, "requests", out, "kept", len(done.Kept), "left", done.Left)
	if out == 0 { // all of it is in Redis still, and comes again tomorrow
		if err := os.Remove(o.File); err != nil {
			return fmt.Errorf("removing an archive of nothing: %w", err)
		}
		return nil
	}
	if done.Left > 0 {
		return &approvals.Later{At: now.Add(time.Second), Why: "there is more to archive"}
	}
	return nil
}

// checkRetention looks whether archives can be written.
func checkRetention(r Retention, out *report) {
	if r.Folder == "" {
		return
	}
	f, err := os.CreateTemp(r.Folder, ".check-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		out.problem("Make the folder audit.archive_folder, on storage that all replicas share, and let hallpass write to it.", "archives cannot be written: %v", err)
		return
	}
	out.good("what was finished %d days ago is archived to %s", int(r.After/(24*time.Hour)), r.Folder)
}
