package bot

import (
	"strings"
	"time"

	"hallpass/approvals"
)

func (v Voice) fields(r *approvals.Request) []Field {
	round := r.Round()
	fs := []Field{
		{"State", Text{stateWord(r)}},
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
	if then := sayThen(r.Round().Plan); then != "" {
		parts = append(parts, "then "+then)
	}
	return Text{plain("%s", strings.Join(parts[max(0, len(parts)-4):], ", "))}
}

func (v Voice) flags(r *approvals.Request) []Text {
	var out []Text
	if r.Stuck != nil && !r.Observed { // that hallpass only observes, the lead says
		out = append(out, Text{literal(clip(line(r.Stuck.Why), 300)), plain(" (since "), v.at(r.Stuck.Since), plain(")")})
	}
	if r.Restored != nil {
		out = append(out, Text{plain("Brought back after hallpass lost its store, from what was signed "), v.at(r.Restored.Signed), plain(": who approved it and the facts are not known here any more.")})
	}
	if r.Voting() && r.State == approvals.StateActive {
		if said := r.Review; said != nil && said.Verdict == approvals.VerdictLetGo {
			out = append(out, append(Text{who(said.By), plain(" decided "), v.at(said.At), plain(" to let it end.")}, because(said.Why)...))
		}
		if since, unused := r.Unused(); unused {
			out = append(out, Text{plain("No sign-in from its addresses was seen since "), v.at(since), plain(": it may not be needed any more.")})
		}
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
	if r.Voting() && round.Ruling.StepUp {
		out = append(out, v.stepUp(r))
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
		if vote.Fresh != nil {
			t = append(t, plain(", with a fresh sign-in"))
		}
		out = append(out, t)
	}
	if p := r.Proof; p != nil && r.State == approvals.StateActive {
		if line := proofLine(v, p); line != nil {
			out = append(out, line)
		}
		if p.Used != nil {
			out = append(out, usedLine(v, p.Used))
		}
		if since, unused := r.Unused(); unused && !r.Voting() {
			out = append(out, Text{plain("✗ not used since "), v.at(since), plain(", going by the sign-in log")})
		} else if p.Used != nil && p.Used.Worked && p.Last.Sub(p.Used.At) > day {
			out = append(out, Text{plain("last used "), v.at(p.Last)})
		}
	}
	if said := r.Review; said != nil && r.State == approvals.StateActive {
		word := " asked the owner whether it is still needed "
		if said.Verdict == approvals.VerdictLetGo {
			word = " lets it end; said "
		}
		out = append(out, append(Text{who(said.By), plain("%s", word), v.at(said.At)}, because(said.Why)...))
	}
	out = append(out, v.attestations(r)...)
	for _, c := range r.Changes {
		if r.State == approvals.StateApproved || r.State == approvals.StateEnding {
			out = append(out, Text{code(c.Label), plain(": %s", sayProgress(r, c))})
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
	case approvals.ChangeAttested:
		return "there, attested"
	case approvals.ChangeWithdrawn:
		return "being taken away"
	case approvals.ChangeAbsent:
		return "gone, read back"
	}
	return string(s)
}

// proofLine says what Entra ID said of an exemption that is in force; nil where it was asked nothing.
func proofLine(v Voice, p *approvals.Proof) Text {
	switch p.State {
	case approvals.ProofGiven:
		return Text{plain("✓ proved "), v.at(p.At), plain(": by What If it gets in from inside without MFA, is blocked from elsewhere, and others are asked as before")}
	case approvals.ProofNone:
		return Text{plain("Not proved: "), literal(clip(p.Why, 200))}
	case approvals.ProofLog:
		return nil
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

// tokensUntil is until when tokens may go on working that were issued before the end; false if it was never in force, or
// still is: what a person has to take away goes on letting people in until they do.
func tokensUntil(r *approvals.Request) (time.Time, bool) {
	_, waits := r.Task()
	if r.Applied.IsZero() || waits {
		return time.Time{}, false
	}
	gone := r.Cause.At
	for _, c := range r.Changes {
		if c.Undone != nil && c.Undone.At.After(gone) {
			gone = c.Undone.At
		}
	}
	return gone.Add(time.Hour), true
}

func (v Voice) foot(r *approvals.Request) []Text {
	var out []Text
	if rule := r.Round().Ruling.Rule; rule != "" {
		out = append(out, Text{plain("Rule: "), literal(name(rule))})
	}
	switch r.State {
	case approvals.StatePending:
		starts := "when the change is verified in Entra ID"
		if r.Round().Plan.ByHand() {
			starts = "when all of it is done"
		}
		if r.Ask.Adopt {
			starts = "when hallpass has read that it is there"
		}
		out = append(out, Text{plain("The time starts %s. Terms of a day or more end on a working morning.", starts)})
	case approvals.StateActive:
		if r.Round().Plan.ByHand() || r.Ask.Adopt { // nothing of it has to take effect
			break
		}
		out = append(out, Text{plain("A change in Entra ID takes effect with the next sign-in: up to an hour, up to a day for some services.")})
	case approvals.StateEnding, approvals.StateEnded:
		if until, ok := tokensUntil(r); ok {
			out = append(out, Text{plain("Tokens issued before may go on working until about "), v.at(until), plain(" (up to a day with continuous access evaluation).")})
		}
	case approvals.StateNone, approvals.StateApproved, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
	}
	return out
}
