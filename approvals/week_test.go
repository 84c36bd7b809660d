package approvals_test

import (
	"testing"
	"time"

	"hallpass/approvals"
)

func TestWeeksBeginOnMondaysAlsoWhereTheClockIsSetMeanwhile(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []*time.Location{time.UTC, berlin} {
		first := time.Date(2026, 3, 23, 0, 0, 0, 0, zone) // Berlin's summer time begins on the Sunday after
		for hours := range 24 * 60 {
			at := first.Add(time.Duration(hours-24*20) * time.Hour)
			week := approvals.WeeksAfter(first, at)
			begins, over := first.AddDate(0, 0, 7*week), first.AddDate(0, 0, 7*week+7)
			if at.Before(begins) || !at.Before(over) || !approvals.Monday(at, zone).Equal(begins) {
				t.Fatalf("%v is in week %d, from %v; its Monday is %v", at, week, begins, approvals.Monday(at, zone))
			}
		}
	}
}
