package slack

import (
	"testing"
	"time"
)

func TestThoseWhoWaitComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	p, now := newPace(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	if wait := p.turn(methodPost, "C1", now); wait != 0 {
		t.Fatalf("the first waits %s", wait)
	}
	for i := 1; i <= 50; i++ {
		if wait := p.turn(methodPost, "C1", now); wait != time.Duration(i)*time.Second {
			t.Fatalf("number %d is told to come in %s", i, wait)
		}
	}
	if wait := p.turn(methodPost, "C2", now); wait != 0 {
		t.Errorf("another channel waits %s", wait)
	}
	for i := range 50 { // each comes when it was told to
		if wait := p.turn(methodPost, "C1", now.Add(time.Duration(i+1)*time.Second)); wait != 0 {
			t.Fatalf("number %d came in time and waits %s", i+1, wait)
		}
	}
	if wait := p.turn(methodUpdate, "C1", now); wait != 0 {
		t.Errorf("an update waits %s for posts", wait)
	}
}

func TestWhatSlackAskedToStopStopsAndNothingElse(t *testing.T) {
	t.Parallel()
	p, now := newPace(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p.hold(methodPost, "C1", now.Add(30*time.Second))
	p.hold(methodPost, "C1", now.Add(10*time.Second)) // an older answer that came later
	for channel, want := range map[string]time.Duration{"C1": 30 * time.Second, "C2": 0} {
		if wait := p.turn(methodPost, channel, now); wait != want {
			t.Errorf("%s waits %s, want %s", channel, wait, want)
		}
	}
	p.hold(methodUpdate, "C1", now.Add(time.Minute)) // for updates Slack counts the workspace
	if wait := p.turn(methodUpdate, "C2", now); wait != time.Minute {
		t.Errorf("an update waits %s", wait)
	}
}

func TestAnOutageIsAskedAboutEverMoreRarelyUntilItIsOver(t *testing.T) {
	t.Parallel()
	p, now := newPace(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var waits []time.Duration
	for range 8 {
		waits = append(waits, p.failed(methodUpdate, "C1", now))
	}
	for i, want := range []int{2, 4, 8, 16, 32, 60, 60, 60} {
		if int(waits[i].Seconds()) != want {
			t.Errorf("after failure %d it waits %s", i+1, waits[i])
		}
	}
	p.fine(methodUpdate, "C1")
	if wait := p.failed(methodUpdate, "C1", now); wait != 2*time.Second {
		t.Errorf("after a success it begins with %s", wait)
	}
}
