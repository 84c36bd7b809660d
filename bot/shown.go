package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
)

// A button carries the fingerprint of what its card shows. A typed approval carries nothing, so it counts only for what
// hallpass has shown before it was typed: on a card for approvers, on the owner's card, or in an answer to this person.
// What they saw is what is done.

// errLookFirst says that a typed approval was answered with what it would have approved.
var errLookFirst = errors.New("bot: shown first")

// notShown is a fingerprint that no round has.
const notShown = "not shown"

// shown is the fingerprint that a typed vote is about: that of the open round if it was shown, else one that no round has,
// so that who may not vote at all is told that first. A denial is about whatever stands there.
func (b *Bot) shown(ctx context.Context, person string, in Incoming, r *approvals.Request, verb string) (string, error) {
	open := r.Round().Fingerprint
	if verb == "deny" {
		return open, nil
	}
	rows, err := b.cfg.Cards.Rows(ctx, r.ID)
	if err != nil {
		return "", fmt.Errorf("reading the messages of %s: %w", r.ID, err)
	}
	if slices.ContainsFunc(rows, func(row CardRow) bool {
		return row.Shows == open && !row.Since.After(in.At) && row.Digest != digestGone && forVoter(row, person, in)
	}) {
		return open, nil
	}
	return notShown, nil
}

// forVoter reports whether a message is one that this voter reads.
func forVoter(row CardRow, person string, in Incoming) bool {
	mine := row.Place.Platform == in.Account.Platform && row.Place.User == in.Account.User
	switch row.Role {
	case roleShown + person:
		return true
	case roleOwner, roleCard:
		return mine
	}
	return strings.HasPrefix(row.Role, roleApprover) && row.Place.Platform == in.Account.Platform
}

// lookFirst answers a typed approval with the request as it stands, and remembers that this person was shown it.
func (b *Bot) lookFirst(ctx context.Context, person string, in Incoming, id approvals.RequestID) error {
	r, _, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return err
	}
	c := b.voice.Live(&r, true)
	c.Flags = append([]Text{{bold("Nothing is counted yet."), plain(" Read what you approve; then press Approve, or type the same again.")}}, c.Flags...)
	b.reply(ctx, in, c)
	return b.cfg.Cards.PutRow(ctx, id, CardRow{
		Role: roleShown + person, Place: Place{Platform: in.Account.Platform, Team: in.Account.Team, User: in.Account.User},
		Digest: "told", Shows: r.Round().Fingerprint, Since: b.cfg.Now(),
	})
}
