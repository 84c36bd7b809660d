package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"hallpass/approvals"
)

// Target gives a target's record, rows and generation, read together.
func (s *Store) Target(ctx context.Context, t approvals.Target) (approvals.TargetRecord, []approvals.Row, int64, error) {
	rec := approvals.TargetRecord{Target: t}
	rep, err := answer(s.run(ctx, "target", t.String()))
	if err != nil {
		return rec, nil, 0, err
	}
	if text := rep.text(1); text != "" {
		if err := json.Unmarshal([]byte(text), &rec); err != nil {
			return rec, nil, 0, fmt.Errorf("decoding target %s: %w", t, err)
		}
	}
	rec.Target, rec.Version = t, rep.number(0)
	if rep.text(1) != "" && !s.mac.fits(rep.text(4), macTarget, t.String(), rep.text(0), rep.text(1)) {
		s.forged("target " + t.String())
		rec.Disowned = true
	}
	var rows []approvals.Row
	if len(rep) > 3 {
		list, ok := rep[3].([]any)
		if !ok {
			return rec, nil, 0, fmt.Errorf("%w: rows of %s are %T", approvals.ErrStore, t, rep[3])
		}
		for i := 0; i+1 < len(list); i += 2 {
			row, err := decodeRow(t, reply(list).text(i), reply(list).text(i+1))
			if err != nil && s.mac.on() { // another hand's: it must not keep removals from going on
				s.forged("a row of target " + t.String())
				continue
			}
			if err != nil {
				return rec, nil, 0, err
			}
			rows = append(rows, row)
		}
	}
	return rec, rows, rep.number(2), nil
}

func decodeRow(t approvals.Target, field, value string) (approvals.Row, error) {
	id, n, ok := strings.Cut(field, "/")
	parts := strings.SplitN(value, "|", 3)
	change, err := strconv.Atoi(n)
	if !ok || err != nil || len(parts) != 3 {
		return approvals.Row{}, fmt.Errorf("a row of %s is stored as %q: %q", t, field, value)
	}
	gen, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return approvals.Row{}, fmt.Errorf("a row of %s has generation %q", t, parts[1])
	}
	return approvals.Row{Target: t, Request: approvals.RequestID(id), Change: change, Entry: parts[2], Want: parts[0] == "1", Gen: gen}, nil
}

type settleJSON struct {
	Target  string    `json:"target"`
	Version int64     `json:"version"`
	Data    string    `json:"data"`
	MAC     string    `json:"mac"`
	Gen     int64     `json:"gen"`
	Next    *dueJSON  `json:"next"`
	Wake    []dueJSON `json:"wake"`
	Member  string    `json:"member"`
	Token   string    `json:"token"`
}

// recordOf is a record as scripts take it.
func (s *Store) recordOf(rec approvals.TargetRecord) (recordJSON, error) {
	data, err := json.Marshal(rec)
	if err != nil {
		return recordJSON{}, fmt.Errorf("encoding target %s: %w", rec.Target, err)
	}
	mac := s.mac.sign(macTarget, rec.Target.String(), strconv.FormatInt(rec.Version+1, 10), string(data))
	return recordJSON{Target: rec.Target.String(), Version: rec.Version, Data: string(data), MAC: mac}, nil
}

// Settle writes one step of converging a target and ends its claim.
func (s *Store) Settle(ctx context.Context, st approvals.Settlement) error {
	record, err := s.recordOf(st.Record)
	if err != nil {
		return err
	}
	doc := settleJSON{
		Target: record.Target, Version: record.Version, Data: record.Data, MAC: record.MAC, Gen: st.Record.Gen,
		Wake: dueList(st.Wake), Member: st.Claim.Member(), Token: strconv.FormatInt(st.Claim.Token, 10),
	}
	if !st.Next.At.IsZero() {
		doc.Next = &dueJSON{Lane: st.Next.Lane, At: millis(st.Next.At)}
	}
	arg, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encoding the settlement of %s: %w", st.Record.Target, err)
	}
	rep, err := answer(s.sure(ctx, "settle", string(arg)))
	if err != nil {
		return err
	}
	return rep.verdict()
}
