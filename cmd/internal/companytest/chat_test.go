package companytest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// server is an ask that network security alone decides on.
const server = "ip 20.50.2.1 in trusted-servers for 12h because AgilePoint NX calls SharePoint"

// directly gives what hallpass wrote to somebody in direct messages, threads too.
func (s *scene) directly(name string) string {
	var out []string
	for _, m := range s.c.Slack.Messages(s.c.Slack.DMChannel(id(name))) {
		out = append(out, m.Plain())
	}
	return strings.Join(out, "\n")
}

// whispers gives what only this person read since a moment, in channels.
func (s *scene) whispers(name string, after int) string {
	var out []string
	for _, m := range s.c.Slack.Ephemerals(id(name))[after:] {
		out = append(out, m.Plain())
	}
	return strings.Join(out, "\n")
}

func TestTheRequesterIsToldDirectlyWhenApprovedAppliedRemindedAndEnded(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.says("ana", "ip 20.50.2.1 in trusted-servers for 30d because AgilePoint NX calls SharePoint")
		s.wait(10 * time.Second)
		s.reads("Ana", s.directly("ana"), "Waits for netsec and security.")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(10 * time.Second)
		s.reads("Ana", s.directly("ana"), "Waits for security.")
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(2 * time.Minute)
		s.reads("Ana", s.directly("ana"), "approved by Bo Berg, Cleo Costa; being applied")
		s.reads("Ana", s.directly("ana"), "applied and verified in Entra ID. It ends")
		if strings.Contains(s.directly("ana"), "Still needed?") {
			t.Error("she is reminded at once")
		}
		r := s.state("HP-1001", approvals.StateActive)
		s.wait(time.Until(r.End.Add(-24*time.Hour)) + time.Minute)
		if n := strings.Count(s.directly("ana"), "Still needed?"); n != 3 {
			t.Errorf("she was reminded %d times; want 14, 3 and 1 day before the end", n)
		}
		var channel strings.Builder
		for _, m := range s.c.Slack.Messages(companytest.ChanNetsec) {
			channel.WriteString(m.Plain())
		}
		s.reads("the approvers' channel", channel.String(), "Still needed?")
		s.wait(time.Until(r.End) + 5*time.Minute)
		s.reads("Ana", s.directly("ana"), "Taken away and verified")
	})
}

func TestATypedApprovalCountsForWhatWasShown(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.c.Slack.Fail("chat.postMessage", slacktest.Fault{Error: "is_archived", Channel: companytest.ChanNetsec, Times: -1})
		s.says("ana", server)
		s.wait(time.Minute)
		s.reads("Ana", s.says("ana", "approve HP-1001"), "so you cannot decide")
		s.reads("Bo", s.says("bo", "approve hp-1001 for 2h"), "Nothing is counted yet.")
		s.reads("Bo", s.whispers("bo", 0), "20.50.2.1/32")
		s.state("HP-1001", approvals.StatePending)
		s.reads("Bo", s.says("bo", "approve hp-1001 for 2h"), "is approved")
		s.wait(2 * time.Minute)
		if r := s.state("HP-1001", approvals.StateActive); r.End.Sub(r.Applied) != 2*time.Hour {
			t.Errorf("it lasts %s", r.End.Sub(r.Applied))
		}
	})
}

func TestAnAnswerOfWhatIsToBeApprovedHasAButtonThatCounts(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.c.Slack.Fail("chat.postMessage", slacktest.Fault{Error: "is_archived", Channel: companytest.ChanNetsec, Times: -1})
		s.says("ana", server)
		s.wait(time.Minute)
		s.says("bo", "approve 1001")
		shown := s.c.Slack.Ephemerals("U0BO")
		if _, err := s.c.Slack.Click(s.ctx, "U0BO", shown[len(shown)-1].Ref(), "Approve"); err != nil {
			t.Fatal(err)
		}
		s.wait(time.Second)
		view, ok := s.c.Slack.Front("U0BO")
		if !ok {
			t.Fatal("no form opened")
		}
		if _, err := s.c.Slack.Submit(s.ctx, "U0BO", view.ID, map[string]any{}); err != nil {
			t.Fatal(err)
		}
		s.wait(10 * time.Second)
		s.state("HP-1001", approvals.StateApproved)
	})
}

