package web

import (
	"slices"
	"time"

	"hallpass/approvals"
)

// key is what the pages compare of every request, small and without pointers, so that all of them lie together in memory: reading it
// from rows, each in a place of its own, took most of a page's time.
type key struct {
	end, causeAt, opened            int64  // Unix milliseconds
	where, owner, team, rule, cause uint32 // as names counts them
	state, kind                     uint8  // places in approvals.States and kinds, from 1
	unused, stuck                   bool
}

// keyOf makes the key of a row.
func keyOf(r *Row, n *names) key {
	return key{
		end: r.End.UnixMilli(), causeAt: r.CauseAt.UnixMilli(), opened: r.Opened.UnixMilli(),
		where: n.number(r.Where), owner: n.number(r.Owner), team: n.number(r.Team), rule: n.number(r.Rule), cause: n.number(r.Cause),
		state: placeIn(approvals.States(), r.State), kind: placeIn(kinds(), r.Kind), unused: r.Unused, stuck: r.Stuck != "",
	}
}

// placeIn is the place of a word in a short list, from 1; 0 if it does not stand there.
func placeIn[T comparable](list []T, word T) uint8 {
	return uint8(slices.Index(list, word) + 1) //nolint:gosec // of fewer than 255
}

// State is the state that the key stands for.
func (k *key) State() approvals.State {
	if k.state == 0 {
		return approvals.StateNone
	}
	return approvals.States()[k.state-1]
}

// Open reports whether something of the request may be in force, or may come to be.
func (k *key) Open() bool { return !k.State().Final() }

// Overdue reports whether the request should be gone by now.
func (k *key) Overdue(now time.Time) bool {
	switch k.State() {
	case approvals.StateActive:
		return now.UnixMilli()-k.end > overdueAfter.Milliseconds()
	case approvals.StateEnding:
		return now.UnixMilli()-k.causeAt > overdueAfter.Milliseconds()
	case approvals.StateNone, approvals.StatePending, approvals.StateApproved, approvals.StateEnded, approvals.StateDenied,
		approvals.StateCancelled, approvals.StateLapsed:
	}
	return false
}

// EndsWithin reports whether the request is active and ends within d from now.
func (k *key) EndsWithin(d time.Duration, now time.Time) bool {
	return k.State() == approvals.StateActive && k.end-now.UnixMilli() <= d.Milliseconds()
}

// names keeps one copy of each name that comes again and again, and counts them from 1; 0 is no name. It only grows: there are
// about as many names as people, rules and places.
type names struct {
	numbers map[string]uint32
	list    []string
}

func newNames() *names { return &names{numbers: map[string]uint32{"": 0}, list: []string{""}} }

// number is the number of a name, which it gets if it has none.
func (n *names) number(name string) uint32 {
	at, known := n.numbers[name]
	if !known {
		at = uint32(len(n.list)) //nolint:gosec // names of people and places
		n.numbers[name] = at
		n.list = append(n.list, name)
	}
	return at
}

// once is the one copy of a name.
func (n *names) once(name string) string { return n.list[n.number(name)] }
