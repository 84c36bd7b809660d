package app

import (
	"context"
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
	q, records, err := gather(ctx, store, o, now)
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

func gather(ctx context.Context, store *redisstore.Store, o EvidenceOptions, now time.Time) (evidence.Query, []evidence.Record, error) {
	q := evidence.Query{What: string(o.Request), At: now}
	found := map[approvals.RequestID]approvals.Request{}
	if o.Period == "" {
		r, err := store.Load(ctx, o.Request)
		if errors.Is(err, approvals.ErrNotFound) {
			return q, nil, fmt.Errorf("there is no request %s, or it was archived: `hallpass archive` wrote evidence of it to a file", o.Request)
		}
		if err != nil {
			return q, nil, err
		}
		found[r.ID] = r
	} else {
		var err error
		if q.From, q.Until, err = evidence.ParsePeriod(o.Period); err != nil {
			return q, nil, err
		}
		q.What = o.Period
		err = store.EachIn(ctx, approvals.States(), func(r approvals.Request) error {
			if evidence.InForce(&r, q.From, q.Until) {
				found[r.ID] = r // one that moved on meanwhile comes twice: the later state holds
			}
			return nil
		})
		if err != nil {
			return q, nil, err
		}
	}
	records, err := recordsOf(ctx, store, slices.Collect(maps.Values(found)))
	return q, records, err
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
