package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
)

// anchorOf makes from the configuration what signs checkpoints; nil if nothing does.
func anchorOf(cfg Config, store *redisstore.Store, transport http.RoundTripper) (*Anchor, error) {
	if !cfg.Audit.On() {
		return nil, nil //nolint:nilnil // nil is what Parts take for no anchor
	}
	key, err := cfg.Audit.SigningKey()
	if err != nil {
		return nil, fmt.Errorf("audit.key: %w", err)
	}
	a := &Anchor{
		Store: store, Tenant: cfg.Tenant.Name, Key: key, Sinks: []Sink{&fileSink{path: string(cfg.Audit.CheckpointFile)}},
		Kept: func(ctx context.Context) (Kept, error) { return kept(ctx, store) },
	}
	if cfg.Audit.CheckpointWebhook.IsSet() {
		a.Sinks = append(a.Sinks, webhookSink{cfg.Audit.CheckpointWebhook.Reveal(), quiet(transport)})
	}
	return a, nil
}

// Soundness is what is known of the audit log at a moment.
type Soundness struct {
	Newest audit.Checkpoint // zero: there is none yet
	// Wrong says in words what is wrong; empty if nothing is known to be.
	Wrong string
	// Older says that the store lost lines that were signed.
	Older bool
}

// Sound compares the store with what was signed, and says whether the last run found damage.
func (a *Anchor) Sound(ctx context.Context) (Soundness, error) {
	var out Soundness
	newest, found, err := a.Check(ctx)
	var older *OlderError
	switch {
	case errors.As(err, &older):
		return Soundness{Newest: older.Checkpoint, Wrong: older.Error(), Older: true}, nil
	case errors.Is(err, approvals.ErrStore):
		return out, err
	case err != nil: // somebody may have put it there: an alarm, and no reason not to start
		return Soundness{Wrong: err.Error()}, nil //nolint:nilerr // it is the answer
	case found:
		if out.Newest, err = a.open(newest); err != nil {
			return out, err
		}
	}
	docs, err := a.Store.Docs(ctx, spaceCheckpoints, a.Tenant)
	out.Wrong = string(docs[fieldDamage])
	return out, err
}

// mark keeps for all replicas what the last run found; empty: nothing.
func (a *Anchor) mark(ctx context.Context, damage string) error {
	return a.Store.PutDoc(ctx, spaceCheckpoints, a.Tenant, fieldDamage, []byte(damage))
}

// holdOlder makes of a store that is older than what was signed a pause in all replicas, and sees to it that no id is given
// out twice. Telling people is up to the schedule, which is made due at once.
func holdOlder(ctx context.Context, s Soundness, store *redisstore.Store) error {
	if !s.Older {
		return nil
	}
	if err := store.RaiseIDs(ctx, s.Newest.LastID); err != nil {
		return err
	}
	paused, err := store.Paused(ctx)
	if err != nil || paused {
		return err
	}
	now, err := store.Now(ctx)
	if err != nil {
		return err
	}
	if err := store.Pause(ctx, olderPause); err != nil {
		return err
	}
	return store.Book(ctx, approvals.Due{Kind: approvals.DueSchedule, Key: scheduleSeal, Lane: approvals.LaneSweep, At: now})
}

// anchoring is the schedule that signs checkpoints, and what happens when it must not.
type anchoring struct {
	anchor *Anchor
	store  *redisstore.Store
	log    *slog.Logger
	// alarm tells the security channel.
	alarm alarm
}

// scheduleSeal is the name of the schedule in the store.
const scheduleSeal = "audit checkpoint"

func (a *anchoring) schedule(every time.Duration) engine.Schedule {
	return engine.Schedule{Name: scheduleSeal, Every: cmp.Or(every, time.Hour), Do: a.seal}
}

// seal signs the next checkpoint. A log that does not verify, and a store that is older than what was signed, are alarms:
// no error, because trying again within a minute mends neither.
func (a *anchoring) seal(ctx context.Context) error {
	_, err := a.anchor.Seal(ctx)
	if _, damaged := errors.AsType[*DamagedError](err); damaged {
		if err := a.anchor.mark(ctx, err.Error()); err != nil {
			return err
		}
		a.log.ErrorContext(ctx, "ALARM: the audit log does not verify", "error", err)
		a.alarm.raise(ctx, a.log, err.Error()+".", "Export it now (hallpass audit export) and find out who can write Redis. Nothing is signed until hallpass resume -accept-loss.")
		return nil
	}
	if err == nil {
		return a.anchor.mark(ctx, "")
	}
	return a.guard(ctx, err)
}

// guard makes of an *OlderError the pause that it demands, in all replicas; every other error is given back.
func (a *anchoring) guard(ctx context.Context, err error) error {
	var older *OlderError
	if !errors.As(err, &older) {
		return err
	}
	a.log.ErrorContext(ctx, "ALARM: Redis is older than what was signed; additions are held until hallpass resume", "error", older)
	if err := a.store.RaiseIDs(ctx, older.Checkpoint.LastID); err != nil {
		return err
	}
	if err := a.store.Pause(ctx, olderPause); err != nil {
		return err
	}
	a.alarm.raise(ctx, a.log, older.Error()+".", "New exemptions are held in all replicas; removals go on. hallpass restore brings back what was signed; hallpass resume shows what hallpass knows and what Entra ID has, side by side.")
	return nil
}

// olderPause is the reason of the pause that a store that lost something causes.
const olderPause = "hallpass: Redis is older than the newest checkpoint of the audit log"

// alarm tells the security channel what is wrong, and what to do.
type alarm func(ctx context.Context, what, do string) error

// raise tells it, or says in the log that it could not be told.
func (a alarm) raise(ctx context.Context, log *slog.Logger, what, do string) {
	if err := a(ctx, what, do); err != nil {
		log.WarnContext(ctx, "the security channel could not be told", "error", err)
	}
}

// alarm posts a card into the channels of security, on every platform.
func (c *Core) alarm(ctx context.Context, what, do string) error {
	card := bot.Card{
		Tone: bot.ToneBad, Title: "Alarm", Plain: what, Lead: bot.Text{{Text: what, Literal: true}},
		Foot: []bot.Text{{{Text: do, Literal: true}}},
	}
	find := channel(c.parts.Rules.File)
	var errs []error
	for _, chat := range c.all {
		place, ok := find(c.parts.Rules.File().People().Security, chat.Platform())
		if !ok {
			continue
		}
		if _, err := chat.Post(ctx, place, card); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
