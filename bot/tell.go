package bot

import (
	"cmp"
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
	roleSeen     = "seen:" // a copy for approvers that somebody clicked on and that hallpass did not know
	roleCopy     = "copy:" // the same for the others
	roleNotice   = "notice:"
	roleShown    = "shown:" // no message: this person was shown the request in an answer
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
	slices.SortStableFunc(wanted, func(a, b CardRow) int { return cmp.Compare(last(a), last(b)) })
	for _, w := range wanted {
		t.bring(ctx, w)
	}
	for _, row := range rows {
		if row.Message.ID != "" && !strings.HasPrefix(row.Role, roleNotice) && !slices.ContainsFunc(wanted, func(w CardRow) bool { return w.Role == row.Role && w.Place == row.Place }) {
			t.bring(ctx, row)
		}
	}
	t.notices(ctx)
	return t.later, errors.Join(t.failed...)
}

// last puts the requester's card after all others: it says who could not be asked.
func last(row CardRow) int {
	if row.Role == roleCard {
		return 1
	}
	return 0
}

// telling is one pass over the messages of a request.
type telling struct {
	b      *Bot
	r      *approvals.Request
	rows   []CardRow
	busy   []Place  // take no more posts now; without thread
	mute   []string // who could not be asked, for the requester to see
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
	if row.Role == roleCard && t.r.Voting() && len(t.mute) > 0 {
		c.Flags = append([]Text{notAsked(t.r, t.mute)}, c.Flags...)
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

// How long a post that may have arrived is waited with, doubled each time; and one for which there is no place.
const (
	goneWait       = time.Hour
	unsureWait     = 5 * time.Second
	unsureWaitMost = 5 * time.Minute
)

// again asks for another pass at a time, the earliest of all that were asked for.
func (t *telling) again(at time.Time) {
	if t.later.IsZero() || at.Before(t.later) {
		t.later = at
	}
}

// waits reports whether a place was found to take no more posts in this pass. It is not asked again: every refusal would
// put the next turn off.
func (t *telling) waits(p Place) bool {
	p.Thread = ""
	return slices.Contains(t.busy, p)
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
		t.b.cfg.Log.WarnContext(ctx, "a message cannot be reached", "request", string(t.r.ID), "role", row.Role, "error", err)
		if row.Message.ID != "" || t.r.State.Final() || strings.HasPrefix(row.Role, roleNotice) {
			row.Digest = digestGone
			t.keep(ctx, row)
			return
		}
		if group, ok := strings.CutPrefix(row.Role, roleApprover); ok {
			t.mute = append(t.mute, group)
		}
		row.After = t.b.cfg.Now().Add(goneWait) // the app may be invited into the channel meanwhile
		if t.keep(ctx, row) {
			t.again(row.After)
		}
		return
	}
	if wait, ok := errors.AsType[*approvals.Later](err); ok {
		t.again(wait.At)
		place := row.Place
		place.Thread = ""
		t.busy = append(t.busy, place)
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
			if i := slices.IndexFunc(t.rows, func(r CardRow) bool { return r.Role == told.Role && r.Place == told.Place }); i >= 0 {
				if told = t.rows[i]; told.Digest != "" {
					continue
				}
			}
			chat, ok := t.b.chat(row.Place.Platform)
			if !ok {
				continue
			}
			if told, ok = t.post(ctx, chat, told, card(ToneNote, "", n.Text)); ok {
				told.Digest = "told"
				t.keep(ctx, told)
			}
		}
	}
}
