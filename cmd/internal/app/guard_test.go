package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/bot"
)

// guarded is the guard over two requests, with what is found of each.
type guarded struct {
	guard
	t     *testing.T
	found map[approvals.RequestID][]approvals.Concern
	fails map[approvals.RequestID]error
	slow  int // posts until one has to wait
	wrote []string
	looks int
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{t: t, found: map[approvals.RequestID][]approvals.Concern{}, fails: map[approvals.RequestID]error{}, slow: -1}
	g.guard = guard{
		store: newAnchorage(t).store, every: 24 * time.Hour, log: slog.New(slog.DiscardHandler),
		active: func(context.Context) ([]approvals.RequestID, error) {
			return []approvals.RequestID{"HP-1", "HP-2", "HP-3"}, nil
		},
		load: func(_ context.Context, id approvals.RequestID) (approvals.Request, bool, error) {
			return approvals.Request{ID: id}, id != "HP-3", nil // that one ended meanwhile
		},
		concerns: func(_ context.Context, r *approvals.Request) ([]approvals.Concern, error) {
			g.looks++
			return g.found[r.ID], g.fails[r.ID]
		},
		heir: func(_ context.Context, id approvals.RequestID) (approvals.Person, error) {
			if id == "HP-2" { // its account has a deputy
				return approvals.Person{ID: "dana", Name: "Dana"}, nil
			}
			return approvals.Person{}, nil
		},
		end: func(_ context.Context, _ approvals.RequestID, c approvals.Concern) (bool, error) {
			return c.Word == approvals.ConcernGone, nil
		},
		toSecurity: toSecurity{
			channels: func() []bot.Place {
				return []bot.Place{{Platform: "slack", Channel: "C1"}, {Platform: "teams", Channel: "19:x"}}
			},
			announce: func(_ context.Context, to bot.Place, c bot.Card) (bot.MessageRef, error) {
				if g.slow--; g.slow == 0 {
					return bot.MessageRef{}, &approvals.Later{Why: "one a second"}
				}
				for _, l := range c.Lines {
					g.wrote = append(g.wrote, to.Platform+" "+strings.SplitN(l.String(), ":", 2)[0]+strings.SplitN(l.String(), ":", 2)[1][:8])
				}
				return bot.MessageRef{}, nil
			},
		},
	}
	return g
}

// day is one run, and what was posted in it.
func (g *guarded) day() []string {
	g.t.Helper()
	g.wrote = nil
	for range 5 {
		err := g.run(g.t.Context())
		if _, wait := errors.AsType[*approvals.Later](err); !wait {
			if err != nil {
				g.t.Error(err)
			}
			break
		}
	}
	return g.wrote
}

func TestWhatBecameOfAnAccountIsToldOnceAndAgainWhenItComesAgain(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	left, risk := approvals.Concern{Word: approvals.ConcernOwnerLeft, What: "its owner"}, approvals.Concern{Word: approvals.ConcernRisk, What: "svc is at"}
	for i, step := range []struct {
		found map[approvals.RequestID][]approvals.Concern
		want  []string
	}{
		{nil, nil},
		{map[approvals.RequestID][]approvals.Concern{"HP-1": {left}}, []string{"slack HP-1  its own", "teams HP-1  its own"}},
		{map[approvals.RequestID][]approvals.Concern{"HP-1": {left}}, nil},
		{map[approvals.RequestID][]approvals.Concern{"HP-1": {left, risk}, "HP-2": {risk}}, []string{"slack HP-1  svc is ", "slack HP-2  svc is ", "teams HP-1  svc is ", "teams HP-2  svc is "}},
		{map[approvals.RequestID][]approvals.Concern{"HP-1": {left}}, nil},
		{map[approvals.RequestID][]approvals.Concern{"HP-1": {left, risk}}, []string{"slack HP-1  svc is ", "teams HP-1  svc is "}},
	} {
		g.found = step.found
		if got := g.day(); !cmp.Equal(got, step.want) {
			t.Errorf("day %d: %q, want %q", i, got, step.want)
		}
	}
}

