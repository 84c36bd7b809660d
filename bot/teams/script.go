package teams

import (
	"strings"

	"hallpass/bot"
)

// scriptBlocks shows a script to be copied, in a fixed font, line by line: a run shows no line breaks.
func scriptBlocks(script string) []block {
	script = strings.TrimSuffix(script, "\n")
	if script == "" {
		return nil
	}
	var items []block
	for line := range strings.SplitSeq(script, "\n") {
		if line == "" {
			line = " "
		}
		// Leading spaces are part of a script; a text run may drop them.
		body := strings.TrimLeft(line, " ")
		line = strings.Repeat("\u00a0", len(line)-len(body)) + body
		items = append(items, rich(bot.Text{{Text: line, Literal: true, Code: true}}, block{"spacing": "none"}, block{"size": "small"}))
	}
	return []block{{"type": "Container", "style": "emphasis", "items": items}}
}

// firstWord is the request that a title begins with.
func firstWord(title string) string {
	id, _, _ := strings.Cut(title, ":")
	return id
}
