package bot_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/bot/bottest"
)

// update writes bot/testdata/pieces anew: `go test ./bot -update`, then the same for each platform, whose golden files
// are renderings of these pieces. Read the difference before it is committed.
var update = flag.Bool("update", false, "write the golden files anew")

// pieces are the things that people see, by name: what it is, and for whom.
func pieces(t *testing.T) map[string]bottest.Piece {
	t.Helper()
	v := bot.Voice{Zone: time.UTC}
	out := map[string]bottest.Piece{}
	card := func(name string, c bot.Card) { out[name] = bottest.Piece{Card: &c} }
	form := func(name string, f bot.Form) { out[name] = bottest.Piece{Form: &f} }
	approver := func(name string, l *life) { card(name+"-approver", v.Live(&l.r, true)) }
	requester := func(name string, l *life) { card(name+"-requester", v.Live(&l.r, false)) }
	owner := func(name string, l *life) { card(name+"-owner", v.Owned(&l.r)) }
	told := func(name string, l *life) { card(name+"-notified", bot.Bare(v.Live(&l.r, false))) }
	other := func(name string, l *life) { card(name+"-other", bot.Line(v.Row(&l.r, false))) }
	notices := func(name string, l *life) {
		for _, n := range v.Notices(&l.r) {
			key := n.Key
			if strings.HasPrefix(key, "round") {
				_, key, _ = strings.Cut(key, ":")
			}
			key, _, _ = strings.Cut(key, ":")
			card("notice-"+name+"-"+key, bot.Line(n.Text))
		}
	}

	pending := server(t)
	approver("pending", pending)
	requester("pending", pending)
	owner("pending", pending)
	other("pending", pending)
	card("pending-first-line", bot.First(&pending.r, v.Live(&pending.r, true)))
	waits := account(t)
	approver("pending-owner-asked", waits)
	requester("pending-owner-asked", waits)
	said := account(t).later(time.Hour).vote(sam(), approvals.ChoiceApprove, 14*day)
	approver("pending-owner-said-yes", said)
	owner("pending-owner-said-yes", said)
	half := server(t).later(time.Hour).vote(bo(), approvals.ChoiceApprove, 7*day, "netsec")
	approver("pending-one-of-two-shorter", half)
	six := begin(t, ask{
		by: ana(), owner: sam(), where: "trusted-servers", days: 90, reason: "the new data centre", ticket: "CHG-77",
		addresses: []string{"2a01:111:f403:f90d::/64", "2603:1020:206::25/128", "2a01:111:f100:9001::1761:91f1/128"},
		warnings: []string{
			"The location is marked as trusted: every policy for “all trusted locations” and the risk calculation treat these addresses as safe.",
			"A wide range: everybody who signs in from it is treated alike.",
		},
	})
	approver("pending-red-flags-ipv6", six.vote(sam(), approvals.ChoiceApprove, 0))
	long := begin(t, ask{
		by: ana(), owner: ana(), addresses: many(), where: "trusted-servers", days: 30, reason: strings.Repeat("It is needed for the migration. ", 60),
		warnings: []string{strings.Repeat("a long warning ", 40), "two", "three", "four", "five", "six", "seven"},
	})
	approver("pending-long", long)
	evil := begin(t, ask{
		by: person("eve", hostile), owner: person("eve", hostile), addresses: []string{"20.50.2.1/32"}, where: "trusted-servers", days: 1,
		reason: hostile, ticket: hostile[:90], warnings: []string{hostile},
	})
	approver("pending-injection", evil)
	requester("pending-injection", evil)

	observed := server(t).approved().does(approvals.Held{Why: "hallpass only observes", Observe: true})
	approver("approved-observed", observed)
	requester("approved-observed", observed)
	approver("approved", server(t).approved().released())
	requester("approved", server(t).approved().released())
	stuck := account(t).vote(sam(), approvals.ChoiceApprove, 0).approved().released().later(time.Hour).
		seen(approvals.View{Problem: "Entra ID refuses the write: 403 Authorization_RequestDenied", Since: time.Date(2026, 11, 23, 10, 5, 0, 0, time.UTC)})
	approver("approved-stuck", stuck)
	active := server(t).active()
	approver("active", active)
	requester("active", active)
	owner("active", active)
	told("active", active)
	other("active", active)
	reminded := server(t).active()
	reminded.until(reminded.r.End.Add(-3 * day))
	notices("reminded", reminded)
	card("notice-many", v.RemindMany(slices.Repeat([]approvals.Request{reminded.r}, 22)))
	renewing := server(t).active()
	renewing.until(renewing.r.End.Add(-3 * day)).renewal()
	approver("active-renewal-asked", renewing)
	requester("active-renewal-asked", renewing)
	renewed := server(t).active()
	renewed.until(renewed.r.End.Add(-3 * day)).renewal().approved()
	requester("active-renewed", renewed)
	notices("renewed", renewed)
	refused := server(t).active()
	refused.until(refused.r.End.Add(-3*day)).renewal().vote(cleo(), approvals.ChoiceDeny, 0, "security")
	requester("active-renewal-denied", refused)
	notices("renewal-denied", refused)

	ending := server(t).active()
	ending.until(ending.r.End).is(approvals.StateEnding)
	approver("ending", ending)
	requester("ending", ending)
	revoked := server(t).active().later(day).does(approvals.Revoked{By: sam(), Why: "an incident"})
	approver("ending-revoked", revoked)
	notices("revoked", revoked)
	late := server(t).active()
	late.until(late.r.End).later(2 * time.Minute).does(approvals.Woke{Views: []approvals.View{{}}})
	approver("ending-stuck", late)
	ended := server(t).active()
	ended.until(ended.r.End).later(time.Minute).seen(approvals.View{Absent: true, Accepted: ended.now}).is(approvals.StateEnded)
	approver("ended", ended)
	requester("ended", ended)
	other("ended", ended)
	notices("ended", ended)
	kept := server(t).active()
	kept.until(kept.r.End).later(time.Minute).seen(approvals.View{KeptBy: "HP-1043"}).is(approvals.StateEnded)
	requester("ended-kept", kept)
	covered := server(t).active()
	covered.until(covered.r.End).later(time.Minute).seen(approvals.View{Absent: true, Covered: "20.50.2.0/24"}).is(approvals.StateEnded)
	approver("ended-covered", covered)
	taken := server(t).active().later(day).does(approvals.Woke{Views: []approvals.View{{Vanished: true, Hand: "mallory@contoso.com"}}})
	approver("ending-taken-out", taken)
	notices("taken-out", taken.later(time.Minute).seen(approvals.View{Absent: true}).is(approvals.StateEnded))
	requester("again-taken-out", taken)
	approver("ending-taken-out-by-an-app", server(t).active().later(day).does(approvals.Woke{Views: []approvals.View{{Vanished: true, Hand: "the app terraform"}}}))

	denied := server(t).later(time.Hour).vote(cleo(), approvals.ChoiceDeny, 0, "security").is(approvals.StateDenied)
	approver("denied", denied)
	requester("denied", denied)
	notices("denied", denied)
	lapsed := server(t)
	notices("nudged", lapsed.until(lapsed.now.Add(day)))
	approver("lapsed", lapsed.until(lapsed.now.Add(3*day)).is(approvals.StateLapsed))
	requester("cancelled", server(t).later(time.Hour).does(approvals.Cancelled{By: ana(), Why: "not needed any more"}))
	overdue := server(t).approved()
	requester("ended-not-applied", overdue.until(overdue.now.Add(day)).seen(approvals.View{Absent: true}))
	again := server(t).approved()
	other2 := again.r.Round().Plan
	other2.Policies = append([]approvals.PolicyEffect{{ID: "p2", Name: "Block legacy", State: "enabled", Does: "skips it"}}, other2.Policies...)
	again.later(time.Minute).does(approvals.Replanned{Plan: other2, Ruling: again.r.Round().Ruling}).is(approvals.StatePending)
	approver("pending-planned-anew", again)
	notices("planned-anew", again)

	behind := fenced(t)
	approver("pending-fenced", behind)
	forced := behind.vote(sam(), approvals.ChoiceApprove, 0).approved().released().later(30 * time.Second).seen(approvals.View{Verified: true, Accepted: behind.now})
	approver("active-fenced", forced)
	notices("unfenced", forced.later(day).does(approvals.FenceBroken{Zone: "z", Why: "the fence “Integrations” is off"}).is(approvals.StateEnding))
	defects := []bot.Defect{{What: "the fence “Integrations” is off", Do: "Switch it on."}, {What: "the MFA policy " + hostile + " is not in the tenant", Do: hostile}}
	card("alarm-fence", bot.BrokenZone{
		Title: "Integrations, fenced", Found: defects, Ending: []approvals.RequestID{"HP-1042"}, InForce: []approvals.RequestID{"HP-1043", "HP-1044"}, Every: 10 * time.Minute,
	}.Card())
	card("alarm-long", bot.BrokenZone{Title: hostile, Found: slices.Repeat(defects[:1], 20), Every: 10 * time.Minute}.Card())
	card("alarm-over", bot.WholeZone("Integrations, fenced", false))
	card("alarm-block", bot.BrokenZone{Title: "Blocked accounts", Blocks: true, Found: defects[:1], Every: 10 * time.Minute}.Card())
	card("alarm-block-over", bot.WholeZone("Blocked accounts", true))
	lasting := blocking(t)
	approver("pending-then-blocked", lasting)
	lasting.vote(sam(), approvals.ChoiceApprove, 0).approved().released().later(30 * time.Second).seen(approvals.View{Verified: true, Accepted: lasting.now}).is(approvals.StateActive)
	requester("ended-blocked", lasting.until(lasting.r.End).later(time.Minute).seen(approvals.View{Absent: true}).is(approvals.StateEnded))

	strict := server(t)
	strict.r.Round().Ruling.StepUp = true
	approver("pending-step-up-without-pages", strict)
	v.Pages = "https://hallpass.example.com"
	approver("pending-step-up", strict)
	v.Pages = ""
	reviewPieces(t, card, requester, approver, notices)
	there := begin(t, ask{
		by: sam(), owner: ana(), account: "svc-old@contoso.com", where: "integrations", days: 90, reason: "nobody knows what it is for", adopt: true,
		warnings: []string{"svc-old@contoso.com is disabled: it cannot sign in at all. Ending this now breaks nothing."},
	})
	approver("pending-adopt", there)
	taking := begin(t, ask{by: sam(), owner: sam(), addresses: []string{"20.50.0.0/16"}, where: "trusted-servers", days: 90, reason: "the old proxy", adopt: true}).approved().released()
	requester("approved-adopt", taking)
	requester("active-adopt", taking.later(30*time.Second).seen(approvals.View{Verified: true}).is(approvals.StateActive))
	card("answer-unmanaged", v.UnmanagedCard(approvals.Survey{At: there.now, More: 2, Unknown: []string{"the members of the group “Robots”: Entra ID did not answer"}, List: []approvals.Unmanaged{
		{Kind: approvals.UnmanagedUser, Label: "boss@contoso.com", Place: "Require MFA for everyone"},
		{Kind: approvals.UnmanagedRange, Label: "20.50.0.0/16", Place: "Trusted servers", Where: "trusted-servers", By: "dana@contoso.com", At: there.now.Add(-9 * day)},
		{Kind: approvals.UnmanagedMember, Label: hostile, Place: hostile, Where: "integrations", By: hostile, At: there.now},
		{Kind: approvals.UnmanagedUser, Label: "breakglass@contoso.com", Place: "Require MFA for everyone", Expected: "an emergency-access account"},
	}}))
	card("answer-unmanaged-none", v.UnmanagedCard(approvals.Survey{At: there.now}))

	handPieces(t, card, approver, requester, notices)
	appPieces(t, card, form, approver, requester, notices)
	card("answer-help", bot.Help())
	card("answer-not-counted", bot.NotCounted())
	card("answer-click-again", bot.ClickAgain())
	card("answer-refused", bot.Refused(approvals.Refuse(approvals.RefusedInput, "There is no location “offce”.\nHow long is missing.").
		Or("Type: `/hallpass ip 20.50.2.1 in office for 90d because <!channel> %s`", hostile)))
	var list bot.Card
	list.Title, list.Tone = "Active", bot.ToneNote
	for range 30 {
		list.Lines = append(list.Lines, v.Row(&active.r, true))
	}
	list.Foot = []bot.Text{{{Text: "… and 12 more"}}}
	card("answer-list", list)

	g := bot.Grammar{Zone: time.UTC, Names: func(k approvals.Kind) []string {
		return map[approvals.Kind][]string{
			approvals.KindIP: {"trusted-servers", "office"}, approvals.KindAccount: {"integrations"}, approvals.KindApp: {"contracts"},
		}[k]
	}}
	form("form-ask", g.AskForm())
	for _, b := range []string{bot.ButtonApprove, bot.ButtonDeny, bot.ButtonRevoke, bot.ButtonRenew, bot.ButtonHand, bot.ButtonDone, bot.ButtonUndone} {
		form("form-"+b, bot.VoteForm(b, bot.Value(&pending.r)))
	}
	form("form-details", v.Details(&half.r))
	form("form-details-account", v.Details(&stuck.r))
	form("form-details-injection", v.Details(&evil.r))
	out["home"] = bottest.Piece{Home: &bot.Home{Sections: []bot.HomeSection{
		{Title: "Waiting for me", Cards: []bot.Card{v.Brief(&pending.r, true), v.Brief(&said.r, true), v.Brief(&evil.r, true)}},
		{Title: "Mine", Cards: []bot.Card{v.Brief(&active.r, false), v.Brief(&ending.r, false)}},
		{Title: "Ending soon", Empty: "Nothing ends within 30 days."},
	}}}
	return out
}

