package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/bot/teams"
)

// references keeps in the store how people and conversations are reached in Teams.
type references struct{ store *redisstore.Store }

// Keep stores a reference of a person or of a conversation.
func (r references) Keep(ctx context.Context, ref teams.Reference) error {
	data, err := json.Marshal(ref)
	if err != nil {
		return fmt.Errorf("encoding a reference: %w", err)
	}
	if ref.User != "" {
		return r.store.PutDoc(ctx, spaceReached, ref.Tenant+"/"+ref.User, "reference", data)
	}
	return r.store.PutDoc(ctx, spaceTalks, ref.Conversation, "reference", data)
}

// Person says how a person is reached.
func (r references) Person(ctx context.Context, tenant, user string) (teams.Reference, error) {
	return r.read(ctx, spaceReached, tenant+"/"+user)
}

// Conversation says how a conversation is reached.
func (r references) Conversation(ctx context.Context, id string) (teams.Reference, error) {
	return r.read(ctx, spaceTalks, id)
}

func (r references) read(ctx context.Context, space, key string) (teams.Reference, error) {
	var ref teams.Reference
	docs, err := r.store.Docs(ctx, space, key)
	if err != nil {
		return ref, err
	}
	data, ok := docs["reference"]
	if !ok {
		return ref, fmt.Errorf("a way to reach %.80s: %w", key, approvals.ErrNotFound)
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		return ref, fmt.Errorf("decoding a reference: %w", err)
	}
	return ref, nil
}

// Greeted reports whether a conversation was welcomed before, and remembers that it is now.
func (r references) Greeted(ctx context.Context, conversation string) (bool, error) {
	mine := []byte(rand.Text())
	there, err := r.store.PutDocIfAbsent(ctx, spaceGreeted, conversation, "by", mine)
	return err == nil && !bytes.Equal(there, mine), err
}
