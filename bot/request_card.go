package bot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hallpass/approvals"
)

// Voice turns requests into cards. It knows the zone in which times stand where a platform cannot show the reader's own.
type Voice struct {
	Zone *time.Location
	// Calendar says when a term ends that is not in force yet.
	Calendar approvals.Calendar
}

func (v Voice) zone() *time.Location {
	if v.Zone == nil {
		return time.UTC
	}
	return v.Zone
}

// at is a moment in the reader's time.
func (v Voice) at(t time.Time) Span {
	return Span{Text: t.In(v.zone()).Format("Mon 2 Jan 2006 15:04 MST"), Unix: t.Unix()}
}

// what names the subject: the addresses or the account.
func what(r *approvals.Request) string {
	if r.Ask.Kind == approvals.KindAccount {
		return cmpLabel(r.Account, r.Ask.Account)
	}
	var list []string
	for _, p := range r.Ask.Addresses {
		list = append(list, p.String())
	}
	return clip(strings.Join(list, ", "), 300)
}

func cmpLabel(p approvals.Person, fallback string) string {
	return line(cmp.Or(p.UPN, fallback))
}

func where(r *approvals.Request) string {
	if z := r.Round().Plan.Zone; z != nil {
		return z.Title
	}
	if changes := r.Round().Plan.Changes; len(changes) > 0 && changes[0].Title != "" {
		return name(changes[0].Title)
	}
	return name(r.Ask.Where)
}

// Headline is the title of every card of a request.
func Headline(r *approvals.Request) string {
	if r.Ask.Kind == approvals.KindAccount {
		return string(r.ID) + ": no MFA for " + clip(what(r), 80)
	}
	return string(r.ID) + ": trust " + clip(what(r), 80)
}

// Live is the living card of a request: what it is, where it stands, and what can be done. Approvers get the buttons to
// decide with, the others those to renew, revoke or cancel.
func (v Voice) Live(r *approvals.Request, approver bool) Card {
	c := Card{Tone: tone(r), Title: Headline(r), Lead: v.lead(r), Quote: clip(clean(r.Round().Reason), 1500)}
	if c.Quote == "" {
		c.Quote = clip(clean(r.Ask.Reason), 1500)
	}
	c.Fields = v.fields(r)
	c.Flags = v.flags(r)
	c.Lines = v.lines(r)
	c.Foot = append(c.Foot, v.foot(r)...)
	c.Buttons = buttons(r, approver)
	c.Plain = clip(c.Title+". "+c.Lead.String(), 300)
	return c
}

// Owned is Live for the request's owner, who can also give it to somebody else.
func (v Voice) Owned(r *approvals.Request) Card {
	c := v.Live(r, false)
	switch r.State {
	case approvals.StatePending, approvals.StateApproved, approvals.StateActive:
		c.Buttons = append(c.Buttons, Button{ID: ButtonHand, Label: "Hand over", Value: Value(r)})
	case approvals.StateNone, approvals.StateEnding, approvals.StateEnded, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
	}
	return c
}

func tone(r *approvals.Request) Tone {
	switch r.State {
	case approvals.StatePending:
		return ToneWait
	case approvals.StateActive:
		if r.Voting() {
			return ToneWait
		}
		return ToneGood
	case approvals.StateDenied:
		return ToneBad
	case approvals.StateApproved, approvals.StateEnding:
		if r.Stuck != nil && !r.Observed {
			return ToneBad
		}
		return ToneWait
	case approvals.StateNone, approvals.StateEnded, approvals.StateCancelled, approvals.StateLapsed:
	}
	return ToneDone
}

