package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// telling is one pass over the messages of a request.
type telling struct {
	b      *Bot
	r      *approvals.Request
	rows   []CardRow
	busy   []Place  // take no more posts now; without thread
	mute   []string // who could not be asked, for the requester to see
	silent string   // the group that should do something by hand and has no channel
	later  time.Time
	failed []error
}

// wanted are the messages that should be there.
func (t *telling) wanted(ctx context.Context) ([]CardRow, error) {
	var out []CardRow
	add := func(role string, place Place) {
		if !slices.ContainsFunc(out, func(r CardRow) bool { return r.Place == place }) {
			out = append(out, CardRow{Role: role, Place: place})
		}
	}
	direct := func(role, person string) error {
		accounts, err := t.b.cfg.People.Bindings.AccountsOf(ctx, person)
		if err != nil {
			return fmt.Errorf("looking for somebody's chat account: %w", err)
		}
		for _, a := range accounts {
			add(role, Place{Platform: a.Platform, Team: a.Team, User: a.User})
		}
		return nil
	}
	if err := direct(roleCard, t.r.Requester.ID); err != nil {
		return nil, err
	}
	round := t.r.Round()
	if !t.r.Owner.Is(t.r.Requester) {
		before := len(out)
		if err := direct(roleOwner, t.r.Owner.ID); err != nil {
			return nil, err
		}
		if len(out) == before && round.NeedsOwner() {
			t.mute = append(t.mute, name(t.r.Owner.Label()))
		}
	}
	if !round.NeedsOwner() || t.r.State.Final() && t.known(roleApprover) {
		for _, group := range round.Ruling.Groups() {
			asked := false
			t.channels(group, func(p Place) {
				asked = true
				add(roleApprover+group, p)
			})
			if !asked {
				t.mute = append(t.mute, group)
			}
		}
	}
	if err := t.hands(ctx, &out); err != nil {
		return nil, err
	}
	if t.r.State != approvals.StatePending {
		for _, group := range round.Ruling.Notify {
			t.channels(group, func(p Place) { add(roleNotify+group, p) })
		}
	}
	if takenOut(t.r) { // last: where security has a card already, that one says it
		t.alarms(add)
	}
	return out, nil
}

func (t *telling) known(prefix string) bool {
	return slices.ContainsFunc(t.rows, func(r CardRow) bool { return strings.HasPrefix(r.Role, prefix) })
}

func (t *telling) channels(group string, add func(Place)) {
	for _, chat := range t.b.cfg.Chats {
		if place, ok := t.b.cfg.Channel(group, chat.Platform()); ok {
			add(place)
		}
	}
}

// shows is the card for a role.
func (t *telling) shows(role string) Card {
	switch {
	case strings.HasPrefix(role, roleApprover), strings.HasPrefix(role, roleSeen), role == roleOwner && t.r.Round().NeedsOwner():
		return t.b.voice.Live(t.r, true)
	case strings.HasPrefix(role, roleHands), strings.HasPrefix(role, roleTask):
		return t.b.voice.Hand(t.r, strings.HasPrefix(role, roleTask))
	// Those who are only told have no buttons, but for the one that asks again for what was taken out.
	case (strings.HasPrefix(role, roleNotify) || strings.HasPrefix(role, roleAlarm)) && !takenOut(t.r):
		return Bare(t.b.voice.Live(t.r, false))
	case role == roleOwner, role == roleCard && t.r.Owner.Is(t.r.Requester):
		return t.b.voice.Owned(t.r)
	}
	return t.b.voice.Live(t.r, false)
}

// bring makes one message show what it should. A new one is posted in two steps: a line that cannot become wrong, its id
// stored, then the card. A crash in between leaves that line, never a dead button or an old state.
func (t *telling) bring(ctx context.Context, want CardRow) {
	chat, ok := t.b.chat(want.Place.Platform)
	if !ok {
		return
	}
	row := want
	i := slices.IndexFunc(t.rows, func(r CardRow) bool { return r.Role == want.Role && r.Place == want.Place })
	if i >= 0 {
		row = t.rows[i]
	}
	c := t.shows(row.Role)
	if row.Role == roleCard && t.r.Voting() && len(t.mute) > 0 {
		c.Flags = append([]Text{notAsked(t.r, t.mute)}, c.Flags...)
	}
	if row.Role == roleCard && t.silent != "" {
		c.Flags = append([]Text{notToldByHand(t.silent)}, c.Flags...)
	}
	digest := Digest(c)
	if row.Digest == digest || row.Digest == digestGone {
		return
	}
	if row.Message.ID == "" {
		var posted bool
		if row, posted = t.post(ctx, chat, row, First(t.r, c)); !posted {
			return
		}
		if !t.keep(ctx, row) {
			return
		}
	}
	if err := chat.Update(ctx, row.Place, row.Message, c); err != nil {
		t.missed(ctx, row, err)
		return
	}
	row.Digest = digest
	if shows := t.r.Round().Fingerprint; row.Shows != shows {
		row.Shows, row.Since = shows, t.b.cfg.Now()
	}
	t.keep(ctx, row)
}

// post posts a new message and remembers it. A post that may have arrived is repeated more and more rarely: each one may
// leave a line behind, and there is no looking for them.
func (t *telling) post(ctx context.Context, chat Chat, row CardRow, c Card) (CardRow, bool) {
	if t.waits(row.Place) {
		return row, false
	}
	if row.After.After(t.b.cfg.Now()) {
		if group, ok := strings.CutPrefix(row.Role, roleApprover); ok && row.Unsure == 0 {
			t.mute = append(t.mute, group)
		}
		t.again(row.After)
		return row, false
	}
	m, err := chat.Post(ctx, row.Place, c)
	if _, unsure := errors.AsType[*approvals.Unsure](err); unsure {
		t.b.cfg.Log.WarnContext(ctx, "a message may or may not have arrived", "request", string(t.r.ID), "role", row.Role, "error", err)
		row.After = t.b.cfg.Now().Add(min(unsureWait<<min(row.Unsure, 10), unsureWaitMost))
		row.Unsure++
		if t.keep(ctx, row) {
			t.again(row.After)
		}
		return row, false
	}
	if err != nil {
		t.missed(ctx, row, err)
		return row, false
	}
	row.Message, row.Digest, row.After, row.Unsure = m, "", time.Time{}, 0
	return row, true
}
