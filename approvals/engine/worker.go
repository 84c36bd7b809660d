package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"hallpass/approvals"
)

// Workers are how many workers of one replica each lane has.
type Workers map[approvals.Lane]int

// DefaultWorkers keeps workers reserved for ends and for what people did.
func DefaultWorkers() Workers {
	return Workers{
		approvals.LaneEnd: 4, approvals.LaneInbox: 4, approvals.LaneApply: 4, approvals.LaneChat: 4, approvals.LaneSweep: 1,
	}
}

// Pool runs the workers of one replica.
type Pool struct {
	engine  *Engine
	workers Workers
	name    string
	kicks   map[approvals.Lane]chan struct{}
}

// NewPool makes the workers of a replica. name appears in claims and must differ between replicas.
func NewPool(e *Engine, workers Workers, name string) *Pool {
	p := &Pool{engine: e, workers: workers, name: name, kicks: make(map[approvals.Lane]chan struct{})}
	for _, lane := range approvals.Lanes() {
		p.kicks[lane] = make(chan struct{}, max(workers[lane], 1))
	}
	return p
}

// Kick makes an idle worker of the lane look for work at once.
func (p *Pool) Kick(lane approvals.Lane) {
	select {
	case p.kicks[lane] <- struct{}{}:
	default:
	}
}

// Run works until the context ends. Work in hand is finished within its lease.
func (p *Pool) Run(ctx context.Context) error {
	var g errgroup.Group
	if len(p.engine.cfg.Schedules) > 0 {
		g.Go(func() error {
			p.engine.keepBooked(ctx)
			return nil
		})
	}
	for lane, n := range p.workers {
		for i := range n {
			g.Go(func() error {
				p.loop(ctx, lane, fmt.Sprintf("%s/%s/%d", p.name, lane, i))
				return nil
			})
		}
	}
	return g.Wait()
}

// loop claims one piece of work at a time, so that nothing waits in a claim.
func (p *Pool) loop(ctx context.Context, lane approvals.Lane, worker string) {
	for ctx.Err() == nil {
		n, next, err := p.engine.RunOnce(ctx, lane, worker)
		if err != nil && ctx.Err() == nil {
			p.engine.cfg.Log.WarnContext(ctx, "claiming work failed", "lane", string(lane), "error", err)
		}
		if n > 0 {
			continue
		}
		wait := p.engine.cfg.Timing.Poll
		if next > 0 {
			wait = min(wait, next)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-p.kicks[lane]:
		}
		timer.Stop()
	}
}

// RunOnce claims one due member of the lane and works on it. It returns how many it worked on, and how long until the
// next one is due if that is known. Only a failure to claim is an error: a failure of the work itself is logged, and the
// work comes due again.
func (e *Engine) RunOnce(ctx context.Context, lane approvals.Lane, worker string) (int, time.Duration, error) {
	lease := e.cfg.Timing.Lease
	if lane == approvals.LaneChat || lane == approvals.LaneInbox {
		lease = e.cfg.Timing.ChatLease
	}
	received := e.cfg.Now()
	claims, next, err := e.cfg.Queue.Claim(ctx, lane, 1, lease, worker)
	if err != nil {
		return 0, 0, fmt.Errorf("claiming from %s: %w", lane, err)
	}
	for _, claim := range claims {
		e.work(ctx, claim, received)
	}
	if len(claims) > 0 || next.IsZero() {
		return len(claims), 0, nil
	}
	now, err := e.cfg.Queue.Now(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("asking for the time: %w", err)
	}
	return 0, max(next.Sub(now), time.Millisecond), nil
}

// work does one claim. The work in hand goes on when the program is told to stop: it is bounded by its lease.
func (e *Engine) work(ctx context.Context, claim approvals.Claim, received time.Time) {
	lease := claim.Until.Sub(claim.Now)
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	err := e.do(bounded, claim, received)
	if err == nil || errors.Is(err, approvals.ErrLostClaim) {
		return
	}
	if !errors.Is(err, approvals.ErrConflict) {
		e.cfg.Log.WarnContext(ctx, "work failed and is tried again", "member", claim.Member(), "attempt", claim.Attempt, "error", err)
	}
	if errors.Is(err, approvals.ErrStore) {
		return // nothing can be said to the store now; the lease will lapse
	}
	late, stop := context.WithTimeout(context.WithoutCancel(ctx), giveBack) // the lease may have been extended, or be over
	defer stop()
	if errors.Is(err, approvals.ErrConflict) {
		err = e.finish(late, claim, claim.Now)
	} else {
		err = e.cfg.Queue.Fail(late, claim, claim.Now.Add(backOff(claim.Attempt+claim.Fails)))
	}
	if err != nil && !errors.Is(err, approvals.ErrLostClaim) {
		e.cfg.Log.WarnContext(ctx, "giving work back failed", "member", claim.Member(), "error", err)
	}
}

// giveBack bounds giving back work that failed.
const giveBack = 2 * time.Second

// backOff is the pause after the given try: 1 s after the first, up to 30 s.
func backOff(try int) time.Duration {
	return min(time.Second<<min(max(try-1, 0), 6), 30*time.Second)
}

func (e *Engine) do(ctx context.Context, claim approvals.Claim, received time.Time) error {
	switch claim.Kind {
	case approvals.DueRequest:
		return e.wake(ctx, claim)
	case approvals.DueTarget:
		return e.converge(ctx, claim, received)
	case approvals.DueInbox:
		return e.carry(ctx, claim)
	case approvals.DueTell:
		return e.tell(ctx, claim)
	case approvals.DueSchedule:
		return e.run(ctx, claim)
	}
	return e.finish(ctx, claim, time.Time{})
}

// carry carries out what somebody did in chat.
func (e *Engine) carry(ctx context.Context, claim approvals.Claim) error {
	item, err := e.cfg.Inbox.Item(ctx, claim.Key)
	if errors.Is(err, approvals.ErrNotFound) {
		return e.finish(ctx, claim, time.Time{})
	}
	if err != nil {
		return fmt.Errorf("reading inbox item %s: %w", claim.Key, err)
	}
	closed, result, err := e.cfg.Chat.Carry(ctx, claim, item)
	if wait, ok := errors.AsType[*approvals.Later](err); ok { // no failure: it waits for its turn
		return e.finish(ctx, claim, wait.At)
	}
	if err != nil {
		return fmt.Errorf("carrying out %s: %w", claim.Key, err)
	}
	if closed {
		return nil
	}
	if err := e.cfg.Inbox.Close(ctx, claim, result); err != nil {
		return fmt.Errorf("closing inbox item %s: %w", claim.Key, err)
	}
	return nil
}

// tell brings chat up to date with a request.
func (e *Engine) tell(ctx context.Context, claim approvals.Claim) error {
	r, err := e.cfg.Requests.Load(ctx, approvals.RequestID(claim.Key))
	if errors.Is(err, approvals.ErrNotFound) {
		return e.finish(ctx, claim, time.Time{})
	}
	if err != nil {
		return fmt.Errorf("loading %s: %w", claim.Key, err)
	}
	again, err := e.cfg.Chat.Tell(ctx, r)
	if err != nil {
		return fmt.Errorf("telling about %s: %w", claim.Key, err)
	}
	return e.finish(ctx, claim, again)
}
