package teams

import (
	"encoding/json"
	"maps"
	"strings"

	"hallpass/bot"
)

// Limits that rendering keeps.
const (
	// maxCard is the size of a rendered card in bytes. Teams takes 100 KB (page "Format your bot messages"), older pages
	// and connectors say 28 KB.
	maxCard    = 27 << 10
	maxRun     = 2900 // characters of one run
	maxSummary = 250  // characters of a notification
	maxAnswer  = 900  // characters of the text that answers an invoke
	maxActions = 6    // buttons of a card
	maxQuoted  = 40   // lines of a reason
)

// run renders one span. Everything is a TextRun, which Teams shows as it is: no markup, no links but to hallpass's own pages.
func run(s bot.Span) block {
	r := block{"type": "TextRun", "text": unformatted(clip(s.Text, maxRun))}
	if s.Bold {
		r["weight"] = "bolder"
	}
	if s.Code {
		r["fontType"] = "monospace"
	}
	if strings.HasPrefix(s.Link, "https://") { // Teams refuses a card with any other; the pages are at one but on loopback
		r["selectAction"], r["underline"] = block{"type": "Action.OpenUrl", "title": "Open", "url": s.Link}, true
	}
	return r
}

// unformatted keeps Adaptive Cards from reading {{DATE(…)}} and {{TIME(…)}} in text: they are replaced in a TextRun too. An
// invisible character between the braces shows them as they were written.
func unformatted(s string) string { return strings.ReplaceAll(s, "{{", "{\u2060{") }

// inTeams writes commands as they are typed in Teams, where the bot is mentioned.
func inTeams(t bot.Text) bot.Text {
	out := make(bot.Text, 0, len(t))
	for _, s := range t {
		if rest, ok := strings.CutPrefix(s.Text, "/hallpass"); ok && s.Code {
			s.Text = "@hallpass" + rest
		}
		out = append(out, s)
	}
	return out
}

// inCode shows what stands between backticks as code.
func inCode(s string) bot.Text {
	var t bot.Text
	for i, part := range strings.Split(s, "`") {
		if part != "" {
			t = append(t, bot.Span{Text: part, Literal: true, Code: i%2 == 1})
		}
	}
	return t
}

// rich renders a line of text, with properties of the block and of each run in it.
func rich(t bot.Text, props, runs block) block {
	inlines := []block{}
	for _, s := range inTeams(t) {
		if s.Text == "" {
			continue
		}
		r := run(s)
		maps.Copy(r, runs)
		inlines = append(inlines, r)
	}
	if len(inlines) == 0 {
		inlines = append(inlines, block{"type": "TextRun", "text": " "})
	}
	out := block{"type": "RichTextBlock", "inlines": inlines}
	maps.Copy(out, props)
	return out
}

// richLines renders a text that may have line breaks, which a run does not show.
func richLines(t bot.Text, props, runs block) []block {
	lines := []bot.Text{{}}
	for _, s := range t {
		for i, part := range strings.Split(s.Text, "\n") {
			if i > 0 {
				lines = append(lines, bot.Text{})
			}
			one := s
			one.Text = part
			lines[len(lines)-1] = append(lines[len(lines)-1], one)
		}
	}
	if len(lines) > maxQuoted {
		lines = append(lines[:maxQuoted-1], bot.Text{{Text: "…"}})
	}
	var out []block
	for i, l := range lines {
		p := block{}
		maps.Copy(p, props)
		if i > 0 {
			p["spacing"] = "none"
		}
		out = append(out, rich(l, p, runs))
	}
	return out
}

// style is the colour of a card's head.
func style(t bot.Tone) string {
	switch t {
	case bot.ToneWait:
		return "warning"
	case bot.ToneGood:
		return "good"
	case bot.ToneBad:
		return "attention"
	case bot.ToneDone:
		return "emphasis"
	case bot.ToneNote:
	}
	return "default"
}

