package web

import (
	"maps"
	"slices"
)

// choices are the names that stand in the rows, to choose from. They are counted, because looking for them in every row is slow.
// The Register owns them.
type choices struct{ wheres, rules, teams tally }

// tally is how many rows have a name.
type tally map[string]int

func choicesOf(rows []*Row) choices {
	c := choices{tally{}, tally{}, tally{}}
	for _, row := range rows {
		c.count(row, 1)
	}
	return c
}

// count adds a row, or with -1 takes it out.
func (c choices) count(row *Row, by int) {
	c.wheres.count(row.Where, by)
	c.rules.count(row.Rule, by)
	c.teams.count(row.Team, by)
}

func (t tally) count(name string, by int) {
	if name == "" {
		return
	}
	if t[name] += by; t[name] <= 0 {
		delete(t, name)
	}
}

func (t tally) sorted() []string { return slices.Sorted(maps.Keys(t)) }
