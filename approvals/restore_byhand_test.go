package approvals_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hallpass/approvals"
)

// What people put somewhere by hand has no row, and is in no target that anybody reads: only the request remembers it.
func TestWhatIsDoneByHandComesBackAndIsUndone(t *testing.T) {
	t.Parallel()
	hank := done("hank", "the list has it, ask Hank Hill")
	hank.By.Name = "Hank Hill"
	s := beginWith(t, byHand("x")).approved().released().does(hank).is(approvals.StateActive)
	data, err := json.Marshal(s.r.Remnant())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "Hank Hill") || strings.Contains(string(data), "the list") {
		t.Errorf("a checkpoint says who it was, or what they said: %s", data)
	}
	if s.r.Changes[0].Done.Evidence == "" || s.r.Changes[0].Done.By.Name == "" {
		t.Error("the request itself has lost its evidence")
	}
	end := s.r.End
	s.r = approvals.Restore(approvals.Request{}, remnant(&s.r), false, s.now, s.now)
	s.is(approvals.StateActive).are("attested")
	if !s.r.End.Equal(end) || !s.r.Changes[0].Accepted.IsZero() {
		t.Errorf("it ends %s, want %s; %+v", s.r.End, end, s.r.Changes[0])
	}
	s.now = end
	s.does(approvals.Woke{}).is(approvals.StateEnding).are("withdrawn")
	s.does(undone("hank", "gone")).is(approvals.StateEnded)

	waits := beginWith(t, byHand("x")).approved().released() // perhaps somebody is at it
	waits.r = approvals.Restore(approvals.Request{}, remnant(&waits.r), false, waits.now, waits.now)
	waits.is(approvals.StateEnding).does(approvals.Woke{}).are("withdrawn").does(undone("hank", "it was never made")).is(approvals.StateEnded)
}
