package storetest

import (
	"encoding/json"
	"testing"

	"hallpass/approvals"
)

func inboxPromises() []promise {
	item := approvals.Item{ID: "op", Platform: "test", Body: json.RawMessage(`{"text":"<é>"}`)}
	return []promise{
		{"an item is stored, due at once, and given back", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Put(t.Context(), item))
			got, err := s.store().Item(t.Context(), "op")
			ok(t, err)
			same(t, "time", got.At, s.now(t))
			var body struct {
				Text string `json:"text"`
			}
			ok(t, json.Unmarshal(got.Body, &body))
			same(t, "text", body.Text, "<é>")
			same(t, "member", s.claim(t, approvals.LaneInbox).Member(), "inbox|op")
		}},
		{"an item that waits or was carried out is not stored again", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Put(t.Context(), item))
			wants(t, s.store().Put(t.Context(), item), approvals.ErrDuplicate)
			ok(t, s.store().Close(t.Context(), s.claim(t, approvals.LaneInbox), json.RawMessage(`{"said":"done"}`)))
			wants(t, s.store().Put(t.Context(), item), approvals.ErrDuplicate)
			s.opened.Push(lease)
			s.idle(t, approvals.LaneInbox)
		}},
		{"closing twice keeps the first result", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Put(t.Context(), item))
			claim := s.claim(t, approvals.LaneInbox)
			ok(t, s.store().Close(t.Context(), claim, json.RawMessage(`1`)))
			ok(t, s.store().Close(t.Context(), claim, json.RawMessage(`2`)))
			got, err := s.store().Result(t.Context(), "op")
			ok(t, err)
			same(t, "result", string(got), "1")
		}},
		{"an item is not closed under a lost claim", func(t *testing.T, s stage) {
			t.Helper()
			ok(t, s.store().Put(t.Context(), item))
			old := s.claim(t, approvals.LaneInbox)
			s.opened.Push(lease)
			s.claim(t, approvals.LaneInbox)
			wants(t, s.store().Close(t.Context(), old, nil), approvals.ErrLostClaim)
			_, err := s.store().Result(t.Context(), "op")
			wants(t, err, approvals.ErrNotFound)
		}},
		{"an unknown item is not found", func(t *testing.T, s stage) {
			t.Helper()
			_, err := s.store().Item(t.Context(), "op")
			wants(t, err, approvals.ErrNotFound)
		}},
	}
}
