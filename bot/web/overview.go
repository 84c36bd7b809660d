package web

import (
	"slices"
	"time"

	"hallpass/approvals"
)

// soonShown is how many of those that end first are shown.
const soonShown = 8

// weeksShown is how many weeks of endings the chart shows.
const weeksShown = 12

// Overview is the numbers that matter.
type Overview struct {
	Active, Waiting, Applying, Ending int
	Ends7, Ends30                     int
	Overdue, Stuck, Unused            int
	TakenOut                          int // by another hand, in the last 30 days
	Total                             int // also of what is long over
	Weeks                             []Week
	Soon                              []*Row // active, and those of them that end first
}

// Week is how many active requests end in a week that begins on a Monday.
type Week struct {
	Begins        time.Time
	IPs, Accounts int // applications count as accounts
}

// Overview counts. A request that is overdue is not among those that end soon.
func (g *Register) Overview(now time.Time, zone *time.Location) Overview {
	g.mu.RLock()
	defer g.mu.RUnlock()
	const day = 24 * time.Hour
	monday := approvals.Monday(now, zone)
	over := monday.AddDate(0, 0, 7*weeksShown)
	o := Overview{Weeks: make([]Week, weeksShown), Total: len(g.newest)}
	byEnd := orderBy("end")
	takenOut := g.names.numbers[approvals.CauseTakenOut] // 0 if nothing ever was
	var last int64                                       // when the last of those that are shown ends
	for i := range o.Weeks {
		o.Weeks[i].Begins = monday.AddDate(0, 0, 7*i)
	}
	for _, at := range g.newest {
		k := &g.keys[at]
		if takenOut > 0 && k.cause == takenOut && now.UnixMilli()-k.causeAt < (30*day).Milliseconds() {
			o.TakenOut++
		}
		switch k.State() {
		case approvals.StatePending:
			o.Waiting++
		case approvals.StateApproved:
			o.Applying++
		case approvals.StateEnding:
			o.Ending++
		case approvals.StateActive:
			o.Active++
			if k.unused {
				o.Unused++
			}
			if k.EndsWithin(7*day, now) {
				o.Ends7++
			}
			if k.EndsWithin(30*day, now) {
				o.Ends30++
			}
			if k.end < over.UnixMilli() {
				o.week(k)
			}
			if len(o.Soon) < soonShown || k.end <= last {
				o.soon(g.rows[at], byEnd)
				last = o.Soon[len(o.Soon)-1].End.UnixMilli()
			}
		case approvals.StateNone, approvals.StateEnded, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
			continue
		}
		if k.Overdue(now) {
			o.Overdue++
		}
		if k.stuck {
			o.Stuck++
		}
	}
	return o
}

// soon keeps the row if it is among those that end first.
func (o *Overview) soon(r *Row, byEnd compare) {
	if len(o.Soon) == soonShown && byEnd(r, o.Soon[soonShown-1]) > 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(o.Soon, r, byEnd)
	o.Soon = slices.Insert(o.Soon, at, r)
	o.Soon = o.Soon[:min(len(o.Soon), soonShown)]
}

// week adds an ending to its week; what ends before the first is overdue, and in none.
func (o *Overview) week(k *key) {
	i := len(o.Weeks) - 1
	for i >= 0 && k.end < o.Weeks[i].Begins.UnixMilli() {
		i--
	}
	switch {
	case i < 0:
	case k.kind == placeIn(kinds(), approvals.KindIP):
		o.Weeks[i].IPs++
	default:
		o.Weeks[i].Accounts++
	}
}
