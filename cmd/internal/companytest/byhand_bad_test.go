package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
)

// threads is how many messages of a channel say this, cards and what hangs below them.
func (s *scene) threads(channel, text string) int {
	n := 0
	for _, m := range s.c.Slack.Messages(channel) {
		if strings.Contains(m.Plain(), text) {
			n++
		}
	}
	return n
}

// byHand has an address put into the MFA service settings for 30 days, as far as the approval.
func (s *scene) byHand() {
	s.t.Helper()
	s.reads("Ana", s.says("ana", "ip 20.50.2.1 in mfa-settings for 30d because AgilePoint NX"), "HP-1001 is asked for")
	s.wait(10 * time.Second)
	s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
	s.wait(time.Minute)
	s.state("HP-1001", approvals.StateApproved)
}

func TestNobodyMakesItByHandAndItLapses(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.byHand()
		const nudge = "still to be put into MFA service settings by hand"
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{2 * time.Hour, 1}, {2 * time.Hour, 2}, {4 * time.Hour, 3}, {16 * time.Hour, 4}, {24 * time.Hour, 5}} {
			s.wait(step.wait)
			if got := s.threads(companytest.ChanIdentity, nudge); got != step.want {
				t.Errorf("%d nudges, want %d", got, step.want)
			}
		}
		if got := s.threads(companytest.ChanSecurity, nudge); got != 0 {
			t.Errorf("security is nudged %d times about what is not theirs", got)
		}
		s.wait(25 * time.Hour) // apply_within is three days
		r := s.state("HP-1001", approvals.StateEnding)
		if r.Cause.Word != approvals.CauseNotApplied {
			t.Errorf("it is ending because of %q", r.Cause.Word)
		}
		// Somebody may have made it and said nothing, so somebody has to look.
		s.reads("the identity team's card", s.card(companytest.ChanIdentity, "HP-1001").Plain(), "take it out of MFA service settings by hand")
		s.reads("Bo", s.says("bo", "done HP-1001 I have just made it"), "has ended: now it has to be taken away")
		s.reads("Bo", s.says("bo", "undone HP-1001 it is not in the list"), "It has ended (attested by Bo Berg)")
		s.state("HP-1001", approvals.StateEnded)
	})
}

func TestWhatNobodyTakesAwayIsRemindedOfEveryDayAndAlarmed(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.byHand()
		s.says("bo", "done HP-1001 it is in the list")
		r := s.state("HP-1001", approvals.StateActive)
		s.wait(time.Until(r.End) + 25*time.Hour)
		const still, overdue = "still to be taken out of MFA service settings by hand", "overdue: it has ended and is still in force"
		before := s.threads(companytest.ChanIdentity, still)
		if before != 4 {
			t.Errorf("%d reminders on the first day, want 4", before)
		}
		if got := s.threads(companytest.ChanSecurity, overdue); got == 0 {
			t.Error("security is not told that it is overdue")
		}
		for day := range 10 {
			s.wait(24 * time.Hour)
			if got := s.threads(companytest.ChanIdentity, still); got != before+day+1 {
				t.Fatalf("day %d: %d reminders, want %d", day, got, before+day+1)
			}
		}
		stats, err := s.c.Store.Stats(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if stats.ByHand < 11*24*time.Hour || stats.Overdue != 0 || stats.Stuck != 1 {
			t.Errorf("the metrics: by hand %s, overdue %s, stuck %d", stats.ByHand, stats.Overdue, stats.Stuck)
		}
		s.reads("Ana", s.says("ana", "show HP-1001"), "Still in force")
		s.reads("Sam", s.says("sam", "undone HP-1001 gone at last"), "It has ended (attested by Sam Stone)")
		if stats, err := s.c.Store.Stats(s.ctx); err != nil || stats.ByHand != 0 || stats.Stuck != 0 {
			t.Errorf("the metrics afterwards: %+v, %v", stats, err)
		}
		s.wait(48 * time.Hour)
		if got := s.threads(companytest.ChanIdentity, still); got != before+10 {
			t.Errorf("%d reminders of what is done", got)
		}
	})
}

