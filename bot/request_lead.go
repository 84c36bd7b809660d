package bot

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hallpass/approvals"
)

// lead is the one sentence that a tired approver understands.
func (v Voice) lead(r *approvals.Request) Text {
	round := r.Round()
	switch r.State {
	case approvals.StatePending:
		term := sayTerm(round.Term, v.zone())
		subject := Text{who(r.Requester), plain(" asks to trust "), code(what(r)), plain(" in "), literal(where(r)), plain(" %s.", term)}
		switch {
		case r.Ask.Kind == approvals.KindApp:
			subject = v.appLead(r, term)
		case r.Ask.Adopt:
			subject = v.adopting(r)
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
		if task, waits := r.Task(); waits {
			return append(Text{plain("Approved. ")}, waitsByHand(r, task)...)
		}
		if r.Ask.Adopt {
			return Text{plain("Approved. hallpass reads whether it is still there; nothing is written.")}
		}
		return Text{plain("Approved. Being applied to Entra ID and read back; it is not in force yet.")}
	case approvals.StateActive:
		t := Text{plain("Applied. Ends "), v.at(r.End), plain(".")}
		if r.Ask.Adopt {
			t = Text{plain("Taken over: it was there before the request. Ends "), v.at(r.End), plain(" and is taken away then.")}
		}
		if by := attesters(r); by != "" {
			t = Text{plain("In force, attested by "), literal(by), plain(": done by hand, and not verified. Ends "), v.at(r.End), plain(".")}
		}
		if r.Ask.Kind == approvals.KindApp {
			t = v.appActive(r)
		}
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
		if task, waits := r.Task(); waits {
			return append(append(v.cause(r), plain(" ")), waitsByHand(r, task)...)
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
	return clip(strings.Join(typedAddresses(r.Ask.Addresses), ", "), 300)
}

// typedAddresses are prefixes as people type them: one address stands alone.
func typedAddresses(prefixes []netip.Prefix) []string {
	var list []string
	for _, p := range prefixes {
		list = append(list, approvals.Typed(p))
	}
	return list
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

// somebody is who did what nobody knows who did.
const somebody = "somebody else"

// byApp is how the directory audit's hand begins where an app took something out.
const byApp = "the app "

// cause says why a request ended or is ending.
func (v Voice) cause(r *approvals.Request) Text {
	if r.Cause == nil {
		return Text{plain("It is %s.", r.State)}
	}
	c := r.Cause
	by := who(c.By)
	reason := because(c.Why)
	switch c.Word {
	case approvals.CauseEnd:
		return Text{plain("Its time was over "), v.at(c.At), plain(".")}
	case approvals.CauseRevoked:
		return append(Text{plain("Revoked by "), by, plain(".")}, reason...)
	case approvals.CauseCancelled:
		return append(Text{plain("Cancelled by "), by, plain(".")}, reason...)
	case approvals.CauseNotApplied:
		return Text{plain("It was approved but not applied in time, so the approval no longer holds.")}
	case approvals.CauseBlocked:
		return Text{literal(name(cmp.Or(c.Hand, somebody))), plain(" blocked the account from every sign-in, so its exemption ends.")}
	case approvals.CauseTakenOut:
		hand := cmp.Or(c.Hand, somebody)
		t := Text{literal(name(hand)), plain(" took it out of Entra ID. It is not put back.")}
		if strings.HasPrefix(hand, byApp) {
			t = append(t, plain(" If a tool like Terraform keeps that place, let it ignore what hallpass writes there (lifecycle, ignore_changes), or the next one goes the same way."))
		}
		return t
	case approvals.CauseDisproved:
		return append(Text{plain("Taken back: asked how sign-ins would go, Entra ID did not say what was predicted.")}, reason...)
	case approvals.CauseForged:
		return Text{plain("It was changed in the store by somebody other than hallpass, so it was ended. Security was told.")}
	case approvals.CauseLost:
		return append(Text{plain("hallpass lost its store, so it ends.")}, reason...)
	case approvals.CauseChanged:
		return append(Text{plain("Its account is not as it was when it was approved, so it ends, as its rule says.")}, reason...)
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
	gone := slices.ContainsFunc(r.Changes, func(c approvals.Progress) bool { return c.KeptBy == "" })
	switch {
	case !r.Wrote() && r.Round().Plan.ByHand():
		return append(t, plain(" Nothing had been done."))
	case !r.Wrote():
		return append(t, plain(" Nothing had been written to Entra ID."))
	case gone && attesters(r) != "":
		t = append(t, v.endedByHand(r)...)
	case gone && r.Cause != nil && r.Cause.Word == approvals.CauseTakenOut:
		t = append(t, plain(" Verified as gone "), v.at(r.Ended), plain("."))
	case gone:
		t = append(t, plain(" Taken away and verified "), v.at(r.Ended), plain("."))
	}
	t = append(t, blockedNow(r)...)
	if r.SignedOut() {
		t = append(t, plain(" It was signed out everywhere: what a person had signed in as it stops until it is signed in again."))
	}
	for _, c := range r.Changes {
		switch {
		case c.Blocks():
			if c.KeptBy != "" {
				t = append(t, plain(" It is blocked once %s ends.", c.KeptBy))
			}
		case c.SignsOut():
			if c.KeptBy != "" {
				t = append(t, plain(" It is signed out once %s ends.", c.KeptBy))
			}
		case c.KeptBy != "":
			t = append(t, plain(" "), code(c.Label), plain(" stays in force: %s keeps it.", c.KeptBy))
		case c.Covered != "":
			t = append(t, plain(" "), code(c.Label), plain(" is still covered by "), code(c.Covered), plain(", which is not hallpass's."))
		}
	}
	return t
}
