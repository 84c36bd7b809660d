package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hallpass/approvals"
)

// Register holds a small row for every request, kept up to date by following the audit stream: every commit writes a line
// there. It belongs to one replica and is made anew when the program starts.
type Register struct {
	source Source

	catching sync.Mutex // one at a time reads the store; guards place
	place    string     // up to where the stream was followed; empty: nothing was read yet

	mu      sync.RWMutex // mu guards what follows
	names   *names
	rows    []*Row // by slot; nil where none is
	keys    []key  // by slot
	free    []slot // those where none is
	newest  []slot // newest first
	orders  orders
	choices choices
}

// slot is where a request stands in the register, from when it is first seen until it is gone.
type slot uint32

// NewRegister makes an empty register.
func NewRegister(source Source) *Register {
	return &Register{source: source, names: newNames()}
}

// CatchUp brings the register up to what is stored now. The first time it reads everything.
func (g *Register) CatchUp(ctx context.Context) error {
	g.catching.Lock()
	defer g.catching.Unlock()
	if g.place == "" {
		return g.load(ctx)
	}
	chains, place, err := g.source.Follow(ctx, g.place)
	if err != nil {
		return fmt.Errorf("following the audit stream: %w", err)
	}
	var ids []approvals.RequestID
	for _, chain := range chains {
		if strings.HasPrefix(chain, "HP-") { // others are notes, which belong to no request
			ids = append(ids, approvals.RequestID(chain))
		}
	}
	if len(ids) > 0 {
		found, err := g.source.LoadMany(ctx, ids)
		if err != nil {
			return fmt.Errorf("reading what changed: %w", err)
		}
		var gone []approvals.RequestID
		if len(found) < len(ids) { // archived, or of another hand
			if gone, err = g.source.Missing(ctx, ids); err != nil {
				return fmt.Errorf("reading what changed: %w", err)
			}
		}
		g.put(found, gone)
	}
	g.place = place
	return nil
}

// load reads everything. What changes meanwhile is followed from the place where the stream ended before.
func (g *Register) load(ctx context.Context) error {
	place, err := g.source.Tail(ctx)
	if err != nil {
		return fmt.Errorf("finding the end of the audit stream: %w", err)
	}
	var rows []*Row
	known := newNames()
	err = g.source.Each(ctx, func(batch []approvals.Request) error {
		for i := range batch {
			rows = append(rows, rowOf(&batch[i], known))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading all requests: %w", err)
	}
	slices.SortFunc(rows, newestFirst)
	together(rows)
	keys, newest := make([]key, len(rows)), make([]slot, len(rows))
	for i, row := range rows {
		keys[i], newest[i] = keyOf(row, known), slot(i)
	}
	sorted, choose := ordersOf(rows), choicesOf(rows)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.names, g.rows, g.keys, g.free, g.newest, g.orders, g.choices, g.place = known, rows, keys, nil, newest, sorted, choose, place
	return nil
}

// together puts the texts that are searched behind each other, in the order in which they are searched: fetching each from a place of
// its own took most of the time of a search.
func together(rows []*Row) {
	size := 0
	for _, row := range rows {
		size += len(row.text)
	}
	var all strings.Builder
	all.Grow(size)
	for _, row := range rows {
		all.WriteString(row.text)
	}
	text, at := all.String(), 0
	for _, row := range rows { // nobody has seen them yet
		row.text = text[at : at+len(row.text)]
		at += len(row.text)
	}
}

// put replaces rows, adds those that are new, and takes those out that are gone.
func (g *Register) put(found []approvals.Request, gone []approvals.RequestID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range found {
		row := rowOf(&found[i], g.names)
		place, known := g.find(row.Number)
		var at slot
		if known {
			at = g.newest[place]
			g.forget(at)
		} else {
			at = g.room()
			g.newest = slices.Insert(g.newest, place, at)
		}
		g.rows[at], g.keys[at] = row, keyOf(row, g.names)
		g.orders.add(g.rows, at)
		g.choices.count(row, 1)
	}
	for _, id := range gone {
		if place, known := g.find(numberOf(id)); known {
			at := g.newest[place]
			g.forget(at)
			g.newest = slices.Delete(g.newest, place, place+1)
			g.rows[at], g.free = nil, append(g.free, at)
		}
	}
}

// find is the place of a request among the newest, or where it belongs there.
func (g *Register) find(number int64) (place int, known bool) {
	return slices.BinarySearchFunc(g.newest, number, func(at slot, number int64) int { return cmp.Compare(number, g.rows[at].Number) })
}

// room gives a slot where no request is.
func (g *Register) room() slot {
	if last := len(g.free) - 1; last >= 0 {
		at := g.free[last]
		g.free = g.free[:last]
		return at
	}
	g.rows, g.keys = append(g.rows, nil), append(g.keys, key{})
	return slot(len(g.rows) - 1) //nolint:gosec // fewer than two thousand million requests
}

func newestFirst(a, b *Row) int { return cmp.Compare(b.Number, a.Number) }

// forget takes a request out of the orders and the choices. It is called with mu held.
func (g *Register) forget(at slot) {
	g.orders.remove(g.rows, at)
	g.choices.count(g.rows[at], -1)
}

// Choices are the names that stand in the rows, to choose from.
func (g *Register) Choices() (wheres, rules, teams []string) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.choices.wheres.sorted(), g.choices.rules.sorted(), g.choices.teams.sorted()
}
