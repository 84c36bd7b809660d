package web

import (
	"cmp"
	"container/heap"
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
	Sort    string // a key of orders; "-" before it turns it round
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
	if _, ok := orderOf(strings.TrimPrefix(v.Sort, "-")); v.Sort != "" && !ok {
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

// Matches reports whether the row is to be shown.
func (v View) Matches(r *Row, now time.Time) bool {
	const day = 24 * time.Hour
	switch {
	case v.Kind != "" && r.Kind != v.Kind,
		v.Owner != "" && r.Owner != v.Owner,
		v.Team != "" && r.Team != v.Team,
		v.Where != "" && r.Where != v.Where,
		v.Rule != "" && r.Rule != v.Rule,
		v.Cause != "" && r.Cause != v.Cause,
		v.Older > 0 && now.Sub(r.Opened) < time.Duration(v.Older)*day,
		v.Ends > 0 && !r.EndsWithin(time.Duration(v.Ends)*day, now):
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
	return v.Text == "" || strings.Contains(r.text, strings.ToLower(v.Text))
}

// orderOf gives the order by a column.
func orderOf(key string) (func(a, b *Row) int, bool) {
	byTime := func(of func(*Row) time.Time) func(a, b *Row) int {
		return func(a, b *Row) int {
			x, y := of(a), of(b)
			if x.IsZero() != y.IsZero() { // what has none comes last
				return cmp.Compare(b2i(x.IsZero()), b2i(y.IsZero()))
			}
			return x.Compare(y)
		}
	}
	byText := func(of func(*Row) string) func(a, b *Row) int {
		return func(a, b *Row) int { return strings.Compare(of(a), of(b)) }
	}
	switch key {
	case "id":
		return func(a, b *Row) int { return cmp.Compare(a.Number, b.Number) }, true
	case "what":
		return byText(func(r *Row) string { return r.What }), true
	case "where":
		return byText(func(r *Row) string { return r.Place }), true
	case "owner":
		return byText(func(r *Row) string { return r.Owner }), true
	case "team":
		return byText(func(r *Row) string { return r.Team }), true
	case "state":
		return func(a, b *Row) int {
			return cmp.Compare(slices.Index(approvals.States(), a.State), slices.Index(approvals.States(), b.State))
		}, true
	case "opened":
		return byTime(func(r *Row) time.Time { return r.Opened }), true
	case "end":
		return byTime(func(r *Row) time.Time { return r.End }), true
	case "used":
		return byTime(func(r *Row) time.Time { return r.Used }), true
	case "changed":
		return byTime(func(r *Row) time.Time { return r.Changed }), true
	}
	return nil, false
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// order is the order of the view; the same rows always come in the same order.
func (v View) order() func(a, b *Row) int {
	key, down := strings.CutPrefix(v.Sort, "-")
	by, ok := orderOf(key)
	return func(a, b *Row) int {
		if ok {
			if n := by(a, b); n != 0 {
				if down {
					return -n
				}
				return n
			}
		}
		return cmp.Compare(b.Number, a.Number)
	}
}

// All gives every row that matches, in order.
func (v View) All(rows []*Row, now time.Time) []*Row {
	var out []*Row
	for _, r := range rows {
		if v.Matches(r, now) {
			out = append(out, r)
		}
	}
	if v.Sort != "" {
		slices.SortFunc(out, v.order())
	}
	return out
}

// Select gives the rows of the view's page, and how many match in all. Only as many rows are put in order as are shown.
func (v View) Select(rows []*Row, now time.Time) ([]*Row, int) {
	upTo := v.Page * pageSize
	first := &firsts{by: v.order()}
	total := 0
	for _, r := range rows {
		if !v.Matches(r, now) {
			continue
		}
		total++
		switch {
		case v.Sort == "": // they come in order
			if total <= upTo {
				first.rows = append(first.rows, r)
			}
		case len(first.rows) < upTo:
			heap.Push(first, r)
		case first.by(r, first.rows[0]) < 0:
			first.rows[0] = r
			heap.Fix(first, 0)
		}
	}
	if v.Sort != "" {
		slices.SortFunc(first.rows, first.by)
	}
	from := min((v.Page-1)*pageSize, len(first.rows))
	return first.rows[from:], total
}

// firsts is a heap of the first rows in an order, the last of them on top.
type firsts struct {
	rows []*Row
	by   func(a, b *Row) int
}

func (f *firsts) Len() int           { return len(f.rows) }
func (f *firsts) Less(i, j int) bool { return f.by(f.rows[i], f.rows[j]) > 0 }
func (f *firsts) Swap(i, j int)      { f.rows[i], f.rows[j] = f.rows[j], f.rows[i] }

// Push is for container/heap.
func (f *firsts) Push(x any) {
	if r, ok := x.(*Row); ok {
		f.rows = append(f.rows, r)
	}
}

// Pop is for container/heap.
func (f *firsts) Pop() any {
	last := len(f.rows) - 1
	r := f.rows[last]
	f.rows = f.rows[:last]
	return r
}
