package bot

import (
	"context"
	"slices"
	"strings"

	"hallpass/approvals"
)

// learn adds the message of a click to the rows if it is not known (a card whose id was lost in a crash, or an answer that
// was sent as a direct message) and brings it up to date: its request may be over, and nothing else would.
func (b *Bot) learn(in Incoming) {
	value, _, _ := strings.Cut(in.Value, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil || in.Message.ID == "" || in.Channel == "" {
		return
	}
	b.cfg.Go(func(ctx context.Context) {
		if err := b.learnOf(ctx, in, id); err != nil {
			b.cfg.Log.WarnContext(ctx, "a card could not be learnt", "request", string(id), "error", err)
		}
	})
}

func (b *Bot) learnOf(ctx context.Context, in Incoming, id approvals.RequestID) error {
	rows, err := b.cfg.Cards.Rows(ctx, id)
	known := func(r CardRow) bool { return r.Message.ID == in.Message.ID && r.Message.Channel == in.Message.Channel }
	if err != nil || len(rows) == 0 || slices.ContainsFunc(rows, known) {
		return err
	}
	role := roleCopy
	if in.Button == ButtonApprove || in.Button == ButtonDeny {
		role = roleSeen
	}
	row := CardRow{
		Role: role + in.Message.ID, Message: in.Message,
		Place: Place{Platform: in.Account.Platform, Team: in.Account.Team, Channel: in.Channel},
	}
	if err := b.cfg.Cards.PutRow(ctx, id, row); err != nil { // from here on every change is shown there
		return err
	}
	person, err := b.who(ctx, in)
	if err != nil {
		return err
	}
	for range 3 { // again if the request moved meanwhile: the change's own round of telling may have come before this one
		r, _, err := b.cfg.Looks.Get(ctx, person, id)
		if err != nil {
			return err
		}
		t := &telling{b: b, r: &r, rows: []CardRow{row}}
		t.bring(ctx, row)
		if len(t.failed) > 0 {
			return t.failed[0]
		}
		again, _, err := b.cfg.Looks.Get(ctx, person, id)
		if err != nil || again.Version == r.Version {
			return err
		}
		row = t.rows[0]
	}
	return nil
}
