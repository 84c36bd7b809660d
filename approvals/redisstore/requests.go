package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
)

// NextID gives an id that was never given before.
func (s *Store) NextID(ctx context.Context) (approvals.RequestID, error) {
	n, err := s.client.HIncrBy(ctx, s.prefix+keyMeta, "ids", 1).Result()
	if err != nil {
		return "", fmt.Errorf("taking an id: %w: %w", approvals.ErrStore, err)
	}
	return approvals.MakeRequestID(1000 + n), nil
}

// Load gives the newest stored state of a request.
func (s *Store) Load(ctx context.Context, id approvals.RequestID) (approvals.Request, error) {
	data, err := s.client.HMGet(ctx, s.prefix+keyReq+string(id), "data", "v").Result()
	if err != nil {
		return approvals.Request{}, fmt.Errorf("loading %s: %w: %w", id, approvals.ErrStore, err)
	}
	return decodeRequest(id, data)
}

func decodeRequest(id approvals.RequestID, data []any) (approvals.Request, error) {
	var r approvals.Request
	if len(data) != 2 || data[0] == nil {
		return r, fmt.Errorf("%s: %w", id, approvals.ErrNotFound)
	}
	text, ok := data[0].(string)
	version, ok2 := data[1].(string)
	if !ok || !ok2 {
		return r, fmt.Errorf("%s is stored as %T", id, data[0])
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("decoding %s: %w", id, err)
	}
	v, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return r, fmt.Errorf("decoding the version of %s: %w", id, err)
	}
	r.Version = v
	return r, nil
}

type (
	dueJSON struct {
		Member string         `json:"member"`
		Lane   approvals.Lane `json:"lane"`
		At     int64          `json:"at"`
	}
	rowJSON struct {
		Target string `json:"target"`
		Field  string `json:"field"`
		Want   string `json:"want,omitempty"`
		Entry  string `json:"entry,omitempty"`
	}
	claimJSON struct {
		Member string `json:"member"`
		Token  string `json:"token"`
	}
	indexJSON struct {
		State  approvals.State `json:"state"`
		Number int64           `json:"number"`
		People []string        `json:"people"`
		Ends   int64           `json:"ends"`
	}
	commitJSON struct {
		ID      approvals.RequestID `json:"id"`
		Op      string              `json:"op"`
		Version int64               `json:"version"`
		State   approvals.State     `json:"state"`
		Final   bool                `json:"final"`
		Data    string              `json:"data"`
		Entry   string              `json:"entry"`
		Index   indexJSON           `json:"ix"`
		Indexed string              `json:"ixs"` // Index once more, as it is stored
		Rows    []rowJSON           `json:"rows"`
		Drop    []rowJSON           `json:"drop"`
		Due     []dueJSON           `json:"due"`
		Claim   *claimJSON          `json:"claim,omitempty"`
		Inbox   string              `json:"inbox"`
		Result  string              `json:"result"`
	}
)

func fieldOf(row approvals.Row) string { return string(row.Request) + "/" + strconv.Itoa(row.Change) }

func dueList(list []approvals.Due) []dueJSON {
	out := make([]dueJSON, 0, len(list))
	for _, d := range list {
		out = append(out, dueJSON{d.Member(), d.Lane, millis(d.At)})
	}
	return out
}

