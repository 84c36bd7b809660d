package companytest_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hallpass/approvals"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest/contract"
)

// scene is a company in a bubble of fake time, in which people talk.
type scene struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // lives as long as its test
	c   *companytest.Company
}

func inCompany(t *testing.T, o companytest.Options, play func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		o.Now, o.Log = time.Now, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		o.Judge = contract.For(t)
		o.Timing.Poll = 6 * time.Hour // everything else is kicked, or due at a known time
		c, err := companytest.New(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Core.Run(ctx) }()
		play(&scene{t, ctx, c})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if damage, err := c.Damage(ctx); err != nil || len(damage) > 0 {
			t.Errorf("the audit log at the end: %v, %v", damage, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func id(name string) string { return "U0" + strings.ToUpper(name) }

// says types a command in the general channel and gives what the person then reads, acknowledgement and answers.
func (s *scene) says(name, text string) string {
	s.t.Helper()
	before := len(s.c.Slack.Ephemerals(id(name)))
	d, err := s.c.Slack.Command(s.ctx, id(name), companytest.ChanGeneral, "/hallpass", text)
	if err != nil {
		s.t.Fatalf("%s: /hallpass %s: %v", name, text, err)
	}
	s.wait(3 * time.Second)
	var read []string
	for _, m := range s.c.Slack.Ephemerals(id(name))[before:] {
		read = append(read, m.Plain())
	}
	if d.Problem != "" {
		read = append(read, d.Problem)
	}
	return strings.Join(read, "\n")
}

func (s *scene) wait(d time.Duration) {
	s.t.Helper()
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

// weekly is the title of the digest, which speaks of many requests.
const weekly = "hallpass this week"

// card finds the newest message of a channel that speaks of the request, and not of others too.
func (s *scene) card(channel, about string) slacktest.Message {
	s.t.Helper()
	var found slacktest.Message
	for _, m := range s.c.Slack.Messages(channel) {
		if m.ThreadTS == "" && strings.Contains(m.Plain(), about) && (about == weekly || !strings.Contains(m.Plain(), weekly)) {
			found = m
		}
	}
	if found.TS == "" {
		s.t.Fatalf("no card about %s in %s", about, channel)
	}
	return found
}

// clicks clicks a button and submits the form that opens, with these values.
func (s *scene) clicks(name, channel, about, button string, values map[string]any) {
	s.t.Helper()
	if _, err := s.c.Slack.Click(s.ctx, id(name), s.card(channel, about).Ref(), button); err != nil {
		s.t.Fatalf("%s clicks %s: %v", name, button, err)
	}
	s.wait(time.Second)
	if values == nil {
		return
	}
	view, ok := s.c.Slack.Front(id(name))
	if !ok {
		s.t.Fatalf("no form opened for %s after %s; they read: %v", name, button, s.c.Slack.Ephemerals(id(name)))
	}
	if _, err := s.c.Slack.Submit(s.ctx, id(name), view.ID, values); err != nil {
		s.t.Fatalf("%s submits: %v", name, err)
	}
	s.wait(3 * time.Second)
}

func (s *scene) reads(where, got, want string) {
	s.t.Helper()
	if !strings.Contains(got, want) {
		s.t.Errorf("%s:\n%s\ndoes not say %q", where, got, want)
	}
}

func (s *scene) state(rid approvals.RequestID, want approvals.State) approvals.Request {
	s.t.Helper()
	r, err := s.c.Store.Load(s.ctx, rid)
	if err != nil {
		s.t.Fatal(err)
	}
	if r.State != want {
		s.t.Fatalf("%s is %s, want %s; stuck %+v, cause %+v", rid, r.State, want, r.Stuck, r.Cause)
	}
	return r
}

func TestAnAddressIsAskedForApprovedAppliedRemindedRenewedAndTakenAway(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.reads("Ana", s.says("ana", "ip 20.50.2.1 in trusted-servers for 30d because AgilePoint NX calls SharePoint"), "HP-1001 is asked for")
		s.wait(10 * time.Second)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "AgilePoint NX calls SharePoint")
		s.reads("Ana", s.says("ana", "approve HP-1001"), "so you cannot decide")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		if s.c.Tenant.Has(companytest.Location, "20.50.2.1/32") {
			t.Fatal("it was applied with one approval of two")
		}
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(2 * time.Minute)
		r := s.state("HP-1001", approvals.StateActive)
		if !s.c.Tenant.Has(companytest.Location, "20.50.2.1/32") || !s.c.Tenant.Has(companytest.Location, "52.166.10.0/28") {
			t.Errorf("the tenant has %v", s.c.Tenant.Ranges(companytest.Location))
		}
		s.wait(30 * time.Second)
		card := s.card(companytest.ChanNetsec, "HP-1001")
		s.reads("the approvers' card", card.Plain(), "Applied. Ends")
		for _, b := range card.Buttons() {
			if b.Label == "Approve" {
				t.Error("a decided card still has its buttons")
			}
		}
		s.wait(time.Until(r.End.Add(-3*24*time.Hour)) + time.Minute)
		var thread []string
		dm := s.card(s.c.Slack.DMChannel("U0ANA"), "HP-1001")
		for _, m := range s.c.Slack.Thread(dm.Channel, dm.TS) {
			thread = append(thread, m.Plain())
		}
		s.reads("Ana's thread", strings.Join(thread, "\n"), "Still needed?")
		s.reads("Ana", s.says("ana", "renew HP-1001 for 10d because the migration is late"), "the renewal is asked for")
		s.wait(10 * time.Second)
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.clicks("sam", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		renewed := s.state("HP-1001", approvals.StateActive)
		if !renewed.End.After(r.End) {
			t.Errorf("the end stays %v", renewed.End)
		}
		s.wait(time.Until(renewed.End) + 15*time.Second)
		if s.c.Tenant.Has(companytest.Location, "20.50.2.1/32") {
			t.Error("15 s after its end it is still there")
		}
		s.wait(2 * time.Minute)
		s.state("HP-1001", approvals.StateEnded)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "Taken away and verified")
		if got := s.c.Tenant.Ranges(companytest.Location); len(got) != 1 {
			t.Errorf("the tenant has %v", got)
		}
	})
}

func TestAServiceAccountNeedsItsOwnersYesFirst(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.reads("Ana", s.says("ana", "account svc-nx@contoso.com in integrations for 7d because AgilePoint NX"), "waits for the owner, Sam Stone")
		s.wait(5 * time.Second)
		s.reads("Bo", s.says("bo", "approve HP-1001"), "waits for its owner")
		s.reads("Sam", s.says("sam", "approve HP-1001"), "your yes counts")
		s.wait(5 * time.Second)
		s.reads("Sam", s.says("sam", "approve HP-1001"), "does not count")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(2 * time.Minute)
		r := s.state("HP-1001", approvals.StateActive)
		if !s.c.Tenant.IsMember(companytest.GroupExempt, r.Account.ID) {
			t.Error("it is not in the group")
		}
		s.reads("Cleo", s.says("cleo", "revoke HP-1001 because an incident"), "is being taken away")
		s.wait(10 * time.Second)
		if s.c.Tenant.IsMember(companytest.GroupExempt, r.Account.ID) {
			t.Error("it is still in the group")
		}
		s.wait(2 * time.Minute)
		s.state("HP-1001", approvals.StateEnded)
	})
}

