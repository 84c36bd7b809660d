package slack

import "strings"

// scriptBlocks shows a script to be copied, in a fixed font. It is split between lines, because one element takes so much
// only; copied one after the other the parts are the script.
func scriptBlocks(script string) []block {
	var out []block
	for _, part := range parts(script, maxText) {
		pre := block{"type": "rich_text_preformatted", "elements": []block{{"type": "text", "text": part}}}
		out = append(out, rich(pre))
	}
	return out
}

// parts splits a text between lines into pieces of n characters at most. A line that is longer is a piece of its own.
func parts(text string, n int) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	var out []string
	piece, size := []string(nil), 0
	for line := range strings.SplitSeq(text, "\n") {
		length := len([]rune(line)) + 1
		if size+length > n && len(piece) > 0 {
			out = append(out, strings.Join(piece, "\n"))
			piece, size = nil, 0
		}
		piece, size = append(piece, line), size+length
	}
	return append(out, strings.Join(piece, "\n"))
}
