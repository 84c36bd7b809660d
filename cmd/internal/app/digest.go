package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/bot"
)

const (
	// digestEvery is how often it is looked whether the digest is due; digestHour is the hour of Monday at which it is.
	digestEvery = time.Hour
	digestHour  = 8
)

// digest tells security once a week what is in force and what somebody has to look at: a message, and in its thread one with
// buttons for each of the first requests. What was posted is stored after it was posted: a crash in between posts it twice,
// never not at all.
type digest struct {
	store noted
	every time.Duration
	zone  *time.Location
	toSecurity

	// compose makes the message and names the requests to show in its thread; show makes the message of one, false if there is
	// nothing to say of it any more.
	compose func(ctx context.Context) (bot.Card, []approvals.RequestID, error)
	show    func(ctx context.Context, id approvals.RequestID) (bot.Card, bool, error)
	log     *slog.Logger
}

// posted is what is remembered of a channel.
type posted struct {
	// Week is the Monday, at its hour, whose digest was posted; Thread is that message, Left what is not in its thread yet.
	Week   time.Time             `json:"week"`
	Thread string                `json:"thread,omitempty"`
	Left   []approvals.RequestID `json:"left,omitempty"`
}

func (d *digest) schedule() engine.Schedule {
	return engine.Schedule{Name: "digest", Every: d.every, Do: d.run}
}

// due is the last Monday, at its hour, by then.
func (d *digest) due(now time.Time) time.Time {
	monday := approvals.Monday(now, d.zone)
	at := time.Date(monday.Year(), monday.Month(), monday.Day(), digestHour, 0, 0, 0, d.zone)
	if at.After(now) {
		at = at.AddDate(0, 0, -7)
	}
	return at.UTC()
}

func (d *digest) run(ctx context.Context) error {
	now, err := d.store.Now(ctx)
	if err != nil {
		return err
	}
	docs, err := d.store.Docs(ctx, spaceDigest, "weekly")
	if err != nil {
		return err
	}
	var failed error
	for _, place := range d.channels() {
		key := placeKey(place)
		was, _, err := decoded[posted](docs[key], spaceDigest, key)
		if err != nil {
			return err
		}
		failed = errors.Join(failed, d.channel(ctx, place, key, was, d.due(now)))
	}
	return failed
}

// channel posts what a channel has not been told yet.
func (d *digest) channel(ctx context.Context, to bot.Place, key string, was posted, week time.Time) error {
	switch {
	case was.Week.IsZero(): // hallpass was started in the middle of a week: the next Monday is the first
		return d.keep(ctx, key, posted{Week: week})
	case was.Week.Before(week):
		card, first, err := d.compose(ctx)
		if err != nil {
			return err
		}
		ref, err := d.announce(ctx, to, card)
		if errors.Is(err, bot.ErrGone) { // the app is not in the channel
			d.log.WarnContext(ctx, "the weekly digest could not be posted", "channel", key, "error", err)
			return d.keep(ctx, key, posted{Week: week})
		}
		if err != nil {
			return err
		}
		was = posted{week, ref.ID, first}
		if err := d.keep(ctx, key, was); err != nil {
			return err
		}
	}
	to.Thread = was.Thread
	for len(was.Left) > 0 {
		card, worth, err := d.show(ctx, was.Left[0])
		if err != nil {
			return err
		}
		if worth {
			if _, err := d.announce(ctx, to, card); err != nil && !errors.Is(err, bot.ErrGone) {
				return err
			}
		}
		was.Left = was.Left[1:]
		if err := d.keep(ctx, key, was); err != nil {
			return err
		}
	}
	return nil
}

func (d *digest) keep(ctx context.Context, key string, p posted) error {
	return putDoc(ctx, d.store, spaceDigest, "weekly", key, p)
}
