package slacktest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Surface is where blocks are shown.
type Surface string

// The three surfaces.
const (
	SurfaceMessage Surface = "message"
	SurfaceModal   Surface = "modal"
	SurfaceHome    Surface = "home"
)

// checker collects what is wrong with decoded blocks.
type checker struct {
	surface  Surface
	problems []string
	blockIDs map[string]bool
	focused  bool
	charts   int
}

// rule checks one value.
type rule func(c *checker, path string, v any)

// field is one member of a shape.
type field struct {
	must  bool
	check rule
}

// shape lists all members that an object may have; any other is refused.
type shape map[string]field

func must(check rule) field { return field{must: true, check: check} }
func may(check rule) field  { return field{check: check} }

func (c *checker) add(path, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+path+"]")
}

// object checks a value against a shape.
func (c *checker) object(path string, v any, s shape) {
	m, ok := v.(object)
	if !ok {
		c.add(path, "must be an object")
		return
	}
	for _, name := range sortedKeys(m) {
		f, known := s[name]
		if !known {
			c.add(path, "invalid additional property: %s", name)
			continue
		}
		f.check(c, path+"/"+name, m[name])
	}
	for _, name := range sortedKeys(s) {
		if _, there := m[name]; s[name].must && !there {
			c.add(path, "missing required field: %s", name)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// text is a string of between lo and hi characters.
func text(lo, hi int) rule {
	return func(c *checker, path string, v any) {
		s, ok := v.(string)
		if !ok {
			c.add(path, "must be a string")
			return
		}
		if !utf8.ValidString(s) {
			c.add(path, "must be valid UTF-8")
		}
		n := utf8.RuneCountInString(s)
		if n < lo {
			c.add(path, "must be more than %d characters", lo-1)
		}
		if n > hi {
			c.add(path, "must be less than %d characters", hi+1)
		}
	}
}

func oneOf(allowed ...string) rule {
	return func(c *checker, path string, v any) {
		if s, ok := v.(string); !ok || !slices.Contains(allowed, s) {
			c.add(path, "must be one of %q", allowed)
		}
	}
}

func boolean(c *checker, path string, v any) {
	if _, ok := v.(bool); !ok {
		c.add(path, "must be a boolean")
	}
}

func integer(lo, hi int64) rule {
	return func(c *checker, path string, v any) {
		n, ok := v.(json.Number)
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if !ok || err != nil {
			c.add(path, "must be an integer")
			return
		}
		if i < lo || i > hi {
			c.add(path, "must be between %d and %d", lo, hi)
		}
	}
}

// link is an absolute http address.
func link(c *checker, path string, v any) {
	text(1, maxURL)(c, path, v)
	u, err := url.Parse(asString(v))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		c.add(path, "must be a valid URL")
	}
}

// list is an array of between lo and hi items.
func list(lo, hi int, item rule) rule {
	return func(c *checker, path string, v any) {
		items, ok := v.([]any)
		if !ok {
			c.add(path, "must be an array")
			return
		}
		if len(items) < lo {
			c.add(path, "no fewer than %d items allowed", lo)
		}
		if len(items) > hi {
			c.add(path, "no more than %d items allowed", hi)
			return
		}
		for i, it := range items {
			item(c, path+"/"+strconv.Itoa(i), it)
		}
	}
}

// plain is a plain_text object of 1 to hi characters.
func plain(hi int) rule {
	return func(c *checker, path string, v any) {
		c.object(path, v, shape{
			"type": must(oneOf("plain_text")), "text": must(text(1, hi)), "emoji": may(boolean),
		})
	}
}

// anyText is a plain_text or mrkdwn object of 1 to hi characters.
func anyText(hi int) rule {
	return func(c *checker, path string, v any) {
		if asString(asObject(v)["type"]) == "plain_text" {
			plain(hi)(c, path, v)
			return
		}
		c.object(path, v, shape{
			"type": must(oneOf("plain_text", "mrkdwn")), "text": must(text(1, hi)), "verbatim": may(boolean),
		})
	}
}
