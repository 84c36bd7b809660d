package slack_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/bot"
	"hallpass/bot/slack"
	"hallpass/bot/slack/slacktest"
)

// Slack brings new blocks to one workspace after the other: where it refuses a chart the message is there all the same.
func TestWhatSlackDoesNotDrawStandsThereInCharacters(t *testing.T) {
	t.Parallel()
	const drawn, inCharacters = "(chart: What ends)", "14 Dec\u00a0\u00a0████████████████████████ 2"
	for name, row := range map[string]struct {
		fails string // of these methods the first call
		with  string
		posts string // what stands there after it was posted
		after string // and after it was updated; empty: nothing could be posted
	}{
		"where it draws":                         {"", "", drawn, drawn},
		"where it does not":                      {"chat.postMessage", "invalid_blocks", inCharacters, drawn},
		"where it does not, once it is updated":  {"chat.update", "invalid_blocks", drawn, inCharacters},
		"where the channel is gone, not a chart": {"chat.postMessage", "channel_not_found", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 12, 7, 8, 0, 0, 0, time.UTC)
			clock := func() time.Time { now = now.Add(2 * time.Second); return now } // so that nothing waits for its turn
			w := slacktest.New(slacktest.Options{Now: clock})
			t.Cleanup(func() { _ = w.Close() })
			w.AddUser(slacktest.User{ID: "U1", Name: "ana"})
			w.AddChannel(slacktest.Channel{ID: "C1", Name: "security"}, "U1")
			o := w.Options()
			s, err := slack.New(slack.Config{
				BotToken: o.BotToken, AppToken: o.AppToken, AppID: o.AppID, TeamIDs: []string{o.TeamID}, APIURL: "https://slack.test/api/", Receiver: &ear{},
				HTTP: &http.Client{Transport: w.Transport(), Timeout: 5 * time.Second, CheckRedirect: noRedirect}, Now: clock, Clock: clock,
				Log: slog.New(slog.DiscardHandler), Go: func(do func(context.Context)) { do(t.Context()) },
			})
			if err != nil {
				t.Fatal(err)
			}
			if row.fails != "" {
				w.Fail(row.fails, slacktest.Fault{Error: row.with})
			}
			c := bot.Card{Title: "This week", Plain: "This week", Chart: &bot.Chart{Title: "What ends", Over: "by week", Bars: []bot.Bar{{Label: "7 Dec"}, {Label: "14 Dec", Count: 2}}}}
			place := bot.Place{Platform: "slack", Channel: "C1"}
			ref, err := s.Post(t.Context(), place, c)
			if row.posts == "" {
				if err == nil || len(w.Messages("C1")) != 0 {
					t.Fatalf("%v, %d messages", err, len(w.Messages("C1")))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := w.Messages("C1"); len(got) != 1 || !strings.Contains(got[0].Plain(), row.posts) {
				t.Fatalf("%d messages, the first %q, want %q", len(got), got[0].Plain(), row.posts)
			}
			c.Title = "The week before"
			if err := s.Update(t.Context(), place, ref, c); err != nil {
				t.Fatal(err)
			}
			if got := w.Messages("C1"); len(got) != 1 || !strings.Contains(got[0].Plain(), row.after) || !strings.Contains(got[0].Plain(), c.Title) {
				t.Errorf("after an update there are %d messages, the first %q, want %q", len(got), got[0].Plain(), row.after)
			}
		})
	}
}
