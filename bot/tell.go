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

// The roles of messages.
const (
	roleCard     = "card" // the requester's living card; notices go under it
	roleOwner    = "owner"
	roleApprover = "approvers:"
	roleNotify   = "notify:"
	roleSeen     = "seen:" // a copy that somebody clicked on and that hallpass did not know
	roleNotice   = "notice:"
)

// Tell makes every message about a request show its present state, and tells what people have not been told yet. It
// compares what each message shows with what it should show until they agree, so it may be called at any time. It returns
// when to look again if a platform asked to wait.
func (b *Bot) Tell(ctx context.Context, r approvals.Request) (time.Time, error) {
	rows, err := b.cfg.Cards.Rows(ctx, r.ID)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the messages of %s: %w", r.ID, err)
	}
	t := &telling{b: b, r: &r, rows: rows}
	wanted, err := t.wanted(ctx)
	if err != nil {
		return time.Time{}, err
	}
	for _, w := range wanted {
		t.bring(ctx, w)
	}
	for _, row := range rows {
		if !strings.HasPrefix(row.Role, roleNotice) && !slices.ContainsFunc(wanted, func(w CardRow) bool { return w.Role == row.Role && w.Place == row.Place }) {
			t.bring(ctx, row)
		}
	}
	t.notices(ctx)
	return t.later, errors.Join(t.failed...)
}

// telling is one pass over the messages of a request.
type telling struct {
	b      *Bot
	r      *approvals.Request
	rows   []CardRow
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
		if err := direct(roleOwner, t.r.Owner.ID); err != nil {
			return nil, err
		}
	}
	if !round.NeedsOwner() || t.r.State.Final() && t.known(roleApprover) {
		for _, group := range round.Ruling.Groups() {
			t.channels(group, func(p Place) { add(roleApprover+group, p) })
		}
	}
	if t.r.State != approvals.StatePending {
		for _, group := range round.Ruling.Notify {
			t.channels(group, func(p Place) { add(roleNotify+group, p) })
		}
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
	case strings.HasPrefix(role, roleNotify):
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
	digest := Digest(c)
	if row.Digest == digest || row.Digest == digestGone {
		return
	}
	if row.Message.ID == "" {
		m, err := chat.Post(ctx, row.Place, First(t.r, c))
		if err != nil {
			t.missed(ctx, row, err)
			return
		}
		row.Message, row.Digest = m, ""
		if !t.keep(ctx, row) {
			return
		}
	}
	if err := chat.Update(ctx, row.Place, row.Message, c); err != nil {
		t.missed(ctx, row, err)
		return
	}
	row.Digest = digest
	t.keep(ctx, row)
}

// digestGone marks a message that cannot be reached any more.
const digestGone = "gone"

func (t *telling) keep(ctx context.Context, row CardRow) bool {
	if err := t.b.cfg.Cards.PutRow(ctx, t.r.ID, row); err != nil {
		t.failed = append(t.failed, fmt.Errorf("remembering a message of %s: %w", t.r.ID, err))
		return false
	}
	if i := slices.IndexFunc(t.rows, func(r CardRow) bool { return r.Role == row.Role && r.Place == row.Place }); i >= 0 {
		t.rows[i] = row
	} else {
		t.rows = append(t.rows, row)
	}
	return true
}

// missed notes why a message is not up to date. Others go on.
func (t *telling) missed(ctx context.Context, row CardRow, err error) {
	if errors.Is(err, ErrGone) {
		t.b.cfg.Log.WarnContext(ctx, "a message cannot be reached any more", "request", string(t.r.ID), "role", row.Role, "error", err)
		row.Digest = digestGone
		t.keep(ctx, row)
		return
	}
	if wait, ok := errors.AsType[*approvals.Later](err); ok {
		if t.later.IsZero() || wait.At.Before(t.later) {
			t.later = wait.At
		}
		return
	}
	t.failed = append(t.failed, fmt.Errorf("bringing %s of %s up to date: %w", row.Role, t.r.ID, err))
}

// notices tells what has not been told: in the thread of each card that it concerns. A crash may tell it twice, never
// not at all.
func (t *telling) notices(ctx context.Context) {
	for _, n := range t.b.voice.Notices(t.r) {
		for _, row := range slices.Clone(t.rows) {
			concerns := n.Requester && (row.Role == roleCard || row.Role == roleOwner) || n.Approvers && strings.HasPrefix(row.Role, roleApprover)
			if !concerns || row.Message.ID == "" || row.Digest == digestGone {
				continue
			}
			told := CardRow{Role: roleNotice + n.Key, Place: row.Place}
			told.Place.Thread = row.Message.ID
			if slices.ContainsFunc(t.rows, func(r CardRow) bool { return r.Role == told.Role && r.Place == told.Place }) {
				continue
			}
			chat, ok := t.b.chat(row.Place.Platform)
			if !ok {
				continue
			}
			m, err := chat.Post(ctx, told.Place, card(ToneNote, "", n.Text))
			if err != nil {
				t.missed(ctx, told, err)
				continue
			}
			told.Message, told.Digest = m, "told"
			t.keep(ctx, told)
		}
	}
}

// learn adds the message of a click to the rows if it is not known: a card whose id was lost in a crash, or a copy.
func (b *Bot) learn(ctx context.Context, in Incoming) {
	value, _, _ := strings.Cut(in.Value, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil || in.Message.ID == "" || in.Channel == "" {
		return
	}
	b.cfg.Go(func(ctx context.Context) {
		rows, err := b.cfg.Cards.Rows(ctx, id)
		if err != nil || len(rows) == 0 || slices.ContainsFunc(rows, func(r CardRow) bool { return r.Message.ID == in.Message.ID }) {
			return
		}
		row := CardRow{
			Role: roleSeen + in.Message.ID, Message: in.Message,
			Place: Place{Platform: in.Account.Platform, Team: in.Account.Team, Channel: in.Channel},
		}
		if err := b.cfg.Cards.PutRow(ctx, id, row); err != nil {
			b.cfg.Log.WarnContext(ctx, "a card could not be remembered", "request", string(id), "error", err)
		}
	})
	_ = ctx
}
