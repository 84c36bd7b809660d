package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hallpass/approvals"
)

// homeCards bounds the cards of one section of a home page.
const homeCards = 8

// home shows a person what waits for them, what is theirs, and what ends soon. It remembers for every request shown there
// that it is, so that the page is brought up to date with the request's cards.
func (b *Bot) home(ctx context.Context, in Incoming, person string) error {
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return nil
	}
	home, shown, err := b.homeOf(ctx, person)
	if err != nil {
		return err
	}
	if err := chat.Home(ctx, in.Account, home); err != nil {
		return err
	}
	place := Place{Platform: in.Account.Platform, Team: in.Account.Team, User: in.Account.User}
	for _, r := range shown {
		if err := b.cfg.Cards.PutRow(ctx, r.ID, CardRow{Role: roleHome, Place: place, Digest: b.homeDigest(r)}); err != nil {
			return fmt.Errorf("remembering that a home page shows %s: %w", r.ID, err)
		}
	}
	return nil
}

// homeDigest changes whenever a home page that shows the request is out of date.
func (b *Bot) homeDigest(r *approvals.Request) string { return Digest(b.voice.brief(r, false)) }

// homes brings the home pages on which the request was shown up to date.
func (t *telling) homes(ctx context.Context) {
	digest := t.b.homeDigest(t.r)
	for _, row := range slices.Clone(t.rows) {
		if row.Role != roleHome || row.Digest == digest || row.Digest == digestGone {
			continue
		}
		in := Incoming{Kind: InHome, Account: Account{Platform: row.Place.Platform, Team: row.Place.Team, User: row.Place.User}}
		person, err := t.b.who(ctx, in)
		if err == nil {
			err = t.b.home(ctx, in, person)
		}
		if _, no := errors.AsType[*approvals.Refusal](err); no {
			row.Digest = digestGone // nobody whom hallpass talks to any more
			t.keep(ctx, row)
			continue
		}
		if err != nil {
			t.missed(ctx, row, err)
			continue
		}
		row.Digest = digest
		t.keep(ctx, row)
	}
}

// homeOf makes a person's home page, and says which requests it shows.
func (b *Bot) homeOf(ctx context.Context, person string) (Home, []*approvals.Request, error) {
	waiting, err := b.cfg.Looks.Waiting(ctx, person)
	if err != nil {
		return Home{}, nil, err
	}
	mine, err := b.cfg.Looks.List(ctx, approvals.Query{Person: person, States: []approvals.State{
		approvals.StatePending, approvals.StateApproved, approvals.StateActive, approvals.StateEnding,
	}})
	if err != nil {
		return Home{}, nil, err
	}
	soon, err := b.cfg.Looks.List(ctx, approvals.Query{
		States: []approvals.State{approvals.StateActive}, EndsBefore: b.cfg.Now().Add(30 * day), Limit: 50,
	})
	if err != nil {
		return Home{}, nil, err
	}
	home := Home{Sections: []HomeSection{
		{Title: "Waiting for me", Empty: "Nothing waits for you."},
		{Title: "Mine", Empty: "You have no open requests. Type /hallpass to ask."},
		{Title: "Ending soon", Empty: "Nothing ends within 30 days."},
	}}
	var shown []*approvals.Request
	for i := range waiting[:min(len(waiting), homeCards)] {
		shown = append(shown, &waiting[i])
		home.Sections[0].Cards = append(home.Sections[0].Cards, b.voice.brief(&waiting[i], true))
	}
	for i := range mine[:min(len(mine), homeCards)] {
		shown = append(shown, &mine[i])
		home.Sections[1].Cards = append(home.Sections[1].Cards, b.voice.brief(&mine[i], false))
	}
	for i := range soon[:min(len(soon), homeCards)] {
		shown = append(shown, &soon[i])
		_, details, err := b.cfg.Looks.Get(ctx, person, soon[i].ID)
		if err != nil {
			return Home{}, nil, err
		}
		home.Sections[2].Cards = append(home.Sections[2].Cards, Card{Tone: ToneNote, Lead: b.voice.Row(&soon[i], details)})
	}
	return home, shown, nil
}

// brief is a card for a list: the id, the sentence and the buttons.
func (v Voice) brief(r *approvals.Request, approver bool) Card {
	lead := append(Text{bold(string(r.ID)), plain("  ")}, v.lead(r)...)
	return Card{Tone: tone(r), Lead: lead, Buttons: buttons(r, approver), Plain: Headline(r)}
}
