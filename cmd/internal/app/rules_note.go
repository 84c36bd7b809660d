package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hallpass/approvals"
)

// noted is what noting a change of the rules needs of the store.
type noted interface {
	Now(ctx context.Context) (time.Time, error)
	Note(ctx context.Context, e approvals.Entry) error
	Docs(ctx context.Context, space, key string) (map[string][]byte, error)
	PutDoc(ctx context.Context, space, key, field string, data []byte) error
}

// noteRules records in the audit log that other rules are in force than those noted last, by this or another replica,
// before this start or after it. Two replicas that see a change at the same moment may both note it.
func noteRules(ctx context.Context, store noted, hash string) error {
	docs, err := store.Docs(ctx, spaceRules, "noted")
	if err != nil {
		return err
	}
	last := string(docs["hash"])
	if last == hash {
		return nil
	}
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	detail := map[string]string{"rules": hash}
	if last != "" {
		detail["before"] = last
	}
	if err := store.Note(ctx, approvals.Entry{At: now, Actor: "hallpass", Act: "rules in force", Detail: detail}); err != nil {
		return fmt.Errorf("noting the rules in force: %w", err)
	}
	return store.PutDoc(ctx, spaceRules, "noted", "hash", []byte(hash))
}

// noting is the hook of OpenRules: rules that come into force while the program runs. What cannot be noted is noted at
// the next change or start; the log says so.
func noting(ctx context.Context, store noted, log *slog.Logger) func(from, to string) {
	return func(from, to string) {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		log.InfoContext(bounded, "other rules are in force", "before", from, "rules", to)
		if err := noteRules(bounded, store, to); err != nil {
			log.ErrorContext(bounded, "a change of the rules could not be recorded", "rules", to, "error", err)
		}
	}
}
