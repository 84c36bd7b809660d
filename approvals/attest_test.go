package approvals_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// adfs is a place in which the members of the group hands do what Graph cannot.
func adfs() approvals.ByHand {
	return approvals.ByHand{Kind: approvals.HandADFS, Name: "adfs", Title: "AD FS", Group: "hands", GroupID: "g"}
}

// byHand is an entry in that place.
func byHand(entry string) approvals.Change {
	place := adfs()
	return approvals.Change{Target: place.Target(), Title: place.Title, Entry: entry, Label: entry, Hand: &place}
}

// beginWith opens a request with exactly these changes.
func beginWith(t *testing.T, changes ...approvals.Change) *story {
	t.Helper()
	s := &story{t: t, now: monday()}
	p := plan()
	p.Changes = changes
	return s.does(approvals.Opened{
		ID: "HP-1", Requester: person("ana"), Owner: person("ana"), Plan: p, Ruling: ruling(),
		Ask: approvals.Ask{Kind: approvals.KindIP, Where: "adfs", Term: approvals.Term{For: 30 * 24 * time.Hour}, Reason: "a workflow engine"},
	})
}

func graphed(id, entry string) approvals.Change {
	return approvals.Change{Target: target(id), Entry: entry, Label: entry}
}

func done(by, evidence string) approvals.Attested {
	return approvals.Attested{By: person(by), Evidence: evidence, Via: "test"}
}

func undone(by, evidence string) approvals.Attested {
	a := done(by, evidence)
	a.Undo = true
	return a
}

// states are the states of the changes, in order, joined by spaces.
func (s *story) states() string {
	var out []string
	for _, c := range s.r.Changes {
		out = append(out, string(c.State))
	}
	return strings.Join(out, " ")
}

func (s *story) are(want string) *story {
	s.t.Helper()
	if got := s.states(); got != want {
		s.t.Fatalf("the changes are %s, want %s", got, want)
	}
	return s
}

func (s *story) refuses(e approvals.Event, reason approvals.Reason) *story {
	s.t.Helper()
	before := s.states()
	err := s.try(e)
	no, ok := errors.AsType[*approvals.Refusal](err)
	if !ok || no.Reason != reason {
		s.t.Fatalf("%T: got %v, want a refusal because of %s", e, err, reason)
	}
	return s.are(before)
}

func TestWhatIsDoneByHandIsAttestedUpAndDown(t *testing.T) {
	t.Parallel()
	s := beginWith(t, byHand("203.0.113.7/32"), byHand("203.0.113.8/32")).approved().released().are("released released")
	if len(s.r.Rows()) != 0 {
		t.Fatalf("rows: %v", s.r.Rows())
	}
	for _, f := range s.fx {
		if _, is := f.(approvals.Converge); is {
			t.Error("a place by hand is to be converged")
		}
	}
	task, waits := s.r.Task()
	if !waits || task.Undo || len(task.Changes) != 2 || task.Place.Group != "hands" {
		t.Fatalf("%+v, %v", task, waits)
	}
	s.does(approvals.Woke{}).are("released released") // nothing but a person's word moves it
	s.does(s.seen(approvals.View{Verified: true})).are("released released")
	s.does(approvals.TaskTaken{By: person("hank")})
	if task, _ := s.r.Task(); task.Taken == nil || task.Taken.By.ID != "hank" {
		t.Errorf("taken: %+v", task.Taken)
	}
	s.later(time.Hour).does(done("hank", "the list has both")).are("attested attested").is(approvals.StateActive)
	if got := s.r.Word(); got != "attested by hank" {
		t.Errorf("it is %q", got)
	}
	if s.r.Applied != s.now || s.r.End.IsZero() {
		t.Errorf("applied %s, ends %s", s.r.Applied, s.r.End)
	}
	s.now = s.r.End
	s.does(approvals.Woke{}).is(approvals.StateEnding).are("withdrawn withdrawn")
	if task, waits := s.r.Task(); !waits || !task.Undo || task.Taken != nil {
		t.Fatalf("%+v, %v", task, waits)
	}
	s.does(s.seen(approvals.View{Absent: true})).are("withdrawn withdrawn") // no read can know it
	s.later(time.Hour).does(undone("hugo", "taken out, see TASK-9")).is(approvals.StateEnded).are("absent absent")
	if got := s.r.Word(); got != "attested by hugo" {
		t.Errorf("it ended %q", got)
	}
	for _, c := range s.r.Changes {
		if c.Done.By.ID != "hank" || c.Undone.Evidence != "taken out, see TASK-9" || c.Undone.Via != "test" {
			t.Errorf("%+v, %+v", c.Done, c.Undone)
		}
	}
}

