package app

import (
	"context"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/graph"
	"hallpass/graph/entra"
)

// owners says who answers for accounts: the owners file, then an attribute, then who took the account on.
type owners struct {
	store     *redisstore.Store
	file      map[string][]string // object id or lower-case UPN -> object ids of the owner and of the deputy
	attribute string
}

// adoption lets the engine give accounts an owner.
type adoption struct {
	owners
	tenant *entra.Entra
}

func (a adoption) OwnerOf(ctx context.Context, account string) (approvals.Person, error) {
	return a.tenant.OwnerOf(ctx, account)
}

func (o owners) SetOwner(ctx context.Context, account, owner string) error {
	return o.store.PutDoc(ctx, spaceOwners, account, "owner", []byte(owner))
}

func (o owners) of(ctx context.Context, u graph.User) ([]string, error) {
	for _, key := range []string{u.ID, strings.ToLower(u.UPN), u.UPN} {
		if list, ok := o.file[key]; ok {
			return list, nil
		}
	}
	if owner := u.Attributes[o.attribute]; o.attribute != "" && owner != "" {
		return []string{owner}, nil
	}
	docs, err := o.store.Docs(ctx, spaceOwners, u.ID)
	if owner := string(docs["owner"]); err == nil && owner != "" {
		return []string{owner}, nil
	}
	return nil, err
}