// lead is the one sentence that a tired approver understands.
func (v Voice) lead(r *approvals.Request) Text {
	round := r.Round()
	switch r.State {
	case approvals.StatePending:
		term := sayTerm(round.Term, v.zone())
		subject := Text{who(r.Requester), plain(" asks to trust "), code(what(r)), plain(" in "), literal(where(r)), plain(" %s.", term)}
		switch {
		case r.Ask.Fenced():
			subject = append(fencedWords(r), plain(", "))
			subject = append(append(subject, v.until(round)...), plain("; %s. ", others(r)), who(r.Requester), plain(" asks."))
		case r.Ask.Kind == approvals.KindAccount:
			subject = Text{who(r.Requester), plain(" asks to exempt "), code(what(r)), plain(" from MFA %s, from any address.", term)}
		}
		return append(subject, plain(" Waits for %s.", waitsFor(r)))
	case approvals.StateApproved:
		if r.Observed {
			return Text{plain("Approved. hallpass only observes: it "), bold("would write"), plain(" this and does not.")}
		}
		return Text{plain("Approved. Being applied to Entra ID and read back; it is not in force yet.")}
	case approvals.StateActive:
		t := Text{plain("Applied. Ends "), v.at(r.End), plain(".")}
		if r.Ask.Fenced() {
			t = append(Text{plain("Applied. ")}, append(fencedWords(r), plain(". Ends "), v.at(r.End), plain("."))...)
		}
		if r.Voting() {
			t = append(t, plain(" "), who(round.AskedBy), plain(" asks to renew it %s, counted from that end. Waits for %s.", sayTerm(round.Term, v.zone()), waitsFor(r)))
		}
		return t
	case approvals.StateEnding:
		if r.Cause != nil && r.Cause.Word == approvals.CauseTakenOut {
			return append(v.cause(r), plain(" hallpass reads whether all of it is gone."))
		}
		return append(v.cause(r), plain(" Being taken away; it may still be in force."))
	case approvals.StateEnded:
		return v.ended(r)
	case approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
		return v.cause(r)
	case approvals.StateNone:
	}
	return Text{plain("Not opened yet.")}
}

// until says when a first round's term would end. The time starts only when the change is verified, so the end of a duration
// is that of a request decided at once.
func (v Voice) until(round *approvals.Round) Text {
	end := v.Calendar.EndOf(round.Term, round.Opened)
	switch {
	case !round.Term.Until.IsZero():
		return Text{plain("until "), v.at(end)}
	case round.Term.For < day:
		return Text{plain("%s", sayTerm(round.Term, v.zone()))}
	}
	return Text{plain("%s, until about ", sayTerm(round.Term, v.zone())), v.at(end)}
}

// fencedWords say what a fenced exemption is, in the order in which it matters.
func fencedWords(r *approvals.Request) Text {
	return Text{code(what(r)), plain(", no MFA, only from "), code(from(r))}
}

// from are the addresses of a fenced account.
func from(r *approvals.Request) string {
	var list []string
	for _, p := range r.Ask.Addresses {
		if p.IsSingleIP() {
			list = append(list, p.Addr().String())
		} else {
			list = append(list, p.String())
		}
	}
	return clip(strings.Join(list, ", "), 300)
}

// others says whom else a fenced exemption affects.
func others(r *approvals.Request) string {
	plan, affected := r.Round().Plan, map[string]bool{}
	if plan.Zone != nil {
		for _, pair := range plan.Zone.Pairs {
			affected[pair.Account] = pair.Account != plan.Account.ID
		}
	}
	delete(affected, plan.Account.ID)
	switch len(affected) {
	case 0:
		return "nobody else affected"
	case 1:
		return "1 other account affected"
	}
	return fmt.Sprintf("%d other accounts affected", len(affected))
}

// waitsFor names whom a round waits for.
func waitsFor(r *approvals.Request) string {
	round := r.Round()
	if round.NeedsOwner() {
		return "the owner, " + name(r.Owner.Label())
	}
	open := round.WaitsFor()
	if len(open) == 0 {
		return "nobody"
	}
	counts, order := map[string]int{}, []string{}
	for _, g := range open {
		if counts[g] == 0 {
			order = append(order, g)
		}
		counts[g]++
	}
	var out []string
	for _, g := range order {
		if counts[g] > 1 {
			out = append(out, fmt.Sprintf("%d of %s", counts[g], g))
		} else {
			out = append(out, g)
		}
	}
	return strings.Join(out, " and ")
}

