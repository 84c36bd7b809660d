package bot

import (
	"hallpass/approvals"
)

// Worry is what became of an exemption's account, or of its owner.
type Worry struct {
	Request approvals.Request
	Concern approvals.Concern
}

// worriesShown is how many worries one message lists.
const worriesShown = 12

// WorryCards tell security what became of accounts and owners, in as few messages as it takes.
func WorryCards(list []Worry) []Card {
	var out []Card
	for len(list) > 0 {
		n := min(len(list), worriesShown)
		c := Card{Tone: ToneBad, Title: "Look at these exemptions"}
		for _, w := range list[:n] {
			c.Lines = append(c.Lines, worryLine(w))
		}
		c.Lead = Text{plain("They are in force, and something is not as it was when they were approved.")}
		c.Plain = clip(c.Title+": "+c.Lines[0].String(), 300)
		out, list = append(out, c), list[n:]
	}
	return out
}

// worryLine says what is the matter and what to type.
func worryLine(w Worry) Text {
	id := string(w.Request.ID)
	t := Text{bold(id), plain(" "), code(clip(what(&w.Request), 60)), plain(": "), literal(clip(line(w.Concern.What), 300)), plain(". ")}
	revoke := code("/hallpass revoke " + id + " because …")
	switch w.Concern.Word {
	case approvals.ConcernOwnerLeft:
		return append(t, plain("Give it to somebody: "), code("/hallpass hand "+id+" to @person"), plain(" or end it: "), revoke)
	case approvals.ConcernGone, approvals.ConcernDisabled:
		return append(t, plain("To end it breaks nothing: "), revoke)
	case approvals.ConcernPrivileged, approvals.ConcernRisk, approvals.ConcernMethod:
	}
	return append(t, plain("End it unless you know why: "), revoke)
}
