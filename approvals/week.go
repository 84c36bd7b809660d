package approvals

import "time"

// Monday is the midnight, in the zone, at which the week of t begins.
func Monday(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day()-(int(local.Weekday())+6)%7, 0, 0, 0, 0, zone)
}

// WeeksAfter is in which week t is, counted from the one that begins at monday, in its zone; below 0 if before it.
func WeeksAfter(monday, t time.Time) int {
	date := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	days := int(date(t.In(monday.Location())).Sub(date(monday)) / (24 * time.Hour))
	if days < 0 {
		days -= 6 // rounded down
	}
	return days / 7
}