// cause says why a request ended or is ending.
func (v Voice) cause(r *approvals.Request) Text {
	if r.Cause == nil {
		return Text{plain("It is %s.", r.State)}
	}
	c := r.Cause
	by := who(c.By)
	reason := Text{}
	if c.Why != "" {
		reason = Text{plain(" Reason: "), literal(clip(line(c.Why), 500))}
	}
	switch c.Word {
	case approvals.CauseEnd:
		return Text{plain("Its time was over "), v.at(c.At), plain(".")}
	case approvals.CauseRevoked:
		return append(Text{plain("Revoked by "), by, plain(".")}, reason...)
	case approvals.CauseCancelled:
		return append(Text{plain("Cancelled by "), by, plain(".")}, reason...)
	case approvals.CauseNotApplied:
		return Text{plain("It was approved but not applied in time, so the approval no longer holds.")}
	case approvals.CauseTakenOut:
		hand := c.Hand
		if hand == "" {
			hand = "somebody else"
		}
		return Text{literal(name(hand)), plain(" took it out of Entra ID. It is not put back.")}
	case approvals.CauseDisproved:
		return append(Text{plain("Taken back: asked how sign-ins would go, Entra ID did not say what was predicted.")}, reason...)
	case approvals.CauseForged:
		return Text{plain("It was changed in the store by somebody other than hallpass, so it was ended. Security was told.")}
	case approvals.CauseUnfenced:
		return append(Text{plain("The fence of its zone does not hold, so it ends, as its rule says.")}, reason...)
	case approvals.CauseDenied:
		return append(Text{plain("Denied by "), by, plain(".")}, reason...)
	case approvals.CauseLapsed:
		return Text{plain("Nobody decided in time, so it lapsed.")}
	case approvals.CauseReplanned:
		return append(Text{plain("Not applied: what it would do has changed since it was approved.")}, reason...)
	}
	return Text{plain("It ended.")}
}

// ended is honest about what remains.
func (v Voice) ended(r *approvals.Request) Text {
	t := v.cause(r)
	written, gone := false, false
	for _, c := range r.Changes {
		written = written || !c.Accepted.IsZero() || c.KeptBy != "" || !r.Applied.IsZero()
		gone = gone || c.KeptBy == ""
	}
	switch {
	case !written:
		return append(t, plain(" Nothing had been written to Entra ID."))
	case gone && r.Cause != nil && r.Cause.Word == approvals.CauseTakenOut:
		t = append(t, plain(" Verified as gone "), v.at(r.Ended), plain("."))
	case gone:
		t = append(t, plain(" Taken away and verified "), v.at(r.Ended), plain("."))
	}
	for _, c := range r.Changes {
		switch {
		case c.KeptBy != "":
			t = append(t, plain(" "), code(c.Label), plain(" stays in force: %s keeps it.", c.KeptBy))
		case c.Covered != "":
			t = append(t, plain(" "), code(c.Label), plain(" is still covered by "), code(c.Covered), plain(", which is not hallpass's."))
		}
	}
	return t
}

func (v Voice) fields(r *approvals.Request) []Field {
	round := r.Round()
	fs := []Field{
		{"State", Text{plain("%s", r.State)}},
		{"What", Text{code(what(r))}},
		{"Where", Text{literal(where(r))}},
		{"How long", v.howLong(r)},
		{"Requester", Text{who(r.Requester)}},
		{"Owner", Text{who(r.Owner)}},
	}
	if !r.End.IsZero() && !r.State.Final() {
		fs = append(fs, Field{"Ends", Text{v.at(r.End)}})
	}
	if r.Voting() {
		fs = append(fs, Field{"Waits for", Text{literal(waitsFor(r))}}, Field{"Lapses", Text{v.at(round.Lapses)}})
	}
	if r.Ask.Ticket != "" {
		fs = append(fs, Field{"Ticket", Text{literal(clip(line(r.Ask.Ticket), maxTicket))}})
	}
	return fs[:min(len(fs), 10)]
}

