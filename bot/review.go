package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
)

// because adds a reason, if there is one.
func because(why string) Text {
	if why == "" {
		return nil
	}
	return Text{plain(" Reason: "), literal(clip(line(why), 500))}
}

// reviewed tells the owner and the requester what a reviewer said, and what they can do.
func (v Voice) reviewed(r *approvals.Request, said *approvals.Review) Text {
	if said.Verdict == approvals.VerdictLetGo {
		t := append(Text{who(said.By), plain(" of security lets it end "), v.at(r.End), plain(".")}, because(said.Why)...)
		return append(t, plain(" If it is needed longer, say why: "), code("/hallpass renew "+string(r.ID)+" for 30d because …"))
	}
	t := append(Text{who(said.By), plain(" of security asks: is it still needed? It ends "), v.at(r.End), plain(".")}, because(said.Why)...)
	return append(t, plain(" If not, end it now: "), code("/hallpass revoke "+string(r.ID)+" because …"), plain(" If it belongs to somebody else: "), code("/hallpass hand "+string(r.ID)+" to @person"))
}

// unusedWords say in a reminder that nobody seems to need it.
func (v Voice) unusedWords(r *approvals.Request) Text {
	since, unused := r.Unused()
	if !unused {
		return nil
	}
	return Text{plain(" No sign-in %s was seen since ", r.SignInsLooked()), v.at(since), plain(", so letting it end should break nothing.")}
}

const (
	// reviewWithin is how near an end is to be reviewed.
	reviewWithin = 14 * day
	// reviewCards is how many requests a digest shows with buttons.
	reviewCards = 5
	// reviewLines is how many it lists.
	reviewLines = 12
	// reviewWeeks is how many weeks of endings it draws.
	reviewWeeks = 8
)

// ForReview is what security's reviewers are shown: what is in force, most urgent first.
type ForReview struct {
	At     time.Time
	Active []approvals.Request
	// Unmanaged is how many exemptions have no request; Surveyed is false if nobody looked.
	Unmanaged int
	Surveyed  bool
	// Undecided are accounts that are blocked, and of which nobody has decided.
	Undecided []approvals.Undecided
	// Unread says that they could not be read.
	Unread bool
}

// urgent are the requests to look at: stuck, unused, or near their end and nobody has said yet what becomes of them.
func (w ForReview) urgent() []approvals.Request {
	rank := func(r *approvals.Request) int {
		_, unused := r.Unused()
		switch {
		case r.Stuck != nil:
			return 0
		case r.Review != nil || r.Voting(): // somebody takes care of it
			return 9
		case unused:
			return 1
		case r.End.Sub(w.At) <= reviewWithin:
			return 2
		}
		return 9
	}
	var out []approvals.Request
	for i := range w.Active {
		if rank(&w.Active[i]) < 9 {
			out = append(out, w.Active[i])
		}
	}
	slices.SortStableFunc(out, func(a, b approvals.Request) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), a.End.Compare(b.End))
	})
	return out
}

// reviewCard is the numbers, the drawing, and what there is to look at.
func (v Voice) reviewCard(w ForReview, urgent []approvals.Request) Card {
	c := Card{Tone: ToneNote, Title: "To review"}
	unused, soon, stuck := 0, 0, 0
	for i := range w.Active {
		r := &w.Active[i]
		if _, is := r.Unused(); is {
			unused++
		}
		if r.End.Sub(w.At) <= 7*day {
			soon++
		}
		if r.Stuck != nil {
			stuck++
		}
	}
	c.Lead = Text{bold(fmt.Sprint(len(w.Active))), plain(" in force, "), bold(fmt.Sprint(soon)), plain(" end within 7 days, "), bold(fmt.Sprint(unused)), plain(" not used, "), bold(fmt.Sprint(stuck)), plain(" stuck.")}
	if w.Surveyed && w.Unmanaged > 0 {
		c.Flags = append(c.Flags, Text{plain("%s, so no owner and no end: ", without(w.Unmanaged)), code("/hallpass adopt")})
	}
	if c.Flags = append(c.Flags, v.undecided(w.Undecided)...); w.Unread {
		c.Flags = append(c.Flags, Text{plain("Which accounts are blocked and wait for their owner could not be read just now.")})
	}
	c.Chart = v.weeks(w)
	for i := range urgent[:min(len(urgent), reviewLines)] {
		c.Lines = append(c.Lines, v.urgentLine(&urgent[i]))
	}
	if more := len(urgent) - len(c.Lines); more > 0 {
		c.Lines = append(c.Lines, Text{plain("… and %d more", more)})
	}
	if len(urgent) == 0 {
		c.Lines = append(c.Lines, Text{plain("Nothing waits for a reviewer.")})
	}
	c.Foot = []Text{{plain("Ask an owner: "), code("/hallpass question HP-1042"), plain("  Let it end: "), code("/hallpass let HP-1042 end"), plain("  End it now: "), code("/hallpass revoke HP-1042 because …")}}
	if v.Pages != "" {
		c.Foot = append(c.Foot, Text{plain("All of it: "), literal(v.Pages)})
	}
	return c.summed()
}

// reviewBlocked is how many blocked accounts are listed.
const reviewBlocked = 5

