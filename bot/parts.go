package bot

import (
	"regexp"
	"slices"
	"strings"
)

// parts is a command taken apart at its keywords.
type parts struct {
	words   []string            // before the first keyword
	after   map[string][]string // words after each keyword
	because string
	twice   string // a keyword that stood twice
}

func (p parts) head() string { return strings.Join(p.words, " ") }

func (p parts) get(key string) string { return strings.Join(p.after[key], " ") }

// becauseWord finds the keyword after which everything is the reason.
func becauseWord() *regexp.Regexp { return regexp.MustCompile(`(?i)(^|\s)because(\s|$)`) }

// split takes a command apart; also are keywords that this command has beside those that all have.
func (g Grammar) split(text string, also ...string) parts {
	p := parts{after: map[string][]string{}}
	if at := becauseWord().FindStringIndex(text); at != nil {
		p.because = strings.TrimSpace(text[at[1]:])
		text = text[:at[0]]
	}
	key := ""
	for word := range strings.FieldsSeq(strings.ReplaceAll(text, ",", " ")) {
		lower := strings.ToLower(word)
		if slices.Contains([]string{"in", "for", "until", "ticket", "to", "from", "drop"}, lower) || slices.Contains(also, lower) {
			if _, twice := p.after[lower]; twice {
				p.twice = lower
			}
			key = lower
			p.after[key] = []string{}
			continue
		}
		if key == "" {
			p.words = append(p.words, word)
		} else {
			p.after[key] = append(p.after[key], word)
		}
	}
	return p
}

// mention reads <@U123>.
func mention(s string) (string, bool) {
	if strings.HasPrefix(s, "<@") && strings.HasSuffix(s, ">") {
		return s[2 : len(s)-1], true
	}
	return "", false
}

// distance is the number of letters to add, drop, change or swap with a neighbour between two words.
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
