package teams

import (
	"math/rand/v2"
	"sync"
	"time"

	"hallpass/approvals"
)

// rate is a bucket that keeps all of Microsoft's windows at once (page "Optimize your bot with rate limiting in Teams").
type rate struct {
	burst, perSecond float64
}

// perThread keeps 7 in 1 s, 8 in 2 s, 60 in 30 s and 1,800 in an hour; perTenant 30 in 1 s; perLookup 14 in 1 s, 16 in
// 2 s, 120 in 30 s and 3,600 in an hour. Each holds for this process; with several, Teams' own 429 does the rest.
func perThread() rate { return rate{burst: 6, perSecond: 0.49} }
func perTenant() rate { return rate{burst: 15, perSecond: 14} }
func perLookup() rate { return rate{burst: 12, perSecond: 0.99} }

// bucket is what is left of a rate.
type bucket struct {
	level float64
	at    time.Time
}

// limits keeps the buckets.
type limits struct {
	now, clock func() time.Time

	mu    sync.Mutex // mu guards the fields below
	at    map[string]bucket
	until map[string]time.Time // Teams asked to wait
}

// take takes a turn from every bucket named, or from none and says when there is one.
func (l *limits) take(want map[string]rate) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var wait time.Duration
	next := map[string]bucket{}
	for name, r := range want {
		b, ok := l.at[name]
		if !ok {
			b = bucket{level: r.burst, at: now}
		}
		if passed := now.Sub(b.at).Seconds(); passed > 0 {
			b.level, b.at = min(r.burst, b.level+passed*r.perSecond), now
		}
		if b.level < 1 {
			wait = max(wait, time.Duration((1-b.level)/r.perSecond*float64(time.Second))+time.Millisecond)
		}
		if until := l.until[name]; until.After(now) {
			wait = max(wait, until.Sub(now))
		}
		next[name] = b
	}
	if wait > 0 {
		return l.later(wait, "Teams takes only so many messages for a conversation")
	}
	if len(l.at) > 10_000 {
		clear(l.at)
	}
	for name, b := range next {
		b.level--
		l.at[name] = b
	}
	return nil
}

// hold makes a bucket wait: Teams asked for it.
func (l *limits) hold(name string, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil || len(l.until) > 10_000 {
		l.until = map[string]time.Time{}
	}
	l.until[name] = l.now().Add(wait)
}

// later says when to try again, in the time of everything stored.
func (l *limits) later(wait time.Duration, why string) error {
	return &approvals.Later{At: l.clock().Add(wait), Why: why}
}

// jitter spreads what would come back all at once.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/2+1)) //nolint:gosec // spreads retries; nothing secret
}