func TestADeputyIsNamedAndOneWhoLeavesLaterIsToldAnew(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	var said []string
	g.announce = func(_ context.Context, _ bot.Place, c bot.Card) (bot.MessageRef, error) {
		for _, l := range c.Lines {
			said = append(said, l.String())
		}
		return bot.MessageRef{}, nil
	}
	g.found["HP-2"] = []approvals.Concern{{Word: approvals.ConcernOwnerLeft, What: "the account of its owner, Sam, is disabled"}}
	g.day()
	if len(said) != 2 || !strings.Contains(said[0], "Dana answers for it now") || strings.Contains(said[0], "/hallpass hand") {
		t.Errorf("%q", said)
	}
	g.found["HP-2"] = nil
	g.day()
	g.found["HP-2"] = []approvals.Concern{{Word: approvals.ConcernOwnerLeft, What: "the account of its owner, Dana, is disabled"}}
	if g.day(); len(said) != 4 {
		t.Errorf("the second who left was not told of: %q", said)
	}
}

func TestTheGuardGoesOnWhereItHadToWait(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.found["HP-1"] = []approvals.Concern{{Word: approvals.ConcernRisk, What: "svc is at"}}
	g.fails["HP-2"] = &approvals.Later{Why: "the budget is used up"}
	if err := g.run(t.Context()); err == nil || g.looks != 2 || len(g.wrote) > 0 {
		t.Fatalf("%v after %d looks", err, g.looks)
	}
	g.fails["HP-2"] = errors.New("Entra ID does not answer") // what cannot be read is left for tomorrow
	g.slow = 2
	if got := g.day(); !cmp.Equal(got, []string{"slack HP-1  svc is ", "teams HP-1  svc is "}) || g.looks != 3 {
		t.Errorf("%q after %d looks", got, g.looks)
	}
	if got := g.day(); len(got) > 0 {
		t.Errorf("told again: %q", got)
	}
}

func TestAnOwnerIsToldOnceOfAllThatPoliciesDoToWhatIsTheirs(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.load = func(_ context.Context, id approvals.RequestID) (approvals.Request, bool, error) {
		return approvals.Request{ID: id, Owner: approvals.Person{ID: "sam"}}, id != "HP-3", nil
	}
	g.direct = func(_ context.Context, person string) ([]bot.Place, error) {
		return []bot.Place{{Platform: "direct", User: person}}, nil
	}
	fails := false
	g.announce = func(_ context.Context, to bot.Place, c bot.Card) (bot.MessageRef, error) {
		if to.User != "" && fails {
			return bot.MessageRef{}, errors.New("cannot_dm")
		}
		g.wrote = append(g.wrote, fmt.Sprintf("%s %d lines: %s", to.Platform, len(c.Lines), c.Title))
		return bot.MessageRef{}, nil
	}
	stop := approvals.Concern{Word: approvals.ConcernStopped, What: "wants a device", Policy: "p1", Name: "Devices"}
	risk := approvals.Concern{Word: approvals.ConcernRisk, What: "svc is at risk"}
	g.found = map[approvals.RequestID][]approvals.Concern{"HP-1": {stop, risk}, "HP-2": {stop}}
	want := []string{"slack 2 lines: Look at these exemptions", "teams 2 lines: Look at these exemptions", "direct 1 lines: Policies and your exemptions"}
	if got := g.day(); !cmp.Equal(got, want) {
		t.Errorf("%q", got)
	}
	fails = true // an owner who cannot be told keeps nobody waiting, and security is not told again
	g.found["HP-2"] = []approvals.Concern{stop, {Word: approvals.ConcernStopped, What: "wants a device", Policy: "p2", Name: "More devices"}}
	if got := g.day(); len(got) != 2 {
		t.Errorf("%q", got)
	}
	if got := g.day(); len(got) != 0 {
		t.Errorf("told again: %q", got)
	}
}
