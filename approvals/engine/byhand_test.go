package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/approvals/engine"
)

// withHands has hank and hugo in the group that does things by hand.
func withHands(c *engine.Config) {
	c.Directory = people{"bo": {"netsec"}, "cleo": {"security"}, "hank": {"hands"}, "hugo": {"hands"}, "ana": {"hands"}}
}

func (s *stage) says(who string, id approvals.RequestID, undo bool) error {
	_, err := s.e.Attest(s.ctx, s.act(who), id, undo, "I saw it")
	return err
}

func (s *stage) saysSo(who string, id approvals.RequestID, undo bool) {
	s.t.Helper()
	if err := s.says(who, id, undo); err != nil {
		s.t.Fatal(err)
	}
}

func TestWhatIsDoneByHandWaitsForAWordAtBothEnds(t *testing.T) {
	t.Parallel()
	onStage(t, withHands, func(s *stage) {
		id := s.asks("ana", "203.0.113.7/32", "hand", 2*time.Hour)
		s.approve(id)
		s.wait(10 * time.Minute)
		if r := s.is(id, approvals.StateApproved); r.Stuck != nil {
			t.Errorf("stuck: %+v", r.Stuck)
		}
		for who, want := range map[string]int{"hank": 1, "ana": 0, "bo": 0} { // ana asked for it
			if todo, err := s.e.Todo(s.ctx, who); err != nil || len(todo) != want {
				t.Errorf("%s has %d to do, want %d (%v)", who, len(todo), want, err)
			}
		}
		if _, err := s.e.Take(s.ctx, s.act("hank"), id); err != nil {
			t.Fatal(err)
		}
		s.saysSo("hank", id, false)
		if r := s.is(id, approvals.StateActive); r.Word() != "attested by hank" || r.Changes[0].Taken.By.ID != "hank" {
			t.Errorf("it is %q", r.Word())
		}
		s.wait(2*time.Hour + time.Minute)
		s.is(id, approvals.StateEnding)
		s.wait(100 * 24 * time.Hour) // it never lapses
		if r := s.is(id, approvals.StateEnding); r.Stuck == nil {
			t.Error("nobody took it away for months, and it is not stuck")
		}
		s.saysSo("hugo", id, true)
		if r := s.is(id, approvals.StateEnded); r.Word() != "attested by hugo" || r.Stuck != nil {
			t.Errorf("it ended %q, stuck %+v", r.Word(), r.Stuck)
		}
		if s.world.written() != 0 {
			t.Error("something was written to Entra ID")
		}
		if keys := s.mini.Keys(); len(keys) == 0 {
			t.Error("nothing was stored")
		}
	})
}

func TestTwoRequestsForTheSameByHandAreUndoneOnceInEitherOrder(t *testing.T) {
	t.Parallel()
	for name, longer := range map[string]int{"the first ends first": 1, "the second ends first": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, withHands, func(s *stage) {
				terms := []time.Duration{time.Hour, time.Hour}
				terms[longer] = 3 * time.Hour
				var ids []approvals.RequestID
				for i, who := range []string{"ann", "bea"} {
					id := s.asks(who, "203.0.113.7/32", "hand", terms[i])
					s.approve(id)
					s.wait(time.Minute)
					s.saysSo("hank", id, false)
					ids = append(ids, id)
				}
				first, last := ids[1-longer], ids[longer]
				s.wait(time.Hour + 5*time.Minute)
				r := s.is(first, approvals.StateEnded)
				if r.Changes[0].KeptBy != last || r.Changes[0].Undone != nil || r.Word() != "" {
					t.Errorf("kept by %q, undone %+v, %q", r.Changes[0].KeptBy, r.Changes[0].Undone, r.Word())
				}
				s.is(last, approvals.StateActive)
				s.wait(2 * time.Hour)
				s.is(last, approvals.StateEnding)
				s.saysSo("hank", last, true)
				s.is(last, approvals.StateEnded)
			})
		})
	}
}

func TestTwoRequestsThatEndTogetherAreBothAskedAbout(t *testing.T) {
	t.Parallel()
	onStage(t, withHands, func(s *stage) {
		var ids []approvals.RequestID
		for _, who := range []string{"ann", "bea"} {
			id := s.asks(who, "203.0.113.7/32", "hand", time.Hour)
			s.approve(id)
			ids = append(ids, id)
		}
		s.wait(time.Minute)
		for _, id := range ids {
			s.saysSo("hank", id, false)
		}
		s.wait(time.Hour + 15*time.Minute)
		for _, id := range ids { // neither keeps it for the other
			s.is(id, approvals.StateEnding)
			s.saysSo("hank", id, true)
			s.is(id, approvals.StateEnded)
		}
	})
}

// At its end nothing that Graph can take away waits for a person.
func TestAMixedPlanWaitsForAPersonOnItsWayUpOnly(t *testing.T) {
	t.Parallel()
	onStage(t, withHands, func(s *stage) {
		id := s.asks("ann", "203.0.113.7/32", "office+hand", time.Hour)
		s.approve(id)
		s.wait(time.Minute)
		r := s.is(id, approvals.StateApproved)
		if r.Changes[0].State != approvals.ChangeVerified || r.Changes[1].State != approvals.ChangeReleased || len(s.world.has(location("office"))) != 1 {
			t.Fatalf("%+v", r.Changes)
		}
		s.saysSo("hank", id, false)
		s.is(id, approvals.StateActive)
		s.wait(2 * time.Hour)
		r = s.is(id, approvals.StateEnding)
		if r.Changes[0].State != approvals.ChangeAbsent || r.Changes[1].State != approvals.ChangeWithdrawn || len(s.world.has(location("office"))) != 0 {
			t.Fatalf("past its end: %+v", r.Changes)
		}
		if late := r.Changes[0].At.Sub(r.End); late > time.Minute {
			t.Errorf("what Graph could take away was there %s past the end", late)
		}
		s.saysSo("hank", id, true)
		s.wait(time.Minute)
		if r := s.is(id, approvals.StateEnded); r.Word() != "attested by hank" || len(s.world.has(location("office"))) != 0 {
			t.Errorf("%q, %v", r.Word(), s.world.has(location("office")))
		}
	})
}

