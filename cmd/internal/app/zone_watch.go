package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/bot"
	"hallpass/graph/entra"
)

// zoneEvery is how often zones are looked at. Each look costs two calls of the tenant-wide budget, of the lowest class.
const zoneEvery = 10 * time.Minute

// zoneWatch looks at the fences of the zones on a schedule, ends what has to end when one does not hold, and tells security
// once for each thing that is wrong. What a zone holds that hallpass did not put there is not its business: that is told
// of every target alike.
type zoneWatch struct {
	store noted
	every time.Duration
	check func(ctx context.Context) ([]entra.ZoneReport, error)
	// broken ends what has to end; see engine.FenceBroken.
	broken func(ctx context.Context, zone string, group approvals.Target, why string) (ended, kept []approvals.RequestID, err error)
	toSecurity

	log *slog.Logger
}

// told is what is remembered of a zone whose fence does not hold, or did not lately.
type told struct {
	// Noted is what stands in the audit log, Places what each channel was told.
	Noted  []string            `json:"noted,omitempty"`
	Places map[string][]string `json:"places,omitempty"`
	// Ended are the requests that ended because of it, until a channel was told.
	Ended []approvals.RequestID `json:"ended,omitempty"`
	// Bad and Well count looks in a row that found something, or nothing. One may have been answered by a replica that is
	// behind.
	Bad  int `json:"bad,omitempty"`
	Well int `json:"well,omitempty"`
}

const (
	// sureLooks is how many looks in a row must agree before a fence counts as broken, or as mended.
	sureLooks = 2
	// lookAgain is when a zone is looked at once more after the first look that found something: later than a read is shared.
	lookAgain = 90 * time.Second
)

// schedule is the watch as work that comes due.
func (w zoneWatch) schedule() engine.Schedule {
	return engine.Schedule{Name: "zones", Every: w.every, Do: w.run}
}

func (w zoneWatch) run(ctx context.Context) error {
	reports, err := w.check(ctx)
	if err != nil {
		return fmt.Errorf("looking at the zones: %w", err)
	}
	for _, r := range reports {
		err = errors.Join(err, w.zone(ctx, r))
	}
	return err
}

// zone acts on one report. What was told is stored after it was told: a crash in between tells it twice, never not at all.
func (w zoneWatch) zone(ctx context.Context, r entra.ZoneReport) error {
	was, err := w.load(ctx, r.Zone.Name)
	if err != nil {
		return err
	}
	if len(r.Broken) == 0 {
		return w.whole(ctx, r, was)
	}
	was.Well = 0
	if was.Bad++; was.Bad < sureLooks {
		now, err := w.store.Now(ctx)
		if err != nil {
			return err
		}
		return errors.Join(w.save(ctx, r.Zone.Name, was), &approvals.Later{At: now.Add(lookAgain), Why: "the fence of a zone seems not to hold"})
	}
	var whats []string
	for _, f := range r.Broken {
		whats = append(whats, f.What)
	}
	ended, kept, err := w.broken(ctx, r.Zone.Name, r.Group(), r.Broken[0].What)
	was.Ended = append(was.Ended, ended...)
	if fresh := without(whats, was.Noted); len(fresh) > 0 {
		w.log.ErrorContext(ctx, "the fence of a zone does not hold", "zone", r.Zone.Name, "what", strings.Join(fresh, "; "))
		if nerr := w.note(ctx, "fence found broken", map[string]string{"zone": r.Zone.Name, "what": strings.Join(fresh, "; ")}); nerr != nil {
			return errors.Join(err, nerr)
		}
		was.Noted = append(was.Noted, fresh...)
	}
	if serr := w.save(ctx, r.Zone.Name, was); serr != nil {
		return errors.Join(err, serr)
	}
	return errors.Join(err, w.tell(ctx, r, was, whats, kept))
}

// tell tells every channel what it was not told yet.
func (w zoneWatch) tell(ctx context.Context, r entra.ZoneReport, was told, whats []string, kept []approvals.RequestID) error {
	alarm := bot.BrokenZone{Blocks: r.Blocks, Title: r.Zone.Title, Ending: was.Ended, InForce: kept, Every: w.every}
	for _, f := range r.Broken {
		alarm.Found = append(alarm.Found, bot.Defect{What: f.What, Do: f.Do})
	}
	var err error
	for _, place := range w.channels() {
		key := placeKey(place)
		fresh := without(whats, was.Places[key])
		if len(fresh) == 0 {
			continue
		}
		if _, perr := w.announce(ctx, place, alarm.Card()); errors.Is(perr, bot.ErrGone) {
			w.log.ErrorContext(ctx, "an alarm about a zone reaches no channel", "platform", place.Platform, "error", perr)
			continue // the next look tries again
		} else if perr != nil {
			err = errors.Join(err, perr)
			continue
		}
		if was.Places == nil {
			was.Places = map[string][]string{}
		}
		was.Places[key] = append(was.Places[key], fresh...)
		was.Ended = nil
		if serr := w.save(ctx, r.Zone.Name, was); serr != nil {
			return errors.Join(err, serr)
		}
	}
	return err
}

// whole notes that nothing was found, and after some looks tells so to those who were told otherwise.
func (w zoneWatch) whole(ctx context.Context, r entra.ZoneReport, was told) error {
	if len(was.Noted) == 0 && was.Bad == 0 {
		return nil
	}
	was.Bad = 0
	if len(was.Noted) == 0 {
		return w.save(ctx, r.Zone.Name, was)
	}
	if was.Well++; was.Well < sureLooks {
		return w.save(ctx, r.Zone.Name, was)
	}
	for _, place := range w.channels() {
		key := placeKey(place)
		if len(was.Places[key]) == 0 {
			continue
		}
		if _, err := w.announce(ctx, place, bot.WholeZone(r.Zone.Title, r.Blocks)); err != nil && !errors.Is(err, bot.ErrGone) {
			return err
		}
		delete(was.Places, key)
		if err := w.save(ctx, r.Zone.Name, was); err != nil {
			return err
		}
	}
	if err := w.note(ctx, "fence found whole", map[string]string{"zone": r.Zone.Name}); err != nil {
		return err
	}
	return w.save(ctx, r.Zone.Name, told{})
}

// brokenZones counts the zones whose fence is known not to hold: by what all replicas remember, not by a new look.
func brokenZones(ctx context.Context, store noted, zones []string) (int, error) {
	n := 0
	for _, zone := range zones {
		was, err := loadTold(ctx, store, zone)
		if err != nil {
			return 0, err
		}
		if len(was.Noted) > 0 {
			n++
		}
	}
	return n, nil
}

func (w zoneWatch) load(ctx context.Context, zone string) (told, error) {
	return loadTold(ctx, w.store, zone)
}

func loadTold(ctx context.Context, store noted, zone string) (told, error) {
	out, _, err := doc[told](ctx, store, spaceZones, zone, "told")
	return out, err
}

func (w zoneWatch) save(ctx context.Context, zone string, t told) error {
	return putDoc(ctx, w.store, spaceZones, zone, "told", t)
}

func (w zoneWatch) note(ctx context.Context, act string, detail map[string]string) error {
	return noteNow(ctx, w.store, approvals.Entry{Act: act, Detail: detail})
}

func without(list, known []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(known, s) })
}
