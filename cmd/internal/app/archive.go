package app

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/evidence"
	"hallpass/approvals/redisstore"
)

// maxArchived is how many requests one archive holds: as many as can be kept in memory with their trails at ease.
const maxArchived = 5000

// actArchived is what the audit log says of a request that was taken out of Redis, with the name of the file and its hash.
const actArchived = "archived"

// ArchiveOptions say what is archived, and where.
type ArchiveOptions struct {
	Before time.Time // finished before
	File   string    // must not be there yet
	Most   int       // how many at most, and never more than 5,000; 0: those
	Go     bool      // else it only says what it would do
}

// Archived is what was, or would be, archived.
type Archived struct {
	Requests, Left int // Left are as old, and for another file
	First, Last    approvals.RequestID
	Kept           []approvals.RequestID // that could not be taken out: something of them is still due
}

// Archive writes signed evidence of requests that were finished before a time to a file, reads it back, and takes them out of
// Redis. Their audit entries stay, so that the log has no gap. Nothing is taken out that is not in the file, whole and signed;
// after a crash in between, what is left goes into another file.
func Archive(ctx context.Context, cfg Config, o ArchiveOptions) (Archived, error) {
	if !cfg.Audit.On() {
		return Archived{}, errors.New("an archive is signed with audit.key, which is not set: openssl genpkey -algorithm ed25519 makes one")
	}
	key, err := cfg.Audit.SigningKey()
	if err != nil {
		return Archived{}, err
	}
	store, closing, err := openStore(ctx, cfg, nil)
	if err != nil {
		return Archived{}, err
	}
	defer closing()
	return archive(ctx, store, key, cfg.Tenant.ID, o)
}

func archive(ctx context.Context, store *redisstore.Store, key ed25519.PrivateKey, tenant string, o ArchiveOptions) (Archived, error) {
	now, err := store.Now(ctx)
	if err != nil {
		return Archived{}, err
	}
	most := min(cmp.Or(o.Most, maxArchived), maxArchived)
	var list []approvals.Request
	found := 0
	oldest := func() { // only as many as the file takes are kept in memory
		slices.SortFunc(list, func(a, b approvals.Request) int { return cmp.Compare(number(a.ID), number(b.ID)) })
		list = slices.Delete(list, min(len(list), most), len(list))
	}
	final := slices.DeleteFunc(approvals.States(), func(s approvals.State) bool { return !s.Final() })
	err = store.EachIn(ctx, final, func(r approvals.Request) error {
		if !r.Ended.IsZero() && r.Ended.Before(o.Before) {
			found, list = found+1, append(list, r)
		}
		if len(list) >= 2*most {
			oldest()
		}
		return nil
	})
	if err != nil {
		return Archived{}, err
	}
	oldest()
	out := Archived{Requests: len(list), Left: found - len(list)}
	if len(list) == 0 {
		return out, nil
	}
	out.First, out.Last = list[0].ID, list[len(list)-1].ID
	if !o.Go {
		return out, nil
	}
	records, err := recordsOf(ctx, store, list)
	if err != nil {
		return out, err
	}
	signed, err := evidence.Sign(key, tenant, evidence.Query{What: "requests finished before " + o.Before.UTC().Format("2006-01-02"), Until: o.Before, At: now}, records)
	if err != nil {
		return out, err
	}
	sum, err := writeArchive(o.File, signed, key)
	if err != nil {
		return out, err
	}
	entry := approvals.Entry{At: now, Actor: "operator", Act: actArchived, Detail: map[string]string{"file": filepath.Base(o.File), "sha256": sum}}
	for _, r := range list {
		err := store.Archive(ctx, r, entry)
		if errors.Is(err, approvals.ErrConflict) {
			out.Kept = append(out.Kept, r.ID)
			continue
		}
		if err != nil {
			return out, fmt.Errorf("taking %s out of Redis, which is in %s already: %w", r.ID, o.File, err)
		}
	}
	return out, nil
}

// writeArchive writes a package to a new file, durably, reads it back, and gives the hash of its records.
func writeArchive(file string, signed evidence.Signed, key ed25519.PrivateKey) (sum string, err error) {
	data, err := json.Marshal(signed)
	if err != nil {
		return "", fmt.Errorf("encoding the archive: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return "", fmt.Errorf("creating the archive: %w", err)
	}
	_, werr := f.Write(append(data, '\n'))
	if err := errors.Join(werr, f.Sync(), f.Close(), syncFolder(filepath.Dir(file))); err != nil {
		return "", fmt.Errorf("writing the archive: %w", err)
	}
	public, err := publicHalf(key)
	if err != nil {
		return "", err
	}
	p, err := shelf{keys: []ed25519.PublicKey{public}}.open(file)
	if err != nil {
		return "", fmt.Errorf("nothing was taken out of Redis: %w", err)
	}
	return p.Query.SHA256, nil
}

// syncFolder makes a new name in a folder durable.
func syncFolder(folder string) error {
	d, err := os.Open(folder) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
