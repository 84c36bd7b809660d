package redisstore

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hallpass/approvals"
)

// Everything in Redis from which something is decided carries an HMAC-SHA256 with a key that is not in Redis, so that who
// can write Redis cannot approve:
//
//	req:ID         over id, version and the record as it is stored
//	tgt:TARGET     over target, version and record
//	in:ID          over id and item: a click that was never made
//	doc:SPACE:KEY  over space, key, field and data, in the spaces named in Config.Sealed
//	share:NAME     over name, time and data: a read of the tenant that was never made
//
// Not under a MAC: rows (the engine holds them against the request that they name), the queue, indexes, pauses and results.
// Who can write Redis can still delay work, lift a pause, and put back a whole record that was true once: it carries its
// version, so it must be the record and all that follows from it; checkpoints of the audit log find that.

// sealer makes and checks MACs. Without keys nothing is made and everything fits.
type sealer struct{ keys [][]byte }

// macLabel separates these keys from others that are derived from the same secret.
const macLabel = "hallpass store v1 "

func newSealer(secrets []string, tenant string) (sealer, error) {
	var s sealer
	for _, secret := range secrets {
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, macLabel+tenant, sha256.Size)
		if err != nil {
			return s, fmt.Errorf("deriving a key: %w", err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

func (s sealer) on() bool { return len(s.keys) > 0 }

// Authenticates reports whether there are keys.
func (s *Store) Authenticates() bool { return s.mac.on() }

// sum is the MAC over kind and parts, each with its length before it.
func sum(key []byte, kind string, parts []string) string {
	h := hmac.New(sha256.New, key)
	for _, p := range append([]string{kind}, parts...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sign gives the MAC with the first key; empty without keys.
func (s sealer) sign(kind string, parts ...string) string {
	if !s.on() {
		return ""
	}
	return sum(s.keys[0], kind, parts)
}

// fits reports whether the MAC was made with one of the keys.
func (s sealer) fits(mac, kind string, parts ...string) bool {
	return !s.on() || slices.ContainsFunc(s.keys, func(key []byte) bool { return hmac.Equal([]byte(mac), []byte(sum(key, kind, parts))) })
}

// The kinds of what is sealed.
const (
	macRequest = "request"
	macTarget  = "target"
	macInbox   = "inbox"
	macDoc     = "doc"
	macShare   = "share"
)

func (s *Store) forged(what string) {
	if s.cfg.Forged != nil {
		s.cfg.Forged(what)
	}
}

// docMark begins a sealed field of a document: "mac1:", 64 hex digits, ":", data.
const docMark = "mac1:"

func (s *Store) sealsDocs(space string) bool {
	return s.mac.on() && slices.Contains(s.cfg.Sealed, space)
}

func (s *Store) sealDoc(space, key, field string, data []byte) []byte {
	if !s.sealsDocs(space) {
		return data
	}
	return append([]byte(docMark+s.mac.sign(macDoc, space, key, field, string(data))+":"), data...)
}

// openDoc gives the data of a stored field; false if somebody else put it there.
func (s *Store) openDoc(space, key, field, stored string) ([]byte, bool) {
	mac, data := "", stored
	if rest, ok := strings.CutPrefix(stored, docMark); ok && slices.Contains(s.cfg.Sealed, space) {
		mac, data, _ = strings.Cut(rest, ":")
	}
	if s.sealsDocs(space) && !s.mac.fits(mac, macDoc, space, key, field, data) {
		s.forged("document " + space + " " + key)
		return nil, false
	}
	return []byte(data), true
}

// Disowned gives a request that does not verify, as it stands, so that it can be ended.
func (s *Store) Disowned(ctx context.Context, id approvals.RequestID) (approvals.Request, error) {
	data, err := s.readRequest(ctx, id)
	if err != nil {
		return approvals.Request{}, err
	}
	return parseRequest(id, data)
}

// Genuine gives those of the requests that are there and were written by hallpass.
func (s *Store) Genuine(ctx context.Context, ids []approvals.RequestID) (map[approvals.RequestID]approvals.Request, error) {
	out := make(map[approvals.RequestID]approvals.Request, len(ids))
	for batch := range slices.Chunk(ids, loadBatch) {
		var names []string
		for _, id := range batch {
			names = append(names, string(id))
		}
		found, err := s.loadAll(ctx, names)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			out[r.ID] = r
		}
	}
	return out, nil
}

// Sealed counts unfinished requests that verify, and those that do not.
func (s *Store) Sealed(ctx context.Context) (fit, unfit int, err error) {
	for _, state := range approvals.States() {
		if state.Final() {
			continue
		}
		ids, err := s.client.ZRange(ctx, s.prefix+"ix:state:"+string(state), 0, -1).Result()
		if err != nil {
			return 0, 0, fmt.Errorf("listing requests: %w: %w", approvals.ErrStore, err)
		}
		for batch := range slices.Chunk(ids, loadBatch) {
			found, err := s.loadAll(ctx, batch)
			if err != nil {
				return 0, 0, err
			}
			fit += len(found)
			unfit += len(batch) - len(found)
		}
	}
	return fit, unfit, nil
}

// SealAll gives everything that has no MAC of the newest key one, whatever it holds: it is for the day on which keys come
// into use, or one is taken out of use. It returns how many records it sealed.
func (s *Store) SealAll(ctx context.Context) (int, error) {
	if !s.mac.on() {
		return 0, errors.New("there is no key to seal with")
	}
	n := 0
	for pattern, kind := range map[string]string{keyReq: macRequest, "tgt:": macTarget} {
		keys, err := s.scan(ctx, s.prefix+pattern+"*")
		if err != nil {
			return n, err
		}
		for _, key := range keys {
			sealed, err := s.sealRecord(ctx, key, kind, strings.TrimPrefix(key, s.prefix+pattern))
			if err != nil {
				return n, err
			}
			n += sealed
		}
	}
	for _, space := range s.cfg.Sealed {
		keys, err := s.scan(ctx, s.prefix+keyDoc+space+":*")
		if err != nil {
			return n, err
		}
		for _, key := range keys {
			name := strings.TrimPrefix(key, s.prefix+keyDoc+space+":")
			fields, err := s.client.HGetAll(ctx, key).Result()
			if err != nil {
				return n, fmt.Errorf("reading %s: %w: %w", space, approvals.ErrStore, err)
			}
			for field, stored := range fields {
				if rest, ok := strings.CutPrefix(stored, docMark); ok {
					_, stored, _ = strings.Cut(rest, ":")
				}
				if err := s.PutDoc(ctx, space, name, field, []byte(stored)); err != nil {
					return n, err
				}
				n++
			}
		}
	}
	return n, nil
}

func (s *Store) sealRecord(ctx context.Context, key, kind, name string) (int, error) {
	got, err := s.client.HMGet(ctx, key, "v", "data", "mac").Result()
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w: %w", name, approvals.ErrStore, err)
	}
	r := reply(got)
	mac := s.mac.sign(kind, name, r.text(0), r.text(1))
	if r.text(2) == mac {
		return 0, nil
	}
	rep, err := answer(s.sure(ctx, "seal", key, r.text(0), mac))
	if err != nil {
		return 0, err
	}
	return 1, rep.verdict()
}

// scan lists the keys of a pattern. They lie in one slot, so on one server of a cluster.
func (s *Store) scan(ctx context.Context, pattern string) ([]string, error) {
	var out []string
	list, err := s.lister(ctx)
	if err != nil {
		return nil, err
	}
	iter := list.Scan(ctx, 0, pattern, 500).Iterator()
	for iter.Next(ctx) {
		out = append(out, iter.Val())
	}
	if err := iter.Err(); err != nil {
		return nil, fmt.Errorf("listing keys: %w: %w", approvals.ErrStore, err)
	}
	return out, nil
}

// parseRequest reads a stored request and believes it.
func parseRequest(id approvals.RequestID, data []any) (approvals.Request, error) {
	var r approvals.Request
	if len(data) < 2 || data[0] == nil {
		return r, fmt.Errorf("%s: %w", id, approvals.ErrNotFound)
	}
	if err := json.Unmarshal([]byte(reply(data).text(0)), &r); err != nil {
		return r, fmt.Errorf("decoding %s: %w", id, err)
	}
	v, err := strconv.ParseInt(reply(data).text(1), 10, 64)
	if err != nil {
		return r, fmt.Errorf("decoding the version of %s: %w", id, err)
	}
	if r.Version = v; r.ID != id {
		return r, fmt.Errorf("%s is stored under %s", r.ID, id)
	}
	return r, nil
}
