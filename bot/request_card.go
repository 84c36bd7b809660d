package bot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"hallpass/approvals"
)

// Voice turns requests into cards. It knows the zone in which times stand where a platform cannot show the reader's own.
type Voice struct {
	Zone *time.Location
	// Calendar says when a term ends that is not in force yet.
	Calendar approvals.Calendar
	// Pages is the address of hallpass's own pages; empty if there are none.
	Pages string
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
	switch r.Ask.Kind {
	case approvals.KindAccount:
		return cmpLabel(r.Account, r.Ask.Account)
	case approvals.KindApp:
		return line(r.Ask.App)
	case approvals.KindIP:
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
	for _, c := range r.Round().Plan.Changes {
		if c.Title != "" && !c.AtEnd() {
			return name(c.Title)
		}
	}
	return name(r.Ask.Where)
}

// Headline is the title of every card of a request.
func Headline(r *approvals.Request) string {
	if r.Ask.Adopt {
		return string(r.ID) + ": take over " + clip(what(r), 80)
	}
	switch r.Ask.Kind {
	case approvals.KindAccount:
		return string(r.ID) + ": no MFA for " + clip(what(r), 80)
	case approvals.KindApp:
		return string(r.ID) + ": application " + clip(what(r), 80)
	case approvals.KindIP:
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
	return c.summed()
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
