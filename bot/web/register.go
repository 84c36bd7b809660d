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

	catching sync.Mutex        // one at a time reads the store; guards what follows
	place    string            // up to where the stream was followed; empty: nothing was read yet
	same     map[string]string // names, states and kinds, which come again and again: one copy of each is kept

	mu      sync.RWMutex // mu guards what follows
	rows    []*Row       // newest first
	orders  orders
	choices choices
}

// NewRegister makes an empty register.
func NewRegister(source Source) *Register {
	return &Register{source: source, same: map[string]string{}}
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
	err = g.source.Each(ctx, func(batch []approvals.Request) error {
		for i := range batch {
			rows = append(rows, g.rowOf(&batch[i]))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading all requests: %w", err)
	}
	slices.SortFunc(rows, newestFirst)
	together(rows)
	sorted, names := ordersOf(rows), choicesOf(rows)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rows, g.orders, g.choices, g.place = rows, sorted, names, place
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

// rowOf makes the row of a request. It is called with catching held. What a page compares of every row lies in one place, and so
// in the processor's cache: read from a place of its own for each row it took most of a page's time.
func (g *Register) rowOf(r *approvals.Request) *Row {
	row := rowOf(r)
	once := func(s string) string {
		if kept, ok := g.same[s]; ok {
			return kept
		}
		g.same[s] = s
		return s
	}
	row.Kind, row.State = approvals.Kind(once(string(row.Kind))), approvals.State(once(string(row.State)))
	for _, name := range []*string{&row.Where, &row.Place, &row.Owner, &row.Team, &row.Requester, &row.Rule, &row.Word, &row.Cause} {
		*name = once(*name)
	}
	return row
}

// put replaces rows, adds those that are new, and takes those out that are gone.
func (g *Register) put(found []approvals.Request, gone []approvals.RequestID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range found {
		row := g.rowOf(&found[i])
		at, known := slices.BinarySearchFunc(g.rows, row, newestFirst)
		if known {
			g.forget(g.rows[at])
			g.rows[at] = row
		} else {
			g.rows = slices.Insert(g.rows, at, row)
		}
		g.orders.add(row)
		g.choices.count(row, 1)
	}
	for _, id := range gone {
		if at, known := slices.BinarySearchFunc(g.rows, &Row{Number: numberOf(id)}, newestFirst); known {
			g.forget(g.rows[at])
			g.rows = slices.Delete(g.rows, at, at+1)
		}
	}
}

func newestFirst(a, b *Row) int { return cmp.Compare(b.Number, a.Number) }

// forget takes a row out of the orders and the choices. It is called with mu held.
func (g *Register) forget(row *Row) {
	g.orders.remove(row)
	g.choices.count(row, -1)
}

// Choices are the names that stand in the rows, to choose from.
func (g *Register) Choices() (wheres, rules, teams []string) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.choices.wheres.sorted(), g.choices.rules.sorted(), g.choices.teams.sorted()
}