// howLong is the term that was first asked for, once it is approved cut by those who did, and the renewals granted.
func (v Voice) howLong(r *approvals.Request) Text {
	var parts []string
	holds := func(round *approvals.Round) string {
		if round.Outcome == approvals.OutcomeApproved {
			return sayTerm(round.Shortest(round.Opened), v.zone())
		}
		return sayTerm(round.Term, v.zone())
	}
	for i := range r.Rounds {
		round := &r.Rounds[i]
		switch {
		case round.Kind == approvals.RoundFirst && i < len(r.Rounds)-1 && r.Rounds[i+1].Kind == approvals.RoundFirst:
			// planned anew: the next round says it
		case round.Kind == approvals.RoundFirst:
			parts = append(parts, holds(round))
		case round.Outcome == approvals.OutcomeApproved:
			parts = append(parts, "then "+holds(round))
		}
	}
	return Text{plain("%s", strings.Join(parts[max(0, len(parts)-4):], ", "))}
}

func (v Voice) flags(r *approvals.Request) []Text {
	var out []Text
	if r.Stuck != nil && !r.Observed { // that hallpass only observes, the lead says
		out = append(out, Text{literal(clip(line(r.Stuck.Why), 300)), plain(" (since "), v.at(r.Stuck.Since), plain(")")})
	}
	if r.State == approvals.StatePending || r.Voting() {
		for _, w := range r.Round().Plan.Warnings {
			out = append(out, Text{literal(clip(line(w), 300))})
		}
	}
	if len(out) > 6 {
		out = append(out[:5], Text{plain("… and %d more behind Details", len(out)-5)})
	}
	return out
}

// lines tell the votes, and a renewal that is being decided.
func (v Voice) lines(r *approvals.Request) []Text {
	var out []Text
	round := r.Round()
	if round.Kind == approvals.RoundRenewal && r.State == approvals.StateActive {
		switch round.Outcome {
		case approvals.OutcomeOpen:
			out = append(out, Text{bold("Renewal asked for"), plain(" by "), who(round.AskedBy), plain(" %s. The present end stands until it is approved.", sayTerm(round.Term, v.zone()))})
		case approvals.OutcomeDenied, approvals.OutcomeLapsed, approvals.OutcomeDropped:
			out = append(out, Text{plain("The renewal was %s. The end stands.", round.Outcome)})
		case approvals.OutcomeApproved:
			out = append(out, Text{plain("Renewed.")})
		}
	}
	if round.OwnerYes != nil && !round.OwnerYes.Voter.Is(round.AskedBy) {
		out = append(out, Text{plain("✓ owner "), who(round.OwnerYes.Voter), plain(" said yes "), v.at(round.OwnerYes.At)})
	}
	for _, vote := range round.Votes {
		mark := "✓"
		if vote.Choice == approvals.ChoiceDeny {
			mark = "✗"
		}
		t := Text{plain("%s ", mark), who(vote.Voter), plain(" (%s) ", strings.Join(vote.Groups, ", ")), v.at(vote.At)}
		if vote.Shorten > 0 {
			t = append(t, plain(", for %s only", sayDuration(vote.Shorten)))
		}
		out = append(out, t)
	}
	if p := r.Proof; p != nil && r.State == approvals.StateActive {
		out = append(out, proofLine(v, p))
		if p.Used != nil {
			out = append(out, usedLine(v, p.Used))
		}
	}
	for _, c := range r.Changes {
		if r.State == approvals.StateApproved || r.State == approvals.StateEnding {
			out = append(out, Text{code(c.Label), plain(": %s", sayChange(c.State))})
		}
	}
	if len(out) > 12 {
		out = append(out[:11], Text{plain("… and %d more", len(out)-11)})
	}
	return out
}

// sayChange is where a change is, in the words of people.
func sayChange(s approvals.ChangeState) string {
	switch s {
	case approvals.ChangeHeld:
		return "not written yet"
	case approvals.ChangeReleased:
		return "being written and read back"
	case approvals.ChangeVerified:
		return "there, read back"
	case approvals.ChangeWithdrawn:
		return "being taken away"
	case approvals.ChangeAbsent:
		return "gone, read back"
	}
	return string(s)
}

