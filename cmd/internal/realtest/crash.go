package realtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Coverage spreads kills over many lives: a life is killed at the first point that no life was killed at yet, once in each
// of its stages. So no list of points has to be kept by hand: whatever the program does is found while it does it.
type Coverage struct {
	// Every makes each occurrence of a kind within a life a point of its own. Otherwise the first one stands for all.
	Every bool

	mu    sync.Mutex     // mu guards kills
	kills map[string]int // point -> how often a replica was killed there; 0: seen
}

// Life is one life under a Coverage.
type Life struct {
	c      *Coverage
	mu     sync.Mutex // mu guards the fields below
	stage  string
	killed bool // in this stage
	count  map[string]int
	record []string
}

// Life begins a life in which nothing is killed yet.
func (c *Coverage) Life() *Life { return &Life{c: c, count: map[string]int{}, killed: true} }

// Stage begins the next stage of the life; in it, one replica may be killed.
func (l *Life) Stage(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage, l.killed = name, false
}

// Spare ends the stage: nothing is killed until the next one.
func (l *Life) Spare() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killed = true
}

// Kills says at which points this life was killed.
func (l *Life) Kills() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.record)
}

// Pass kills the replica at this point if it is this life's turn.
func (l *Life) Pass(p Point) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stage == "" {
		return false
	}
	name := p.Kind
	if l.c.Every {
		if !p.After || strings.HasPrefix(p.Kind, "claim") { // a claim is only known afterwards
			l.count[p.Kind]++
		}
		name = fmt.Sprintf("%s #%d", p.Kind, l.count[p.Kind])
	}
	if p.After {
		name = "after " + name
	} else {
		name = "before " + name
	}
	if !l.c.take(name, !l.killed && p.Replica.Alive()) {
		return false
	}
	l.killed = true
	l.record = append(l.record, l.stage+": "+name)
	p.Replica.Kill()
	return true
}

// take notes that a point was seen, and gives it to the life that asks if no other has it and the life may be killed.
func (c *Coverage) take(name string, may bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kills == nil {
		c.kills = map[string]int{}
	}
	if may && c.kills[name] == 0 {
		c.kills[name]++
		return true
	}
	c.kills[name] += 0
	return false
}

// Points gives the points at which a life was killed, and those that were only seen.
func (c *Coverage) Points() (killed, seen []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, n := range c.kills {
		if n > 0 {
			killed = append(killed, name)
		} else {
			seen = append(seen, name)
		}
	}
	slices.Sort(killed)
	slices.Sort(seen)
	return killed, seen
}
