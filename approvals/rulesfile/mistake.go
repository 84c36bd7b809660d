package rulesfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong with a file.
type Mistake struct {
	Line, Column int // from 1
	What         string
	Hint         string // what to write instead; may be empty
}

// String is the mistake in one line, without the name of the file.
func (m Mistake) String() string {
	s := fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.What)
	if m.Hint != "" {
		s += " (" + m.Hint + ")"
	}
	return s
}

// Mistakes is everything that is wrong with a file, in the order of its lines. It is the error of Parse.
type Mistakes []Mistake //nolint:errname // it reads as what it is: rulesfile.Mistakes

// Error lists the mistakes, one a line.
func (ms Mistakes) Error() string {
	var lines []string
	for _, m := range ms {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "\n")
}

func (ms Mistakes) sorted() Mistakes {
	slices.SortStableFunc(ms, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(ms)
}

// Meant gives the hint "did you mean …?" if one of the names is close to what was written, or a list of the names.
func Meant(wrote string, names []string) string {
	best, distance := "", (len(wrote)+1)/4+len(wrote)/8
	for _, name := range names {
		if d := edits(strings.ToLower(wrote), strings.ToLower(name)); d <= distance {
			best, distance = name, d-1
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(names) == 0 || len(names) > 15:
		return ""
	}
	return "known: " + strings.Join(names, ", ")
}

// edits is the number of letters to insert, delete, replace or swap with their neighbour to get from a to b.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range y {
		rows[0][j+1] = j + 1
	}
	for i := range x {
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			rows[i+1][j+1] = min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
