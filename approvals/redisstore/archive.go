package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// Archive takes a finished request out of the store: the caller has written it, as it is given here, to where it is kept from
// now on. The entry is sealed into the request's chain, whose entries stay in the audit stream, so that the log has no gap.
// approvals.ErrConflict: it is not finished, moved on since, or something of it is still due; it stays. One that is gone
// already is no error.
func (s *Store) Archive(ctx context.Context, r approvals.Request, e approvals.Entry) error {
	e.Request = r.ID
	entry, err := json.Marshal(audit.Seal(r.Hash, e))
	if err != nil {
		return fmt.Errorf("encoding the entry of %s: %w", r.ID, err)
	}
	rep, err := answer(s.sure(ctx, "archive", string(r.ID), strconv.FormatInt(r.Version, 10), string(entry)))
	if err != nil {
		return err
	}
	return rep.verdict()
}

// Missing are those of the requests that the store does not have: they never were, or were archived.
func (s *Store) Missing(ctx context.Context, ids []approvals.RequestID) ([]approvals.RequestID, error) {
	cmds := make([]*redis.IntCmd, len(ids))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			cmds[i] = p.Exists(ctx, s.prefix+keyReq+string(id))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for requests: %w: %w", approvals.ErrStore, err)
	}
	var out []approvals.RequestID
	for i, cmd := range cmds {
		if cmd.Val() == 0 {
			out = append(out, ids[i])
		}
	}
	return out, nil
}
