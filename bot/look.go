package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
)

// who reads the chat account now and resolves the person behind it.
func (b *Bot) who(ctx context.Context, in Incoming) (string, error) {
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return "", fmt.Errorf("bot: no platform %q", in.Account.Platform)
	}
	profile, err := chat.Profile(ctx, in.Account)
	if err != nil {
		return "", fmt.Errorf("reading a profile: %w", err)
	}
	return b.cfg.People.Resolve(ctx, profile)
}

// look answers something that changes nothing. If it fails, the person is told, and may try again.
func (b *Bot) look(ctx context.Context, in Incoming, what string, do func(ctx context.Context, in Incoming, person string) error) {
	person, err := b.who(ctx, in)
	if err == nil {
		err = do(ctx, in, person)
	}
	if err == nil {
		return
	}
	if no, ok := errors.AsType[*approvals.Refusal](err); ok {
		if in.Kind != InHome {
			b.reply(ctx, in, refused(no))
		}
		return
	}
	b.cfg.Log.WarnContext(ctx, "a look failed", "what", what, "operation", in.Operation, "error", err)
	if in.Kind != InHome {
		b.reply(ctx, in, card(ToneBad, "", Text{plain("That could not be looked up right now. Please try again.")}))
	}
}

func (b *Bot) showOrList(ctx context.Context, in Incoming, person string, c Command) error {
	if c.Verb == "show" {
		return b.show(ctx, in, person, c.ID)
	}
	found, title, err := b.listed(ctx, person, c)
	if err != nil {
		return err
	}
	out := Card{Tone: ToneNote, Title: title, Plain: title}
	for i := range found[:min(len(found), 30)] {
		_, details, err := b.cfg.Looks.Get(ctx, person, found[i].ID)
		if err != nil {
			return err
		}
		out.Lines = append(out.Lines, b.voice.Row(&found[i], details && !in.Foreign))
	}
	if len(found) == 0 {
		out.Lead = Text{plain("There is nothing.")}
	}
	if len(found) > 30 {
		out.Foot = []Text{{plain("… and %d more", len(found)-30)}}
	}
	b.reply(ctx, in, out)
	return nil
}

func (b *Bot) listed(ctx context.Context, person string, c Command) ([]approvals.Request, string, error) {
	switch c.List {
	case "waiting":
		rs, err := b.cfg.Looks.Waiting(ctx, person)
		return rs, "Waiting for you", err
	case "todo":
		if b.cfg.Hands == nil {
			return nil, "", approvals.Refuse(approvals.RefusedInput, "Nothing is done by hand here.")
		}
		rs, err := b.cfg.Hands.Todo(ctx, person)
		return rs, "To be done by you or your colleagues, by hand", err
	case "active":
		rs, err := b.cfg.Looks.List(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}})
		return rs, "Active", err
	case "expiring":
		rs, err := b.cfg.Looks.List(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}, EndsBefore: b.cfg.Now().Add(c.Within)})
		return rs, "Ending within " + sayDuration(c.Within), err
	}
	rs, err := b.cfg.Looks.List(ctx, approvals.Query{Person: person})
	return rs, "Yours", err
}

func (b *Bot) show(ctx context.Context, in Incoming, person string, id approvals.RequestID) error {
	r, details, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return err
	}
	if !details || in.Foreign {
		b.reply(ctx, in, card(ToneNote, string(r.ID), b.voice.Row(&r, false)))
		return nil
	}
	c := b.voice.Live(&r, false)
	if r.Owner.ID == person {
		c = b.voice.Owned(&r)
	}
	if r.Voting() {
		waiting, err := b.cfg.Looks.Waiting(ctx, person)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			if w.ID == r.ID {
				c = b.voice.Live(&r, true)
			}
		}
	}
	b.reply(ctx, in, c)
	return nil
}

// View is a request's card as the actor should see it: those who may decide now get the buttons for it, others who are
// concerned the details, everybody else id, state and end. It changes nothing.
func (b *Bot) View(ctx context.Context, in Incoming) (Card, error) {
	value, _, _ := strings.Cut(in.Value, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil {
		return Card{}, err
	}
	person, err := b.who(ctx, in)
	if err != nil {
		return Card{}, err
	}
	r, details, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return Card{}, err
	}
	if !details || in.Foreign {
		return card(ToneNote, string(r.ID), b.voice.Row(&r, false)), nil
	}
	c := b.voice.Live(&r, true)
	if !r.Voting() {
		return c, nil
	}
	waiting, err := b.cfg.Looks.Waiting(ctx, person)
	if err != nil {
		return Card{}, err
	}
	if !slices.ContainsFunc(waiting, func(w approvals.Request) bool { return w.ID == r.ID }) {
		c.Buttons = slices.DeleteFunc(c.Buttons, func(b Button) bool { return b.ID != ButtonDetails })
	}
	return c, nil
}

// details opens the form with everything about a request, for those concerned.
func (b *Bot) details(ctx context.Context, in Incoming, person string) error {
	value, _, _ := strings.Cut(in.Value, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil {
		return approvals.Refuse(approvals.RefusedInput, "That button is damaged.")
	}
	r, details, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return err
	}
	if !details {
		return approvals.Refuse(approvals.RefusedRights, "The details of %s are shown to those concerned only.", r.ID)
	}
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return nil
	}
	return chat.Open(ctx, in, b.voice.Details(&r))
}