// body renders what a card says.
func body(c bot.Card) []block {
	var head, out []block
	if c.Title != "" {
		head = append(head, rich(bot.Text{{Text: c.Title}}, nil, block{"weight": "bolder", "size": "medium"}))
	}
	if len(c.Lead) > 0 {
		head = append(head, richLines(c.Lead, block{"spacing": "small"}, nil)...)
	}
	if len(head) > 0 {
		out = append(out, block{"type": "Container", "style": style(c.Tone), "bleed": true, "items": head})
	}
	for _, f := range c.Flags {
		out = append(out, rich(append(bot.Text{{Text: "⚠️ "}}, f...), block{"spacing": "small"}, block{"color": "attention"}))
	}
	var fields []block
	for _, f := range c.Fields {
		fields = append(fields, rich(append(bot.Text{{Text: f.Label + ": ", Bold: true}}, f.Value...), block{"spacing": "none"}, nil))
	}
	if len(fields) > 0 {
		out = append(out, block{"type": "Container", "items": fields})
	}
	if c.Quote != "" {
		out = append(out, block{"type": "Container", "style": "emphasis", "items": richLines(bot.Text{{Text: c.Quote, Literal: true}}, nil, block{"italic": true})})
	}
	for i, l := range c.Lines {
		spacing := "none"
		if i == 0 {
			spacing = "medium"
		}
		out = append(out, rich(l, block{"spacing": spacing}, nil))
	}
	out = append(out, chartBlocks(c.Chart)...)
	out = append(out, scriptBlocks(c.Script)...)
	for _, f := range c.Foot {
		out = append(out, rich(f, block{"spacing": "small"}, block{"isSubtle": true, "size": "small"}))
	}
	if len(out) == 0 {
		out = append(out, rich(nil, nil, nil))
	}
	return out
}

// card renders a card, cut until it fits. A script goes first, as a whole.
func card(c bot.Card) block {
	for i, n := range []int{maxRun, maxRun, 600, 240, 100, 40} {
		switch {
		case i == 1 && c.Script == "":
			continue
		case i == 1:
			c = withoutScript(c)
		case i > 1:
			c = cut(c, n)
		}
		out := block{
			"type": "AdaptiveCard", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "version": "1.5",
			"body": body(c), "fallbackText": "This message needs a newer Teams.",
		}
		if actions := buttons(c.Buttons); len(actions) > 0 {
			out["actions"] = actions
		}
		if size(out) <= maxCard {
			return out
		}
	}
	return block{ // cannot be reached: the bounds above are far below
		"type": "AdaptiveCard", "version": "1.5", "body": []block{rich(bot.Text{{Text: "This card is too large for Teams."}}, nil, nil)},
	}
}

func size(v any) int {
	data, err := json.Marshal(v)
	if err != nil { // strings and numbers always encode
		return maxCard + 1
	}
	return len(data)
}

// cut shortens every value to n characters, so that none can push out another, and says so.
func cut(c bot.Card, n int) bot.Card {
	text := func(t bot.Text) bot.Text {
		out := make(bot.Text, 0, min(len(t), 30))
		for _, s := range t[:min(len(t), 30)] {
			s.Text = clip(s.Text, n)
			out = append(out, s)
		}
		return out
	}
	texts := func(ts []bot.Text) []bot.Text {
		var out []bot.Text
		for _, t := range ts[:min(len(ts), 12)] {
			out = append(out, text(t))
		}
		return out
	}
	out := c
	out.Title, out.Lead, out.Quote = clip(c.Title, n), text(c.Lead), clip(c.Quote, n)
	out.Flags, out.Lines, out.Fields = texts(c.Flags), texts(c.Lines), nil
	for _, f := range c.Fields[:min(len(c.Fields), 10)] {
		out.Fields = append(out.Fields, bot.Field{Label: clip(f.Label, n), Value: text(f.Value)})
	}
	const note = "Shortened: it was too large for Teams. Details shows more."
	out.Foot = texts(c.Foot)
	if len(out.Foot) == 0 || out.Foot[len(out.Foot)-1].String() != note {
		out.Foot = append(out.Foot[:min(len(out.Foot), 5)], bot.Text{{Text: note}})
	}
	return out
}

// summaryOf is the one line of a notification.
func summaryOf(c bot.Card) string {
	switch {
	case c.Plain != "":
		return c.Plain
	case c.Title != "" || len(c.Lead) > 0:
		return strings.TrimSpace(c.Title + " " + c.Lead.String())
	}
	return "hallpass"
}

// welcome greets a conversation in which the bot is new.
func welcome() bot.Card {
	c := bot.Help()
	c.Title = "hallpass is here"
	c.Buttons = []bot.Button{{ID: bot.ButtonAsk, Label: "Ask for an exemption", Value: "ask", Primary: true}}
	return c
}

// Card renders a card as JSON, for tests and for those who want to look.
func Card(c bot.Card) (json.RawMessage, error) { return json.MarshalIndent(card(c), "", "  ") }
