package bot

import (
	"net/netip"
	"strings"
	"time"

	"hallpass/approvals"
)

// Notice is something that people are told once, in the thread of a request's card and to its requester.
type Notice struct {
	Key  string // the same for every telling of the same thing
	Text Text
	// To says who is told. Hands are those who do something by hand, Security the reviewers.
	Requester, Approvers, Hands, Security bool
	// Reminds: it is the reminder of an end, of which a person is told together with others.
	Reminds bool
}

// Notices are all that people should have been told about a request by now. Which of them were told is remembered by key,
// so this is worked out from the present state, however often.
func (v Voice) Notices(r *approvals.Request) []Notice {
	var out []Notice
	add := func(key string, requester, approvers bool, text ...Span) {
		out = append(out, Notice{Key: key, Text: append(Text{bold(string(r.ID)), plain(": ")}, text...), Requester: requester, Approvers: approvers})
	}
	for i := range r.Rounds {
		v.roundNotices(r, i, add)
	}
	if res := r.Restored; res != nil && !r.State.Final() {
		add("restored:"+res.Signed.UTC().Format(time.RFC3339), true, true, plain("was brought back after hallpass lost its store, from what was signed "), v.at(res.Signed),
			plain(". Votes and facts are not known any more. To keep it longer, it has to be renewed or asked for anew."))
	} else if !r.Applied.IsZero() {
		add("applied", true, true, plain("%s. It ends ", appliedWord(r)), v.at(r.End), plain("."))
	}
	out = append(out, handNotices(r)...)
	if said := r.Review; said != nil && r.State == approvals.StateActive {
		add("review:"+said.At.UTC().Format(time.RFC3339), true, false, v.reviewed(r, said)...)
	}
	if _, is := remindedAt(r); is {
		add("remind:"+r.End.UTC().Format(time.RFC3339)+":"+strings.Repeat("i", r.Reminded), true, true, append(Text{
			plain("ends "), v.at(r.End), plain(". Still needed? "), who(r.Owner), plain(" or the requester types "),
			code("/hallpass renew " + string(r.ID) + " for 30d because …"), plain(". If not, it is taken away then."),
		}, v.unusedWords(r)...)...)
		out[len(out)-1].Reminds = true
	}
	if r.Cause == nil {
		return out
	}
	switch r.State {
	case approvals.StateEnding:
		if r.Cause.Word != approvals.CauseEnd {
			add("ending", true, true, v.cause(r)...)
		}
	case approvals.StateEnded:
		add("ended", true, true, v.ended(r)...)
	case approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
		add(string(r.State), true, false, v.cause(r)...)
	case approvals.StateNone, approvals.StatePending, approvals.StateApproved, approvals.StateActive:
	}
	if r.Cause.Word == approvals.CauseTakenOut && r.State.Final() {
		add("again", true, false, plain("if it is still needed, ask anew, and it is put back when that is approved: "), code(anew(r)))
	}
	return out
}

// anew is the command that asks for the same once more.
func anew(r *approvals.Request) string {
	a := r.Ask
	var b strings.Builder
	b.WriteString("/hallpass " + string(a.Kind))
	list := func(prefixes []netip.Prefix) string { return " " + strings.Join(typedAddresses(prefixes), " ") }
	switch {
	case a.Kind == approvals.KindApp:
		return clip(b.String()+" "+a.App+" in "+a.Where, 400) + " with … for 30d because …"
	case a.Kind == approvals.KindIP:
		b.WriteString(list(a.Addresses))
	case a.Fenced():
		b.WriteString(" " + line(cmpLabel(r.Account, a.Account)) + " from" + list(a.Addresses))
		if len(a.Drop) > 0 {
			b.WriteString(" drop" + list(a.Drop))
		}
	default:
		b.WriteString(" " + line(cmpLabel(r.Account, a.Account)))
	}
	if a.Where != "" {
		b.WriteString(" in " + a.Where)
	}
	return clip(b.String(), 400) + " for 30d" + typedThen(a) + " because …"
}

func (v Voice) roundNotices(r *approvals.Request, i int, add func(key string, requester, approvers bool, text ...Span)) {
	round := r.Rounds[i]
	key := "round" + strings.Repeat("i", i+1) + ":"
	if i > 0 && round.Kind == approvals.RoundFirst {
		add(key+"anew", true, true, plain("what it would change is different now, so it has to be approved again."))
	}
	if round.Kind == approvals.RoundRenewal {
		add(key+"renewal", false, true, plain("renewal asked for by "), who(round.AskedBy), plain(" %s.", sayTerm(round.Term, v.zone())))
		switch round.Outcome {
		case approvals.OutcomeApproved:
			text := []Span{plain("renewed by "), who(round.Decider), plain(".")}
			if i == len(r.Rounds)-1 && !r.State.Final() {
				text = append(text, plain(" It now ends "), v.at(r.End), plain("."))
			}
			add(key+"renewed", true, true, text...)
		case approvals.OutcomeDenied:
			add(key+"notrenewed", true, true, plain("the renewal was denied by "), who(round.Decider), plain(": "), literal(clip(line(round.Why), 500)))
		case approvals.OutcomeLapsed:
			add(key+"notrenewed", true, true, plain("nobody decided on the renewal in time; the end stands."))
		case approvals.OutcomeOpen, approvals.OutcomeDropped:
		}
	}
	if round.Nudged && round.Outcome == approvals.OutcomeOpen {
		add(key+"nudge", false, true, plain("still waits for %s. It lapses ", waitsFor(r)), v.at(round.Lapses), plain("."))
	}
	if round.Kind == approvals.RoundFirst && round.Outcome == approvals.OutcomeApproved {
		text := []Span{plain("approved by "), literal(names(round.Approvals())), plain("; being applied.")}
		if r.Observed {
			text = []Span{plain("approved. hallpass only observes: it would write this and does not.")}
		}
		add(key+"approved", true, false, text...)
	}
}

