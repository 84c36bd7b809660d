package app

import (
	"context"
	"time"

	"hallpass/approvals/redisstore"
	"hallpass/graph/entra"
)

// sampling is how often the store is looked at for metrics, and over how many looks the use of the Graph budget is taken:
// a minute.
const (
	sampling = 10 * time.Second
	looks    = 6
)

// sample fills in the metrics of what all replicas share, until the context ends. rate is the Conditional Access budget in
// calls a second.
func sample(ctx context.Context, p Parts, rate float64, m *Metrics) error {
	tick := time.NewTicker(sampling)
	defer tick.Stop()
	use := usage{rate: rate}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := look(ctx, p, &use, m); err != nil && ctx.Err() == nil {
			m.StoreError("stats")
			p.Log.WarnContext(ctx, "the store could not be looked at", "error", err)
		}
	}
}

func look(ctx context.Context, p Parts, use *usage, m *Metrics) error {
	stats, err := p.Store.Stats(ctx)
	if err != nil {
		return err
	}
	show(stats, m)
	used, err := p.Store.Used(ctx, "ca")
	if err != nil {
		return err
	}
	m.BudgetUsed(use.share(p.Now(), used))
	now, err := p.Store.Now(ctx)
	if err != nil {
		return err
	}
	m.ClockSkew(p.Now().Sub(now))
	zones := p.Rules.File().ZoneNames()
	if _, set := p.Rules.File().Blocked(); set {
		zones = append(zones, entra.BlockedName)
	}
	broken, err := brokenZones(ctx, p.Store, zones)
	if err != nil {
		return err
	}
	m.ZonesBroken(broken)
	if last, known, err := lastCounted(ctx, p.Store); err != nil {
		return err
	} else if known {
		m.Unmanaged(last.Count)
	}
	if p.Anchor == nil {
		return nil
	}
	sound, err := p.Anchor.Sound(ctx)
	if err != nil {
		return err
	}
	m.Audit(now.Sub(sound.Newest.At)-p.AnchorEvery, !sound.Newest.At.IsZero(), sound.Wrong == "")
	return holdOlder(ctx, sound, p.Store)
}

func show(stats redisstore.Stats, m *Metrics) {
	for lane, lag := range stats.Lag {
		m.DueLag(lane, lag)
	}
	m.Requests(stats.States, stats.Stuck)
	m.OverdueRemoval(stats.Overdue)
	m.OverdueByHand(stats.ByHand)
	m.Paused(stats.Paused)
}

// usage turns a count that only grows into the share of a rate that was used in the last minute.
type usage struct {
	rate float64 // calls a second
	seen []count
}

type count struct {
	at time.Time
	n  int64
}

// share takes the count of now. It is 0 at the first look, and after the count began anew.
func (u *usage) share(now time.Time, n int64) float64 {
	if len(u.seen) > 0 && n < u.seen[len(u.seen)-1].n {
		u.seen = nil
	}
	u.seen = append(u.seen, count{now, n})
	if len(u.seen) > looks+1 {
		u.seen = u.seen[1:]
	}
	took := now.Sub(u.seen[0].at).Seconds()
	if took <= 0 || u.rate <= 0 {
		return 0
	}
	return float64(n-u.seen[0].n) / took / u.rate
}
