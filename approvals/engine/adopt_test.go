package engine_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// adopts asks to take over what is there already.
func (s *stage) adopts(who, addr, where string, d time.Duration) approvals.RequestID {
	s.t.Helper()
	r, err := s.e.Open(s.ctx, s.act(who), approvals.Ask{
		Kind: approvals.KindIP, Addresses: []netip.Prefix{netip.MustParsePrefix(addr)}, Where: where, Adopt: true,
		Term: approvals.Term{For: d}, Reason: "nobody knows why",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r.ID
}

// tookOver has what another hand put there taken over, in force for two days.
func (s *stage) tookOver() approvals.RequestID {
	s.t.Helper()
	s.world.before(location("office"), nobody)
	id := s.adopts("ana", nobody, "office", 48*time.Hour)
	s.approve(id)
	s.wait(5 * time.Minute)
	s.is(id, approvals.StateActive)
	return id
}

func TestWhatIsTakenOverIsNotWrittenAndIsTakenAwayAtItsEndAndNothingElse(t *testing.T) {
	t.Parallel()
	r := &told{}
	onStage(t, named(r), func(s *stage) {
		s.world.before(location("office"), nobody)
		s.world.before(location("office"), danas)
		id := s.adopts("ana", nobody, "office", 48*time.Hour)
		s.approve(id)
		s.wait(5 * time.Minute)
		got := s.is(id, approvals.StateActive)
		if s.world.written() != 0 || got.End.IsZero() {
			t.Errorf("%d writes, and it ends %v", s.world.written(), got.End)
		}
		if er := s.record("office").Entries[nobody]; !er.Ours {
			t.Error("it does not stand in the ledger")
		}
		s.wait(72 * time.Hour)
		s.is(id, approvals.StateEnded)
		reads(t, "there", s.world.has(location("office")), danas)
		reads(t, "orphans", r.of(approvals.ReportOrphan))
		reads(t, "damage", damage(t, s.store))
	})
}

func TestWhatIsGoneWhenItIsTakenOverStaysGone(t *testing.T) {
	t.Parallel()
	onStage(t, func(c *engine.Config) { c.Rules = func() engine.Rules { return restoring{} } }, func(s *stage) {
		id := s.adopts("ana", nobody, "office", 48*time.Hour)
		s.approve(id)
		s.wait(30 * time.Minute)
		if got := s.is(id, approvals.StateEnded); got.Cause.Word != approvals.CauseTakenOut {
			t.Errorf("cause %+v", got.Cause)
		}
		if s.world.written() != 0 {
			t.Errorf("%d writes", s.world.written())
		}
	})
}

func TestWhatWasTakenOverAndIsTakenOutByAnotherHandIsNotPutBack(t *testing.T) {
	t.Parallel()
	onStage(t, func(c *engine.Config) { c.Rules = func() engine.Rules { return restoring{} } }, func(s *stage) {
		id := s.tookOver()
		s.wait(time.Hour)
		s.is(id, approvals.StateActive)
		s.world.takeOut(location("office"), nobody, "Dana Doe")
		s.wait(2 * time.Hour)
		if got := s.is(id, approvals.StateEnded); got.Cause.Hand != "Dana Doe" {
			t.Errorf("cause %+v", got.Cause)
		}
		reads(t, "there", s.world.has(location("office")))
		if s.world.written() != 0 {
			t.Errorf("%d writes", s.world.written())
		}
	})
}

func TestWhatWasTakenOverStaysAsLongAsAnotherRequestWantsIt(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"the one that took it over", "the other one"} {
		t.Run(first+" ends first", func(t *testing.T) {
			t.Parallel()
			onStage(t, nil, func(s *stage) {
				s.world.before(location("office"), nobody)
				terms := []time.Duration{48 * time.Hour, 96 * time.Hour}
				if first == "the other one" {
					terms[0], terms[1] = terms[1], terms[0]
				}
				ids := []approvals.RequestID{s.adopts("ana", nobody, "office", terms[0])}
				s.approve(ids[0])
				s.wait(5 * time.Minute)
				ids = append(ids, s.asks("eve", nobody, "office", terms[1]))
				s.approve(ids[1])
				s.wait(72 * time.Hour)
				reads(t, "there while one wants it", s.world.has(location("office")), nobody)
				s.wait(48 * time.Hour)
				s.is(ids[0], approvals.StateEnded)
				s.is(ids[1], approvals.StateEnded)
				reads(t, "there at the end", s.world.has(location("office")))
			})
		})
	}
}

// The ledger is lost after it was taken over: by the word of the request it is known to be ours all the same.
func TestWhatWasTakenOverIsTakenAwayThoughTheRecordOfItsTargetWasLost(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		id := s.tookOver()
		s.mini.Del(prefix + "target:" + location("office").String())
		s.wait(72 * time.Hour)
		s.is(id, approvals.StateEnded)
		reads(t, "there", s.world.has(location("office")))
	})
}

func TestWhatIsRevokedBeforeItIsTakenOverStaysAsItWas(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		s.world.before(location("office"), nobody)
		id := s.adopts("ana", nobody, "office", 48*time.Hour)
		s.approve(id)
		if _, err := s.e.Revoke(s.ctx, s.act("sam"), id, "a mistake"); err != nil {
			t.Fatal(err)
		}
		s.wait(time.Hour)
		s.is(id, approvals.StateEnded)
		reads(t, "there", s.world.has(location("office")), nobody)
	})
}

func TestARenewalOfWhatWasTakenOverIsJudgedLikeAnyOther(t *testing.T) {
	t.Parallel()
	onStage(t, nil, func(s *stage) {
		id := s.tookOver()
		r, err := s.e.Renew(s.ctx, s.act("ana"), id, approvals.Term{For: 48 * time.Hour}, "still needed")
		if err != nil {
			t.Fatal(err)
		}
		if r.Round().Plan.Changes[0].Adopt {
			t.Error("it is planned as if it were another hand's")
		}
		s.approve(id)
		s.wait(72 * time.Hour)
		s.is(id, approvals.StateActive)
		s.wait(48 * time.Hour)
		s.is(id, approvals.StateEnded)
		reads(t, "there", s.world.has(location("office")))
	})
}

func TestNothingIsTakenOverWhereTheStoreIsNotAuthenticated(t *testing.T) {
	t.Parallel()
	onStage(t, func(c *engine.Config) { c.Skeptic = nil }, func(s *stage) {
		_, err := s.e.Open(s.ctx, s.act("ana"), approvals.Ask{
			Kind: approvals.KindIP, Addresses: []netip.Prefix{netip.MustParsePrefix(nobody)}, Where: "office", Adopt: true, Term: approvals.Term{For: time.Hour}, Reason: "x",
		})
		if no, refused := errors.AsType[*approvals.Refusal](err); !refused || no.Reason != approvals.RefusedInput {
			t.Errorf("answered with %v", err)
		}
	})
}
