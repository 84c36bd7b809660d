package web

import (
	"time"

	"hallpass/approvals"
)

// weeksShown is how many weeks of endings the chart shows.
const weeksShown = 12

// Overview is the numbers that matter.
type Overview struct {
	Active, Waiting, Applying, Ending int
	Ends7, Ends30                     int
	Overdue, Stuck, Unused            int
	TakenOut                          int // by another hand, in the last 30 days
	Weeks                             []Week
}

// Week is how many active requests end in a week that begins on a Monday.
type Week struct {
	Begins        time.Time
	IPs, Accounts int // applications count as accounts
}

// overview counts. A request that is overdue is not among those that end soon.
func overview(rows []*Row, now time.Time, zone *time.Location) Overview {
	const day = 24 * time.Hour
	monday := approvals.Monday(now, zone)
	over := monday.AddDate(0, 0, 7*weeksShown)
	o := Overview{Weeks: make([]Week, weeksShown)}
	for i := range o.Weeks {
		o.Weeks[i].Begins = monday.AddDate(0, 0, 7*i)
	}
	for _, r := range rows {
		if r.Cause == approvals.CauseTakenOut && now.Sub(r.CauseAt) < 30*day {
			o.TakenOut++
		}
		switch r.State {
		case approvals.StatePending:
			o.Waiting++
		case approvals.StateApproved:
			o.Applying++
		case approvals.StateEnding:
			o.Ending++
		case approvals.StateActive:
			o.Active++
			if r.Unused {
				o.Unused++
			}
			if r.EndsWithin(7*day, now) {
				o.Ends7++
			}
			if r.EndsWithin(30*day, now) {
				o.Ends30++
			}
			if r.End.Before(over) {
				o.week(r)
			}
		case approvals.StateNone, approvals.StateEnded, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
			continue
		}
		if r.Overdue(now) {
			o.Overdue++
		}
		if r.Stuck != "" {
			o.Stuck++
		}
	}
	return o
}

// week adds an ending to its week; what ends before the first is overdue, and in none.
func (o *Overview) week(r *Row) {
	i := len(o.Weeks) - 1
	for i >= 0 && r.End.Before(o.Weeks[i].Begins) {
		i--
	}
	switch {
	case i < 0:
	case r.Kind == approvals.KindAccount, r.Kind == approvals.KindApp:
		o.Weeks[i].Accounts++
	default:
		o.Weeks[i].IPs++
	}
}
