package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// byHand makes a request one whose address was put into a place by hand.
func byHand(state approvals.State, change approvals.ChangeState, done, undone *approvals.Attestation) func(r *approvals.Request) {
	return func(r *approvals.Request) {
		place := approvals.ByHand{Kind: approvals.HandService, Name: "mfa-settings", Title: "MFA service settings", Group: "identity"}
		c := approvals.Change{Target: place.Target(), Title: place.Title, Entry: "20.50.2.1/32", Label: "20.50.2.1/32", Hand: &place}
		r.State, r.Rounds[0].Plan.Changes = state, []approvals.Change{c}
		r.Changes = []approvals.Progress{{Change: c, State: change, At: r.Opened, Done: done, Undone: undone}}
		if state == approvals.StateEnding || state == approvals.StateEnded {
			r.Cause = &approvals.Cause{Word: approvals.CauseEnd, At: r.Opened}
		}
	}
}

func TestWhatPeopleSayIsNeverCalledVerified(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	said := func(by, evidence string) *approvals.Attestation {
		return &approvals.Attestation{By: approvals.Person{ID: by, Name: by}, Evidence: evidence, At: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}
	}
	s.mem.request(1001, byHand(approvals.StateEnding, approvals.ChangeWithdrawn, said("Bo Berg", "<b>seen</b>"), nil))
	s.mem.request(1002, byHand(approvals.StateEnded, approvals.ChangeAbsent, said("Bo Berg", "seen"), said("Sam Stone", "gone, =1+1")))
	s.mem.request(1003, func(r *approvals.Request) {
		r.State, r.Cause = approvals.StateEnded, &approvals.Cause{Word: approvals.CauseEnd, At: r.Opened}
		c := approvals.Change{Target: approvals.Target{Kind: approvals.TargetLocation, ID: "l"}, Title: "Servers", Entry: "20.50.2.1/32", Label: "20.50.2.1/32"}
		r.Changes = []approvals.Progress{{Change: c, State: approvals.ChangeAbsent, At: r.Opened, Accepted: r.Opened}}
	})
	b := s.browser()
	for path, wants := range map[string][]string{
		"/requests/HP-1001": {"to be taken away by hand", "<b>attested</b> by Bo Berg: put into MFA service settings", "&lt;b&gt;seen&lt;/b&gt;"},
		"/requests/HP-1002": {"(attested by Sam Stone)", "gone, attested", "<b>attested</b> by Sam Stone: taken out of MFA service settings"},
		"/requests/HP-1003": {"(verified)"},
		"/requests":         {"attested by Sam Stone", ">verified<"},
	} {
		got := b.get(path)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d", path, got.status)
		}
		for _, want := range wants {
			if !strings.Contains(got.text, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, got.text)
			}
		}
		if path != "/requests" && path != "/requests/HP-1003" && (strings.Contains(got.text, "(verified)") || strings.Contains(got.text, "read back")) {
			t.Errorf("%s says verified of what a person said", path)
		}
	}
	csv := b.get("/export/requests.csv").text
	if !strings.Contains(csv, "attested by Sam Stone\r\n") || !strings.Contains(csv, ",verified\r\n") {
		t.Errorf("the export does not tell them apart:\n%s", csv)
	}
}
