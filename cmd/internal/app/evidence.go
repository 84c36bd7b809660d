package app

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/evidence"
	"hallpass/approvals/redisstore"
)

// EvidenceOptions say what evidence is wanted of: one request, or all that were in force in a period.
type EvidenceOptions struct {
	Request approvals.RequestID
	Period  string // see evidence.ParsePeriod
	// Archives are files of requests that were taken out of Redis, beside those in audit.archive_folder.
	Archives []string
	// Keys are public halves of signing keys that archives were signed with before the present one.
	Keys []ed25519.PublicKey
}

// Evidence writes a signed package. That it was made stands in the audit log.
func Evidence(ctx context.Context, cfg Config, o EvidenceOptions, w io.Writer) error {
	if !cfg.Audit.On() {
		return errors.New("evidence is signed with audit.key, which is not set: openssl genpkey -algorithm ed25519 makes one")
	}
	key, err := cfg.Audit.SigningKey()
	if err != nil {
		return err
	}
	store, closing, err := openStore(ctx, cfg, nil)
	if err != nil {
		return err
	}
	defer closing()
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	public, err := publicHalf(key)
	if err != nil {
		return err
	}
	old := shelf{o.Archives, string(cfg.Audit.ArchiveFolder), append(o.Keys, public)}
	q := evidence.Query{What: cmp.Or(o.Period, string(o.Request)), At: now}
	var records []evidence.Record
	if o.Period == "" {
		records, err = evidenceOf(ctx, store, old, o.Request)
	} else if q.From, q.Until, err = evidence.ParsePeriod(o.Period); err == nil {
		records, err = evidenceIn(ctx, store, old, q.From, q.Until)
	}
	if err != nil {
		return err
	}
	signed, err := evidence.Sign(key, cfg.Tenant.ID, q, records)
	if err != nil {
		return err
	}
	if err := store.Note(ctx, approvals.Entry{At: now, Actor: "operator", Act: "exported", Detail: map[string]string{"what": "evidence of " + q.What}}); err != nil {
		return err
	}
	if err := json.NewEncoder(w).Encode(signed); err != nil {
		return fmt.Errorf("writing the evidence: %w", err)
	}
	return nil
}

// evidenceOf gives the record of one request, from the store or from the archive that it is in.
func evidenceOf(ctx context.Context, store *redisstore.Store, shelf shelf, id approvals.RequestID) ([]evidence.Record, error) {
	r, err := store.Load(ctx, id)
	if err == nil {
		return recordsOf(ctx, store, []approvals.Request{r})
	}
	if !errors.Is(err, approvals.ErrNotFound) {
		return nil, err
	}
	archives, err := shelf.list(ctx, store, func(e approvals.Entry) bool { return e.Request == id })
	if err != nil {
		return nil, err
	}
	if len(archives) == 0 {
		return nil, fmt.Errorf("there is no request %s, and none was archived", id)
	}
	return shelf.records(archives, func(*evidence.Record) bool { return true })
}

// evidenceIn gives the records of all requests that were in force in a period, from the store and from archives.
func evidenceIn(ctx context.Context, store *redisstore.Store, shelf shelf, from, until time.Time) ([]evidence.Record, error) {
	found := map[approvals.RequestID]approvals.Request{}
	err := store.EachIn(ctx, approvals.States(), func(r approvals.Request) error {
		if evidence.InForce(&r, from, until) {
			found[r.ID] = r // one that moved on meanwhile comes twice: the later state holds
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	records, err := recordsOf(ctx, store, slices.Collect(maps.Values(found)))
	if err != nil {
		return nil, err
	}
	archives, err := shelf.list(ctx, store, func(e approvals.Entry) bool { return !e.At.Before(from) }) // what was archived before was over before
	if err != nil {
		return nil, err
	}
	old, err := shelf.records(archives, func(r *evidence.Record) bool {
		_, stored := found[r.ID] // archived while it was read here
		return !stored && evidence.InForce(&r.Request, from, until)
	})
	return append(records, old...), err
}

// recordsOf puts requests and their trails together.
func recordsOf(ctx context.Context, store *redisstore.Store, list []approvals.Request) ([]evidence.Record, error) {
	var records []evidence.Record
	for _, r := range list {
		trail, err := store.Trail(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("reading the trail of %s: %w", r.ID, err)
		}
		records = append(records, evidence.Make(r, trail))
	}
	return records, nil
}
