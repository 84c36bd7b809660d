package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

// pageSize is how many requests stand on one page of the table.
const pageSize = 50

// View is what the table shows: filters, order and page. All of it stands in the address.
type View struct {
	Kind    approvals.Kind
	State   string // a state, or one of: open, overdue, stuck, unused
	Owner   string // exactly
	Team    string // the owner's
	Where   string // a name of the rules file
	Rule    string
	Cause   string
	Text    string // anywhere in id, what, place, people, team, reason and ticket
	Older   int    // opened at least so many days ago
	Ends    int    // active, and ends within so many days
	Sort    string // a key of columns; "-" before it turns it round
	Page    int    // from 1
	unknown []string
}

// ReadView reads a view from an address. What makes no sense is left out, and named.
func ReadView(q url.Values) View {
	v := View{
		Kind: approvals.Kind(q.Get("kind")), State: q.Get("state"), Owner: q.Get("owner"), Team: q.Get("team"), Where: q.Get("where"), Rule: q.Get("rule"),
		Cause: q.Get("cause"), Text: strings.TrimSpace(q.Get("q")), Sort: q.Get("sort"), Page: 1,
	}
	if v.Kind != "" && !slices.Contains(kinds(), v.Kind) {
		v.unknown, v.Kind = append(v.unknown, "kind"), ""
	}
	if v.State != "" && !slices.Contains(stateFilters(), v.State) {
		v.unknown, v.State = append(v.unknown, "state"), ""
	}
	if _, ok := columns()[strings.TrimPrefix(v.Sort, "-")]; v.Sort != "" && !ok {
		v.unknown, v.Sort = append(v.unknown, "sort"), ""
	}
	for name, to := range map[string]*int{"older": &v.Older, "ends": &v.Ends, "page": &v.Page} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100_000 {
			v.unknown = append(v.unknown, name)
			continue
		}
		*to = n
	}
	slices.Sort(v.unknown)
	return v
}

// kinds are the kinds of ask that can be filtered for.
func kinds() []approvals.Kind {
	return []approvals.Kind{approvals.KindIP, approvals.KindAccount, approvals.KindApp}
}

// stateFilters are the words for the state, in the order of a life.
func stateFilters() []string {
	words := []string{"open", "overdue", "stuck", "unused"}
	for _, s := range approvals.States() {
		words = append(words, string(s))
	}
	return words
}

// Values is the view as an address holds it; what is not set is left out.
func (v View) Values() url.Values {
	q := url.Values{}
	for name, text := range map[string]string{
		"kind": string(v.Kind), "state": v.State, "owner": v.Owner, "team": v.Team, "where": v.Where, "rule": v.Rule, "cause": v.Cause, "q": v.Text, "sort": v.Sort,
	} {
		if text != "" {
			q.Set(name, text)
		}
	}
	for name, n := range map[string]int{"older": v.Older, "ends": v.Ends} {
		if n > 0 {
			q.Set(name, strconv.Itoa(n))
		}
	}
	if v.Page > 1 {
		q.Set("page", strconv.Itoa(v.Page))
	}
	return q
}

// match gives what tells whether a row is to be shown. What is the same for all rows is worked out once.
func (v View) match(now time.Time) func(*Row) bool {
	const day = 24 * time.Hour
	text, opened, ends := strings.ToLower(v.Text), now.Add(-time.Duration(v.Older)*day), time.Duration(v.Ends)*day
	return func(r *Row) bool {
		switch {
		case v.Kind != "" && r.Kind != v.Kind,
			v.Ends > 0 && !r.EndsWithin(ends, now),
			v.Owner != "" && r.Owner != v.Owner,
			v.Team != "" && r.Team != v.Team,
			v.Where != "" && r.Where != v.Where,
			v.Rule != "" && r.Rule != v.Rule,
			v.Cause != "" && r.Cause != v.Cause,
			v.Older > 0 && r.Opened.After(opened):
			return false
		}
		switch v.State {
		case "":
		case "open":
			if !r.Open() {
				return false
			}
		case "overdue":
			if !r.Overdue(now) {
				return false
			}
		case "stuck":
			if r.Stuck == "" || !r.Open() {
				return false
			}
		case "unused":
			if !r.Unused {
				return false
			}
		default:
			if string(r.State) != v.State {
				return false
			}
		}
		return text == "" || strings.Contains(r.text, text)
	}
}
