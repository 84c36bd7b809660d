package approvals_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// consenting is a request that waits for an administrator's consent.
func consenting(t *testing.T) (approvals.Request, time.Time) {
	t.Helper()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	consent := approvals.ByHand{Kind: approvals.HandConsent, Name: "consent-nx", Title: "consent for nx", Group: "admins"}
	app := approvals.AppTarget("contracts", "nx")
	plan := approvals.Plan{Kind: approvals.KindApp, Changes: []approvals.Change{
		{Target: app, Entry: approvals.EntryRegistered}, {Target: consent.Target(), Entry: "Sites.Selected", Hand: &consent}, {Target: app, Entry: "certificate:51aa"},
	}}
	r := approvals.Request{
		ID: "HP-1", State: approvals.StateApproved, Written: true, ApplyBy: now.Add(24 * time.Hour), Ask: approvals.Ask{Kind: approvals.KindApp, App: "nx"},
		Rounds: []approvals.Round{{
			Kind: approvals.RoundFirst, Outcome: approvals.OutcomeApproved, Plan: plan, Term: approvals.Term{For: 30 * 24 * time.Hour},
			Ruling: approvals.Ruling{Seats: []approvals.Seat{{Group: "security", Count: 1}}},
		}},
	}
	for _, c := range plan.Changes {
		r.Changes = append(r.Changes, approvals.Progress{Change: c, State: approvals.ChangeHeld})
	}
	r.Changes[0].State, r.Changes[0].At = approvals.ChangeVerified, now
	r.Changes[1].State, r.Changes[1].At = approvals.ChangeReleased, now
	return r, now
}

func stepped(t *testing.T, r approvals.Request, e approvals.Event, now time.Time) approvals.Request {
	t.Helper()
	next, _, err := approvals.Step(r, e, approvals.Moment{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestConsentIsSeenAndNobodysWordCountsForIt(t *testing.T) {
	t.Parallel()
	r, now := consenting(t)
	app, permissions, waits := r.AwaitsConsent()
	if !waits || app != approvals.AppTarget("contracts", "nx") || strings.Join(permissions, " ") != "Sites.Selected" {
		t.Fatalf("%v %v %v", app, permissions, waits)
	}
	admin := approvals.Person{ID: "admin", Human: "admin", Enabled: true}
	_, _, err := approvals.Step(r, approvals.Attested{By: admin, Evidence: "I have clicked"}, approvals.Moment{Now: now})
	if err == nil || !strings.Contains(err.Error(), "nobody's word counts") {
		t.Errorf("%v", err)
	}
	if got := stepped(t, r, approvals.Consented{Consent: approvals.Consent{Missing: []string{"Sites.Selected"}}}, now); got.Changes[1].State != approvals.ChangeReleased {
		t.Errorf("without consent: %+v", got.Changes)
	}
	wider := stepped(t, r, approvals.Consented{Consent: approvals.Consent{Wider: []string{"Mail.Read"}}}, now)
	if wider.Changes[1].State != approvals.ChangeReleased || wider.Stuck == nil || !strings.Contains(wider.Stuck.Why, "Mail.Read") {
		t.Errorf("wider: %+v %+v", wider.Changes, wider.Stuck)
	}
	later := stepped(t, wider, approvals.Consented{Consent: approvals.Consent{Wider: []string{"Mail.Read"}}}, now.Add(time.Minute))
	if later.Stuck == nil || !later.Stuck.Since.Equal(now) {
		t.Errorf("since when: %+v", later.Stuck)
	}
	given := stepped(t, later, approvals.Consented{}, now.Add(2*time.Minute))
	if given.Stuck != nil || given.Changes[1].State != approvals.ChangeAttested || given.Changes[2].State != approvals.ChangeReleased {
		t.Fatalf("given: %+v %+v", given.Changes, given.Stuck)
	}
	active := stepped(t, given, approvals.Woke{Views: []approvals.View{{}, {}, {Verified: true}}}, now.Add(3*time.Minute))
	if active.State != approvals.StateActive || active.Word() != approvals.WordVerified || len(active.Attesters()) != 0 {
		t.Errorf("%s, %q", active.State, active.Word())
	}
	if again := stepped(t, active, approvals.Consented{}, now.Add(4*time.Minute)); again.State != approvals.StateActive {
		t.Errorf("a consent that nothing waits for: %s", again.State)
	}
}

func TestConsentGoesWithTheApplicationAndSendsNobody(t *testing.T) {
	t.Parallel()
	r, now := consenting(t)
	r = stepped(t, r, approvals.Consented{}, now)
	r = stepped(t, r, approvals.Woke{Views: []approvals.View{{}, {}, {Verified: true}}}, now.Add(time.Minute))
	r = stepped(t, r, approvals.Woke{}, r.End)
	if r.State != approvals.StateEnding || r.Changes[2].State != approvals.ChangeWithdrawn || r.Changes[0].State != approvals.ChangeVerified {
		t.Fatalf("the credential goes first: %s %+v", r.State, r.Changes)
	}
	if _, waits := r.Task(); waits || len(r.InHands()) > 0 {
		t.Error("somebody is sent to take a consent away")
	}
	r = stepped(t, r, approvals.Woke{Views: []approvals.View{{}, {}, {Absent: true}}}, r.End.Add(time.Minute))
	if r.Changes[1].State != approvals.ChangeAbsent || r.Changes[0].State != approvals.ChangeWithdrawn {
		t.Errorf("%+v", r.Changes)
	}
	r = stepped(t, r, approvals.Woke{Views: []approvals.View{{Absent: true}}}, r.End.Add(2*time.Minute))
	if r.State != approvals.StateEnded || r.Word() != approvals.WordVerified {
		t.Errorf("%s %q", r.State, r.Word())
	}
}

func TestARequestCancelledBeforeConsentEndsWithoutIt(t *testing.T) {
	t.Parallel()
	r, now := consenting(t)
	r = stepped(t, r, approvals.Woke{}, now.Add(25*time.Hour)) // not applied in time
	r = stepped(t, r, approvals.Woke{Views: []approvals.View{{Absent: true}}}, now.Add(26*time.Hour))
	if r.State != approvals.StateEnded || r.Changes[1].State != approvals.ChangeAbsent {
		t.Errorf("%s %+v", r.State, r.Changes)
	}
}
