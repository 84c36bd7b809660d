package web

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
)

// funcs is what the templates may call.
func (s *Site) funcs() template.FuncMap {
	return template.FuncMap{
		"when": func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return t.In(s.cfg.Zone).Format("Mon 2 Jan 2006 15:04 MST")
		},
		"day": func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return t.In(s.cfg.Zone).Format("2 Jan 2006")
		},
		"stamp":   stamp,
		"rel":     func(t time.Time) string { return relative(t, s.cfg.Now()) },
		"overdue": func(r *Row) bool { return r.Overdue(s.cfg.Now()) },
		"term":    func(t approvals.Term) string { return bot.SayTerm(t, s.cfg.Zone) },
		"span":    bot.SayDuration,
		"says":    func(f fact) string { return bot.SayFact(f.FactSpec, f.Fact) },
		"change":  func(r approvals.Request, c approvals.Progress) string { return bot.SayProgress(&r, c) },
		"waits":   func(r approvals.Request) string { return bot.WaitsFor(&r) },
		"kind":    sayKind,
		"share":   func(v View, name, value string) string { return "/requests?" + with(v, name, value).Encode() },
		"order":   func(v View, key string) string { return "/requests?" + reorder(v, key).Encode() },
		"page":    func(v View, n int) string { return "/requests?" + with(v, "page", strconv.Itoa(n)).Encode() },
		"file":    func(v View, format string) string { return fileOf(v, format) },
		"arrow":   arrow,
		"plus":    func(a, b int) int { return a + b },
		"short":   func(hash string) string { return hash[:min(len(hash), 12)] },
		"details": details,
		"dict": func(pairs ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				if key, ok := pairs[i].(string); ok {
					m[key] = pairs[i+1]
				}
			}
			return m
		},
	}
}

func sayKind(k approvals.Kind) string {
	switch k {
	case approvals.KindAccount:
		return "account"
	case approvals.KindApp:
		return "application"
	case approvals.KindIP:
	}
	return "address"
}

// with is the view with one filter set anew, from the first page.
func with(v View, name, value string) url.Values {
	q := v.Values()
	q.Del("page")
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	return q
}

// reorder is the view ordered by a column; the second click on a column turns the order round.
func reorder(v View, key string) url.Values {
	if v.Sort == key {
		return with(v, "sort", "-"+key)
	}
	return with(v, "sort", key)
}

func arrow(v View, key string) string {
	switch v.Sort {
	case key:
		return "ascending"
	case "-" + key:
		return "descending"
	}
	return "none"
}

func fileOf(v View, format string) string {
	q := v.Values()
	q.Del("page")
	if len(q) == 0 {
		return "/export/requests." + format
	}
	return "/export/requests." + format + "?" + q.Encode()
}

// relative says how far away a time is, in its largest unit.
func relative(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := t.Sub(now)
	abs := d.Abs()
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if abs >= unit {
			abs = abs.Truncate(unit)
			break
		}
	}
	switch {
	case abs < time.Minute:
		return "now"
	case d > 0:
		return "in " + bot.SayDuration(abs)
	}
	return bot.SayDuration(abs) + " ago"
}

// details is what an audit entry says besides its head, in the order of its keys.
func details(e approvals.Entry) string {
	var parts []string
	for _, key := range []string{"reason", "verdict", "rule", "why", "verb", "what", "to", "shorten", "fingerprint", "rules", "via"} {
		text := e.Detail[key]
		if text == "" {
			continue
		}
		if key == "fingerprint" || key == "rules" {
			text = text[:min(len(text), 12)]
		}
		parts = append(parts, key+": "+text)
	}
	return strings.Join(parts, " · ")
}