// Down, what Graph can take away does not wait for a person: nothing of it would end on time otherwise.
func TestAMixedPlanKeepsItsOrderUpAndWaitsForNobodyDown(t *testing.T) {
	t.Parallel()
	s := beginWith(t, graphed("a", "203.0.113.7/32"), byHand("x"), byHand("y"), graphed("b", "203.0.113.8/32")).approved().released()
	s.are("released held held held").refuses(done("hank", "too early"), approvals.RefusedState)
	s.does(s.seen(approvals.View{Verified: true})).are("verified released released held")
	s.does(s.seen(approvals.View{Verified: true})).are("verified released released held")
	s.does(done("hank", "made")).are("verified attested attested released")
	s.does(s.seen(approvals.View{Verified: true})).is(approvals.StateActive)
	if got := s.r.Word(); got != "attested by hank" {
		t.Errorf("it is %q: what a person says decides the word", got)
	}
	s.does(approvals.Revoked{By: person("sam"), Why: "an incident"}).are("verified attested attested withdrawn")
	s.refuses(undone("hank", "too early"), approvals.RefusedState)
	s.does(s.seen(approvals.View{Absent: true})).are("withdrawn withdrawn withdrawn absent")
	s.does(s.seen(approvals.View{Absent: true})).are("absent withdrawn withdrawn absent").is(approvals.StateEnding)
	if len(s.r.Rows()) != 0 {
		t.Errorf("Graph still has %v", s.r.Rows())
	}
	s.does(undone("hank", "gone")).is(approvals.StateEnded).are("absent absent absent absent")
	if got := s.r.Word(); got != "attested by hank" {
		t.Errorf("it ended %q", got)
	}
}

func TestWhatWasReleasedAndNeverAttestedMayHaveBeenMade(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(s *story){
		"cancelled": func(s *story) { s.does(approvals.Cancelled{By: person("ana"), Why: "no"}) },
		"not in time": func(s *story) {
			s.later(24 * time.Hour).does(approvals.Woke{})
			if s.r.Cause.Word != approvals.CauseNotApplied {
				t.Errorf("cause %q", s.r.Cause.Word)
			}
		},
	} {
		s := beginWith(t, byHand("x")).approved().released()
		how(s)
		s.is(approvals.StateEnding).are("withdrawn").refuses(done("hank", "made, after all"), approvals.RefusedState)
		s.later(time.Minute).does(undone("hank", "it was never made")).is(approvals.StateEnded)
		if s.r.Word() != "attested by hank" {
			t.Errorf("%s: it ended %q", name, s.r.Word())
		}
	}
}

func TestATaskIsRemindedOfAndItsUndoingNeverLapses(t *testing.T) {
	t.Parallel()
	s := beginWith(t, byHand("x")).approved().released()
	reminded := func() int { task, _ := s.r.Task(); return task.Reminded }
	for i, after := range []time.Duration{2 * time.Hour, 2 * time.Hour, 4 * time.Hour} {
		at, ok := s.wake()
		if want := s.now.Add(after); !ok || !at.Equal(want) && i == 0 {
			t.Fatalf("woken at %s, want %s", at, want)
		}
		if s.later(after).does(approvals.Woke{}); reminded() != i+1 {
			t.Fatalf("reminded %d times, want %d", reminded(), i+1)
		}
	}
	s.does(done("hank", "made")).is(approvals.StateActive)
	s.now = s.r.End
	s.does(approvals.Woke{})
	if reminded() != 0 {
		t.Fatal("reminders of the other direction count")
	}
	s.later(23 * time.Hour).does(approvals.Woke{})
	if s.r.Stuck != nil {
		t.Fatalf("stuck too early: %+v", s.r.Stuck)
	}
	since := s.r.Changes[0].At
	s.later(time.Hour).does(approvals.Woke{})
	if task, _ := s.r.Task(); s.r.Stuck == nil || !s.r.Stuck.Since.Equal(since) || !task.Late {
		t.Fatalf("nobody has taken it away for a day: %+v", s.r.Stuck)
	}
	for range 30 {
		at, ok := s.wake()
		if !ok || !at.After(s.now) || at.After(s.now.Add(24*time.Hour)) {
			t.Fatalf("woken at %s, now it is %s", at, s.now)
		}
		s.later(24 * time.Hour).does(approvals.Woke{}).is(approvals.StateEnding).are("withdrawn")
	}
	if reminded() < 30 {
		t.Errorf("reminded %d times in a month", reminded())
	}
	s.does(undone("hank", "gone at last")).is(approvals.StateEnded)
}

