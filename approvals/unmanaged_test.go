package approvals_test

import (
	"testing"
	"time"

	"hallpass/approvals"
)

func TestOneCountIsKeptForEachWeek(t *testing.T) {
	t.Parallel()
	var s approvals.Survey
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) // a Wednesday
	look := func(days, found int) {
		at = at.AddDate(0, 0, days)
		s = approvals.Survey{At: at, List: make([]approvals.Unmanaged, found)}.After(s)
	}
	look(0, 5)
	look(1, 4)
	look(3, 3) // Sunday, the same week
	look(1, 2)
	if len(s.Past) != 2 || s.Past[0] != (approvals.Counted{Week: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Count: 3}) || s.Past[1].Count != 2 {
		t.Errorf("%+v", s.Past)
	}
	for range 40 {
		look(7, 1)
	}
	if len(s.Past) != 26 || s.Past[0].Count != 1 || !s.Past[25].Week.Equal(time.Date(2027, 9, 6, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%d weeks, from %+v to %+v", len(s.Past), s.Past[0], s.Past[len(s.Past)-1])
	}
}
