package engine_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// scripted is a tenant whose answers a test decides, and which remembers what it was asked and when.
type scripted struct {
	*tenant
	mu    sync.Mutex
	asked []question
	// Each hook may be nil. They are called with no lock held.
	write func(n int, do func()) error // n counts writes from 1
	read  func(s approvals.Sight) approvals.Sight
	audit func() error
}

type question struct {
	what string // read, write, audit
	at   time.Time
	w    approvals.Write
}

func (s *scripted) note(what string, w approvals.Write) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, question{what, time.Now(), w})
	n := 0
	for _, q := range s.asked {
		if q.what == what {
			n++
		}
	}
	return n
}

// since gives what was asked from a moment on.
func (s *scripted) since(at time.Time) []question {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []question
	for _, q := range s.asked {
		if !q.at.Before(at) {
			out = append(out, q)
		}
	}
	return out
}

func (s *scripted) writes() []question {
	return slices.DeleteFunc(s.since(time.Time{}), func(q question) bool { return q.what != "write" })
}

func (s *scripted) Read(ctx context.Context, t approvals.Target, fresh time.Time, class approvals.Class) (approvals.Sight, error) {
	s.note("read", approvals.Write{})
	sight, err := s.tenant.Read(ctx, t, fresh, class)
	if s.read != nil && err == nil {
		sight = s.read(sight)
	}
	return sight, err
}

func (s *scripted) Write(ctx context.Context, t approvals.Target, w approvals.Write) error {
	n := s.note("write", w)
	if s.write == nil {
		return s.tenant.Write(ctx, t, w)
	}
	return s.write(n, func() { s.apply(t, w) })
}

func (s *scripted) Edits(ctx context.Context, t approvals.Target, since time.Time) ([]approvals.Edit, error) {
	s.note("audit", approvals.Write{})
	if s.audit != nil {
		if err := s.audit(); err != nil {
			return nil, err
		}
	}
	return s.tenant.Edits(ctx, t, since)
}

// onScript is onStage with a tenant whose answers the test decides.
func onScript(t *testing.T, change func(*engine.Config), play func(s *stage, w *scripted)) {
	t.Helper()
	w := &scripted{}
	onStage(t, func(c *engine.Config) {
		world, ok := c.Entra.(*tenant)
		if !ok {
			t.Fatal("the stage has another tenant")
		}
		w.tenant = world
		c.Entra = w
		if change != nil {
			change(c)
		}
	}, func(s *stage) { play(s, w) })
}

func (s *stage) record(where string) approvals.TargetRecord {
	s.t.Helper()
	rec, _, _, err := s.store.Target(s.ctx, location(where))
	if err != nil {
		s.t.Fatal(err)
	}
	return rec
}
