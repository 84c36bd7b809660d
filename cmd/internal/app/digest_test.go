package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/bot"
)

// clocked is a store whose clock a test sets.
type clocked struct {
	noted

	now time.Time
}

func (c *clocked) Now(context.Context) (time.Time, error) { return c.now, nil }

// paper is the digest with what was posted, and a chat that fails.
type paper struct {
	digest
	t     *testing.T
	clock *clocked
	wrote []string
	fails map[int]error // by number of the post, from 1
	posts int
}

func newPaper(t *testing.T) *paper {
	t.Helper()
	p := &paper{t: t, clock: &clocked{noted: newAnchorage(t).store, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}, fails: map[int]error{}} // a Wednesday
	p.digest = digest{
		store: p.clock, every: time.Hour, zone: time.UTC, log: slog.New(slog.DiscardHandler),
		toSecurity: toSecurity{
			channels: func() []bot.Place { return []bot.Place{{Platform: "slack", Channel: "C1"}} },
			announce: func(_ context.Context, to bot.Place, c bot.Card) (bot.MessageRef, error) {
				p.posts++
				if err := p.fails[p.posts]; err != nil {
					return bot.MessageRef{}, err
				}
				p.wrote = append(p.wrote, strings.TrimSpace(to.Thread+" "+c.Title))
				return bot.MessageRef{ID: "m1"}, nil
			},
		},
		compose: func(context.Context) (bot.Card, []approvals.RequestID, error) {
			return bot.Card{Title: "week"}, []approvals.RequestID{"HP-1", "HP-2", "HP-3"}, nil
		},
		show: func(_ context.Context, id approvals.RequestID) (bot.Card, bool, error) {
			return bot.Card{Title: string(id)}, id != "HP-2", nil // the second ended meanwhile
		},
	}
	return p
}

// at runs it at a time and gives what was posted then.
func (p *paper) at(day, hour int) ([]string, error) {
	p.t.Helper()
	p.clock.now, p.wrote = time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC), nil
	err := p.run(p.t.Context())
	return p.wrote, err
}

func TestTheDigestIsPostedOnceEachMondayMorning(t *testing.T) {
	t.Parallel()
	p := newPaper(t)
	all := []string{"week", "m1 HP-1", "m1 HP-3"}
	for _, step := range []struct {
		day, hour int
		want      []string
	}{
		{25, 12, nil}, // started in the middle of a week
		{29, 23, nil}, // Sunday
		{30, 7, nil},  // Monday, before its hour
		{30, 8, all},
		{30, 9, nil},
		{36, 23, nil},
		{37, 9, all}, // the next Monday, an hour late
		{51, 3, all}, // it was down for a whole Monday: one digest, not two
		{51, 4, nil},
	} {
		got, err := p.at(step.day, step.hour)
		if err != nil || !cmp.Equal(got, step.want) {
			t.Errorf("%d at %d: %v, %v; want %v", step.day, step.hour, got, err, step.want)
		}
	}
}

func TestADigestThatIsInterruptedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	slow, down := error(&approvals.Later{Why: "Slack takes one message a second"}), errors.New("Slack does not answer")
	for name, row := range map[string]struct {
		fails map[int]error
		want  [][]string
	}{
		"before the first":  {map[int]error{1: slow, 2: down}, [][]string{nil, nil, {"week", "m1 HP-1", "m1 HP-3"}}},
		"in the thread":     {map[int]error{2: slow, 4: down}, [][]string{{"week"}, {"m1 HP-1"}, {"m1 HP-3"}}},
		"not in the thread": {map[int]error{2: bot.ErrGone}, [][]string{{"week", "m1 HP-3"}, nil, nil}},
		"not there at all":  {map[int]error{1: bot.ErrGone}, [][]string{nil, nil, nil}},
	} {
		p := newPaper(t)
		if _, err := p.at(25, 12); err != nil {
			t.Fatal(err)
		}
		p.fails = row.fails
		for i, want := range row.want {
			got, err := p.at(30, 8+i)
			if err != nil && !errors.Is(err, slow) && !errors.Is(err, down) || !cmp.Equal(got, want) {
				t.Errorf("%s, %d: %v, %v; want %v", name, i, got, err, want)
			}
		}
	}
}