func TestAWordCountsOnce(t *testing.T) {
	t.Parallel()
	onStage(t, withHands, func(s *stage) {
		id := s.asks("ann", "203.0.113.7/32", "hand", time.Hour)
		s.approve(id)
		s.wait(time.Minute)
		s.saysSo("hank", id, false)
		before := s.is(id, approvals.StateActive)
		if err := s.says("hank", id, false); err == nil {
			t.Error("the same word was taken again")
		}
		if err := s.says("hugo", id, false); err == nil { // another one, too late
			t.Error("a second word was taken")
		}
		if after := s.is(id, approvals.StateActive); after.Changes[0].Done.By.ID != "hank" || after.Version != before.Version {
			t.Errorf("%+v", after.Changes[0].Done)
		}
	})
}

// leaver is a directory that somebody has left.
type leaver struct {
	engine.Directory
	gone map[string]bool
	how  string
}

func (l leaver) Standing(ctx context.Context, id string, groups []string) (approvals.Standing, error) {
	st, err := l.Directory.Standing(ctx, id, groups)
	if !l.gone[id] {
		return st, err
	}
	switch l.how {
	case "deleted":
		return approvals.Standing{}, approvals.ErrNotFound
	case "disabled":
		st.Person.Enabled = false
	case "out of the group":
		st.Groups = nil
	case "unknown":
		return approvals.Standing{}, errors.New("503")
	}
	return st, err
}

func TestTheWordOfSomebodyWhoLeftDoesNotCount(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"deleted", "disabled", "out of the group", "unknown"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			gone := map[string]bool{}
			onStage(t, func(c *engine.Config) {
				withHands(c)
				c.Directory = leaver{c.Directory, gone, how}
			}, func(s *stage) {
				id := s.asks("ann", "203.0.113.7/32", "hand", time.Hour)
				s.approve(id)
				s.wait(time.Minute)
				if _, err := s.e.Take(s.ctx, s.act("hank"), id); err != nil {
					t.Fatal(err)
				}
				gone["hank"] = true // having taken it
				err := s.says("hank", id, false)
				if _, refused := errors.AsType[*approvals.Refusal](err); err == nil || refused == (how == "unknown") {
					t.Fatalf("got %v", err)
				}
				s.is(id, approvals.StateApproved)
				s.saysSo("hugo", id, false)
				s.wait(2 * time.Hour)
				gone["hank"] = false
				s.saysSo("hank", id, true)
				gone["hank"] = true // who gave their word leaves: the word stands, with their name
				if r := s.is(id, approvals.StateEnded); r.Word() != "attested by hank" {
					t.Errorf("it ended %q", r.Word())
				}
			})
		})
	}
}

// scriptedPlace makes all asks about a place with a script.
type scriptedPlace struct{ engine.Entra }

func (scriptedPlace) Plan(_ context.Context, ask approvals.Ask) (approvals.Plan, error) {
	place := approvals.ByHand{Kind: approvals.HandADFS, Name: "adfs", Title: "AD FS", Group: "hands", Parties: []string{"urn:crm"}}
	p := approvals.Plan{Kind: ask.Kind}
	for _, a := range ask.Addresses {
		p.Changes = append(p.Changes, approvals.Change{Target: place.Target(), Title: place.Title, Entry: a.String(), Label: a.String(), Hand: &place})
	}
	return p, nil
}

func TestTheFingerprintOfTheRightScriptIsNeeded(t *testing.T) {
	t.Parallel()
	onStage(t, func(c *engine.Config) {
		withHands(c)
		c.Entra = scriptedPlace{c.Entra}
	}, func(s *stage) {
		id, other := s.asks("ann", "203.0.113.7/32", "x", time.Hour), s.asks("bea", "203.0.113.8/32", "x", time.Hour)
		s.approve(id)
		s.approve(other)
		s.wait(time.Minute)
		expect := func(id approvals.RequestID) string {
			r, err := s.store.Load(s.ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			task, _ := r.Task()
			return byhand.Steps(&r, task).Expect
		}
		try := func(undo bool, evidence string) error {
			_, err := s.e.Attest(s.ctx, s.act("hank"), id, undo, evidence)
			return err
		}
		for name, evidence := range map[string]string{"none": "it worked", "of another request": expect(other), "cut off": expect(id)[:20]} {
			if err := try(false, evidence); err == nil {
				t.Errorf("a fingerprint %s was taken", name)
			}
		}
		done := expect(id)
		if err := try(false, "Paste this line to hallpass:\n"+done+"\n"); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Hour)
		s.is(id, approvals.StateEnding)
		if err := try(true, done); err == nil {
			t.Error("the fingerprint of the other direction was taken")
		}
		if err := try(true, expect(id)); err != nil {
			t.Fatal(err)
		}
		s.is(id, approvals.StateEnded)
	})
}