func TestAFormThatIsOpenWhileTheRequestMovesOnIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		moves, want string
		state       approvals.State
	}{
		"cancelled meanwhile": {"cancel HP-1001", "HP-1001 is cancelled", approvals.StateCancelled},
		"handed on meanwhile": {"hand HP-1001 to sam@contoso.com", "waits for its owner", approvals.StatePending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
				s.says("ana", server)
				s.wait(10 * time.Second)
				s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", nil)
				view, ok := s.c.Slack.Front("U0BO")
				if !ok {
					t.Fatal("no form opened")
				}
				s.says("ana", row.moves)
				if _, err := s.c.Slack.Submit(s.ctx, "U0BO", view.ID, map[string]any{}); err != nil {
					t.Fatal(err)
				}
				s.wait(10 * time.Second)
				s.reads("Bo", s.directly("bo"), row.want)
				s.state("HP-1001", row.state)
			})
		})
	}
}

func TestAClickByTheWrongPersonIsAnsweredWithWhatWhyAndWhatInstead(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.says("ana", server)
		s.wait(10 * time.Second)
		s.clicks("sam", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.reads("Sam, of another group", s.directly("sam"), "You are not in a group that decides on HP-1001.\nIt waits for netsec.")
		s.state("HP-1001", approvals.StatePending)
		for name, change := range map[string]func(u *slacktest.User){
			"deactivated":                  func(u *slacktest.User) { u.Deleted = true },
			"a guest's":                    func(u *slacktest.User) { u.IsRestricted = true },
			"a bot":                        func(u *slacktest.User) { u.IsWorkflowBot = true },
			"belongs to another organisat": func(u *slacktest.User) { u.IsStranger = true },
		} {
			before, _ := s.c.Slack.User("U0BO")
			if err := s.c.Slack.ChangeUser("U0BO", change); err != nil {
				t.Fatal(err)
			}
			heard := len(s.c.Slack.Ephemerals("U0BO"))
			s.says("bo", "approve HP-1001")
			s.wait(10 * time.Second)
			s.reads("Bo, who is now "+name, s.whispers("bo", heard), name)
			s.state("HP-1001", approvals.StatePending)
			if err := s.c.Slack.ChangeUser("U0BO", func(u *slacktest.User) { *u = before }); err != nil {
				t.Fatal(err)
			}
		}
		s.c.Tenant.ChangeUser(companytest.People()[1].Entra, func(u *graphtest.User) { u.Enabled = false })
		s.reads("Bo, disabled in Entra ID", s.says("bo", "approve HP-1001"), "disabled")
		s.state("HP-1001", approvals.StatePending)
	})
}

func TestThoseNotConcernedSeeIDStateAndEnd(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.says("sam", server)
		s.wait(10 * time.Second)
		for _, text := range []string{"show HP-1001", "list active", "list expiring 30d"} {
			if said := s.says("ana", text); strings.Contains(said, "20.50.2.1") || strings.Contains(said, "AgilePoint") || strings.Contains(said, "netsec") {
				t.Errorf("%s shows Ana what does not concern her:\n%s", text, said)
			}
		}
		s.reads("Ana", s.says("ana", "show HP-1001"), "HP-1001  pending")
		s.says("bo", "approve HP-1001")
		s.wait(2 * time.Minute)
		s.reads("Ana", s.says("ana", "list active"), "HP-1001  active")
		s.reads("Bo, whom it concerns", s.says("bo", "list active"), "20.50.2.1/32")
		s.reads("Ana", s.says("ana", "list mine"), "There is nothing.")
		s.reads("Ana", s.says("ana", "renew HP-1001 for 9d because I want it"), "Only the requester or the owner")
		s.reads("Ana", s.says("ana", "revoke HP-1001 because I want it"), "Only the owner of HP-1001, its approvers or security")
		s.reads("Ana", s.says("ana", "hand HP-1001 to @bo"), "Only the owner of HP-1001, or security")
	})
}

func TestALotInOneMinuteIsNotTaken(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		ask := func() string {
			d, err := s.c.Slack.Command(s.ctx, "U0ANA", companytest.ChanGeneral, "/hallpass", "help")
			if err != nil {
				t.Fatal(err)
			}
			return string(d.Answer)
		}
		for range 30 {
			if said := ask(); said != "" {
				t.Fatalf("answered %s", said)
			}
		}
		s.reads("Ana", ask(), "Please try again in a minute")
		s.reads("Bo, meanwhile", s.says("bo", "list mine"), "There is nothing.")
		s.wait(time.Minute)
		if said := ask(); said != "" {
			t.Errorf("a minute later: %s", said)
		}
	})
}

