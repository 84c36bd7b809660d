package teamstest

import (
	"slices"
	"time"
)

// window allows most requests within a time.
type window struct {
	most int
	per  time.Duration
}

// sendWindows are the limits for one bot in one thread, readWindows those for members and conversations, appWindows those
// of the app in the tenant. "Optimize your bot with rate limiting in Teams".
func sendWindows() []window {
	return []window{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}}
}

func readWindows() []window {
	return []window{{14, time.Second}, {16, 2 * time.Second}, {120, 30 * time.Second}, {3600, time.Hour}}
}

func appWindows() []window { return []window{{30, time.Second}} }

// within counts a request and says whether it is within all limits. What is refused does not count.
func (c *Cloud) within(in request) bool {
	thread := in.op
	if len(in.ids) > 0 {
		thread = in.ids[0]
	}
	name, windows := "send "+thread, sendWindows()
	switch in.op {
	case OpMembers, OpMember, OpTeam, OpChannels:
		name, windows = "read "+thread, readWindows()
	}
	if !c.room(name, windows) || !c.room("app", appWindows()) {
		return false
	}
	now := c.opts.Now()
	c.sends[name], c.sends["app"] = append(c.sends[name], now), append(c.sends["app"], now)
	return true
}

// room says whether one more request fits.
func (c *Cloud) room(name string, windows []window) bool {
	now := c.opts.Now()
	c.sends[name] = slices.DeleteFunc(c.sends[name], func(at time.Time) bool { return now.Sub(at) >= time.Hour })
	for _, w := range windows {
		n := 0
		for _, at := range c.sends[name] {
			if now.Sub(at) < w.per {
				n++
			}
		}
		if n >= w.most {
			return false
		}
	}
	return true
}
