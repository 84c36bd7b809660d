package bot

import (
	"fmt"
	"html"
	"strings"
	"unicode"

	"hallpass/approvals"
)

// Bounds on what people write, in characters.
const (
	maxCommand = 4000
	maxReason  = 2000
	maxTicket  = 100
)

// clean is visible without space around it.
func clean(s string) string { return strings.TrimSpace(visible(s)) }

// visible makes text that did not come from this program safe to show anywhere: control and direction characters, which
// could make a card read differently from what it says, become visible; lines stay.
func visible(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\n':
			b.WriteRune(r)
		case r == '\t', r == '\r':
			b.WriteRune(' ')
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Cf, r) && r != '\u200d':
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// line is clean without line breaks.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// clip bounds a value, so that a long one cannot hide what comes after it.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

// bounded refuses what is too long rather than cutting off what somebody meant.
func bounded(what, s string, n int) error {
	if got := len([]rune(s)); got > n {
		return approvals.Refuse(approvals.RefusedInput, "The %s has %d characters; at most %d fit.", what, got, n).Or("Say it shorter, and put the rest into the ticket.")
	}
	return nil
}

// unescape reads text as Slack sends it: & < > escaped, links and mentions in angle brackets. A mention stays as <@ID>.
func unescape(s string) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			b.WriteString(s)
			break
		}
		end := strings.IndexByte(s[open:], '>')
		if end < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:open])
		b.WriteString(inBrackets(s[open+1 : open+end]))
		s = s[open+end+1:]
	}
	return html.UnescapeString(b.String())
}

func inBrackets(s string) string {
	target, label, labelled := strings.Cut(s, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return "<" + target + ">"
	case strings.HasPrefix(target, "#"), strings.HasPrefix(target, "!"):
		if labelled {
			return label
		}
		return target
	case strings.HasPrefix(target, "mailto:"):
		return strings.TrimPrefix(target, "mailto:")
	case labelled:
		return label // Slack makes links out of names with dots; the label is what was typed
	}
	return target
}

// plain, literal, bold and code make spans.
func plain(format string, args ...any) Span { return Span{Text: fmt.Sprintf(format, args...)} }

func literal(s string) Span { return Span{Text: visible(s), Literal: true} }

func bold(s string) Span { return Span{Text: visible(s), Literal: true, Bold: true} }

func code(s string) Span { return Span{Text: visible(s), Literal: true, Code: true} }

// name is a name that somebody gave: one line, bounded, so that it cannot look like more than a name.
func name(s string) string { return clip(line(s), 80) }

// who names a person.
func who(p approvals.Person) Span { return literal(name(p.Label())) }

// String is the text without its form.
func (t Text) String() string {
	var b strings.Builder
	for _, s := range t {
		b.WriteString(s.Text)
	}
	return b.String()
}
