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

// orders are the slots of all requests in each order that the table can be asked for, by its key. They are kept, because putting
// 100,000 rows in order for each page is what took most of its time. The Register owns them.
type orders map[string]*order

// order is a list of slots that is kept in its order.
type order struct {
	by    compare
	slots []slot
}

// compare compares two rows. No two are equal in an order.
type compare func(a, b *Row) int

func ordersOf(rows []*Row) orders {
	o := orders{}
	for key := range columns() {
		list := &order{orderBy(key), make([]slot, len(rows))}
		for i := range list.slots {
			list.slots[i] = slot(i)
		}
		slices.SortFunc(list.slots, func(a, b slot) int { return list.by(rows[a], rows[b]) })
		o[key] = list
	}
	return o
}

// add puts the request of a slot where it belongs in each order.
func (o orders) add(rows []*Row, at slot) {
	for _, list := range o {
		place, _ := list.find(rows, rows[at])
		list.slots = slices.Insert(list.slots, place, at)
	}
}

// remove takes a request out of each order.
func (o orders) remove(rows []*Row, at slot) {
	for _, list := range o {
		if place, there := list.find(rows, rows[at]); there {
			list.slots = slices.Delete(list.slots, place, place+1)
		}
	}
}

func (o *order) find(rows []*Row, row *Row) (place int, there bool) {
	return slices.BinarySearchFunc(o.slots, row, func(at slot, row *Row) int { return o.by(rows[at], row) })
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
	match := g.matcher(v, now)
	for _, at := range g.newest {
		if match(at) {
			out = append(out, g.rows[at])
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
	match := g.matcher(v, now)
	for _, at := range g.newest {
		if !match(at) {
			continue
		}
		if total < few {
			found = append(found, g.rows[at])
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
		return g.between(g.newest, match, false, from, to), total
	}
	key, down := v.sorted()
	return g.between(g.orders[key].slots, match, down, from, to), total
}

// between gives those that match, from one place among them up to another, of a list that is in order.
func (g *Register) between(list []slot, match func(slot) bool, down bool, from, to int) []*Row {
	out, n := make([]*Row, 0, to-from), 0
	for i := range list {
		at := list[i]
		if down {
			at = list[len(list)-1-i]
		}
		if n == to {
			break
		}
		if match(at) {
			if n >= from {
				out = append(out, g.rows[at])
			}
			n++
		}
	}
	return out
}
