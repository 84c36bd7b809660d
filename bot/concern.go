package bot

import (
	"fmt"
	"strings"

	"hallpass/approvals"
)

// Worry is what became of an exemption's account, or of its owner.
type Worry struct {
	Request approvals.Request
	Concern approvals.Concern
	// Ended: it ends because of that, as its rule says.
	Ended bool
	// Heir answers for it now that its owner has left; zero: nobody does.
	Heir approvals.Person
}

// worriesShown is how many worries one message lists.
const worriesShown = 12

// WorryCards tell security what became of accounts, owners and policies, in as few messages as it takes: what a policy does to many
// is one line.
func WorryCards(list []Worry) []Card {
	return worryCards(list, Card{
		Tone: ToneBad, Title: "Look at these exemptions", Lead: Text{plain("They are in force, and something is not as it was when they were approved.")},
	})
}

// OwnerCards tell an owner what policies do to what they answer for: the same lines, and one message.
func OwnerCards(list []Worry) []Card {
	return worryCards(list, Card{
		Tone: ToneWait, Title: "Policies and your exemptions", Lead: Text{plain("You answer for these. Security was told as well.")},
	})
}

// ForOwner reports whether the owner is told, too: of what policies do, and not of who is at risk or may do what.
func (w Worry) ForOwner() bool {
	switch w.Concern.Word {
	case approvals.ConcernStopped, approvals.ConcernComing, approvals.ConcernNeedless:
		return w.Request.Owner.ID != ""
	case approvals.ConcernOwnerLeft, approvals.ConcernGone, approvals.ConcernDisabled, approvals.ConcernPrivileged, approvals.ConcernRisk, approvals.ConcernMethod:
	}
	return false
}

// worryCards lists worries in as many cards like this one as it takes.
func worryCards(list []Worry, like Card) []Card {
	var lines []Text
	byPolicy := map[string][]Worry{}
	for _, w := range list {
		if w.Concern.Policy != "" {
			byPolicy[w.Concern.Key()] = append(byPolicy[w.Concern.Key()], w)
		}
	}
	for _, w := range list {
		switch many := byPolicy[w.Concern.Key()]; {
		case w.Concern.Policy == "":
			lines = append(lines, worryLine(w))
		case many[0].Request.ID == w.Request.ID:
			lines = append(lines, policyLine(many))
		}
	}
	var out []Card
	for len(lines) > 0 {
		n := min(len(lines), worriesShown)
		c := like
		c.Lines = lines[:n]
		c.Plain = clip(c.Title+": "+c.Lines[0].String(), 300)
		out, lines = append(out, c), lines[n:]
	}
	return out
}

// policyLine says which jobs a policy stops, or will.
func policyLine(many []Worry) Text {
	c := many[0].Concern
	jobs := "this job stops"
	if len(many) > 1 {
		jobs = fmt.Sprintf("these %d jobs stop", len(many))
	}
	var names []string
	for i := range many[:min(len(many), worriesShown)] {
		names = append(names, string(many[i].Request.ID)+" "+clip(what(&many[i].Request), 60))
	}
	if more := len(many) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	policy := literal("“" + clip(line(c.Name), 100) + "”")
	t := Text{plain("Because of the policy "), policy, plain(" (it %s) %s: ", c.What, jobs)}
	if c.Word == approvals.ConcernComing {
		t = Text{plain("If the policy "), policy, plain(" (report-only today; it %s) is switched on, %s: ", c.What, jobs)}
	}
	return append(t, literal(strings.Join(names, ", ")), plain("."))
}

// worryLine says what is the matter and what to type.
func worryLine(w Worry) Text {
	id := string(w.Request.ID)
	t := Text{bold(id), plain(" "), code(clip(what(&w.Request), 60)), plain(": "), literal(clip(line(w.Concern.What), 300)), plain(". ")}
	if w.Ended {
		return append(t, plain("It ends, as its rule says."))
	}
	revoke := code("/hallpass revoke " + id + " because …")
	switch w.Concern.Word {
	case approvals.ConcernOwnerLeft:
		if w.Heir.ID != "" {
			return append(t, who(w.Heir), plain(" answers for it now, as the owners file or the directory says."))
		}
		return append(t, plain("Give it to somebody: "), code("/hallpass hand "+id+" to @person"), plain(" or end it: "), revoke)
	case approvals.ConcernGone, approvals.ConcernDisabled, approvals.ConcernNeedless:
		return append(t, plain("To end it breaks nothing: "), revoke)
	case approvals.ConcernPrivileged, approvals.ConcernRisk, approvals.ConcernMethod, approvals.ConcernStopped, approvals.ConcernComing:
	}
	return append(t, plain("End it unless you know why: "), revoke)
}
