package approvals

import (
	"slices"
	"time"
)

// Calendar says when people are at work, so that what ends, ends when somebody can help. The zero value is Monday to
// Friday, 10:00 UTC.
type Calendar struct {
	Zone *time.Location
	Hour int            // 0: 10
	Days []time.Weekday // empty: Monday to Friday
	Off  []string       // dates on which nobody works, as 2006-01-02
}

// Morning is the first working morning at or after t.
func (c Calendar) Morning(t time.Time) time.Time {
	zone, hour, days := c.Zone, c.Hour, c.Days
	if zone == nil {
		zone = time.UTC
	}
	if hour == 0 {
		hour = 10
	}
	if len(days) == 0 {
		days = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	}
	local := t.In(zone)
	for i := range 400 {
		day := time.Date(local.Year(), local.Month(), local.Day()+i, hour, 0, 0, 0, zone)
		if !day.Before(t) && slices.Contains(days, day.Weekday()) && !slices.Contains(c.Off, day.Format(time.DateOnly)) {
			return day.UTC()
		}
	}
	return t
}

// EndOf is when a term that begins at start ends: exactly, or, if it is a day or longer, on the first working morning
// from then on.
func (c Calendar) EndOf(term Term, start time.Time) time.Time {
	end := term.End(start)
	if term.Length(start) < 24*time.Hour {
		return end
	}
	return c.Morning(end)
}

// Moment is what Step is told about time.
type Moment struct {
	Now      time.Time // the store's clock
	Calendar Calendar
}