// Commit writes one step of a request.
func (s *Store) Commit(ctx context.Context, c approvals.Commit) (int64, error) {
	r := c.Request
	data, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("encoding %s: %w", r.ID, err)
	}
	entry, err := json.Marshal(c.Entry)
	if err != nil {
		return 0, fmt.Errorf("encoding the entry of %s: %w", r.ID, err)
	}
	index := indexOf(r)
	indexed, err := json.Marshal(index)
	if err != nil {
		return 0, fmt.Errorf("encoding the index of %s: %w", r.ID, err)
	}
	doc := commitJSON{
		ID: r.ID, Op: c.Operation, Version: r.Version, State: r.State, Final: r.State.Final(), Data: string(data),
		Entry: string(entry), Index: index, Indexed: string(indexed), Inbox: c.Inbox, Result: string(c.Result),
		Rows: []rowJSON{}, Drop: []rowJSON{}, Due: dueList(c.Due),
	}
	for _, row := range c.Rows {
		want := "0"
		if row.Want {
			want = "1"
		}
		doc.Rows = append(doc.Rows, rowJSON{row.Target.String(), fieldOf(row), want, row.Entry})
	}
	for _, row := range c.Old {
		if !slices.ContainsFunc(c.Rows, func(n approvals.Row) bool { return n.Target == row.Target && fieldOf(n) == fieldOf(row) }) {
			doc.Drop = append(doc.Drop, rowJSON{Target: row.Target.String(), Field: fieldOf(row)})
		}
	}
	if c.Claim != nil {
		doc.Claim = &claimJSON{c.Claim.Member(), strconv.FormatInt(c.Claim.Token, 10)}
	}
	arg, err := json.Marshal(doc)
	if err != nil {
		return 0, fmt.Errorf("encoding the commit of %s: %w", r.ID, err)
	}
	rep, err := answer(s.sure(ctx, "commit", string(arg)))
	if err != nil {
		return 0, err
	}
	return rep.number(1), rep.verdict()
}

func indexOf(r approvals.Request) indexJSON {
	n, err := strconv.ParseInt(strings.TrimPrefix(string(r.ID), "HP-"), 10, 64)
	if err != nil {
		n = 0
	}
	ix := indexJSON{State: r.State, Number: n, People: []string{}}
	for _, id := range []string{r.Requester.ID, r.Owner.ID} {
		if id != "" && !slices.Contains(ix.People, id) {
			ix.People = append(ix.People, id)
		}
	}
	if r.State == approvals.StateActive {
		ix.Ends = millis(r.End)
	}
	return ix
}

// Find lists requests, newest first, or soonest end first if ends are asked for.
func (s *Store) Find(ctx context.Context, q approvals.Query) ([]approvals.Request, error) {
	limit := q.Limit
	if limit == 0 {
		limit = 100
	}
	ids, err := s.candidates(ctx, q)
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("listing requests: %w: %w", approvals.ErrStore, err)
	}
	var out []approvals.Request
	for batch := range slices.Chunk(ids, loadBatch) {
		found, err := s.loadAll(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			if len(q.States) > 0 && !slices.Contains(q.States, r.State) {
				continue
			}
			if q.Person != "" && r.Requester.ID != q.Person && r.Owner.ID != q.Person {
				continue
			}
			out = append(out, r)
			if len(out) == limit {
				return out, nil
			}
		}
	}
	return out, nil
}

// candidates are ids from the narrowest index that fits.
func (s *Store) candidates(ctx context.Context, q approvals.Query) ([]string, error) {
	switch {
	case !q.EndsBefore.IsZero():
		return s.client.ZRangeArgs(ctx, redis.ZRangeArgs{
			Key: s.prefix + "ix:end", ByScore: true, Start: "-inf", Stop: "(" + strconv.FormatInt(millis(q.EndsBefore), 10),
		}).Result()
	case q.Person != "":
		return s.newest(ctx, "ix:person:"+q.Person)
	case len(q.States) == 0:
		return s.newest(ctx, "ix:all")
	}
	var all []string
	for _, state := range q.States {
		ids, err := s.newest(ctx, "ix:state:"+string(state))
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	if len(q.States) > 1 {
		slices.SortFunc(all, func(a, b string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(b, a)
		})
	}
	return all, nil
}

func (s *Store) newest(ctx context.Context, key string) ([]string, error) {
	return s.client.ZRangeArgs(ctx, redis.ZRangeArgs{Key: s.prefix + key, Start: 0, Stop: 4999, Rev: true}).Result()
}

func (s *Store) loadAll(ctx context.Context, ids []string) ([]approvals.Request, error) {
	cmds := make([]*redis.SliceCmd, len(ids))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			cmds[i] = p.HMGet(ctx, s.prefix+keyReq+id, "data", "v")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("loading requests: %w: %w", approvals.ErrStore, err)
	}
	var out []approvals.Request
	for i, cmd := range cmds {
		r, err := decodeRequest(approvals.RequestID(ids[i]), cmd.Val())
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}
