package storetest

import (
	"testing"
	"time"

	"hallpass/approvals"
)

func archivePromises() []promise {
	over := func(t *testing.T, s stage, id approvals.RequestID) approvals.Request {
		t.Helper()
		s.commit(t, s.step(t, id, 0, "asked "+string(id)))
		c := s.step(t, id, 1, "cancelled "+string(id))
		c.Request.State, c.Request.Ended, c.Due = approvals.StateCancelled, s.now(t), nil
		s.commit(t, c)
		r, err := s.store().Load(t.Context(), id)
		ok(t, err)
		return r
	}
	archived := approvals.Entry{At: time.Date(2027, 3, 2, 9, 0, 0, 0, time.UTC), Actor: "operator", Act: "archived"}
	return []promise{
		{"what is archived is gone from every list, and once", func(t *testing.T, s stage) {
			t.Helper()
			r := over(t, s, "HP-1")
			s.commit(t, s.step(t, "HP-2", 0, "stays"))
			for range 2 {
				ok(t, s.store().Archive(t.Context(), r, archived))
			}
			_, err := s.store().Load(t.Context(), "HP-1")
			wants(t, err, approvals.ErrNotFound)
			for _, q := range []approvals.Query{{Limit: -1}, {Person: "alice", Limit: -1}, {Person: "olga", Limit: -1}} {
				found, err := s.store().Find(t.Context(), q)
				ok(t, err)
				if len(found) != 1 || found[0].ID != "HP-2" {
					t.Errorf("%+v finds %v", q, found)
				}
			}
			missing, err := s.store().Missing(t.Context(), []approvals.RequestID{"HP-1", "HP-2"})
			ok(t, err)
			if len(missing) != 1 || missing[0] != "HP-1" {
				t.Errorf("missing are %v", missing)
			}
		}},
		{"what is alive, moved on, or has work due is not archived", func(t *testing.T, s stage) {
			t.Helper()
			s.commit(t, s.step(t, "HP-1", 0, "a"))
			alive, err := s.store().Load(t.Context(), "HP-1")
			ok(t, err)
			wants(t, s.store().Archive(t.Context(), alive, archived), approvals.ErrConflict)
			r := over(t, s, "HP-2")
			old := r
			old.Version--
			wants(t, s.store().Archive(t.Context(), old, archived), approvals.ErrConflict)
			tell := approvals.Due{Kind: approvals.DueTell, Key: "HP-2", Lane: approvals.LaneChat, At: s.now(t)}
			ok(t, s.store().Book(t.Context(), tell))
			wants(t, s.store().Archive(t.Context(), r, archived), approvals.ErrConflict)
			ok(t, s.store().Finish(t.Context(), s.claim(t, approvals.LaneChat), time.Time{}))
			ok(t, s.store().Archive(t.Context(), r, archived))
		}},
	}
}