// undecided are the accounts that are blocked and wait for their owner.
func (v Voice) undecided(list []approvals.Undecided) []Text {
	var out []Text
	for _, u := range list[:min(len(list), reviewBlocked)] {
		const decides = " whether it is let in again, disabled or deleted."
		t := Text{code(clip(line(u.Label), 80)), plain(" is blocked")}
		if u.Request != "" {
			t = append(t, plain(" since %s ended, ", u.Request), v.at(u.Since))
		}
		switch {
		case u.Request == "":
			t = append(t, plain(", and no request here says why: somebody has to decide"+decides))
		case u.Disable:
			t = append(t, plain(", and an administrator is to disable it in Entra ID."))
		case u.Owner.Label() != "":
			t = append(t, plain(": "), who(u.Owner), plain(", its owner, has to decide"+decides))
		default:
			t = append(t, plain(": somebody has to decide"+decides))
		}
		out = append(out, t)
	}
	if more := len(list) - len(out); more > 0 {
		out = append(out, Text{plain("… and %d more blocked accounts.", more)})
	}
	return out
}

// urgentLine is a request and why it is to be looked at.
func (v Voice) urgentLine(r *approvals.Request) Text {
	t := Text{bold(string(r.ID)), plain("  "), code(clip(what(r), 80)), plain(", "), who(r.Owner), plain(", ends "), v.at(r.End)}
	if r.Stuck != nil {
		t = append(t, plain("; stuck: "), literal(clip(line(r.Stuck.Why), 120)))
	}
	if since, unused := r.Unused(); unused {
		t = append(t, plain("; not used since "), v.at(since))
	}
	return t
}

// toReview is a request as a reviewer gets it, with what can be said of it.
func (v Voice) toReview(r *approvals.Request) Card {
	c := Card{Tone: tone(r), Title: Headline(r), Lead: v.urgentLine(r), Quote: clip(clean(r.Ask.Reason), 300)}
	value := Value(r)
	c.Buttons = []Button{
		{ID: ButtonQuestion, Label: "Ask the owner", Value: value, Primary: true},
		{ID: ButtonLetEnd, Label: "Let it end", Value: value},
		{ID: ButtonRevoke, Label: "Revoke", Value: value, Danger: true},
		{ID: ButtonDetails, Label: "Details", Value: value},
	}
	return c.summed()
}

// weeks is how many end in each of the coming weeks; nil if none does.
func (v Voice) weeks(w ForReview) *Chart {
	monday := approvals.Monday(w.At, v.zone())
	c := &Chart{Title: "What ends", Over: "by the week that begins on"}
	for week := range reviewWeeks {
		c.Bars = append(c.Bars, Bar{Label: monday.AddDate(0, 0, 7*week).Format("2 Jan")})
	}
	some := false
	for i := range w.Active {
		if week := max(0, approvals.WeeksAfter(monday, w.Active[i].End)); week < reviewWeeks { // what is overdue is this week's
			c.Bars[week].Count++
			some = true
		}
	}
	if !some {
		return nil
	}
	return c
}

// review answers a reviewer with what there is to review.
func (b *Bot) review(ctx context.Context, in Incoming, person string) error {
	survey, ok, err := b.survey(ctx, in, person) // refuses those who are no reviewers
	if err != nil {
		return err
	}
	w, err := b.toBeReviewed(ctx, survey, ok)
	if err != nil {
		return err
	}
	b.reply(ctx, in, b.voice.reviewCard(w, w.urgent()))
	return nil
}

// toBeReviewed reads what is in force, and who is blocked.
func (b *Bot) toBeReviewed(ctx context.Context, survey approvals.Survey, surveyed bool) (ForReview, error) {
	active, err := b.cfg.Looks.List(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}, Limit: -1})
	w := ForReview{At: b.cfg.Now(), Active: active, Unmanaged: survey.Count(), Surveyed: surveyed}
	if err != nil || b.cfg.Blocked == nil {
		return w, err
	}
	var failed error
	if w.Undecided, failed = b.cfg.Blocked.Undecided(ctx); failed != nil { // the rest is worth showing
		w.Unread = true
		b.cfg.Log.WarnContext(ctx, "which accounts are blocked could not be read", "error", failed)
	}
	return w, nil
}

// Digest is the weekly message to security: a card with the numbers and a drawing of what ends when, and the first requests
// that somebody has to look at. For each of those there is a ReviewCard.
func (b *Bot) Digest(ctx context.Context, survey approvals.Survey, surveyed bool) (Card, []approvals.RequestID, error) {
	w, err := b.toBeReviewed(ctx, survey, surveyed)
	if err != nil {
		return Card{}, nil, err
	}
	urgent := w.urgent()
	c := b.voice.reviewCard(w, urgent)
	c.Title = "hallpass this week"
	var first []approvals.RequestID
	for i := range urgent[:min(len(urgent), reviewCards)] {
		first = append(first, urgent[i].ID)
	}
	return c, first, nil
}

// ReviewCard shows a request as a reviewer gets it, with buttons.
func (b *Bot) ReviewCard(r *approvals.Request) Card { return b.voice.toReview(r) }
