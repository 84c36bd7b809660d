package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
)

func targetPromises() []promise {
	return []promise{
		{"a target that nobody touched has no record and no rows", func(t *testing.T, s stage) {
			t.Helper()
			rec, rows, gen, err := s.store().Target(t.Context(), place())
			ok(t, err)
			same(t, "version", rec.Version, 0)
			same(t, "rows", len(rows), 0)
			same(t, "generation", gen, 0)
		}},
		{"rows raise the generation when they are new or change, and are dropped with their request", rowsMove},
		{"a target whose rows did not change leaves the queue", func(t *testing.T, s stage) {
			t.Helper()
			claim, gen := s.row(t)
			settle := approvals.Settlement{Record: approvals.TargetRecord{Target: place(), Gen: gen}, Claim: claim}
			ok(t, s.store().Settle(t.Context(), settle))
			s.opened.Push(time.Hour)
			s.noTarget(t)
		}},
		{"a target whose rows changed meanwhile is due at once", func(t *testing.T, s stage) {
			t.Helper()
			claim, gen := s.row(t)
			ok(t, s.store().Settle(t.Context(), approvals.Settlement{
				Record: approvals.TargetRecord{Target: place(), Gen: gen - 1}, Claim: claim,
			}))
			same(t, "member", s.claim(t, approvals.LaneApply).Member(), "target|"+place().String())
		}},
		{"the next step of a target is due when it says, in the lane it says", func(t *testing.T, s stage) {
			t.Helper()
			claim, gen := s.row(t)
			at := s.now(t).Add(20 * time.Second)
			ok(t, s.store().Settle(t.Context(), approvals.Settlement{
				Record: approvals.TargetRecord{Target: place(), Gen: gen}, Claim: claim, Next: approvals.Due{Lane: approvals.LaneEnd, At: at},
			}))
			s.idle(t, approvals.LaneEnd)
			s.opened.Push(20 * time.Second)
			same(t, "due", s.claim(t, approvals.LaneEnd).At, at)
		}},
		{"settling wakes the requests it names at once", func(t *testing.T, s stage) {
			t.Helper()
			claim, gen := s.row(t)
			ok(t, s.store().Settle(t.Context(), approvals.Settlement{
				Record: approvals.TargetRecord{Target: place(), Gen: gen}, Claim: claim, Wake: []approvals.Due{wake("HP-1", time.Time{})},
			}))
			same(t, "member", s.claim(t, approvals.LaneApply).Member(), "request|HP-1")
		}},
		{"a step of converging from an old version, or under a lost claim, is refused", func(t *testing.T, s stage) {
			t.Helper()
			claim, gen := s.row(t)
			settle := approvals.Settlement{Record: approvals.TargetRecord{Target: place(), Version: 7, Gen: gen}, Claim: claim}
			wants(t, s.store().Settle(t.Context(), settle), approvals.ErrConflict)
			s.opened.Push(lease)
			newer := s.claim(t, approvals.LaneApply)
			settle.Record.Version = 0
			wants(t, s.store().Settle(t.Context(), settle), approvals.ErrLostClaim)
			settle.Claim = newer
			ok(t, s.store().Settle(t.Context(), settle))
			rec, _, _, err := s.store().Target(t.Context(), place())
			ok(t, err)
			same(t, "version", rec.Version, 1)
		}},
	}
}

// row commits a request with a row and claims the target.
func (s stage) row(t *testing.T) (approvals.Claim, int64) {
	t.Helper()
	c := s.step(t, "HP-1", 0, "a")
	c.Rows = []approvals.Row{{Target: place(), Request: "HP-1", Entry: "198.51.100.7/32", Want: true}}
	c.Due = append(c.Due, approvals.Due{Kind: approvals.DueTarget, Key: place().String(), Lane: approvals.LaneApply, At: s.now(t)})
	s.commit(t, c)
	_, _, gen, err := s.store().Target(t.Context(), place())
	ok(t, err)
	return s.claim(t, approvals.LaneApply), gen
}

func (s stage) noTarget(t *testing.T) {
	t.Helper()
	for _, c := range s.claims(t, approvals.LaneApply) {
		if c.Kind == approvals.DueTarget {
			t.Errorf("the target is due: %v", c)
		}
	}
}

func rowsMove(t *testing.T, s stage) {
	t.Helper()
	row := approvals.Row{Target: place(), Request: "HP-1", Change: 0, Entry: "198.51.100.7/32", Want: true}
	withdrawn := row
	withdrawn.Want = false
	for i, c := range []struct {
		rows []approvals.Row
		gen  int64
	}{
		{[]approvals.Row{row}, 1}, {[]approvals.Row{row}, 1}, {[]approvals.Row{withdrawn}, 2}, {nil, 2},
	} {
		step := s.step(t, "HP-1", int64(i), string(rune('a'+i)))
		step.Rows = c.rows
		if i > 0 {
			step.Old = []approvals.Row{row}
		}
		s.commit(t, step)
		_, got, gen, err := s.store().Target(t.Context(), place())
		ok(t, err)
		same(t, "generation", gen, c.gen)
		var want []approvals.Row
		for _, r := range c.rows {
			r.Gen = c.gen
			want = append(want, r)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rows after commit %d (-want +got):\n%s", i+1, diff)
		}
	}
}
