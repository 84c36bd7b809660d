package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// few is how many rows are put in order for one page; of more, the page is looked for in an order that is kept.
const few = 1000

// orders are all rows in each order that the table can be asked for, by its key. They are kept, because putting 100,000 rows in
// order for each page is what took most of its time. The Register owns them.
type orders map[string][]*Row

func orderKeys() []string {
	return []string{"id", "what", "where", "owner", "team", "state", "opened", "end", "used", "changed"}
}

func ordersOf(rows []*Row) orders {
	o := orders{}
	for _, key := range orderKeys() {
		by, _ := orderOf(key)
		o[key] = slices.SortedFunc(slices.Values(rows), by)
	}
	return o
}

// add puts a row where it belongs; one that is there already must have been removed.
func (o orders) add(row *Row) {
	for key, list := range o {
		by, _ := orderOf(key)
		at, _ := slices.BinarySearchFunc(list, row, by)
		o[key] = slices.Insert(list, at, row)
	}
}

func (o orders) remove(row *Row) {
	for key, list := range o {
		by, _ := orderOf(key)
		if at, there := slices.BinarySearchFunc(list, row, by); there {
			o[key] = slices.Delete(list, at, at+1)
		}
	}
}

// orderOf gives the order by a column. No two rows are equal in it: among those that the column does not tell apart the newest
// comes first.
func orderOf(key string) (func(a, b *Row) int, bool) {
	by, ok := columnOf(key)
	return func(a, b *Row) int {
		if n := by(a, b); n != 0 {
			return n
		}
		return newestFirst(a, b)
	}, ok
}

// columnOf compares two rows by a column.
func columnOf(key string) (func(a, b *Row) int, bool) {
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
	return func(*Row, *Row) int { return 0 }, false
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// order is the order of the view; the same rows always come in the same order.
func (v View) order() (by func(a, b *Row) int, key string, down bool) {
	key, down = strings.CutPrefix(v.Sort, "-")
	by, _ = orderOf(key)
	if down {
		up := by
		by = func(a, b *Row) int { return up(b, a) }
	}
	return by, key, down
}

// All gives every row that matches, in order.
func (g *Register) All(v View, now time.Time) []*Row {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var out []*Row
	match := v.match(now)
	for _, r := range g.rows {
		if match(r) {
			out = append(out, r)
		}
	}
	if v.Sort != "" {
		by, _, _ := v.order()
		slices.SortFunc(out, by)
	}
	return out
}

// Select gives the rows of the view's page, and how many match in all.
func (g *Register) Select(v View, now time.Time) (page []*Row, total int) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var found []*Row
	match := v.match(now)
	for _, r := range g.rows {
		if !match(r) {
			continue
		}
		if total < few {
			found = append(found, r)
		}
		total++
	}
	from, to := min((v.Page-1)*pageSize, total), min(v.Page*pageSize, total)
	by, key, down := v.order()
	switch {
	case v.Sort != "" && total <= few:
		slices.SortFunc(found, by)
		return found[from:to], total
	case v.Sort == "" && to <= few:
		return found[from:to], total
	}
	list := g.rows
	if v.Sort != "" {
		list = g.orders[key]
	}
	return between(list, match, down, from, to), total
}

// between gives those that match, from one place among them up to another, of a list that is in order.
func between(list []*Row, match func(*Row) bool, down bool, from, to int) []*Row {
	out, n := make([]*Row, 0, to-from), 0
	for i := range list {
		r := list[i]
		if down {
			r = list[len(list)-1-i]
		}
		if n == to {
			break
		}
		if match(r) {
			if n >= from {
				out = append(out, r)
			}
			n++
		}
	}
	return out
}
