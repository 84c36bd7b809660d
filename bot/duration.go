package bot

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

const (
	day = 24 * time.Hour
	// longestTerm is the longest duration that is read. What is longer is a slip, whatever rules allow.
	longestTerm = 100 * 365 * day
)

// unitOf knows the units that people write.
func unitOf(word string) (time.Duration, bool) {
	switch strings.TrimSuffix(strings.ToLower(word), "s") {
	case "m", "min", "minute":
		return time.Minute, true
	case "h", "hr", "hour":
		return time.Hour, true
	case "d", "day":
		return day, true
	case "w", "wk", "week":
		return 7 * day, true
	case "month", "mo":
		return 30 * day, true
	case "y", "yr", "year":
		return 365 * day, true
	}
	return 0, false
}

// ParseDuration reads a duration as people write it: 90d, 12h, 2 weeks, 1 day 12 hours.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.ToLower(strings.NewReplacer(",", " ", " and ", " ").Replace(strings.TrimSpace(s)))
	wrong := approvals.Refuse(approvals.RefusedInput, "%q is no duration.", clip(s, 60)).Or("Write 90d, 12h, 2 weeks or until 2027-01-31.")
	var total time.Duration
	for text != "" {
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		n, err := strconv.ParseInt(text[:digits], 10, 32)
		if err != nil {
			return 0, wrong
		}
		text = strings.TrimLeft(text[digits:], " ")
		letters := len(text) - len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz"))
		unit, ok := unitOf(text[:letters])
		if !ok || time.Duration(n) > longestTerm/unit { // more would not fit
			return 0, wrong
		}
		if total += time.Duration(n) * unit; total > longestTerm {
			return 0, wrong
		}
		text = strings.TrimLeft(text[letters:], " ")
	}
	if total <= 0 {
		return 0, wrong
	}
	return total, nil
}

// parseUntil reads a date, or a date and time, in the zone. A date alone means the end of that day's morning is worked
// out later; it counts from its first moment.
func parseUntil(s string, zone *time.Location) (time.Time, error) {
	text := strings.TrimSpace(s)
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, approvals.Refuse(approvals.RefusedInput, "%q is no date that cannot be misread.", clip(s, 40)).
		Or("Write the year first: until 2027-01-31.")
}

// sayDuration is a duration as people read it: the largest units, none that is zero.
func sayDuration(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		size time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := int64(d / u.size)
		if n == 0 {
			continue
		}
		d %= u.size
		name := u.name
		if n > 1 {
			name += "s"
		}
		if parts = append(parts, fmt.Sprintf("%d %s", n, name)); len(parts) == 2 {
			break
		}
	}
	if len(parts) == 0 {
		return "no time"
	}
	return strings.Join(parts, " ")
}

// sayTerm is a term as people read it.
func sayTerm(t approvals.Term, zone *time.Location) string {
	if !t.Until.IsZero() {
		return "until " + t.Until.In(zone).Format("2 Jan 2006")
	}
	return "for " + sayDuration(t.For)
}

// typed is a term as it is typed in a command.
func typed(t approvals.Term) string {
	switch {
	case !t.Until.IsZero():
		return "until " + t.Until.Format(time.DateOnly)
	case t.For == 0:
		return "for 90d"
	case t.For%day == 0:
		return fmt.Sprintf("for %dd", t.For/day)
	case t.For%time.Hour == 0:
		return fmt.Sprintf("for %dh", t.For/time.Hour)
	}
	return fmt.Sprintf("for %dm", t.For/time.Minute)
}
