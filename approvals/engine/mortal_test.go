package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
)

var errDead = errors.New("this replica is dead")

// mortal is the store and the tenant as one replica sees them, until it dies.
type mortal struct {
	*redisstore.Store
	tenant *tenant
	sim    *simulation
	mu     sync.Mutex
	rnd    *rand.Rand
	dead   bool
	die    context.CancelFunc
	steal  func(lane approvals.Lane) // a bug: leases are not respected
}

func (m *mortal) roll(p float64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rnd.Float64() < p
}

// live does one call of a replica that may die before or after it, or lose the reply.
func live[T any](m *mortal, call func() (T, error)) (T, error) {
	var zero T
	m.mu.Lock()
	dead := m.dead
	m.mu.Unlock()
	if dead {
		return zero, errDead
	}
	if m.roll(m.sim.crash / 2) {
		m.kill()
		return zero, errDead
	}
	out, err := call()
	m.mu.Lock()
	dead = m.dead
	m.mu.Unlock()
	if dead {
		return zero, errDead
	}
	if m.roll(m.sim.crash / 2) {
		m.kill()
		return zero, errDead
	}
	return out, err
}

// lossy is live for calls to the store, whose replies may get lost after they were carried out.
func lossy[T any](m *mortal, call func() (T, error)) (T, error) {
	return live(m, func() (T, error) {
		out, err := call()
		if err == nil && m.roll(m.sim.drop) {
			var zero T
			return zero, fmt.Errorf("the reply was lost: %w", approvals.ErrStore)
		}
		return out, err
	})
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
	m.die()
}

type nothing struct{}

func (m *mortal) Commit(ctx context.Context, c approvals.Commit) (int64, error) {
	v, err := lossy(m, func() (int64, error) { return m.Store.Commit(ctx, c) })
	if m.sim.bug == "booking overwrites the lease" {
		for _, d := range c.Due {
			m.steal(d.Lane)
		}
	}
	return v, err
}

func (m *mortal) Settle(ctx context.Context, s approvals.Settlement) error {
	_, err := lossy(m, func() (nothing, error) { return nothing{}, m.Store.Settle(ctx, s) })
	return err
}

func (m *mortal) Load(ctx context.Context, id approvals.RequestID) (approvals.Request, error) {
	return live(m, func() (approvals.Request, error) { return m.Store.Load(ctx, id) })
}

type claimed struct {
	claims []approvals.Claim
	next   time.Time
}

func (m *mortal) Claim(ctx context.Context, lane approvals.Lane, limit int, lease time.Duration, worker string) ([]approvals.Claim, time.Time, error) {
	if m.sim.bug == "no target lock" && m.roll(0.5) {
		m.steal(lane)
	}
	c, err := lossy(m, func() (claimed, error) {
		cs, next, err := m.Store.Claim(ctx, lane, limit, lease, worker)
		return claimed{cs, next}, err
	})
	return c.claims, c.next, err
}

func (m *mortal) Fail(ctx context.Context, c approvals.Claim, again time.Time) error {
	_, err := lossy(m, func() (nothing, error) { return nothing{}, m.Store.Fail(ctx, c, again) })
	return err
}

func (m *mortal) Extend(ctx context.Context, c approvals.Claim, lease time.Duration) (approvals.Claim, error) {
	return lossy(m, func() (approvals.Claim, error) { return m.Store.Extend(ctx, c, lease) })
}

func (m *mortal) Note(ctx context.Context, e approvals.Entry) error {
	_, err := lossy(m, func() (nothing, error) { return nothing{}, m.Store.Note(ctx, e) })
	return err
}

func (m *mortal) Finish(ctx context.Context, c approvals.Claim, again time.Time) error {
	_, err := lossy(m, func() (nothing, error) { return nothing{}, m.Store.Finish(ctx, c, again) })
	return err
}

func (m *mortal) Close(ctx context.Context, c approvals.Claim, result json.RawMessage) error {
	_, err := lossy(m, func() (nothing, error) { return nothing{}, m.Store.Close(ctx, c, result) })
	return err
}

func (m *mortal) Plan(ctx context.Context, ask approvals.Ask) (approvals.Plan, error) {
	return live(m, func() (approvals.Plan, error) { return m.tenant.Plan(ctx, ask) })
}

func (m *mortal) Read(ctx context.Context, t approvals.Target, fresh time.Time, class approvals.Class) (approvals.Sight, error) {
	return live(m, func() (approvals.Sight, error) { return m.tenant.Read(ctx, t, fresh, class) })
}

func (m *mortal) Write(ctx context.Context, t approvals.Target, w approvals.Write) error {
	_, err := live(m, func() (nothing, error) { return nothing{}, m.tenant.Write(ctx, t, w) })
	return err
}

func (m *mortal) Edits(ctx context.Context, t approvals.Target, since time.Time) ([]approvals.Edit, error) {
	return live(m, func() ([]approvals.Edit, error) { return m.tenant.Edits(ctx, t, since) })
}
