package teams

import (
	"slices"
	"strings"

	"hallpass/bot"
)

// scriptBlocks shows a script to be copied, in a fixed font, line by line: a run shows no line breaks. Empty lines are left
// out: each costs as much of the card's room as a full one.
func scriptBlocks(script string) []block {
	script = strings.TrimSuffix(script, "\n")
	if script == "" {
		return nil
	}
	var items []block
	for line := range strings.SplitSeq(script, "\n") {
		if line == "" {
			continue
		}
		// Leading spaces are part of a script; a text run may drop them.
		body := strings.TrimLeft(line, " ")
		line = strings.Repeat("\u00a0", len(line)-len(body)) + body
		items = append(items, rich(bot.Text{{Text: line, Literal: true, Code: true}}, block{"spacing": "none"}, nil))
	}
	return []block{{"type": "Container", "style": "emphasis", "items": items}}
}

// withoutScript says instead of the script where it is to be had: a part of it would be worse than nothing.
func withoutScript(c bot.Card) bot.Card {
	c.Script = ""
	c.Lines = append(slices.Clone(c.Lines), bot.Text{{Text: "The script does not fit here. An operator prints it: "}, {Text: "hallpass steps " + firstWord(c.Title), Code: true}})
	return c
}

// firstWord is the request that a title begins with.
func firstWord(title string) string {
	id, _, _ := strings.Cut(title, ":")
	return id
}
