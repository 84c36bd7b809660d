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
	roleSeen     = "seen:"  // a copy for approvers that somebody clicked on and that hallpass did not know
	roleCopy     = "copy:"  // the same for the others
	roleHands    = "hands:" // the group that does something by hand
	roleTask     = "task"   // whoever does it: the steps
	roleAlarm    = "alarm:" // security, when it is overdue
	roleNotice   = "notice:"
	roleHome     = "home"   // no message: this person's home page shows the request
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
	t.homes(ctx)
	return t.later, errors.Join(t.failed...)
}

// last puts the requester's card after all others: it says who could not be asked.
func last(row CardRow) int {
	if row.Role == roleCard {
		return 1
	}
	return 0
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
			concerns := n.Requester && (row.Role == roleCard || row.Role == roleOwner) || n.Approvers && strings.HasPrefix(row.Role, roleApprover) ||
				n.Hands && (strings.HasPrefix(row.Role, roleHands) || row.Role == roleTask) || n.Security && strings.HasPrefix(row.Role, roleAlarm)
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
			c, elsewhere, err := t.says(ctx, n, row)
			switch {
			case err != nil:
				t.failed = append(t.failed, err)
				continue
			case elsewhere:
			default:
				if told, ok = t.post(ctx, chat, told, c); !ok {
					continue
				}
			}
			told.Digest = "told"
			t.keep(ctx, told)
		}
	}
}

// says is what a notice shows under a card. elsewhere: another request of the same person says it too.
func (t *telling) says(ctx context.Context, n Notice, row CardRow) (c Card, elsewhere bool, err error) {
	person := map[string]string{roleCard: t.r.Requester.ID, roleOwner: t.r.Owner.ID}[row.Role]
	if n.Reminds && person != "" {
		many, err := t.together(ctx, person)
		if err != nil || len(many) > 1 && many[0].ID != t.r.ID {
			return Card{}, true, err
		}
		if len(many) > 1 {
			return t.b.voice.remindMany(many), false, nil
		}
	}
	return card(ToneNote, "", n.Text), false, nil
}
