package bot

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"hallpass/approvals"
)

// over is an engine in which one request is over.
type over struct {
	Looks
	r approvals.Request
}

func (o over) Get(context.Context, string, approvals.RequestID) (approvals.Request, bool, error) {
	return o.r, true, nil
}

// TestACardWhoseIDWasLostIsBroughtUpToDateByAClick is a card that a crash left behind with its buttons.
func TestACardWhoseIDWasLostIsBroughtUpToDateByAClick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := pending()
		lost := Voice{}.Live(&r, true)
		r.State, r.Round().Outcome = approvals.StateCancelled, approvals.OutcomeDropped
		w := &wall{posts: []Card{lost}}
		rows := &book{rows: []CardRow{{Role: roleCard, Message: MessageRef{Channel: "D", ID: "7"}}}}
		account := Account{Platform: "slack", Team: "T", User: "U0BO"}
		b, err := New(Config{
			Asks: nobody{}, Looks: over{r: r}, Inbox: nobody{}, Cards: rows, Chats: []Chat{w}, Grammar: grammar(),
			People: People{File: map[Account]string{account: "bo"}}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Go: func(do func(context.Context)) { go do(t.Context()) },
		})
		if err != nil {
			t.Fatal(err)
		}
		click := Incoming{
			Kind: InClick, Account: account, Button: ButtonApprove, Value: lost.Buttons[0].Value, Channel: "C", Message: MessageRef{Channel: "C", ID: "1"},
		}
		for range 2 { // the second finds it known
			if ack := b.Receive(t.Context(), click); ack.Open == nil {
				t.Error("the click opened nothing")
			}
			synctest.Wait()
		}
		if len(w.posts[0].Buttons) != 0 || w.posts[0].Lead.String() == lost.Lead.String() {
			t.Errorf("it still shows %+v", w.posts[0])
		}
		if len(rows.rows) != 2 || w.calls != 1 {
			t.Errorf("%d rows, %d calls", len(rows.rows), w.calls)
		}
	})
}

// queue is a platform that lets answers wait for their turn.
type queue struct {
	wall
	until   time.Time
	replies []Card
}

func (q *queue) Reply(_ context.Context, _ Incoming, c Card) error {
	if time.Now().Before(q.until) {
		return &approvals.Later{At: time.Now().Add(time.Second)}
	}
	q.replies = append(q.replies, c)
	return nil
}

// TestAnAnswerThatHasToWaitIsNotLost is an answer by direct message while the channel's turn is not there yet.
func TestAnAnswerThatHasToWaitIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{until: time.Now().Add(5 * time.Second)}
		b, err := New(Config{
			Asks: nobody{}, Looks: nobody{}, Inbox: nobody{}, Cards: &book{}, Chats: []Chat{q}, Grammar: grammar(), Now: time.Now,
			Log: slog.New(slog.DiscardHandler), Go: func(do func(context.Context)) { go do(t.Context()) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if ack := b.Receive(t.Context(), Incoming{Kind: InCommand, Account: Account{Platform: "slack", User: "U"}, Text: "help"}); ack.Text != "" {
			t.Errorf("said %q", ack.Text)
		}
		timer := time.NewTimer(10 * time.Second)
		<-timer.C
		synctest.Wait()
		if len(q.replies) != 1 {
			t.Errorf("answered %d times", len(q.replies))
		}
	})
}
