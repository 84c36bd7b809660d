package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"hallpass/bot"
)

// Limits of Slack that rendering keeps, in characters unless said otherwise. From Slack's block reference and the types
// that Slack publishes.
const (
	maxHeader   = 150
	maxText     = 2900 // of a section or a rich_text element; 3000 allowed
	maxLabel    = 75   // of a button or an option
	maxValue    = 2000
	maxTitle    = 24 // of a view
	maxHidden   = 3000
	maxBlocks   = 48 // of a message; 50 allowed
	maxViews    = 98 // blocks of a view; 100 allowed
	maxFallback = 3000
	maxConfirm  = 300
)

// block is a piece of Block Kit. It is written as JSON, as Slack documents it, rather than through a library's types, so
// that what is sent is what stands here.
type block map[string]any

// BlockType and ID make block usable where the client wants its own types.
func (b block) BlockType() slack.MessageBlockType {
	kind, ok := b["type"].(string)
	if !ok {
		return ""
	}
	return slack.MessageBlockType(kind)
}

// ID is the block's id, if it has one.
func (b block) ID() string {
	id, ok := b["block_id"].(string)
	if !ok {
		return ""
	}
	return id
}

func asBlocks(list []block) []slack.Block {
	out := make([]slack.Block, 0, len(list))
	for _, b := range list {
		out = append(out, b)
	}
	return out
}

func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

func plainText(s string, n int) block {
	if s == "" {
		s = " "
	}
	return block{"type": "plain_text", "text": clip(s, n), "emoji": false}
}

// span renders one span as an element of rich text.
func span(s bot.Span) block {
	switch {
	case s.Unix != 0:
		return block{"type": "date", "timestamp": s.Unix, "format": "{date_short_pretty} {time}", "fallback": clip(s.Text, 200)}
	case s.Person.User != "" && s.Person.Platform == platform:
		return block{"type": "user", "user_id": s.Person.User}
	case s.Link != "":
		return block{"type": "link", "url": s.Link, "text": clip(s.Text, maxText)}
	}
	e := block{"type": "text", "text": clip(s.Text, maxText)}
	style := block{}
	if s.Bold {
		style["bold"] = true
	}
	if s.Code {
		style["code"] = true
	}
	if len(style) > 0 {
		e["style"] = style
	}
	return e
}

// section renders lines of text as one rich_text_section.
func section(lines ...bot.Text) block {
	elements := []block{}
	for i, text := range lines {
		if i > 0 {
			elements = append(elements, block{"type": "text", "text": "\n"})
		}
		for _, s := range text {
			if s.Text != "" {
				elements = append(elements, span(s))
			}
		}
	}
	if len(elements) == 0 {
		elements = append(elements, block{"type": "text", "text": " "})
	}
	return block{"type": "rich_text_section", "elements": elements}
}

func rich(elements ...block) block { return block{"type": "rich_text", "elements": elements} }

func mark(t bot.Tone) string {
	switch t {
	case bot.ToneWait:
		return "🟡 "
	case bot.ToneGood:
		return "🟢 "
	case bot.ToneBad:
		return "🔴 "
	case bot.ToneDone:
		return "⚪ "
	case bot.ToneNote:
	}
	return ""
}

// cardBlocks renders a card.
func cardBlocks(c bot.Card) []block {
	var out []block
	if c.Title != "" {
		out = append(out, block{"type": "header", "text": plainText(mark(c.Tone)+c.Title, maxHeader)})
	}
	if len(c.Lead) > 0 {
		out = append(out, rich(section(c.Lead)))
	}
	if len(c.Flags) > 0 {
		var flags []bot.Text
		for _, f := range c.Flags {
			flags = append(flags, append(bot.Text{{Text: "⚠️ "}}, f...))
		}
		out = append(out, rich(section(flags...)))
	}
	if len(c.Fields) > 0 {
		var lines []bot.Text
		for _, f := range c.Fields {
			lines = append(lines, append(bot.Text{{Text: f.Label + ": ", Bold: true}}, f.Value...))
		}
		out = append(out, rich(section(lines...)))
	}
	if c.Quote != "" {
		quoted := section(bot.Text{{Text: c.Quote, Literal: true}})
		quoted["type"] = "rich_text_quote"
		out = append(out, rich(quoted))
	}
	if len(c.Lines) > 0 {
		out = append(out, rich(section(c.Lines...)))
	}
	out = append(out, chartBlocks(c.Chart)...)
	out = append(out, scriptBlocks(c.Script)...)
	if len(c.Foot) > 0 {
		var small []string
		for _, f := range c.Foot {
			small = append(small, f.String())
		}
		out = append(out, block{"type": "context", "elements": []block{plainText(strings.Join(small, "  ·  "), maxText)}})
	}
	if len(c.Buttons) > 0 {
		var elements []block
		for i, b := range c.Buttons {
			e := button(b)
			if slices.ContainsFunc(c.Buttons[:i], func(o bot.Button) bool { return o.ID == b.ID }) { // an id stands once in a block
				e["action_id"] = b.ID + again + strconv.Itoa(i)
			}
			elements = append(elements, e)
		}
		out = append(out, block{"type": "actions", "elements": elements})
	}
	return out[:min(len(out), maxBlocks)]
}

