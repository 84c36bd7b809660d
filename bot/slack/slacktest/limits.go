package slacktest

import "time"

// Slack's limits as this workspace enforces them when told to. From Slack's page "Rate limits": about one message a second
// for a channel, and 50 a minute for a method of tier 3.
const (
	postEvery     = time.Second
	updatesMinute = 50
)

// SetRateLimits makes the workspace answer 429 with Retry-After to those who post to a channel, or update messages, more
// often than Slack lets them. Slack allows short bursts; this does not.
func (w *Workspace) SetRateLimits(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limited = on
}

// overLimit is the refusal of a call that comes too early, nil if it may go on. A call that may go on is counted.
func (w *Workspace) overLimit(method, channel string) *Fault {
	if !w.limited {
		return nil
	}
	now := w.opts.Now()
	switch method {
	case "chat.postMessage":
		if at, ok := w.posted[channel]; ok && now.Sub(at) < postEvery {
			return &Fault{Status: 429, Error: "ratelimited", RetryAfter: postEvery - now.Sub(at)}
		}
		w.posted[channel] = now
	case "chat.update":
		for len(w.updated) > 0 && now.Sub(w.updated[0]) >= time.Minute {
			w.updated = w.updated[1:]
		}
		if len(w.updated) >= updatesMinute {
			return &Fault{Status: 429, Error: "ratelimited", RetryAfter: time.Minute - now.Sub(w.updated[0])}
		}
		w.updated = append(w.updated, now)
	}
	return nil
}