func TestTextMadeToDeceiveIsShownAsItIs(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.reads("Ana", s.says("ana", "ip 20.50.2.1 for 12h because "+strings.Repeat("x", 10_000)), "at most 4000 fit")
		s.says("ana", "ip 20.50.2.1 for 12h because <!channel> \u202egnp.exe\x07 *now*\n✓ Bo Berg (netsec) approved")
		s.wait(10 * time.Second)
		card := s.card(companytest.ChanNetsec, "HP-1001")
		for _, want := range []string{"<!channel>", "[U+202E]gnp.exe[U+0007]", "*now*"} {
			s.reads("the card", card.Plain(), want)
		}
		if live := slacktest.Mentions(card.Text, card.Blocks); len(live) > 0 {
			t.Errorf("somebody is mentioned: %v", live)
		}
	})
}

func TestADeliveryThatComesAgainHasOneEffect(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		d, err := s.c.Slack.Command(s.ctx, "U0ANA", companytest.ChanGeneral, "/hallpass", server)
		if err != nil {
			t.Fatal(err)
		}
		s.wait(10 * time.Second)
		for _, pause := range []time.Duration{time.Second, 20 * time.Minute, 3 * time.Hour} {
			if _, err := s.c.Slack.Redeliver(s.ctx, d); err != nil {
				t.Fatal(err)
			}
			s.wait(pause)
		}
		s.reads("Ana", s.says("ana", "show HP-1002"), "There is no request HP-1002")
	})
}

func TestWithoutRedisNothingIsDoneAndThatIsSaid(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.says("ana", "")
		view, ok := s.c.Slack.Front("U0ANA")
		if !ok {
			t.Fatal("no form opened")
		}
		s.c.Redis.SetError("LOADING Redis is loading the dataset in memory")
		d, err := s.c.Slack.Command(s.ctx, "U0ANA", companytest.ChanGeneral, "/hallpass", server)
		if err != nil {
			t.Fatal(err)
		}
		s.reads("the answer to a command", string(d.Answer), "Nothing was done")
		filled := map[string]any{"where": "ip:trusted-servers", "subject": "20.50.2.1", "term": "12h", "reason": "x"}
		if d, err = s.c.Slack.Submit(s.ctx, "U0ANA", view.ID, filled); err != nil {
			t.Fatal(err)
		}
		s.reads("the answer to a form", string(d.Answer), "Nothing was done")
		if _, still := s.c.Slack.Front("U0ANA"); !still {
			t.Error("the form is gone, and what was entered with it")
		}
		s.c.Redis.SetError("")
		s.wait(time.Minute)
		s.reads("Ana", s.says("ana", "list mine"), "There is nothing.")
	})
}

func TestWhileEntraCannotBeAskedAClickIsNotedAndLaterCounts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		down time.Duration
		want string
		is   approvals.State
	}{
		"for five minutes":   {5 * time.Minute, "is approved", approvals.StateActive},
		"for twenty minutes": {20 * time.Minute, "Please click again", approvals.StatePending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
				s.says("ana", server)
				s.wait(10 * time.Second)
				s.c.Tenant.Fail(func(*http.Request) bool { return true }, graphtest.Fault{Status: 503, Times: -1})
				s.reads("Bo", s.says("bo", "approve HP-1001"), "Noted, not counted yet")
				s.wait(row.down)
				s.c.Tenant.Heal()
				s.wait(5 * time.Minute)
				s.reads("Bo", s.whispers("bo", 0)+s.directly("bo"), row.want)
				s.state("HP-1001", row.is)
			})
		})
	}
}

func TestAnOwnerHandsOverByButtonAndTheNewOwnerHasToSayYes(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.says("ana", server)
		s.wait(10 * time.Second)
		s.clicks("ana", s.c.Slack.DMChannel("U0ANA"), "HP-1001", "Hand over", map[string]any{"to": "sam@contoso.com"})
		s.wait(10 * time.Second)
		s.reads("Ana", s.directly("ana"), "now belongs to Sam Stone")
		s.reads("Sam", s.directly("sam"), "Waits for the owner, Sam Stone.")
		s.clicks("sam", s.c.Slack.DMChannel("U0SAM"), "HP-1001", "Approve", map[string]any{})
		s.wait(10 * time.Second)
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.wait(2 * time.Minute)
		s.state("HP-1001", approvals.StateActive)
		s.reads("Sam, who may end it", s.says("sam", "revoke HP-1001 because it is over"), "is being taken away")
	})
}

