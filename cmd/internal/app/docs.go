package app

import (
	"context"
	"encoding/json"
	"fmt"

	"hallpass/approvals"
)

// What a schedule remembers between its runs are documents of the store.

// doc reads one; false if there is none.
func doc[T any](ctx context.Context, store noted, space, key, field string) (T, bool, error) {
	docs, err := store.Docs(ctx, space, key)
	if err != nil {
		var none T
		return none, false, err
	}
	return decoded[T](docs[field], space, field)
}

// decoded reads one out of what Docs gave; false if there was none.
func decoded[T any](data []byte, space, field string) (out T, is bool, err error) {
	if data == nil {
		return out, false, nil
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, false, fmt.Errorf("decoding %s of the documents %s: %w", field, space, err)
	}
	return out, true, nil
}

// putDoc stores one.
func putDoc(ctx context.Context, store noted, space, key, field string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding %s of the documents %s: %w", field, space, err)
	}
	return store.PutDoc(ctx, space, key, field, data)
}

// noteNow records what hallpass itself found or did, with the time of the store.
func noteNow(ctx context.Context, store noted, e approvals.Entry) error {
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	e.At, e.Actor = now, "hallpass"
	if err := store.Note(ctx, e); err != nil {
		return fmt.Errorf("noting %q: %w", e.Act, err)
	}
	return nil
}
