package app

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/evidence"
	"hallpass/approvals/redisstore"
)

// shelf finds requests that were archived. Which archive holds which request stands in the audit log, with the archive's hash:
// evidence that leaves one out because its file is not at hand would look whole, so a missing file is an error.
type shelf struct {
	named  []string // archives that the operator names, wherever they are now
	folder string   // where archives are by themselves; may be empty
	keys   []ed25519.PublicKey
}

// archived is an archive that the log names.
type archived struct {
	file, sum string
	at        time.Time
	ids       []approvals.RequestID
}

// list gives the archives of the requests whose entry in the log is wanted.
func (shelf) list(ctx context.Context, store *redisstore.Store, wanted func(approvals.Entry) bool) ([]*archived, error) {
	var out []*archived
	_, err := store.AuditLog(ctx, 1, func(l audit.Line) error {
		if !bytes.Contains(l.Entry, []byte(`"`+actArchived+`"`)) {
			return nil
		}
		e, err := l.Decode()
		if err != nil || e.Act != actArchived || !wanted(e) {
			return nil //nolint:nilerr // verifying the log says so
		}
		at := slices.IndexFunc(out, func(a *archived) bool { return a.sum == e.Detail["sha256"] })
		if at < 0 {
			at, out = len(out), append(out, &archived{file: filepath.Base(e.Detail["file"]), sum: e.Detail["sha256"], at: e.At})
		}
		out[at].ids = append(out[at].ids, e.Request)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for what was archived: %w", err)
	}
	return out, nil
}

// records reads the wanted records of archives, each of which must be there.
func (s shelf) records(list []*archived, wanted func(*evidence.Record) bool) ([]evidence.Record, error) {
	var out []evidence.Record
	take := func(a *archived, records []evidence.Record) {
		for i := range records {
			if slices.Contains(a.ids, records[i].ID) && wanted(&records[i]) {
				out = append(out, records[i])
			}
		}
	}
	found := map[string]bool{}
	for _, file := range s.named {
		p, err := s.open(file)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if a.sum == p.Query.SHA256 && !found[a.sum] {
				found[a.sum] = true
				take(a, p.Records)
			}
		}
	}
	for _, a := range list {
		if found[a.sum] {
			continue
		}
		p, err := s.open(filepath.Join(s.folder, a.file))
		if s.folder == "" || errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s was archived on %s to %s, with %d more, and that file is not at hand: name it, as in -archive %s",
				a.ids[0], a.at.UTC().Format("2 Jan 2006"), a.file, len(a.ids)-1, a.file)
		}
		if err != nil {
			return nil, err
		}
		if p.Query.SHA256 != a.sum {
			return nil, fmt.Errorf("%s in audit.archive_folder is not the archive that %s is in: their hashes differ; name the right one with -archive", a.file, a.ids[0])
		}
		take(a, p.Records)
	}
	return out, nil
}

// open reads an archive, and checks its signature and the trails in it.
func (s shelf) open(file string) (evidence.Package, error) {
	data, err := os.ReadFile(file) //nolint:gosec // the operator names the file, or the log does by its base
	if err != nil {
		return evidence.Package{}, fmt.Errorf("reading an archive: %w", err)
	}
	var signed evidence.Signed
	if err := json.Unmarshal(data, &signed); err != nil {
		return evidence.Package{}, fmt.Errorf("%s holds no archive: %w", file, err)
	}
	for _, key := range s.keys {
		if signed.Key == audit.KeyID(key) {
			p, err := signed.Open(key)
			if err != nil {
				return p, fmt.Errorf("%s: %w", file, err)
			}
			return p, nil
		}
	}
	return evidence.Package{}, fmt.Errorf("%s is signed with the key %q, which is not audit.key: give the public half of the key that was used then, as in -key old.pub", file, signed.Key)
}
