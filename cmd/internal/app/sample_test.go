package app

import (
	"testing"
	"time"
)

func TestTheShareOfTheBudgetIsThatOfTheLastMinute(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	u := usage{rate: 0.5}
	for i, row := range []struct {
		n    int64
		want float64
	}{{1000, 0}, {1005, 1}, {1005, 0.5}, {1005, 5.0 / 15}, {1005, 0.25}, {1005, 0.2}, {1005, 5.0 / 30}, {1005, 0}, {3, 0}, {8, 1}} {
		if got := u.share(at.Add(time.Duration(i)*sampling), row.n); got < row.want-1e-9 || got > row.want+1e-9 {
			t.Errorf("look %d: %v, want %v", i+1, got, row.want)
		}
	}
}
