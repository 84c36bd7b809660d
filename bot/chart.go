package bot

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Chart is numbers as bars. All of its words are hallpass's own.
type Chart struct {
	Title string `json:"title"` // at most 50 characters
	Over  string `json:"over"`  // what the labels are, at most 50 characters
	Bars  []Bar  `json:"bars"`  // 1 to 20, each with a label of its own
}

// Bar is one of them.
type Bar struct {
	Label string `json:"label"` // at most 20 characters
	Count int    `json:"count"`
}

// widest is how many characters the longest bar has that is drawn in them.
const widest = 24

// space is one that no chat leaves out beside another.
const space = "\u00a0"

// Text is the chart drawn in characters, in a fixed font.
func (c Chart) Text() string {
	most, wide := 1, 0
	for _, b := range c.Bars {
		most, wide = max(most, b.Count), max(wide, utf8.RuneCountInString(b.Label))
	}
	lines := []string{c.Title + ", " + c.Over}
	for _, b := range c.Bars {
		line := b.Label
		if b.Count > 0 {
			pad := strings.Repeat(space, wide-utf8.RuneCountInString(b.Label)+2)
			line += fmt.Sprintf("%s%s %d", pad, strings.Repeat("█", max(1, b.Count*widest/most)), b.Count)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Undrawn is the card for where no chart is drawn: with the chart in characters.
func (c Card) Undrawn() Card {
	if c.Chart != nil {
		c.Script, c.Chart = c.Chart.Text(), nil
	}
	return c
}
