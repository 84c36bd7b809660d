package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// told is where reports go. The first telling fails.
type told struct {
	mu    sync.Mutex
	tries int
	all   []approvals.Report
}

func (r *told) report(_ context.Context, got approvals.Report) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tries++; r.tries == 1 {
		return errors.New("the channel does not answer")
	}
	r.all = append(r.all, got)
	return nil
}

// of gives the entries of all reports with a word.
func (r *told) of(word approvals.ReportWord) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, got := range r.all {
		if got.Word == word {
			out = append(out, strings.TrimSpace(strings.Join(got.Entries, " ")+" "+got.Hand))
		}
	}
	return out
}

func reads(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

const (
	mine   = "203.0.113.7/32"
	danas  = "198.51.100.1/32"
	nobody = "198.51.100.2/32"
)

// named makes the rules file name one location.
func named(r *told) func(*engine.Config) {
	return func(c *engine.Config) {
		c.Named = func() []approvals.Target { return []approvals.Target{location("office")} }
		c.Report = r.report
	}
}

// before puts in what was there before the audit log began.
func (f *tenant) before(t approvals.Target, entry string) {
	f.putIn(t, entry, "")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.edits[t] = f.edits[t][:len(f.edits[t])-1]
}

func TestAfterALostStoreOnlyWhatIsOursIsTakenAway(t *testing.T) {
	t.Parallel()
	r := &told{}
	onStage(t, named(r), func(s *stage) {
		s.world.before(location("office"), nobody)
		id := s.asks("ana", mine, "office", 48*time.Hour)
		s.approve(id)
		s.wait(5 * time.Minute)
		s.is(id, approvals.StateActive)
		s.world.putIn(location("office"), danas, "Dana Doe")
		s.mini.FlushAll()
		s.wait(80 * time.Minute)
		reads(t, "there", s.world.has(location("office")), danas, nobody)
		reads(t, "orphans", r.of(approvals.ReportOrphan), mine)
		rec := s.record("office")
		if er := rec.Entries[mine]; !er.Settled || er.Want {
			t.Errorf("it was not verified as gone: %+v", er)
		}
		s.wait(24 * time.Hour)
		reads(t, "there", s.world.has(location("office")), danas, nobody)
		if got := r.of(approvals.ReportForeign); len(got) != 2 || got[0] == got[1] { // before the loss and after it, once each
			t.Errorf("foreign entries were reported as %q", got)
		}
		reads(t, "damage", damage(t, s.store))
	})
}

func TestWhatNobodyWantsIsReportedOnce(t *testing.T) {
	t.Parallel()
	r := &told{}
	onStage(t, named(r), func(s *stage) {
		s.world.before(location("office"), nobody)
		s.wait(70 * time.Minute)
		s.world.putIn(location("office"), danas, "Dana Doe")
		s.wait(24 * time.Hour)
		reads(t, "foreign", r.of(approvals.ReportForeign), nobody, danas)
		reads(t, "there", s.world.has(location("office")), danas, nobody)
		if s.world.written() != 0 {
			t.Errorf("%d writes", s.world.written())
		}
	})
}

func TestAnEntryThatAnotherHandPutBackAfterUsIsTheirs(t *testing.T) {
	t.Parallel()
	r := &told{}
	onStage(t, named(r), func(s *stage) {
		id := s.asks("ana", mine, "office", 48*time.Hour)
		s.approve(id)
		s.wait(5 * time.Minute)
		s.is(id, approvals.StateActive)
		s.world.takeOut(location("office"), mine, "Dana Doe")
		s.world.putIn(location("office"), mine, "Dana Doe")
		s.mini.FlushAll()
		s.wait(80 * time.Minute)
		reads(t, "there", s.world.has(location("office")), mine)
		reads(t, "orphans", r.of(approvals.ReportOrphan))
		reads(t, "foreign", r.of(approvals.ReportForeign), mine)
	})
}

func TestWhoOnlyObservesTakesNoOrphanAway(t *testing.T) {
	t.Parallel()
	r := &told{}
	onStage(t, func(c *engine.Config) {
		named(r)(c)
		c.Observe = true
	}, func(s *stage) {
		s.world.apply(location("office"), approvals.Write{Add: []string{mine}}) // by hallpass, when it still wrote
		s.wait(3 * time.Hour)
		reads(t, "there", s.world.has(location("office")), mine)
		reads(t, "orphans", r.of(approvals.ReportKept), mine)
		reads(t, "taken away", r.of(approvals.ReportOrphan))
	})
}

func TestWhatAnotherHandLosesToARaceWithOurWriteIsPutBackAndStays(t *testing.T) {
	t.Parallel()
	r := &told{}
	onScript(t, func(c *engine.Config) {
		named(r)(c)
		c.Shared = func(approvals.Target) bool { return true }
	}, func(s *stage, w *scripted) {
		w.write = func(n int, do func()) error {
			if n == 1 { // between our read and our write
				s.world.putIn(location("office"), danas, "Dana Doe")
			}
			do()
			return nil
		}
		id := s.asks("ana", mine, "office", 48*time.Hour)
		s.approve(id)
		s.wait(time.Minute)
		reads(t, "there after the race", s.world.has(location("office")), mine)
		s.wait(5 * time.Minute)
		reads(t, "there again", s.world.has(location("office")), danas, mine)
		reads(t, "races", r.of(approvals.ReportRace), danas+" Dana Doe")
		reads(t, "lost", r.of(approvals.ReportLost), danas+" Dana Doe")
		s.is(id, approvals.StateActive)
		s.wait(60 * time.Hour) // it is hers: neither the end of ours nor a sweep takes it
		s.is(id, approvals.StateEnded)
		reads(t, "there at the end", s.world.has(location("office")), danas)
		reads(t, "orphans", r.of(approvals.ReportOrphan))
		if len(w.writes()) != 3 {
			t.Errorf("%d writes", len(w.writes()))
		}
	})
}

// restoring is oneRule whose exemptions are put back.
type restoring struct{ oneRule }

func (restoring) Judge(ask approvals.Ask, plan approvals.Plan) (approvals.Ruling, error) {
	ruling, err := oneRule{}.Judge(ask, plan)
	ruling.Restore = true
	return ruling, err
}

func TestWhereTheRuleSaysSoAnEntryIsPutBackOnceAndNotAgain(t *testing.T) {
	t.Parallel()
	r := &told{}
	onStage(t, func(c *engine.Config) {
		named(r)(c)
		c.Rules = func() engine.Rules { return restoring{} }
	}, func(s *stage) {
		id := s.asks("ana", mine, "office", 48*time.Hour)
		s.approve(id)
		s.wait(time.Hour)
		s.world.takeOut(location("office"), mine, "Dana Doe")
		s.wait(time.Hour)
		s.is(id, approvals.StateActive)
		reads(t, "there", s.world.has(location("office")), mine)
		reads(t, "put back", r.of(approvals.ReportPutBack), mine+" Dana Doe")
		s.world.takeOut(location("office"), mine, "Dana Doe")
		s.wait(time.Hour)
		if got := s.is(id, approvals.StateEnded); got.Cause.Hand != "Dana Doe" {
			t.Errorf("cause %+v", got.Cause)
		}
		reads(t, "there", s.world.has(location("office")))
	})
}