// many are forty addresses.
func many() []string {
	var out []string
	for i := range 40 {
		out = append(out, "20.50.2."+string(rune('0'+i/10))+string(rune('0'+i%10))+"/32")
	}
	for i := range 10 {
		out[i] = "20.50.3." + string(rune('0'+i)) + "/32"
	}
	return out
}

// TestEveryPieceIsAsItsGoldenFileSays holds every card, form and page against bot/testdata/pieces.
func TestEveryPieceIsAsItsGoldenFileSays(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "pieces")
	made := pieces(t)
	if len(made) < 60 {
		t.Errorf("only %d pieces", len(made))
	}
	for name, p := range made {
		data, err := bottest.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := bottest.Golden(filepath.Join(folder, name+".json"), data, *update); err != nil {
			t.Error(err)
		}
	}
	read, err := bottest.Pieces(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range read {
		if _, ok := made[p.Name]; !ok {
			t.Errorf("%s is left over: no piece has this name any more", p.Name)
		}
	}
}

// TestWhatHoldsForEveryCard is what no card may break, whatever it shows.
func TestWhatHoldsForEveryCard(t *testing.T) {
	t.Parallel()
	for name, p := range pieces(t) {
		if p.Card == nil {
			continue
		}
		c := *p.Card
		if c.Plain == "" && c.Title == "" {
			t.Errorf("%s: nothing for notifications and screen readers", name)
		}
		if len(c.Fields) > 10 || len(c.Buttons) > 5 {
			t.Errorf("%s: %d fields, %d buttons", name, len(c.Fields), len(c.Buttons))
		}
		for _, b := range c.Buttons {
			if b.ID == bot.ButtonAsk { // it opens a form, and is about no request
				continue
			}
			if id, fingerprint, _ := strings.Cut(b.Value, ":"); id != "HP-1042" || len(fingerprint) != 64 {
				t.Errorf("%s: the button %s carries %q", name, b.ID, b.Value)
			}
		}
		over := strings.HasPrefix(name, "ended") || strings.HasPrefix(name, "denied") || strings.HasPrefix(name, "lapsed") || strings.HasPrefix(name, "cancelled")
		if over && len(c.Buttons) > 0 {
			t.Errorf("%s: it is over and has buttons", name)
		}
		data, err := bottest.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(string(data), "\u202e\x07") || strings.Contains(string(data), `\u202e`) || strings.Contains(string(data), `\u0007`) {
			t.Errorf("%s: what could make the card lie is not visible", name)
		}
	}
}
