package bot

import (
	"context"

	"hallpass/approvals"
)

// homeCards bounds the cards of one section of a home page.
const homeCards = 8

// home shows a person what waits for them, what is theirs, and what ends soon.
func (b *Bot) home(ctx context.Context, in Incoming, person string) error {
	waiting, err := b.cfg.Looks.Waiting(ctx, person)
	if err != nil {
		return err
	}
	mine, err := b.cfg.Looks.List(ctx, approvals.Query{Person: person, States: []approvals.State{
		approvals.StatePending, approvals.StateApproved, approvals.StateActive, approvals.StateEnding,
	}})
	if err != nil {
		return err
	}
	soon, err := b.cfg.Looks.List(ctx, approvals.Query{
		States: []approvals.State{approvals.StateActive}, EndsBefore: b.cfg.Now().Add(30 * day), Limit: 50,
	})
	if err != nil {
		return err
	}
	home := Home{Sections: []HomeSection{
		{Title: "Waiting for me", Empty: "Nothing waits for you."},
		{Title: "Mine", Empty: "You have no open requests. Type /hallpass to ask."},
		{Title: "Ending soon", Empty: "Nothing ends within 30 days."},
	}}
	for i := range waiting[:min(len(waiting), homeCards)] {
		home.Sections[0].Cards = append(home.Sections[0].Cards, b.voice.brief(&waiting[i], true))
	}
	for i := range mine[:min(len(mine), homeCards)] {
		home.Sections[1].Cards = append(home.Sections[1].Cards, b.voice.brief(&mine[i], false))
	}
	for i := range soon[:min(len(soon), homeCards)] {
		_, details, err := b.cfg.Looks.Get(ctx, person, soon[i].ID)
		if err != nil {
			return err
		}
		home.Sections[2].Cards = append(home.Sections[2].Cards, Card{Tone: ToneNote, Lead: b.voice.Row(&soon[i], details)})
	}
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return nil
	}
	return chat.Home(ctx, in.Account, home)
}

// brief is a card for a list: the sentence and the buttons.
func (v Voice) brief(r *approvals.Request, approver bool) Card {
	return Card{Tone: tone(r), Title: Headline(r), Lead: v.lead(r), Buttons: buttons(r, approver), Plain: Headline(r)}
}