// again stands in the id of a button between the neutral card's id and what sets it apart from the same button with another
// value. No id of the neutral card has one in it.
const again = "#"

func button(b bot.Button) block {
	e := block{
		"type": "button", "action_id": b.ID, "text": plainText(b.Label, maxLabel), "value": clip(b.Value, maxValue),
	}
	if b.Label != "" {
		e["accessibility_label"] = clip(b.Label, maxLabel)
	}
	switch {
	case b.Danger:
		e["style"] = "danger"
	case b.Primary:
		e["style"] = "primary"
	}
	if b.Confirm != "" {
		e["confirm"] = block{
			"title": plainText("Are you sure?", 100), "text": plainText(b.Confirm, maxConfirm),
			"confirm": plainText("Yes", 30), "deny": plainText("No", 30),
		}
	}
	return e
}

// fallback is the text for notifications and screen readers. It is escaped: Slack reads it as markup.
func fallback(c bot.Card) string {
	text := c.Plain
	if text == "" {
		text = strings.TrimSpace(c.Title + " " + c.Lead.String())
	}
	if text == "" {
		text = "hallpass"
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(clip(text, maxFallback/6))
}

// formView renders a form as a modal.
func formView(f bot.Form) slack.ModalViewRequest {
	var blocks []block
	for _, text := range f.Intro {
		blocks = append(blocks, rich(section(text)))
	}
	for _, in := range f.Inputs {
		blocks = append(blocks, input(in))
	}
	if len(blocks) == 0 {
		blocks = append(blocks, rich(section(bot.Text{{Text: " "}})))
	}
	view := slack.ModalViewRequest{
		Type: slack.VTModal, Title: textObject(f.Title), Close: textObject("Close"), CallbackID: f.ID,
		PrivateMetadata: clip(f.Hidden, maxHidden), Blocks: slack.Blocks{BlockSet: asBlocks(blocks[:min(len(blocks), maxViews)])},
	}
	if f.Submit != "" {
		view.Submit = textObject(f.Submit)
	}
	return view
}

func textObject(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, clip(s, maxTitle), false, false)
}

func input(in bot.Input) block {
	element := block{"type": "plain_text_input", "action_id": "value", "multiline": in.Long}
	if in.Max > 0 {
		element["max_length"] = min(in.Max, 3000)
	}
	if in.Value != "" && len(in.Options) == 0 {
		element["initial_value"] = in.Value
	}
	if len(in.Options) > 0 {
		var options []block
		for _, o := range in.Options[:min(len(in.Options), 100)] {
			options = append(options, block{"text": plainText(o.Label, maxLabel), "value": clip(o.Value, maxLabel)})
		}
		element = block{"type": "static_select", "action_id": "value", "options": options}
		chosen := slices.IndexFunc(in.Options[:len(options)], func(o bot.Option) bool { return o.Value == in.Value })
		if len(options) == 1 {
			chosen = 0
		}
		if chosen >= 0 {
			element["initial_option"] = options[chosen]
		}
	}
	b := block{"type": "input", "block_id": in.ID, "optional": in.Optional, "label": plainText(in.Label, 2000), "element": element}
	if in.Hint != "" {
		b["hint"] = plainText(in.Hint, 2000)
	}
	return b
}

// homeView renders a home page.
func homeView(h bot.Home) slack.HomeTabViewRequest {
	var blocks []block
	for _, s := range h.Sections {
		blocks = append(blocks, block{"type": "header", "text": plainText(s.Title, maxHeader)})
		if len(s.Cards) == 0 {
			blocks = append(blocks, block{"type": "context", "elements": []block{plainText(s.Empty, 500)}})
		}
		for _, c := range s.Cards {
			blocks = append(blocks, cardBlocks(c.Undrawn())...)
		}
		blocks = append(blocks, block{"type": "divider"})
	}
	ask := button(bot.Button{ID: bot.ButtonAsk, Label: "Ask for an exemption", Value: "ask", Primary: true})
	blocks = append([]block{{"type": "actions", "elements": []block{ask}}}, blocks...)
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: asBlocks(blocks[:min(len(blocks), maxViews)])}}
}

// Blocks renders a card as JSON, for tests and for those who want to look.
func Blocks(c bot.Card) (json.RawMessage, error) { return json.MarshalIndent(cardBlocks(c), "", "  ") }
