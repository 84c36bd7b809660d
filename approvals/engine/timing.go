package engine

import (
	"cmp"
	"time"
)

// Timing is how targets are converged. Each zero field means its default.
type Timing struct {
	// Lease is how long a worker has a target or request to itself: 6 s.
	Lease time.Duration
	// Deadline bounds one call to Graph; no call starts with less than this left on the lease: 4 s.
	Deadline time.Duration
	// Settle is what a successor waits past the lease of a worker that vanished, before its first step: 3 s.
	Settle time.Duration
	// Reads is how many successive reads must agree: 5.
	Reads int
	// Spacing is the time between two reads that count: 5 s.
	Spacing time.Duration
	// Stale is how long reads may disagree with an accepted write before it is written again: 15 s.
	Stale time.Duration
	// Late are the late verifies after each write: 2 and 15 minutes.
	Late []time.Duration
	// Sweep is how often a target that holds live entries is read although nothing is due: 10 minutes.
	Sweep time.Duration
	// ChatLease is how long a worker has a piece of chat work or an inbox item to itself: 30 s. Nothing extends it, so that
	// what somebody did in chat waits that long if the replica dies that had it in hand. It is long because chats and a plan
	// take their time, and a second worker at the same act could only do the same once more; nothing that ends an exemption
	// is claimed by it.
	ChatLease time.Duration
	// PlanLease is how long a worker has a request to itself while it plans it once more before it is applied: 30 s.
	PlanLease time.Duration
	// ScheduleLease is how long one run of a schedule may take: 2 minutes.
	ScheduleLease time.Duration
	// Poll is how often an idle worker asks for work: 1 s.
	Poll time.Duration
}

func (t Timing) withDefaults() Timing {
	t.Lease = cmp.Or(t.Lease, 6*time.Second)
	t.Deadline = cmp.Or(t.Deadline, 4*time.Second)
	t.Settle = cmp.Or(t.Settle, 3*time.Second)
	t.Reads = cmp.Or(t.Reads, 5)
	t.Spacing = cmp.Or(t.Spacing, 5*time.Second)
	t.Stale = cmp.Or(t.Stale, 15*time.Second)
	if t.Late == nil {
		t.Late = []time.Duration{2 * time.Minute, 15 * time.Minute}
	}
	t.Sweep = cmp.Or(t.Sweep, 10*time.Minute)
	t.ChatLease = cmp.Or(t.ChatLease, 30*time.Second)
	t.PlanLease = cmp.Or(t.PlanLease, 30*time.Second)
	t.ScheduleLease = cmp.Or(t.ScheduleLease, 2*time.Minute)
	t.Poll = cmp.Or(t.Poll, time.Second)
	return t
}