func TestWhatIsRevokedBeforeAnybodyMadeItIsLookedForAllTheSame(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.byHand()
		s.reads("Bo", s.says("bo", "take HP-1001"), "The steps come to you")
		s.reads("Ana", s.says("ana", "cancel HP-1001"), "HP-1001")
		s.wait(10 * time.Second)
		s.state("HP-1001", approvals.StateEnding)
		s.reads("Bo", s.directly("bo"), "take these lines out of the list, and nothing else")
		s.reads("Bo", s.says("bo", "done HP-1001 made"), "has ended: now it has to be taken away")
		s.reads("Bo", s.says("bo", "undone HP-1001 I had not made it yet"), "It has ended (attested by Bo Berg)")
		s.reads("Bo", s.says("bo", "undone HP-1001 again"), "nothing is to be done by hand for it now")
		s.wait(10 * time.Second)
		s.reads("Ana", s.directly("ana"), "Ended (attested by Bo Berg)")
		s.never("Ana", s.directly("ana"), "In force, attested")
	})
}

func TestAWordGivenTwiceAndByTwoPeopleCountsOnce(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.byHand()
		for _, name := range []string{"ana", "cleo"} { // asked for it; is not of identity
			s.reads(name, s.says(name, "take HP-1001"), "identity")
			s.state("HP-1001", approvals.StateApproved)
		}
		s.says("bo", "take HP-1001")
		s.says("sam", "take HP-1001") // the last one has it
		s.wait(5 * time.Second)
		s.reads("the identity team's card", s.card(companytest.ChanIdentity, "HP-1001").Plain(), "Sam Stone (identity)")
		s.reads("Sam", s.says("sam", "done HP-1001 it is in the list"), "It is in force (attested by Sam Stone)")
		s.reads("Sam", s.says("sam", "done HP-1001 it is in the list"), "nothing is to be done by hand for it now")
		s.reads("Bo", s.says("bo", "done HP-1001 I have made it, too"), "nothing is to be done by hand for it now")
		s.reads("Bo", s.says("bo", "undone HP-1001 too early"), "nothing is to be done by hand for it now")
		if r := s.state("HP-1001", approvals.StateActive); r.Word() != "attested by Sam Stone" {
			t.Errorf("it is %q", r.Word())
		}
		if n := strings.Count(s.audit(), `"act":"done"`); n != 1 {
			t.Errorf("%d words of it are in the audit log", n)
		}
		for _, name := range []string{"bo", "sam"} {
			s.reads(name, s.says(name, "list todo"), "There is nothing")
		}
	})
}

func TestARenewalByHandMovesTheEndAndSendsNobodyAnywhere(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.byHand()
		s.says("bo", "done HP-1001 it is in the list")
		before := s.state("HP-1001", approvals.StateActive)
		s.wait(time.Until(before.End) - 48*time.Hour)
		s.reads("Ana", s.directly("ana"), "Still needed?")
		cards := s.threads(companytest.ChanIdentity, "HP-1001")
		s.reads("Ana", s.says("ana", "renew HP-1001 for 14d because the connector is late"), "HP-1001")
		s.wait(10 * time.Second)
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(time.Minute)
		after := s.state("HP-1001", approvals.StateActive)
		if !after.End.After(before.End.Add(13 * 24 * time.Hour)) {
			t.Errorf("it ends %s, before it was %s", after.End, before.End)
		}
		if _, waits := after.Task(); waits || s.threads(companytest.ChanIdentity, "HP-1001") != cards {
			t.Error("somebody is sent to do what is done already")
		}
		s.wait(time.Until(before.End) + time.Hour)
		s.state("HP-1001", approvals.StateActive)
		s.wait(time.Until(after.End) + time.Minute)
		s.state("HP-1001", approvals.StateEnding)
		s.reads("Bo", s.says("bo", "undone HP-1001 out of the list"), "It has ended (attested by Bo Berg)")
	})
}
