package companytest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/companytest"
)

// asks opens n short requests of one address each, as fast as one person may ask.
func (s *scene) asks(n int) []approvals.RequestID {
	s.t.Helper()
	var ids []approvals.RequestID
	for i := range n {
		s.says("ana", fmt.Sprintf("ip 20.50.%d.1 in trusted-servers for 12h because of test %d", i, i))
		ids = append(ids, approvals.MakeRequestID(int64(1001+i)))
	}
	return ids
}

// decides votes without chat, as somebody does on another platform.
func (s *scene) decides(who companytest.Person, id approvals.RequestID, choice approvals.Choice) {
	s.t.Helper()
	r, err := s.c.Store.Load(s.ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	act := approvals.Act{Operation: fmt.Sprintf("%s-%s-%s", who.Slack, id, choice), Person: who.Entra, At: time.Now()}
	_, err = s.c.Core.Engine.Vote(s.ctx, act, id, approvals.Ballot{Choice: choice, Fingerprint: r.Round().Fingerprint, Reason: "decided elsewhere"})
	if err != nil {
		s.t.Fatalf("%s on %s: %v", who.Name, id, err)
	}
}

// copies are the messages of a channel about a request that are no replies.
func (s *scene) copies(channel string, id approvals.RequestID) []slacktest.Message {
	var out []slacktest.Message
	for _, m := range s.c.Slack.Messages(channel) {
		if m.ThreadTS == "" && strings.Contains(m.Plain(), string(id)+":") {
			out = append(out, m)
		}
	}
	return out
}

func labels(m slacktest.Message) string {
	var out []string
	for _, b := range m.Buttons() {
		out = append(out, b.Label)
	}
	return strings.Join(out, ", ")
}

func buttonsOf(c bot.Card) string {
	var out []string
	for _, b := range c.Buttons {
		out = append(out, b.Label)
	}
	return strings.Join(out, ", ")
}

// upToDate looks whether every place that shows a request shows one card, and that one as it is now.
func (s *scene) upToDate(ids []approvals.RequestID, strays bool) {
	s.t.Helper()
	v := bot.Voice{Zone: time.UTC}
	for _, id := range ids {
		r, err := s.c.Store.Load(s.ctx, id)
		if err != nil {
			s.t.Fatal(err)
		}
		for channel, want := range map[string]bot.Card{companytest.ChanNetsec: v.Live(&r, true), s.c.Slack.DMChannel("U0ANA"): v.Owned(&r)} {
			cards := 0
			for _, m := range s.copies(channel, id) {
				if strings.Contains(m.Plain(), "This card is being filled in") {
					if !strays {
						s.t.Errorf("%s: a stray line in %s", id, channel)
					}
					if labels(m) != "" {
						s.t.Errorf("%s: a stray line has the buttons %s", id, labels(m))
					}
					continue
				}
				cards++
				if !strings.Contains(m.Plain(), want.Lead[0].Text) || labels(m) != buttonsOf(want) {
					s.t.Errorf("%s is %s; in %s it shows [%s]\n%s", id, r.State, channel, labels(m), m.Plain())
				}
			}
			if cards != 1 {
				s.t.Errorf("%s has %d cards in %s", id, cards, channel)
			}
		}
	}
}

// tooFast counts the posts and updates that Slack refused because they came too fast, and the notices told twice.
func (s *scene) tooFast() (refused int, twice []string) {
	for _, c := range s.c.Slack.Calls("chat.postMessage", "chat.update") {
		if c.Error == "ratelimited" {
			refused++
		}
	}
	seen := map[string]bool{}
	for _, channel := range []string{companytest.ChanNetsec, s.c.Slack.DMChannel("U0ANA")} {
		for _, m := range s.c.Slack.Messages(channel) {
			key := channel + m.ThreadTS + m.Plain()
			if m.ThreadTS != "" && seen[key] {
				twice = append(twice, m.Plain())
			}
			seen[key] = true
		}
	}
	return refused, twice
}

// TestAfterAnHourWithoutSlackEveryCardIsRight lets fifty requests move while Slack is down, by decisions made elsewhere and
// by time. When it is back, every copy of every card is right, at Slack's pace, and nothing was posted twice.
func TestAfterAnHourWithoutSlackEveryCardIsRight(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		bo := companytest.People()[1]
		s.c.Slack.SetRateLimits(true)
		ids := s.asks(50)
		s.wait(5 * time.Minute)
		s.upToDate(ids, false)
		s.c.Slack.SetOutage(true)
		for i, id := range ids {
			switch i % 4 {
			case 0, 1:
				s.decides(bo, id, approvals.ChoiceApprove)
			case 2:
				s.decides(bo, id, approvals.ChoiceDeny)
			}
			s.wait(time.Second)
		}
		s.wait(time.Hour)
		active := 0
		for _, id := range ids {
			if r, err := s.c.Store.Load(s.ctx, id); err == nil && r.State == approvals.StateActive {
				active++
			}
		}
		if active != 26 {
			t.Errorf("%d of 26 were applied while Slack was down", active)
		}
		before := len(s.c.Slack.Calls("chat.postMessage", "chat.update"))
		s.c.Slack.Heal()
		s.wait(10 * time.Minute)
		s.upToDate(ids, false)
		refused, twice := s.tooFast()
		if len(twice) > 0 {
			t.Errorf("told twice: %q", twice)
		}
		calls := len(s.c.Slack.Calls("chat.postMessage", "chat.update")) - before
		t.Logf("%d posts and updates in all; %d calls after the outage; %d answered with 429", before+calls, calls, refused)
		if refused > 10 || before > 1000 {
			t.Errorf("Slack had to refuse %d calls of %d", refused, before+calls)
		}
	})
}

// TestPostsThatArrivedAndFailedLeaveNoDeadButton has Slack take every post and answer 503 for a while.
func TestPostsThatArrivedAndFailedLeaveNoDeadButton(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.c.Slack.Fail("chat.postMessage", slacktest.Fault{Status: 503, Happened: true, Times: -1})
		ids := s.asks(3)
		s.wait(20 * time.Minute)
		s.c.Slack.Heal()
		s.wait(10 * time.Minute)
		s.upToDate(ids, true)
		for _, id := range ids {
			if n := len(s.copies(companytest.ChanNetsec, id)); n > 12 {
				t.Errorf("%s left %d lines behind", id, n-1)
			}
		}
	})
}
