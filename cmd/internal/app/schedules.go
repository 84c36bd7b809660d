package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/bot"
)

// toSecurity is how a schedule tells security something.
type toSecurity struct {
	// channels are where it is told, announce tells it there and gives what to answer to.
	channels func() []bot.Place
	announce func(ctx context.Context, to bot.Place, c bot.Card) (bot.MessageRef, error)
}

// placeKey names a channel in what is remembered of it.
func placeKey(p bot.Place) string { return p.Platform + "/" + p.Channel }

// schedules is the work that comes due again and again. It is made before the engine and the bot, which it asks later.
func (c *Core) schedules() []engine.Schedule {
	p := c.parts
	security := toSecurity{
		channels: func() []bot.Place { return c.Bot.Channels(p.Rules.File().People().Security) },
		announce: func(ctx context.Context, to bot.Place, card bot.Card) (bot.MessageRef, error) {
			return c.Bot.Announce(ctx, to, card)
		},
	}
	zones := zoneWatch{
		store: p.Store, every: cmp.Or(p.ZoneEvery, zoneEvery), check: c.Tenant.CheckZones, toSecurity: security, log: p.Log,
		broken: func(ctx context.Context, zone string, group approvals.Target, why string) (ended, kept []approvals.RequestID, err error) {
			return c.Engine.FenceBroken(ctx, zone, group, why)
		},
	}
	unmanaged := &unmanagedWatch{store: p.Store, every: cmp.Or(p.SurveyEvery, surveyEvery), begin: func() func(context.Context) (approvals.Survey, error) {
		return c.Tenant.Survey().Run
	}}
	weekly := &digest{
		store: p.Store, every: cmp.Or(p.DigestEvery, digestEvery), zone: cmp.Or(p.Calendar.Zone, time.UTC), toSecurity: security, log: p.Log,
		compose: func(ctx context.Context) (bot.Card, []approvals.RequestID, error) {
			survey, looked, err := lastListed(ctx, p.Store)
			if err != nil {
				return bot.Card{}, nil, err
			}
			return c.Bot.Digest(ctx, survey, looked)
		},
		show: func(ctx context.Context, id approvals.RequestID) (bot.Card, bool, error) {
			r, ok, err := c.active(ctx, id)
			return c.Bot.ReviewCard(&r), ok, err
		},
	}
	daily := &guard{
		store: p.Store, every: guardEvery, load: c.active, concerns: c.Tenant.Concerns, toSecurity: security, log: p.Log,
		direct: func(ctx context.Context, person string) ([]bot.Place, error) { return c.Bot.Direct(ctx, person) },
		active: func(ctx context.Context) ([]approvals.RequestID, error) {
			list, err := c.Engine.List(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}, Limit: -1})
			var ids []approvals.RequestID
			for i := range list {
				ids = append(ids, list[i].ID)
			}
			return ids, err
		},
		end: func(ctx context.Context, id approvals.RequestID, concern approvals.Concern) (bool, error) {
			return c.Engine.AccountChanged(ctx, id, concern)
		},
		heir: func(ctx context.Context, id approvals.RequestID) (approvals.Person, error) {
			return c.Engine.OwnerLeft(ctx, id)
		},
	}
	all := []engine.Schedule{zones.schedule(), unmanaged.schedule(), weekly.schedule(), daily.schedule()}
	own := &ownWatch{store: p.Store, every: cmp.Or(p.OwnEvery, ownEvery), apps: p.ownApps, alarm: c.alarm}
	all = append(all, own.schedule())
	if p.Apps != nil {
		all = append(all, appKeeper{store: p.Store, wanted: c.wantsApp, remove: c.removeApp}.schedule())
	}
	if p.Anchor != nil {
		sealing := &anchoring{p.Anchor, p.Store, p.Log, c.alarm}
		all = append(all, sealing.schedule(p.AnchorEvery))
	}
	if p.Retention.Folder != "" {
		all = append(all, (&retaining{p.Retention, p.Store, archivedAtOnce, p.Log, c.alarm}).schedule())
	}
	return all
}

// active reads a request; false if it is not in force.
func (c *Core) active(ctx context.Context, id approvals.RequestID) (approvals.Request, bool, error) {
	r, err := c.parts.Store.Load(ctx, id)
	if errors.Is(err, approvals.ErrNotFound) {
		return r, false, nil
	}
	return r, err == nil && r.State == approvals.StateActive, err
}
