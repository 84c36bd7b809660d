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

// Load gives the newest stored state of a request. One that hallpass did not write: approvals.ErrForged.
func (s *Store) Load(ctx context.Context, id approvals.RequestID) (approvals.Request, error) {
	data, err := s.readRequest(ctx, id)
	if err != nil {
		return approvals.Request{}, err
	}
	return s.decodeRequest(id, data)
}

func (s *Store) readRequest(ctx context.Context, id approvals.RequestID) ([]any, error) {
	data, err := s.client.HMGet(ctx, s.prefix+keyReq+string(id), "data", "v", "mac").Result()
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w: %w", id, approvals.ErrStore, err)
	}
	return data, nil
}

// decodeRequest reads a stored request, if hallpass wrote it.
func (s *Store) decodeRequest(id approvals.RequestID, data []any) (approvals.Request, error) {
	if len(data) == 3 && data[0] != nil {
		if r := reply(data); !s.mac.fits(r.text(2), macRequest, string(id), r.text(1), r.text(0)) {
			s.forged("request " + string(id))
			return approvals.Request{}, fmt.Errorf("%s: %w", id, approvals.ErrForged)
		}
	}
	return parseRequest(id, data)
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
	recordJSON struct {
		Target  string `json:"target"`
		Version int64  `json:"version"`
		Data    string `json:"data"`
		MAC     string `json:"mac"`
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
		Voting bool            `json:"voting"`
	}
	commitJSON struct {
		ID      approvals.RequestID `json:"id"`
		Op      string              `json:"op"`
		Version int64               `json:"version"`
		State   approvals.State     `json:"state"`
		Final   bool                `json:"final"`
		Data    string              `json:"data"`
		MAC     string              `json:"mac"`
		Entry   string              `json:"entry"`
		Index   indexJSON           `json:"ix"`
		Indexed string              `json:"ixs"` // Index once more, as it is stored
		Rows    []rowJSON           `json:"rows"`
		Drop    []rowJSON           `json:"drop"`
		Ledger  []recordJSON        `json:"ledger"`
		Due     []dueJSON           `json:"due"`
		Claim   *claimJSON          `json:"claim,omitempty"`
		Done    bool                `json:"done"`
		Inbox   string              `json:"inbox"`
		Twin    string              `json:"twin"`
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
		MAC:   s.mac.sign(macRequest, string(r.ID), strconv.FormatInt(r.Version+1, 10), string(data)),
		Entry: string(entry), Index: index, Indexed: string(indexed), Inbox: c.Inbox, Result: string(c.Result), Done: c.Done, Twin: r.Twin(),
		Rows: []rowJSON{}, Drop: []rowJSON{}, Ledger: []recordJSON{}, Due: dueList(c.Due),
	}
	for _, rec := range c.Ledger {
		record, err := s.recordOf(rec)
		if err != nil {
			return 0, err
		}
		doc.Ledger = append(doc.Ledger, record)
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
	ix := indexJSON{State: r.State, Number: n, People: []string{}, Voting: r.Voting()}
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

// loadAll loads requests. Those that hallpass did not write are left out: nobody shall see them as if they were; and so are
// those that are not there: one may be archived between reading an index and reading what it names.
func (s *Store) loadAll(ctx context.Context, ids []string) ([]approvals.Request, error) {
	cmds := make([]*redis.SliceCmd, len(ids))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			cmds[i] = p.HMGet(ctx, s.prefix+keyReq+id, "data", "v", "mac")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("loading requests: %w: %w", approvals.ErrStore, err)
	}
	var out []approvals.Request
	for i, cmd := range cmds {
		r, err := s.decodeRequest(approvals.RequestID(ids[i]), cmd.Val())
		switch {
		case errors.Is(err, approvals.ErrForged), errors.Is(err, approvals.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			out = append(out, r)
		}
	}
	return out, nil
}