func names(votes []approvals.Vote) string {
	var out []string
	for _, vote := range votes {
		out = append(out, name(vote.Voter.Label()))
	}
	return strings.Join(out, ", ")
}

// card makes a card out of a line of text.
func card(t Tone, title string, text Text) Card {
	return Card{Tone: t, Title: title, Lead: text, Plain: clip(strings.TrimSpace(title+" "+text.String()), 300)}
}

// Say is a short answer as a card. What stands between backticks is shown as code: that is what people are told to type.
func Say(t Tone, text string) Card { return card(t, "", inCode(text)) }

// refused is the answer to somebody who was refused.
func refused(no *approvals.Refusal) Card {
	t := Text{literal(no.What)}
	if no.Instead != "" {
		t = append(t, plain("\n"))
		t = append(t, inCode(no.Instead)...)
	}
	return card(ToneBad, "", t)
}

// inCode shows what stands between backticks as code.
func inCode(s string) Text {
	var t Text
	for i, part := range strings.Split(s, "`") {
		if part == "" {
			continue
		}
		if i%2 == 1 {
			t = append(t, code(part))
		} else {
			t = append(t, literal(part))
		}
	}
	return t
}

// The short answers.
func notCounted() Card {
	return card(ToneNote, "", Text{plain("Noted, not counted yet: Entra ID cannot be asked right now. You need not click again unless you are told so.")})
}

func clickAgain() Card {
	return card(ToneBad, "", Text{plain("Entra ID could not be asked for 15 minutes, so nothing was done. Please click again.")})
}

// NothingDone is the answer when an act could not be stored.
const NothingDone = "Nothing was done: hallpass cannot store anything right now. Please try again in a minute."

// notAsked tells the requester who has to be asked by themselves.
func notAsked(r *approvals.Request, who []string) Text {
	return Text{plain("hallpass cannot write to %s in chat. Ask them yourself: they type ", strings.Join(who, " and ")), code("/hallpass approve " + string(r.ID))}
}

// Help is the help text.
func Help() Card {
	rows := []struct{ usage, does string }{
		{"/hallpass", "open the request form"},
		{"/hallpass ip ADDRESS… in LOCATION for 90d because …", "trust addresses"},
		{"/hallpass account NAME from ADDRESS… for 30d because …", "exempt a service account from MFA, from these addresses only"},
		{"/hallpass account NAME in EXCLUSION for 30d because …", "exempt it from everywhere, where a rule allows that"},
		{"/hallpass app NAME in ACCESS with CERTIFICATE for 365d because …", "register an application instead of using an account; or with ISSUER SUBJECT"},
		{"/hallpass advise NAME", "what stops an account, and the ways out; or paste the error: AADSTS50076 … Correlation ID …"},
		{"/hallpass show HP-1042", "show a request"},
		{"/hallpass list mine|waiting|active|expiring 30d", "list requests"},
		{"/hallpass approve HP-1042 [for 30d]", "approve, perhaps for a shorter time"},
		{"/hallpass deny HP-1042 because …", "deny"},
		{"/hallpass cancel HP-1042", "take your request back"},
		{"/hallpass renew HP-1042 for 30d because …", "ask for a later end"},
		{"/hallpass revoke HP-1042 because …", "end it now"},
		{"/hallpass hand HP-1042 to @person", "give it another owner"},
		{"/hallpass review", "for security: what is to be reviewed; question HP-1042: ask its owner; let HP-1042 end: do not renew it"},
		{"/hallpass list todo", "what waits for you to do it by hand"},
		{"/hallpass done HP-1042 EVIDENCE", "say that it was made by hand; undone: that it was taken away"},
		{"/hallpass adopt", "what is exempt without a request; adopt WHAT in WHERE for 90d because …: give it an owner and an end"},
		{"/hallpass own NAME", "take on an account without an owner"},
	}
	c := Card{Tone: ToneNote, Title: "hallpass", Lead: Text{plain("Exemptions from MFA with an owner, an approval and an end.")}, Plain: "hallpass help"}
	for _, row := range rows {
		c.Lines = append(c.Lines, Text{code(row.usage), plain("  %s", row.does)})
	}
	c.Foot = []Text{{plain("Durations: 90d, 12h, 2 weeks, or until 2027-01-31. ticket REF is optional in an ask; so is, for an account, what becomes of it at the end: then blocked, then disabled, then signed-out or then mfa.")}}
	return c
}
