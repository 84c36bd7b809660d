package teams

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"hallpass/bot"
)

// answer is what an invoke waits for: a card that tells what came of it, or a form to be shown.
type answer struct {
	card *bot.Card
	form *bot.Form
}

// slots are the invokes that wait for their answer in this process. An act's Trigger names its slot. An answer that comes
// when nobody waits any more, or in another replica, goes the way of a message.
type slots struct {
	mu   sync.Mutex // mu guards open
	open map[string]chan answer
}

// slot is one invoke that waits.
type slot struct {
	all     *slots
	name    string
	waiting chan answer
}

// begin opens a slot. It must be closed.
func (s *slots) begin() *slot {
	one := &slot{all: s, name: rand.Text(), waiting: make(chan answer, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[one.name] = one.waiting
	return one
}

// give hands an answer to whoever waits; false if nobody does. It is taken once.
func (s *slots) give(name string, a answer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting, ok := s.open[name]
	if !ok {
		return false
	}
	delete(s.open, name)
	waiting <- a // there is room for one, and this is the only one
	return true
}

// close ends the waiting.
func (s *slot) close() {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	delete(s.all.open, s.name)
}

// wait gives the answer; false if none came in time.
func (s *slot) wait(ctx context.Context, within time.Duration) (answer, bool) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case a := <-s.waiting:
		return a, true
	case <-timer.C:
	case <-ctx.Done():
	}
	s.close()
	select { // it may have come between the two
	case a := <-s.waiting:
		return a, true
	default:
		return answer{}, false
	}
}
