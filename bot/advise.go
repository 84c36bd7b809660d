package bot

import (
	"context"
	"slices"
	"strings"

	"hallpass/approvals"
)

// advise answers what stops an account, and what to do.
func (b *Bot) advise(ctx context.Context, in Incoming, person string, q approvals.Question) error {
	if b.cfg.Advisor == nil {
		return approvals.Refuse(approvals.RefusedInput, "There is no advice here.")
	}
	if in.Foreign {
		return elsewhere("accounts")
	}
	a, err := b.cfg.Advisor.Advise(ctx, person, q)
	if err != nil {
		return err
	}
	b.reply(ctx, in, adviceCard(a))
	return nil
}

// elsewhere refuses to speak of something in a channel that is shared with another organisation.
func elsewhere(of string) error {
	return approvals.Refuse(approvals.RefusedElsewhere, "This channel is shared with another organisation, so nothing is said about %s here.", of).Or("Ask in a channel of your own.")
}

// maxPrepared is how many buttons a piece of advice has: the best ways come first.
const maxPrepared = 3

// maxPicked is how many addresses that an account was seen at have a button of their own.
const maxPicked = 3

// adviceCard shows advice: what stops it, the ways with their reasons, and those that begin here as buttons.
func adviceCard(a approvals.Advice) Card {
	c := Card{Tone: ToneNote, Title: "Advice on " + clip(a.Account.Label(), 80), Lead: Text{literal(clip(a.Stopped, 400))}}
	for _, o := range a.Options {
		mark := "✗"
		if o.Fits {
			mark = "✓"
		}
		t := Text{plain("%s ", mark), bold(string(o.Way)), plain(": ")}
		t = append(t, inCode(clip(o.Why, 300))...)
		if o.Type != "" {
			t = append(t, plain("  "), code(clip(o.Type, 200)))
		}
		c.Lines = append(c.Lines, t)
		if value := prepares(o, a.Account); value != "" && len(c.Buttons) < maxPrepared {
			label := "Prepare the request"
			switch {
			case o.Way == approvals.WayApp:
				label = "Prepare an application"
			case o.Way == approvals.WayPerUser:
				label = "Prepare it for per-user MFA"
			case o.Where != "":
				label = clip("Prepare it by hand: "+o.Where, 70)
			}
			c.Buttons = append(c.Buttons, Button{ID: ButtonAsk, Label: label, Value: value})
		}
	}
	fences := slices.ContainsFunc(a.Options, func(o approvals.Option) bool { return o.Way == approvals.WayZone && prepares(o, a.Account) != "" })
	for i, s := range a.Seen {
		c.Foot = append(c.Foot, Text{plain("seen at "), literal(clip(s.String(), 200))})
		if _, err := approvals.ParseAddress(s.Address); err == nil && fences && i < maxPicked { // none is better than another
			c.Buttons = append(c.Buttons, Button{ID: ButtonAsk, Label: "From " + clip(s.Address, 45), Value: fenced + ": " + a.Account.UPN + " " + s.Address})
		}
	}
	if len(a.Seen) > 0 {
		c.Foot = append(c.Foot, Text{plain("An address in the log is not yet an address of yours: ask your network team first.")})
	}
	for _, u := range a.Unknown {
		c.Flags = append(c.Flags, Text{plain("Not known: "), literal(clip(u, 200))})
	}
	c.Plain = clip(c.Title+". "+a.Stopped, 300)
	return c
}

// prepares is the value of the button that opens the form for a way, or empty.
func prepares(o approvals.Option, account approvals.Person) string {
	if !o.Fits || account.UPN == "" {
		return ""
	}
	switch o.Way {
	case approvals.WayApp:
		if o.Where == "" {
			return ""
		}
		name, _, _ := strings.Cut(account.UPN, "@")
		if name, err := approvals.ParseAppName(name); err == nil {
			return string(approvals.KindApp) + ":" + o.Where + " " + name
		}
		return string(approvals.KindApp) + ":" + o.Where
	case approvals.WayZone:
		return fenced + ": " + account.UPN
	case approvals.WayIntranet, approvals.WayPerUser:
		return string(approvals.KindAccount) + ":" + o.Where + " " + account.UPN
	case approvals.WayService, approvals.WayADFS: // whose address it is the person says: none is filled in
		return string(approvals.KindIP) + ":" + o.Where
	case approvals.WayIdentity, approvals.WayDelegated, approvals.WayLocation, approvals.WayExclusion:
	}
	return ""
}
