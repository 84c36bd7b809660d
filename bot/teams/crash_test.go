package teams_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/bot/teams/teamstest"
)

// book keeps rows; the process dies at one of its writes when told to: that and all later ones fail.
type book struct {
	rows     []bot.CardRow
	dies, at int
}

var errDied = errors.New("the process died")

func (b *book) Rows(context.Context, approvals.RequestID) ([]bot.CardRow, error) { return b.rows, nil }

func (b *book) PutRow(_ context.Context, _ approvals.RequestID, row bot.CardRow) error {
	if b.at++; b.dies > 0 && b.at >= b.dies {
		return errDied
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

// inTeams says that Ana is reached in Teams.
type inTeams struct {
	bot.Bindings
	tenant string
}

func (b inTeams) AccountsOf(_ context.Context, person string) ([]bot.Account, error) {
	if person != ana {
		return nil, nil
	}
	return []bot.Account{{Platform: "teams", Team: b.tenant, User: ana}}, nil
}

type nobody struct {
	bot.Asks
	bot.Looks
	bot.Inbox
}

// TestDyingBetweenSendingACardAndStoringItsIdLeavesNoDeadButton kills the process at every write of a row, in turn, and
// lets each post fail that happened all the same; afterwards no message may keep a button that does nothing.
func TestDyingBetweenSendingACardAndStoringItsIdLeavesNoDeadButton(t *testing.T) {
	t.Parallel()
	for dies := range 7 {
		for _, unsure := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, unsure %t", dies, unsure), func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				did(t)(h.Install(t.Context(), h.ana.ID))
				did(t)(h.InstallIn(t.Context(), h.bo.ID, h.channel.ID))
				rows := &book{dies: dies}
				b, err := bot.New(bot.Config{
					Asks: nobody{}, Looks: nobody{}, Inbox: nobody{}, Cards: rows, Chats: []bot.Chat{h.teams}, People: bot.People{Bindings: inTeams{tenant: h.Options().TenantID}},
					Grammar: bot.Grammar{Names: func(approvals.Kind) []string { return nil }},
					Channel: func(string, string) (bot.Place, bool) { return h.inChannel(), true },
					Now:     h.now.now, Log: slog.New(slog.DiscardHandler), Go: func(func(context.Context)) {},
				})
				if err != nil {
					t.Fatal(err)
				}
				me := approvals.Person{ID: ana, Name: "Ana"}
				r := approvals.Request{ID: "HP-1", State: approvals.StatePending, Requester: me, Owner: me, Rounds: []approvals.Round{{
					AskedBy: me, OwnerYes: &approvals.Vote{Voter: me}, Fingerprint: "f", Reason: "because",
					Ruling: approvals.Ruling{Seats: []approvals.Seat{{Group: "netsec", Count: 1}}},
				}}}
				if unsure {
					h.Fail(teamstest.OpPost, teamstest.Fault{Status: 504, Happened: true, Times: 2})
				}
				_, _ = b.Tell(t.Context(), r) // may fail: it died
				rows.dies = 0
				tell := func() {
					t.Helper()
					for range 5 {
						h.now.push(time.Minute)
						if _, err := b.Tell(t.Context(), r); err != nil {
							t.Fatal(err)
						}
					}
				}
				tell()
				live := 0
				for _, m := range h.Messages(h.channel.ID, h.bo.ID) {
					if len(m.Buttons()) > 0 && m.Thread == m.ID && len(m.Card) > 0 && m.Author == "hallpass" && !isWelcome(m) {
						live++
					}
				}
				if live != 1 {
					t.Errorf("there are %d living cards in the channel", live)
				}
				r.State = approvals.StateCancelled
				r.Round().Outcome = approvals.OutcomeDropped
				tell()
				for _, chat := range []string{h.channel.ID, h.PersonalChat(h.ana.ID)} {
					for _, m := range h.Messages(chat, h.ana.ID) {
						if len(m.Buttons()) > 0 && !isWelcome(m) {
							t.Errorf("a message keeps the buttons %v for ever: %s", m.Buttons(), m.Plain())
						}
					}
				}
			})
		}
	}
}

func isWelcome(m teamstest.MessageView) bool {
	return len(m.Buttons()) == 1 && m.Buttons()[0] == "Ask for an exemption"
}
