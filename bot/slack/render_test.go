package slack_test

import (
	"strings"
	"testing"

	"hallpass/bot"
	"hallpass/bot/slack"
	"hallpass/bot/slack/slacktest"
)

// hostile is text that people may write to make a card say something else.
func hostile() []string {
	return []string{
		"<!channel> <!here> <@U123> <!subteam^S1> <https://evil.example|https://login.microsoftonline.com>",
		"*bold* _it_ ~no~ `code` ```block```", "line\n✓ Bo Berg (netsec) approved", "\u202egnp.exe", strings.Repeat("x", 10_000), "\x00\x07",
		"&lt;!channel&gt;", "😀" + strings.Repeat("\u0301", 500),
	}
}

func TestTextByPeopleIsLiteralEverywhere(t *testing.T) {
	t.Parallel()
	for _, text := range hostile() {
		c := bot.Card{
			Tone: bot.ToneWait, Title: text, Lead: bot.Text{{Text: text, Literal: true}}, Quote: text, Plain: text,
			Fields: []bot.Field{{Label: "What", Value: bot.Text{{Text: text, Literal: true, Code: true}}}},
			Flags:  []bot.Text{{{Text: text, Literal: true}}}, Lines: []bot.Text{{{Text: text, Bold: true}}}, Foot: []bot.Text{{{Text: text}}},
			Buttons: []bot.Button{{ID: "a", Label: text, Value: text, Confirm: text}},
		}
		blocks, err := slack.Blocks(c)
		if err != nil {
			t.Fatal(err)
		}
		if problems := slacktest.CheckBlocks(blocks, slacktest.SurfaceMessage); len(problems) > 0 {
			t.Errorf("%.40q: Slack would refuse the card: %v", text, problems)
		}
		if live := slacktest.Mentions("", blocks); len(live) != 0 {
			t.Errorf("%.40q: Slack would make live: %v", text, live)
		}
		if strings.Contains(string(blocks), `"mrkdwn"`) {
			t.Errorf("%.40q: there is markup in the card", text)
		}
	}
}

// FuzzCard: whatever people and Entra ID put into a card, Slack takes it and makes nothing of it live.
func FuzzCard(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text, text, int64(0))
		f.Add("", text, int64(0)) // a button without a label
	}
	f.Fuzz(func(t *testing.T, title, text string, unix int64) {
		literal := bot.Text{{Text: text, Literal: true, Unix: unix}, {Text: title, Bold: true}}
		c := bot.Card{
			Title: title, Lead: literal, Quote: text, Plain: text, Fields: []bot.Field{{Label: title, Value: literal}}, Flags: []bot.Text{literal},
			Lines: []bot.Text{literal, {}}, Foot: []bot.Text{literal}, Buttons: []bot.Button{{ID: bot.ButtonCancel, Label: title, Value: text, Confirm: text}},
		}
		if unix < 0 {
			return // no moment of ours is before 1970
		}
		blocks, err := slack.Blocks(c)
		if err != nil {
			t.Fatal(err)
		}
		if problems := slacktest.CheckBlocks(blocks, slacktest.SurfaceMessage); len(problems) > 0 {
			t.Errorf("%q, %q: Slack would refuse it: %v", title, text, problems)
		}
		if live := slacktest.Mentions("", blocks); len(live) != 0 {
			t.Errorf("%q, %q: Slack would make live: %v", title, text, live)
		}
	})
}
