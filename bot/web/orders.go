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
type orders map[string]*order

// order is a list that is kept in its order.
type order struct {
	by   compare
	rows []*Row
}

// compare compares two rows. No two are equal in an order.
type compare func(a, b *Row) int

func ordersOf(rows []*Row) orders {
	o := orders{}
	for key := range columns() {
		by := orderBy(key)
		o[key] = &order{by, slices.SortedFunc(slices.Values(rows), by)}
	}
	return o
}

// add puts a row where it belongs; one that is there already must have been removed.
func (o orders) add(row *Row) {
	for _, list := range o {
		at, _ := slices.BinarySearchFunc(list.rows, row, list.by)
		list.rows = slices.Insert(list.rows, at, row)
	}
}

func (o orders) remove(row *Row) {
	for _, list := range o {
		if at, there := slices.BinarySearchFunc(list.rows, row, list.by); there {
			list.rows = slices.Delete(list.rows, at, at+1)
		}
	}
}

// orderBy is the order by a column of columns: among those that it does not tell apart the newest comes first.
func orderBy(key string) compare {
	by := columns()[key]
	return func(a, b *Row) int {
		if n := by(a, b); n != 0 {
			return n
		}
		return newestFirst(a, b)
	}
}

// columns are what the table can be put in order by.
func columns() map[string]compare {
	byTime := func(of func(*Row) time.Time) compare {
		return func(a, b *Row) int {
			x, y := of(a), of(b)
			if x.IsZero() != y.IsZero() { // what has none comes last
				return cmp.Compare(b2i(x.IsZero()), b2i(y.IsZero()))
			}
			return x.Compare(y)
		}
	}
	byText := func(of func(*Row) string) compare {
		return func(a, b *Row) int { return strings.Compare(of(a), of(b)) }
	}
	states := approvals.States()
	return map[string]compare{
		"id":    func(a, b *Row) int { return cmp.Compare(a.Number, b.Number) },
		"what":  byText(func(r *Row) string { return r.What }),
		"where": byText(func(r *Row) string { return r.Place }),
		"owner": byText(func(r *Row) string { return r.Owner }),
		"team":  byText(func(r *Row) string { return r.Team }),
		"state": func(a, b *Row) int {
			return cmp.Compare(slices.Index(states, a.State), slices.Index(states, b.State))
		},
		"opened":  byTime(func(r *Row) time.Time { return r.Opened }),
		"end":     byTime(func(r *Row) time.Time { return r.End }),
		"used":    byTime(func(r *Row) time.Time { return r.Used }),
		"changed": byTime(func(r *Row) time.Time { return r.Changed }),
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sorted is how the view is in order: by a key of columns, turned round or not.
func (v View) sorted() (key string, down bool) {
	return strings.CutPrefix(v.Sort, "-")
}

// inOrder puts rows in the order of the view; without one they stay newest first.
func (v View) inOrder(rows []*Row) {
	if v.Sort == "" {
		return
	}
	key, down := v.sorted()
	slices.SortFunc(rows, orderBy(key))
	if down {
		slices.Reverse(rows)
	}
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
	v.inOrder(out)
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
	switch {
	case total <= few:
		v.inOrder(found)
		return found[from:to], total
	case v.Sort == "" && to <= few:
		return found[from:to], total
	case v.Sort == "":
		return between(g.rows, match, false, from, to), total
	}
	key, down := v.sorted()
	return between(g.orders[key].rows, match, down, from, to), total
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
