package slack

import (
	"sync"
	"time"

	"hallpass/approvals"
)

// perChannel is Slack's limit for posting to one channel. From Slack's page "Rate limits".
const perChannel = time.Second

// pace keeps this replica within Slack's limits: one post a second for a channel, and silence where Slack asked for it.
// Another replica has its own; what both send at once, Slack answers with 429, which is obeyed.
type pace struct {
	mu sync.Mutex // mu guards the fields below
	// next is when a channel may be posted to again.
	next map[string]time.Time
	// asked is the latest time that somebody was told to come back for a channel: the next one is told a later time, so
	// that fifty who wait come one after the other and not all at once.
	asked map[string]time.Time
	// held is until when Slack asked not to be called: by method, and for posting by method and channel.
	held map[string]time.Time
	// fails counts the calls that Slack failed in a row, by the same keys as held.
	fails map[string]int
}

func newPace() *pace {
	return &pace{next: map[string]time.Time{}, asked: map[string]time.Time{}, held: map[string]time.Time{}, fails: map[string]int{}}
}

// maxKept bounds the channels that are remembered. What is forgotten is remembered anew by the next answer of Slack.
const maxKept = 10_000

// lane is what a call is held by: other channels go on when one of them is posted to too often.
func lane(method, channel string) string {
	if method == methodPost {
		return method + " " + channel
	}
	return method
}

const (
	methodPost   = "chat.postMessage"
	methodUpdate = "chat.update"
	methodInfo   = "conversations.info"
)

// turn takes the turn for a call at the moment now, or says how long to wait.
func (p *pace) turn(method, channel string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	free := p.held[lane(method, channel)]
	if method == methodPost && p.next[channel].After(free) {
		free = p.next[channel]
	}
	if !free.After(now) {
		if method == methodPost {
			p.next[channel] = now.Add(perChannel)
		}
		return 0
	}
	if method != methodPost {
		return free.Sub(now)
	}
	if last := p.asked[channel].Add(perChannel); last.After(free) {
		free = last
	}
	p.asked[channel] = free
	for _, m := range []map[string]time.Time{p.next, p.asked, p.held} {
		if len(m) > maxKept {
			clear(m)
		}
	}
	return free.Sub(now)
}

// hold keeps calls back for a while, because Slack asked for it.
func (p *pace) hold(method, channel string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.held[lane(method, channel)]) {
		p.held[lane(method, channel)] = until
	}
}

// How long nothing is tried after Slack failed a call, doubled each time: an outage is not made worse by those who wait.
const (
	failWait     = 2 * time.Second
	failWaitMost = time.Minute
)

// failed notes that Slack failed a call, and gives how long to wait.
func (p *pace) failed(method, channel string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := lane(method, channel)
	wait := min(failWait<<min(p.fails[key], 10), failWaitMost)
	p.fails[key]++
	p.held[key] = now.Add(wait)
	if len(p.fails) > maxKept {
		clear(p.fails)
	}
	return wait
}

// fine notes that Slack carried a call out.
func (p *pace) fine(method, channel string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.fails, lane(method, channel))
}

// turn takes the turn for a call, or says when it comes.
func (s *Slack) turn(method, channel string) error {
	wait := s.pace.turn(method, channel, s.cfg.Now())
	if wait <= 0 {
		return nil
	}
	return &approvals.Later{At: s.cfg.Clock().Add(wait), Why: "Slack takes no more of " + method + " just now"}
}
