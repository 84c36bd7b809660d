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

// matcher gives what tells whether a request is to be shown. What is the same for all of them is worked out once. It is called with
// mu held.
func (g *Register) matcher(v View, now time.Time) func(slot) bool {
	const day = 24 * time.Hour
	text, opened, ends := strings.ToLower(v.Text), now.Add(-time.Duration(v.Older)*day).UnixMilli(), time.Duration(v.Ends)*day
	kind, state := placeIn(kinds(), v.Kind), placeIn(approvals.States(), approvals.State(v.State))
	var wanted [5]uint32 // as names counts them
	for i, name := range []string{v.Owner, v.Team, v.Where, v.Rule, v.Cause} {
		number, known := g.names.numbers[name]
		if !known { // of nobody
			return func(slot) bool { return false }
		}
		wanted[i] = number
	}
	owner, team, where, rule, cause := wanted[0], wanted[1], wanted[2], wanted[3], wanted[4]
	return func(at slot) bool {
		k := &g.keys[at]
		switch {
		case kind > 0 && k.kind != kind,
			v.Ends > 0 && !k.EndsWithin(ends, now),
			owner > 0 && k.owner != owner,
			team > 0 && k.team != team,
			where > 0 && k.where != where,
			rule > 0 && k.rule != rule,
			cause > 0 && k.cause != cause,
			v.Older > 0 && k.opened > opened:
			return false
		}
		switch v.State {
		case "":
		case "open":
			if !k.Open() {
				return false
			}
		case "overdue":
			if !k.Overdue(now) {
				return false
			}
		case "stuck":
			if !k.stuck || !k.Open() {
				return false
			}
		case "unused":
			if !k.unused {
				return false
			}
		default:
			if k.state != state {
				return false
			}
		}
		return text == "" || strings.Contains(g.rows[at].text, text)
	}
}
