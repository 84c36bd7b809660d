package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/graph/entra"
	"hallpass/graph/evaluate"
)

// watched is a zone whose fence a test breaks, with what each channel was told.
type watched struct {
	zoneWatch
	t     *testing.T
	found []string // what a look finds
	told  map[string][]string
	fails map[string]error // by platform
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t, told: map[string][]string{}, fails: map[string]error{}}
	w.zoneWatch = zoneWatch{
		store: newAnchorage(t).store, every: 10 * time.Minute, log: slog.New(slog.DiscardHandler),
		check: func(context.Context) ([]entra.ZoneReport, error) {
			r := entra.ZoneReport{Zone: entra.Zone{Name: "z", Title: "Zone"}}
			for _, what := range w.found {
				r.Broken = append(r.Broken, evaluate.Finding{What: what, Do: "Mend it."})
			}
			return []entra.ZoneReport{r}, nil
		},
		broken: func(context.Context, string, approvals.Target, string) (ended, kept []approvals.RequestID, err error) {
			return nil, nil, nil
		},
		toSecurity: toSecurity{
			channels: func() []bot.Place {
				return []bot.Place{{Platform: "slack", Channel: "C1"}, {Platform: "teams", Channel: "19:x"}}
			},
			announce: func(_ context.Context, to bot.Place, c bot.Card) (bot.MessageRef, error) {
				if err := w.fails[to.Platform]; err != nil {
					return bot.MessageRef{}, err
				}
				w.told[to.Platform] = append(w.told[to.Platform], c.Title+c.Lead.String())
				return bot.MessageRef{}, nil
			},
		},
	}
	return w
}

// looks looks once and gives whether that is to be done again soon, and how many messages each channel has by now.
func (w *watched) looks(broken ...string) (again bool, slack, teams int) {
	w.t.Helper()
	w.found = broken
	err := w.run(w.t.Context())
	return err != nil, len(w.told["slack"]), len(w.told["teams"])
}

func TestEachChannelIsToldOfAFenceOnce(t *testing.T) {
	t.Parallel()
	away := errors.New("Teams does not answer")
	w := newWatched(t)
	for i, step := range []struct {
		what         string
		fails        error // of Teams
		broken       []string
		again        bool
		slack, teams int
	}{
		{"all is well", nil, nil, false, 0, 0},
		{"one look finds something", nil, []string{"off"}, true, 0, 0},
		{"that was a replica that is behind", nil, nil, false, 0, 0},
		{"broken", nil, []string{"off"}, true, 0, 0},
		{"it is, and Teams is away", away, []string{"off"}, true, 1, 0},
		{"still away", away, []string{"off"}, true, 1, 0},
		{"hallpass was put out of the channel", bot.ErrGone, []string{"off"}, false, 1, 0},
		{"Teams is back", nil, []string{"off"}, false, 1, 1},
		{"nothing new", nil, []string{"off"}, false, 1, 1},
		{"something else too", nil, []string{"off", "empty"}, false, 2, 2},
		{"one of them is mended", nil, []string{"empty"}, false, 2, 2},
		{"one look finds nothing", nil, nil, false, 2, 2},
		{"that was a replica that is behind", nil, []string{"empty"}, true, 2, 2},
		{"nothing", nil, nil, false, 2, 2},
		{"nothing again, and Teams is away", away, nil, true, 3, 2},
		{"Teams is back", nil, nil, false, 3, 3},
		{"all is well", nil, nil, false, 3, 3},
		{"it breaks anew", nil, []string{"off"}, true, 3, 3},
		{"it does", nil, []string{"off"}, false, 4, 4},
	} {
		w.fails["teams"] = step.fails
		again, slack, teams := w.looks(step.broken...)
		if again != step.again || slack != step.slack || teams != step.teams {
			t.Fatalf("%d, %s: again %v, Slack has %d, Teams %d; want %v, %d, %d", i, step.what, again, slack, teams, step.again, step.slack, step.teams)
		}
	}
	for platform, list := range w.told {
		if i := slices.IndexFunc(list, func(s string) bool { return strings.Contains(s, "holds again") }); i != 2 {
			t.Errorf("%s read %q", platform, list)
		}
	}
}

func TestAZoneThatCannotBeReadIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	later := &approvals.Later{At: time.Now(), Why: "the budget is used up"}
	w.check = func(context.Context) ([]entra.ZoneReport, error) { return nil, later }
	if err := w.run(t.Context()); !errors.Is(err, later) || len(w.told) > 0 {
		t.Errorf("%v, told %v", err, w.told)
	}
}

func TestABrokenZoneIsCountedUntilItHoldsForSure(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for i, step := range []struct {
		broken []string
		want   int
	}{{nil, 0}, {[]string{"off"}, 0}, {[]string{"off"}, 1}, {nil, 1}, {nil, 0}} {
		w.looks(step.broken...)
		got, err := brokenZones(t.Context(), w.store, []string{"z", "another"})
		if err != nil || got != step.want {
			t.Errorf("look %d: %d zones are broken (%v), want %d", i, got, err, step.want)
		}
	}
}
