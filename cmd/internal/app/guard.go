package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/bot"
)

// guardEvery is how often accounts and owners are looked at. Each look costs some calls of the lowest class for every exemption.
const guardEvery = 24 * time.Hour

// guard looks daily at who answers for what is in force, and at the accounts that are exempt, and tells security once what is not
// as it was when they were approved. What its rule says so of ends.
type guard struct {
	store noted
	every time.Duration
	// active names what is in force; load reads one, false if it is so no more; concerns looks at it.
	active   func(ctx context.Context) ([]approvals.RequestID, error)
	load     func(ctx context.Context, id approvals.RequestID) (approvals.Request, bool, error)
	concerns func(ctx context.Context, r *approvals.Request) ([]approvals.Concern, error)
	// end ends a request because of a concern, where its rule says so; see engine.AccountChanged.
	end func(ctx context.Context, id approvals.RequestID, c approvals.Concern) (bool, error)
	// heir gives a request whose owner has left to who answers for its account now, and says whom; see engine.OwnerLeft.
	heir func(ctx context.Context, id approvals.RequestID) (approvals.Person, error)
	toSecurity
	// direct are the places of a person.
	direct func(ctx context.Context, person string) ([]bot.Place, error)

	log *slog.Logger

	// What follows is of the round under way here. If it is lost, the round begins anew: nothing was told yet.
	going bool
	left  []approvals.RequestID
	fresh []bot.Worry
	known map[approvals.RequestID][]string // the keys of what is so now
	posts []post                           // nil: not made yet
}

// post is a card that a channel, or an owner, has not got yet.
type post struct {
	to    bot.Place
	card  bot.Card
	owner bool
}

func (g *guard) schedule() engine.Schedule {
	return engine.Schedule{Name: "guard", Every: g.every, Do: g.run}
}

func (g *guard) run(ctx context.Context) error {
	now, err := g.store.Now(ctx)
	if err != nil {
		return err
	}
	if !g.going {
		if g.left, err = g.active(ctx); err != nil {
			return fmt.Errorf("listing what is in force: %w", err)
		}
		g.going, g.fresh, g.posts, g.known = true, nil, nil, map[approvals.RequestID][]string{}
	}
	docs, err := g.store.Docs(ctx, spaceGuard, "told")
	if err != nil {
		return err
	}
	for len(g.left) > 0 {
		r, active, err := g.load(ctx, g.left[0])
		var found []approvals.Concern
		if err == nil && active {
			found, err = g.concerns(ctx, &r)
		}
		if _, wait := errors.AsType[*approvals.Later](err); wait {
			return err
		}
		if ctx.Err() != nil { // the rest at the next turn
			return errors.Join(err, &approvals.Later{At: now.Add(time.Second), Why: "not all accounts were looked at"})
		}
		id := g.left[0]
		g.left = g.left[1:]
		if err != nil { // tomorrow again; what was told of it stands
			g.log.WarnContext(ctx, "an account could not be looked at", "request", string(id), "error", err)
		}
		if err != nil || !active {
			continue
		}
		if err := g.note(ctx, r, found, docs[string(r.ID)]); err != nil {
			return err
		}
	}
	return g.tell(ctx)
}

// note keeps what was not told of a request yet.
func (g *guard) note(ctx context.Context, r approvals.Request, found []approvals.Concern, was []byte) error {
	told, _, err := decoded[[]string](was, spaceGuard, string(r.ID))
	if err != nil {
		return err
	}
	var keys []string
	for _, c := range found {
		ended, err := g.end(ctx, r.ID, c)
		if err != nil { // tomorrow again, or another commit came first
			g.log.WarnContext(ctx, "a request could not be ended because of its account", "request", string(r.ID), "concern", string(c.Word), "error", err)
		}
		var heir approvals.Person
		if c.Word == approvals.ConcernOwnerLeft {
			if heir, err = g.heir(ctx, r.ID); err != nil {
				g.log.WarnContext(ctx, "a request could not be given to a deputy", "request", string(r.ID), "error", err)
			}
		}
		if heir.ID == "" { // else it is over, and a next one who leaves is told anew
			keys = append(keys, c.Key())
		}
		if ended || heir.ID != "" || !slices.Contains(told, c.Key()) {
			g.fresh = append(g.fresh, bot.Worry{Request: r, Concern: c, Ended: ended, Heir: heir})
		}
	}
	if !slices.Equal(keys, told) { // what is over is told anew if it comes again
		g.known[r.ID] = keys
	}
	return nil
}

// tell tells every channel, and then remembers it: a crash in between tells it twice, never not at all.
func (g *guard) tell(ctx context.Context) error {
	if g.posts == nil {
		g.posts = []post{}
		for _, to := range g.channels() {
			for _, c := range bot.WorryCards(g.fresh) {
				g.posts = append(g.posts, post{to: to, card: c})
			}
		}
		if err := g.owners(ctx); err != nil {
			g.posts = nil
			return err
		}
	}
	for len(g.posts) > 0 { // one a second and channel is what a chat takes
		p := g.posts[0]
		_, err := g.announce(ctx, p.to, p.card)
		if _, wait := errors.AsType[*approvals.Later](err); err != nil && p.owner && !wait { // security knows; nobody else waits for one owner
			g.log.WarnContext(ctx, "an owner could not be told", "platform", p.to.Platform, "error", err)
			err = nil
		}
		if err != nil && !errors.Is(err, bot.ErrGone) {
			return err
		}
		g.posts = g.posts[1:]
	}
	for _, w := range g.fresh {
		detail := map[string]string{"word": w.Concern.Key(), "what": strings.TrimSpace(w.Concern.Name + " " + w.Concern.What)}
		if err := noteNow(ctx, g.store, approvals.Entry{Request: w.Request.ID, Act: "concern", Detail: detail}); err != nil {
			return err
		}
	}
	for id, keys := range g.known {
		if err := putDoc(ctx, g.store, spaceGuard, "told", string(id), keys); err != nil {
			return err
		}
	}
	g.going = false
	return nil
}

// owners adds what owners are told: one message for each, of all that is theirs.
func (g *guard) owners(ctx context.Context) error {
	theirs := map[string][]bot.Worry{}
	for _, w := range g.fresh {
		if w.ForOwner() {
			theirs[w.Request.Owner.ID] = append(theirs[w.Request.Owner.ID], w)
		}
	}
	for _, owner := range slices.Sorted(maps.Keys(theirs)) {
		places, err := g.direct(ctx, owner)
		if err != nil {
			return err
		}
		for _, to := range places {
			for _, c := range bot.OwnerCards(theirs[owner]) {
				g.posts = append(g.posts, post{to: to, card: c, owner: true})
			}
		}
	}
	return nil
}