// proofLine says what Entra ID said of an exemption that is in force.
func proofLine(v Voice, p *approvals.Proof) Text {
	switch p.State {
	case approvals.ProofGiven:
		return Text{plain("✓ proved "), v.at(p.At), plain(": by What If it gets in from inside without MFA, is blocked from elsewhere, and others are asked as before")}
	case approvals.ProofNone:
		return Text{plain("Not proved: "), literal(clip(p.Why, 200))}
	case approvals.ProofAsked:
	}
	return Text{plain("Entra ID is being asked whether it does what was predicted.")}
}

// usedLine says whether it worked, going by the sign-in log.
func usedLine(v Voice, u *approvals.Used) Text {
	if u.Worked {
		return Text{plain("✓ worked "), v.at(u.At), plain(": "), literal(clip(u.What, 80))}
	}
	return Text{plain("✗ still stopped "), v.at(u.At), plain(": "), literal(clip(u.Why, 200))}
}

func (v Voice) foot(r *approvals.Request) []Text {
	var out []Text
	if rule := r.Round().Ruling.Rule; rule != "" {
		out = append(out, Text{plain("Rule: "), literal(name(rule))})
	}
	switch r.State {
	case approvals.StatePending:
		out = append(out, Text{plain("The time starts when the change is verified in Entra ID. Terms of a day or more end on a working morning.")})
	case approvals.StateActive:
		out = append(out, Text{plain("A change in Entra ID takes effect with the next sign-in: up to an hour, up to a day for some services.")})
	case approvals.StateEnding, approvals.StateEnded:
		if !r.Applied.IsZero() {
			until := r.Cause.At.Add(time.Hour)
			out = append(out, Text{plain("Tokens issued before may go on working until about "), v.at(until), plain(" (up to a day with continuous access evaluation).")})
		}
	case approvals.StateNone, approvals.StateApproved, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
	}
	return out
}

// Value is what a button carries: the request and the fingerprint that was shown. Nothing in it is believed.
func Value(r *approvals.Request) string { return string(r.ID) + ":" + r.Round().Fingerprint }

func buttons(r *approvals.Request, approver bool) []Button {
	value := Value(r)
	details := Button{ID: ButtonDetails, Label: "Details", Value: value}
	if approver {
		if !r.Voting() {
			if r.State == approvals.StateActive || r.State == approvals.StateApproved {
				return []Button{details, {ID: ButtonRevoke, Label: "Revoke", Value: value, Danger: true}}
			}
			return nil
		}
		return []Button{
			{ID: ButtonApprove, Label: "Approve", Value: value, Primary: true},
			{ID: ButtonDeny, Label: "Deny", Value: value, Danger: true},
			details,
		}
	}
	switch r.State {
	case approvals.StatePending, approvals.StateApproved:
		return []Button{details, {ID: ButtonCancel, Label: "Cancel", Value: value, Danger: true, Confirm: "Cancel " + string(r.ID) + "?"}}
	case approvals.StateActive:
		bs := []Button{details}
		if !r.Voting() {
			bs = append(bs, Button{ID: ButtonRenew, Label: "Renew", Value: value, Primary: true})
		}
		return append(bs, Button{ID: ButtonRevoke, Label: "End it now", Value: value, Danger: true})
	case approvals.StateNone, approvals.StateEnding, approvals.StateEnded, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
	}
	return nil
}

// Digest is a short name for what a card shows: two cards with the same digest look the same.
func Digest(c Card) string {
	data, err := json.Marshal(c)
	if err != nil { // strings and numbers always encode
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// Bare is a card without its buttons, for those who are told and cannot do anything.
func Bare(c Card) Card {
	c.Buttons = nil
	return c
}

// First is what is posted before the card itself, which then takes its place. If its id is lost in a crash it stays as it
// is for ever, so it has no button and says nothing that could become wrong. Notifications are made of it: they say it all.
func First(r *approvals.Request, c Card) Card {
	return Card{
		Tone: ToneNote, Title: c.Title, Plain: c.Plain,
		Lead: Text{plain("This card is being filled in. If it stays like this, another copy is up to date: "), code("/hallpass show " + string(r.ID))},
	}
}