func TestTheRequesterSeesWhoCannotBeAskedAndTheCardComesWhenTheAppIsInvited(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		bot := s.c.Slack.Options().BotUserID
		if err := s.c.Slack.Leave(companytest.ChanNetsec, bot); err != nil {
			t.Fatal(err)
		}
		s.says("ana", server)
		s.wait(time.Minute)
		s.reads("Ana", s.directly("ana"), "hallpass cannot write to netsec in chat. Ask them yourself: they type /hallpass approve HP-1001")
		if err := s.c.Slack.Join(companytest.ChanNetsec, bot); err != nil {
			t.Fatal(err)
		}
		s.wait(61 * time.Minute)
		s.reads("the approvers' card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "AgilePoint NX calls SharePoint")
		if strings.Contains(s.directly("ana"), "cannot write to netsec") {
			t.Error("she still reads that they cannot be asked")
		}
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.state("HP-1001", approvals.StateApproved)
	})
}

func TestAChannelThatSlackLimitsDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.c.Slack.Fail("chat.postMessage", slacktest.Fault{RetryAfter: 40 * time.Second, Channel: companytest.ChanNetsec})
		s.says("ana", "ip 20.50.2.1 in trusted-servers for 30d because AgilePoint NX calls SharePoint")
		s.wait(5 * time.Second)
		s.reads("security's card", s.card(companytest.ChanSecurity, "HP-1001").Plain(), "AgilePoint NX calls SharePoint")
		if n := len(s.copies(companytest.ChanNetsec, "HP-1001")); n != 0 {
			t.Errorf("netsec has %d messages although Slack asked to wait", n)
		}
		s.wait(time.Minute)
		s.reads("netsec's card", s.card(companytest.ChanNetsec, "HP-1001").Plain(), "AgilePoint NX calls SharePoint")
		refused := 0
		for _, c := range s.c.Slack.Calls("chat.postMessage") {
			if c.Error == "ratelimited" {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("Slack had to say it %d times", refused)
		}
	})
}

func TestTheHomePageShowsWhatWaitsAndCanBeDecidedThere(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.says("ana", server)
		s.wait(10 * time.Second)
		home := func(name string) slacktest.View {
			if _, err := s.c.Slack.OpenHome(s.ctx, id(name)); err != nil {
				t.Fatal(err)
			}
			s.wait(2 * time.Second)
			view, ok := s.c.Slack.Home(id(name))
			if !ok {
				t.Fatalf("%s has no home page", name)
			}
			return view
		}
		s.reads("Cleo's home", string(home("cleo").Blocks), "Nothing waits for you.")
		s.reads("Ana's home", string(home("ana").Blocks), "Waits for netsec.")
		view := home("bo")
		if _, err := s.c.Slack.Click(s.ctx, "U0BO", slacktest.Ref{View: view.ID}, "Approve"); err != nil {
			t.Fatal(err)
		}
		s.wait(time.Second)
		form, ok := s.c.Slack.Front("U0BO")
		if !ok {
			t.Fatal("no form opened")
		}
		if _, err := s.c.Slack.Submit(s.ctx, "U0BO", form.ID, map[string]any{}); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Minute)
		s.reads("Bo", s.directly("bo"), "is approved")
		s.state("HP-1001", approvals.StateActive)
		s.reads("Bo's home", string(home("bo").Blocks), "Nothing waits for you.")
		s.reads("Ana's home", string(home("ana").Blocks), "Applied. Ends")
	})
}

func TestNothingIsPostedWhereOthersReadIt(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.c.Slack.Fail("conversations.info", slacktest.Fault{Error: "missing_scope", Channel: companytest.ChanNetsec, Times: -1})
		s.says("ana", server)
		s.wait(time.Minute)
		if n := len(s.copies(companytest.ChanNetsec, "HP-1001")); n != 0 {
			t.Errorf("%d messages where it is not known who reads them", n)
		}
		s.c.Slack.Heal()
		s.c.Slack.AddChannel(slacktest.Channel{ID: companytest.ChanNetsec, Name: "netsec-approvals", ExtShared: true}, "U0BO", "U0SAM")
		s.wait(5 * time.Minute)
		if n := len(s.copies(companytest.ChanNetsec, "HP-1001")); n != 0 {
			t.Errorf("%d messages in a channel shared with another organisation", n)
		}
		s.reads("Ana", s.directly("ana"), "hallpass cannot write to netsec in chat")
	})
}