func TestWhatAnotherLiveRequestKeepsNobodyTakesAway(t *testing.T) {
	t.Parallel()
	s := beginWith(t, byHand("x"), byHand("y")).approved().released().does(done("hank", "made")).is(approvals.StateActive)
	s.now = s.r.End
	s.does(approvals.Woke{}).are("withdrawn withdrawn")
	if at, ok := s.wake(); !ok || at.After(s.now) {
		t.Errorf("it is held against the other requests at %s", at)
	}
	s.does(approvals.Woke{Views: []approvals.View{{KeptBy: "HP-2"}, {}}}).are("absent withdrawn")
	if task, waits := s.r.Task(); !waits || len(task.Changes) != 1 || task.Entries(&s.r)[0] != "y" {
		t.Fatalf("%+v", task)
	}
	s.does(undone("hank", "y is gone")).is(approvals.StateEnded)
	if s.r.Changes[0].KeptBy != "HP-2" || s.r.Changes[0].Undone != nil {
		t.Errorf("%+v", s.r.Changes[0])
	}
	all := beginWith(t, byHand("x")).approved().released().does(done("hank", "made"))
	all.now = all.r.End
	all.does(approvals.Woke{}).does(approvals.Woke{Views: []approvals.View{{KeptBy: "HP-2"}}}).is(approvals.StateEnded)
	if w := all.r.Word(); w != "" {
		t.Errorf("nobody took anything away or read anything, but it ended %q", w)
	}
}

func TestWhoseWordCounts(t *testing.T) {
	t.Parallel()
	s := beginWith(t, byHand("x")).approved().released()
	s.refuses(done("ana", "I made it"), approvals.RefusedRights) // asked for it, and owns it
	s.r.Account = person("svc")
	s.refuses(done("svc", "I made it"), approvals.RefusedRights)
	gone := done("hank", "I made it")
	gone.By.Enabled = false
	s.refuses(gone, approvals.RefusedRights)
	guest := done("hank", "I made it")
	guest.By.Guest = true
	s.refuses(guest, approvals.RefusedRights)
	twin := done("hank", "I made it")
	twin.By.Human = "ana" // another account of the requester
	s.refuses(twin, approvals.RefusedRights)
	s.r.Rounds[0].Ruling.AttestSelf = true
	s.does(done("ana", "I made it, as the rule allows")).is(approvals.StateActive)
}

func TestEvidenceIsNeededBoundedAndHoldsTheFingerprint(t *testing.T) {
	t.Parallel()
	s := beginWith(t, byHand("x")).approved().released()
	s.refuses(done("hank", "  \n "), approvals.RefusedInput)
	s.refuses(done("hank", strings.Repeat("x", approvals.MaxEvidence+1)), approvals.RefusedInput)
	wants := done("hank", "made, no errors")
	wants.Expect = "hallpass-0123456789abcdef"
	s.refuses(wants, approvals.RefusedInput)
	wants.Evidence = "hallpass-0123456789abcdee" // of another request, or of another state
	s.refuses(wants, approvals.RefusedInput)
	wants.Evidence = "hallpass-0123456789abcdef0"
	s.refuses(wants, approvals.RefusedInput)
	wants.Evidence = "Paste this line to hallpass:\nHALLPASS-0123456789abcdef"
	s.does(wants).is(approvals.StateActive)
	if got := s.r.Changes[0].Done; got.Proof != wants.Expect {
		t.Errorf("%+v", got)
	}
}

func TestAWordGivenTwiceIsGivenOnce(t *testing.T) {
	t.Parallel()
	s := beginWith(t, byHand("x")).approved().released().does(done("hank", "made"))
	s.refuses(done("hugo", "made, too"), approvals.RefusedState)
	s.refuses(undone("hugo", "gone"), approvals.RefusedState)
	if s.r.Changes[0].Done.By.ID != "hank" {
		t.Error("the second word took the place of the first")
	}
}

func TestARenewalOfWhatIsDoneByHandAsksNobodyToDoAnything(t *testing.T) {
	t.Parallel()
	s := beginWith(t, byHand("x")).approved().released().does(done("hank", "made"))
	p := plan()
	p.Changes = []approvals.Change{byHand("x")}
	s.does(approvals.RenewAsked{By: person("ana"), Term: approvals.Term{For: 240 * time.Hour}, Reason: "still needed", Plan: p, Ruling: ruling()})
	end := s.r.End
	s.does(s.vote("bo", "netsec")).does(s.vote("sam", "security")).are("attested")
	if !s.r.End.After(end) {
		t.Error("it was not renewed")
	}
}

func TestAnotherPlaceIsATaskOfItsOwn(t *testing.T) {
	t.Parallel()
	other := byHand("z")
	place := *other.Hand
	place.Name, place.Group = "elsewhere", "others"
	other.Hand, other.Target = &place, place.Target()
	s := beginWith(t, byHand("x"), other).approved().released().are("released held")
	s.does(done("hank", "made")).are("attested released")
	if task, _ := s.r.Task(); task.Place.Name != "elsewhere" {
		t.Errorf("%+v", task)
	}
}
