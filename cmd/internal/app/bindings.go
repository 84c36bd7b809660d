package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
)

// bindings keeps who is who in the store. Those of the people file count too, when somebody is to be written to.
type bindings struct {
	store *redisstore.Store
	file  map[bot.Account]string
	// tenants are those whose people are reached in Teams, where an account is the person.
	tenants []string
}

func accountKey(a bot.Account) string { return a.Platform + "/" + a.Team + "/" + a.User }

func (b bindings) Binding(ctx context.Context, a bot.Account) (bot.Binding, error) {
	docs, err := b.store.Docs(ctx, spaceBindings, accountKey(a))
	if err != nil {
		return bot.Binding{}, err
	}
	data, ok := docs["binding"]
	if !ok {
		return bot.Binding{}, fmt.Errorf("a binding of %s: %w", accountKey(a), approvals.ErrNotFound)
	}
	return decodeBinding(data)
}

func decodeBinding(data []byte) (bot.Binding, error) {
	var out bot.Binding
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("decoding a binding: %w", err)
	}
	return out, nil
}

func (b bindings) Bind(ctx context.Context, a bot.Account, fresh bot.Binding) (bot.Binding, error) {
	now, err := b.store.Now(ctx)
	if err != nil {
		return fresh, err
	}
	fresh.At = now
	data, err := json.Marshal(fresh)
	if err != nil {
		return fresh, fmt.Errorf("encoding a binding: %w", err)
	}
	there, err := b.store.PutDocIfAbsent(ctx, spaceBindings, accountKey(a), "binding", data)
	if err != nil {
		return fresh, err
	}
	bound, err := decodeBinding(there)
	if err != nil {
		return fresh, err
	}
	account, err := json.Marshal(a)
	if err != nil {
		return fresh, fmt.Errorf("encoding an account: %w", err)
	}
	return bound, b.store.PutDoc(ctx, spaceAccounts, bound.Person, accountKey(a), account)
}

func (b bindings) AccountsOf(ctx context.Context, person string) ([]bot.Account, error) {
	var out []bot.Account
	for a, id := range b.file {
		if id == person {
			out = append(out, a)
		}
	}
	docs, err := b.store.Docs(ctx, spaceAccounts, person)
	if err != nil {
		return nil, err
	}
	for _, data := range docs {
		var a bot.Account
		if err := json.Unmarshal(data, &a); err != nil {
			return nil, fmt.Errorf("decoding an account: %w", err)
		}
		if a.Platform != "teams" {
			out = append(out, a)
		}
	}
	// In Teams a person is written to once it is known how they are reached, bound by an act or not.
	for _, tenant := range b.tenants {
		ref, err := (references{b.store}).Person(ctx, tenant, strings.ToLower(person))
		switch {
		case errors.Is(err, approvals.ErrNotFound):
		case err != nil:
			return nil, err
		case !ref.Removed:
			out = append(out, bot.Account{Platform: "teams", Team: tenant, User: strings.ToLower(person)})
		}
	}
	return out, nil
}