func TestWhatMakesNoSenseIsAnsweredWithWhatToTypeInstead(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		for text, want := range map[string]string{
			"ip 10.1.2.3 for 30d because x":             "your public egress address, not 10.1.2.3",
			"ip 20.50.2.1 in nowhere for 30d because x": "/hallpass ip 20.50.2.1 in trusted-servers for 30d because x",
			"ip 20.50.2.1":                                                            "/hallpass ip 20.50.2.1 in trusted-servers for 90d because",
			"ip 20.50.0.0/16 for 30d because x":                                       "Ranges wider than 256 addresses",
			"ip 52.166.10.3 for 30d because x":                                        "already trusted by 52.166.10.0/28",
			"ip 20.50.2.1 for 400d because x":                                         "90",
			"aprove HP-1":                                                             "/hallpass approve HP-1",
			"account nobody@contoso.com for 7d because x":                             "There is no account",
			"account svc-old@contoso.com for 7d because x":                            "is disabled",
			"account breakglass@contoso.onmicrosoft.com for 7d because x":             "emergency-access",
			"account guest_partner.com#EXT#@contoso.onmicrosoft.com for 7d because x": "is a guest",
			"account ana@contoso.com for 7d because x":                                "People are not exempted",
			"account svc-flow@contoso.com for 7d because x":                           "has no owner",
			"show HP-9":    "There is no request HP-9",
			"deny HP-9":    "A reason is needed",
			"list nothing": "There is no list",
			"help":         "take your request back",
		} {
			s.reads("/hallpass "+text, s.says("ana", text), want)
			s.wait(10 * time.Second)
		}
	})
}
