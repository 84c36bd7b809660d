package rulesfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxSize bounds what is read at all.
const maxSize = 1 << 20

// reader walks the nodes of a YAML document and collects every mistake.
type reader struct {
	mistakes Mistakes
}

// document gives the root of the one document in data, or nil.
func (r *reader) document(data []byte) *yaml.Node {
	start := &yaml.Node{Line: 1, Column: 1}
	if len(data) > maxSize {
		r.add(start, "", "the file is larger than %d bytes", maxSize)
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		r.add(start, "", "the file is empty")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			r.syntax(err)
			return nil
		}
		r.add(&more, "remove the line ---", "there is more than one document in the file")
	}
	if len(doc.Content) != 1 {
		r.add(start, "", "the file is empty")
		return nil
	}
	return doc.Content[0]
}

// syntax turns an error of the YAML parser into a mistake.
func (r *reader) syntax(err error) {
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	at := &yaml.Node{Line: 1, Column: 1}
	if rest, ok := strings.CutPrefix(what, "line "); ok {
		if digits, text, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(digits); err == nil && n > 0 {
				at.Line, what = n, text
			}
		}
	}
	r.add(at, "", "this is no YAML: %s", what)
}

func (r *reader) add(at *yaml.Node, hint, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{
		Line: max(at.Line, 1), Column: max(at.Column, 1), What: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// entry is one key of a mapping with its value.
type entry struct {
	key   *yaml.Node
	value *yaml.Node
}

// entries gives the keys of a mapping in order, without duplicates.
func (r *reader) entries(n *yaml.Node, what string) []entry {
	if n == nil || isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.add(n, "", "%s must be a mapping of keys to values%s", what, aliasNote(n))
		return nil
	}
	var out []entry
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			r.add(k, "", "a key of %s must be a plain word", what)
			continue
		}
		if line, twice := seen[k.Value]; twice {
			r.add(k, "", "%q stands twice in %s, first in line %d", k.Value, what, line)
			continue
		}
		seen[k.Value] = k.Line
		out = append(out, entry{k, v})
	}
	return out
}

// fields gives the values of a mapping by key, and reports every key that is not known.
func (r *reader) fields(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	for _, e := range r.entries(n, what) {
		if !slices.Contains(known, e.key.Value) {
			r.add(e.key, Meant(e.key.Value, known), "unknown key %q in %s", e.key.Value, what)
			continue
		}
		out[e.key.Value] = e.value
	}
	return out
}

// list gives the items of a sequence.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	if n == nil || isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.add(n, "write it as [a, b]", "%s must be a list%s", what, aliasNote(n))
		return nil
	}
	return n.Content
}

// text gives the value of a scalar that is not empty.
func (r *reader) text(n *yaml.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || isNull(n) || strings.TrimSpace(n.Value) == "" {
		r.add(n, "", "%s must be a text that is not empty%s", what, aliasNote(n))
		return ""
	}
	return n.Value
}

// need reports a key that must be there.
func (r *reader) need(parent, n *yaml.Node, what, hint string) bool {
	if n == nil {
		r.add(parent, hint, "%s is missing", what)
		return false
	}
	return true
}

// flag gives the value of a boolean; absent is false.
func (r *reader) flag(n *yaml.Node, what string) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || (n.Value != "true" && n.Value != "false") {
		r.add(n, "", "%s must be true or false", what)
		return false
	}
	return n.Value == "true"
}

// oneOf gives the value of a scalar that must be one of the words.
func (r *reader) oneOf(n *yaml.Node, what string, words ...string) string {
	if n == nil {
		return ""
	}
	v := r.text(n, what)
	if v != "" && !slices.Contains(words, v) {
		r.add(n, "", "%s is %q; it must be one of: %s", what, v, strings.Join(words, ", "))
		return ""
	}
	return v
}

// id gives a GUID in lower case.
func (r *reader) id(n *yaml.Node, what string) string {
	v := strings.ToLower(r.text(n, what))
	if v != "" && !isGUID(v) {
		r.add(n, "an object id looks like 1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10", "%s is %q, which is no object id", what, n.Value)
		return ""
	}
	return v
}

// duration gives a time as people write it; absent is fallback.
func (r *reader) duration(n *yaml.Node, what string, fallback time.Duration) time.Duration {
	if n == nil {
		return fallback
	}
	v := r.text(n, what)
	if v == "" {
		return fallback
	}
	d, ok := ParseDuration(v)
	if !ok {
		r.add(n, "write 30m, 12h, 90d or 2w", "%s is %q, which is no duration", what, v)
		return fallback
	}
	return d
}

// ParseDuration reads a duration as a rules file writes it: a whole number and one of m, h, d, w; or 0.
func ParseDuration(s string) (time.Duration, bool) {
	if s == "0" {
		return 0, true
	}
	if len(s) < 2 {
		return 0, false
	}
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	unit, ok := units[s[len(s)-1]]
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 32)
	if !ok || err != nil || s[0] == '+' || n < 0 || n > int64(20*365*24*time.Hour/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// FormatDuration writes a duration as a rules file does, in the largest unit that is exact; seconds are dropped.
func FormatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	case d > 3*day:
		return "about " + strconv.FormatInt(int64(d/day), 10) + "d"
	case d > 3*time.Hour:
		return "about " + strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	}
	return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func aliasNote(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		return "; anchors and aliases are not read"
	}
	return ""
}

func isGUID(s string) bool {
	return regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(s)
}

func isName(s string) bool { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`).MatchString(s) }
