package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// wall is a platform that remembers what it shows; it fails when told to.
type wall struct {
	posts   []Card
	threads int
	fail    int // which call fails, counted from 1; 0: none
	happens bool
	calls   int
}

var errBroken = errors.New("broken")

func (w *wall) call(do func()) error {
	if w.calls++; w.calls == w.fail {
		if w.happens {
			do()
		}
		return errBroken
	}
	do()
	return nil
}

func (w *wall) Platform() string { return "slack" }

func (w *wall) Post(_ context.Context, to Place, c Card) (MessageRef, error) {
	err := w.call(func() {
		w.posts = append(w.posts, c)
		if to.Thread != "" {
			w.threads++
		}
	})
	return MessageRef{Channel: "C", ID: fmt.Sprint(len(w.posts))}, err
}

func (w *wall) Update(_ context.Context, _ Place, m MessageRef, c Card) error {
	return w.call(func() {
		var i int
		if _, err := fmt.Sscan(m.ID, &i); err == nil {
			w.posts[i-1] = c
		}
	})
}

func (w *wall) Reply(context.Context, Incoming, Card) error { return nil }

func (w *wall) Open(context.Context, Incoming, Form) error { return nil }

func (w *wall) Home(context.Context, Account, Home) error { return nil }

func (w *wall) Profile(_ context.Context, a Account) (Profile, error) {
	return Profile{Account: a}, nil
}

// book keeps rows; it fails when told to.
type book struct {
	rows  []CardRow
	fail  int
	calls int
}

func (b *book) Rows(context.Context, approvals.RequestID) ([]CardRow, error) { return b.rows, nil }

func (b *book) PutRow(_ context.Context, _ approvals.RequestID, row CardRow) error {
	if b.calls++; b.calls == b.fail {
		return errBroken
	}
	for i, r := range b.rows {
		if r.Role == row.Role && r.Place == row.Place {
			b.rows[i] = row
			return nil
		}
	}
	b.rows = append(b.rows, row)
	return nil
}

type anaOnly struct{ Bindings }

func (anaOnly) AccountsOf(_ context.Context, person string) ([]Account, error) {
	if person == "ana" {
		return []Account{{Platform: "slack", Team: "T", User: "U0ANA"}}, nil
	}
	return nil, nil
}

type nobody struct {
	Asks
	Looks
	Inbox
}

func teller(t *testing.T, w *wall, rows *book) *Bot {
	t.Helper()
	b, err := New(Config{
		Asks: nobody{}, Looks: nobody{}, Inbox: nobody{}, Cards: rows, Chats: []Chat{w}, Grammar: grammar(), People: People{Bindings: anaOnly{}},
		Channel: func(group, _ string) (Place, bool) { return Place{Platform: "slack", Channel: "C-" + group}, true },
		Now:     time.Now, Log: slog.New(slog.DiscardHandler), Go: func(func(context.Context)) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pending() approvals.Request {
	ana := approvals.Person{ID: "ana", Name: "Ana"}
	return approvals.Request{
		ID: "HP-1", State: approvals.StatePending, Requester: ana, Owner: ana,
		Rounds: []approvals.Round{{
			AskedBy: ana, OwnerYes: &approvals.Vote{Voter: ana}, Fingerprint: "f", Reason: "because",
			Ruling: approvals.Ruling{Seats: []approvals.Seat{{Group: "netsec", Count: 1}}},
		}},
	}
}

func TestTellingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w, rows := &wall{}, &book{}
	b, r := teller(t, w, rows), pending()
	for range 3 {
		if _, err := b.Tell(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.posts) != 2 || w.calls != 4 {
		t.Errorf("%d messages by %d calls; want 2 (Ana's and the approvers') by 4", len(w.posts), w.calls)
	}
}

// TestACrashAtAnyCallLeavesNoDeadButton breaks each call in turn, whether it happened or not, then tells again.
func TestACrashAtAnyCallLeavesNoDeadButton(t *testing.T) {
	t.Parallel()
	for at := 1; at <= 8; at++ {
		for _, happens := range []bool{false, true} {
			for _, store := range []bool{false, true} {
				w, rows := &wall{happens: happens}, &book{}
				if store {
					rows.fail = at
				} else {
					w.fail = at
				}
				b, r := teller(t, w, rows), pending()
				_, _ = b.Tell(t.Context(), r) // may fail
				w.fail, rows.fail = 0, 0
				if _, err := b.Tell(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				r.State = approvals.StateCancelled
				r.Round().Outcome = approvals.OutcomeDropped
				if _, err := b.Tell(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				for i, c := range w.posts {
					if len(c.Buttons) > 0 {
						t.Errorf("call %d broken (happened %v, store %v): message %d keeps its buttons for ever", at, happens, store, i+1)
					}
				}
			}
		}
	}
}

func TestTheRequesterIsToldWhenTheOwnerCannotBeReached(t *testing.T) {
	t.Parallel()
	w, rows := &wall{}, &book{}
	b, r := teller(t, w, rows), pending()
	r.Owner, r.Round().OwnerYes = approvals.Person{ID: "zoe", Name: "Zoe"}, nil
	if _, err := b.Tell(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if len(w.posts) != 1 || len(w.posts[0].Flags) != 1 || !strings.Contains(w.posts[0].Flags[0].String(), "cannot write to Zoe in chat") {
		t.Errorf("she reads %+v", w.posts)
	}
	r.Round().OwnerYes = &approvals.Vote{Voter: r.Owner}
	if _, err := b.Tell(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if len(w.posts) != 2 || len(w.posts[0].Flags) != 0 {
		t.Errorf("after Zoe's yes: %+v", w.posts)
	}
}

// closed is a platform on which one thing cannot be reached: a channel, or a thread in it.
type closed struct {
	wall
	channel, thread bool
}

func (c *closed) Post(ctx context.Context, to Place, card Card) (MessageRef, error) {
	if to.Channel == "C-netsec" && (c.channel && to.Thread == "" || c.thread && to.Thread != "") {
		c.calls++
		return MessageRef{}, fmt.Errorf("posting: %w", ErrGone)
	}
	return c.wall.Post(ctx, to, card)
}

// TestWhatCannotBeReachedIsTriedAgainOnlyIfThatCanHelp: the app may be invited into a channel, a thread does not come back.
func TestWhatCannotBeReachedIsTriedAgainOnlyIfThatCanHelp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		chat  *closed
		again bool
	}{"a channel": {&closed{channel: true}, true}, "a thread": {&closed{thread: true}, false}} {
		r := pending()
		r.Round().Nudged = true // a notice for approvers
		rows := &book{}
		b := teller(t, &row.chat.wall, rows)
		b.SetChats(row.chat)
		later, err := b.Tell(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if later.IsZero() == row.again {
			t.Errorf("%s: it comes back at %v", name, later)
		}
		before := row.chat.calls
		if _, err := b.Tell(t.Context(), r); err != nil || row.chat.calls != before {
			t.Errorf("%s: it was tried at once again (%d calls, then %d; %v)", name, before, row.chat.calls, err)
		}
	}
}
