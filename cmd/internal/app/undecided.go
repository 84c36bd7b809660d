package app

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/graph/entra"
)

// The documents that remember which accounts hallpass has blocked at the end of their exemption.
const (
	spaceBlocked = "blocked"
	keyAccounts  = "accounts"
)

// blockedAccount is what is remembered of one: where it stands now, Entra ID says.
type blockedAccount struct {
	Request approvals.RequestID `json:"request"`
	Since   time.Time           `json:"since"`
}

// noteBlocked remembers an account before it is blocked.
func noteBlocked(ctx context.Context, store noted, account string, by approvals.RequestID) error {
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	was, is, err := doc[blockedAccount](ctx, store, spaceBlocked, keyAccounts, account)
	if err != nil || is && was.Request == by { // a write that is repeated
		return err
	}
	return putDoc(ctx, store, spaceBlocked, keyAccounts, account, blockedAccount{Request: by, Since: now})
}

// undecided knows which accounts are blocked and wait for their owner.
type undecided struct {
	tenant *entra.Entra
	store  *redisstore.Store
}

// Undecided lists them, those that wait longest first, and then who is in the group of blocked accounts without being remembered:
// blocked by another hand, or before Redis was lost.
func (u undecided) Undecided(ctx context.Context) ([]approvals.Undecided, error) {
	docs, err := u.store.Docs(ctx, spaceBlocked, keyAccounts)
	if err != nil {
		return nil, err
	}
	blocked := map[string]blockedAccount{}
	for id, data := range docs {
		if blocked[id], _, err = decoded[blockedAccount](data, spaceBlocked, id); err != nil {
			return nil, err
		}
	}
	ids := slices.SortedFunc(maps.Keys(blocked), func(a, b string) int { return blocked[a].Since.Compare(blocked[b].Since) })
	still, err := u.tenant.StillBlocked(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out, others []approvals.Undecided
	for _, id := range ids {
		label, is := still[id]
		if !is {
			continue
		}
		r, err := u.store.Load(ctx, blocked[id].Request)
		if err != nil && !errors.Is(err, approvals.ErrNotFound) { // archived: its owner is not known here any more
			return nil, err
		}
		out = append(out, approvals.Undecided{Label: label, Request: blocked[id].Request, Owner: r.Owner, Since: blocked[id].Since, Disable: r.Then() == approvals.ThenDisabled})
	}
	for id, label := range still {
		if _, remembered := blocked[id]; !remembered {
			others = append(others, approvals.Undecided{Label: label})
		}
	}
	slices.SortFunc(others, func(a, b approvals.Undecided) int { return cmp.Compare(a.Label, b.Label) })
	return append(out, others...), nil
}
