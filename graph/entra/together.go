package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// Reports are throttled by calls: five in ten seconds, whatever a call asks for. So plans that are made at the same time, in
// all replicas, share their calls: each notes what it wishes to know, and the first that gets a call asks for all of them.
// The others find their answer when their turn comes.

// gathering is one kind of thing that is read for many at once.
type gathering[T any] struct {
	kind  string // names the wishes and the answers
	doing string // what is read, for people
	fresh time.Duration
	// read answers wishes, each by its name. What is not in the answer is not known: it is asked for alone.
	read func(ctx context.Context, wishes []wish) (map[string]T, error)
	// alone answers one wish.
	alone func(ctx context.Context) (T, error)
}

// wish is one thing wanted: the name by which its answer is known, and what is put into the question. Without a text it
// cannot be asked for together with others.
type wish struct{ name, text string }

// wished is how a wish is kept: names hold no space.
func (w wish) wished() string { return w.name + " " + w.text }

// shareOf is what is shared of an answer.
type shareOf[T any] struct {
	Alone bool `json:"alone,omitempty"` // it was asked for together with others and not answered
	Value T    `json:"value"`
}

// wished looks for what a read that is not older than fresh has found, and notes the wish where there is none. A plan that will
// need it later does well to wish for it at once: whoever asks first asks for it too.
func wished[T any](ctx context.Context, e *Entra, g gathering[T], own wish, now time.Time) (there shareOf[T], known bool, err error) {
	data, at, err := e.cfg.Cache.Shared(ctx, g.kind+" of "+own.name)
	if err != nil && !errors.Is(err, approvals.ErrNotFound) {
		return there, false, fmt.Errorf("looking for a shared read: %w", err)
	}
	if err != nil || at.Before(now.Add(-g.fresh)) || json.Unmarshal(data, &there) != nil {
		there = shareOf[T]{Alone: own.text == ""}
	} else if !there.Alone {
		return there, true, nil
	}
	if !there.Alone {
		if err := e.cfg.Cache.Wish(ctx, g.kind, own.wished(), now); err != nil {
			return there, false, fmt.Errorf("noting a wish: %w", err)
		}
	}
	return there, false, nil
}

// gathered gives what is wished for by a read that is not older than fresh. Errors are those of shared.
func gathered[T any](ctx context.Context, e *Entra, g gathering[T], own wish) (T, error) {
	now, err := e.cfg.Now(ctx)
	if err != nil {
		var none T
		return none, fmt.Errorf("asking for the time: %w", err)
	}
	there, known, err := wished(ctx, e, g, own, now)
	if err != nil || known {
		return there.Value, err
	}
	if err := e.reserve(ctx, BucketAudit, approvals.ClassPerson, 1); err != nil {
		return there.Value, err
	}
	if there.Alone {
		value, err := g.alone(ctx)
		if err != nil {
			return value, e.said(ctx, err, BucketAudit, "reading "+g.doing)
		}
		lend(ctx, e, g, own.name, shareOf[T]{Value: value}, now)
		return value, nil
	}
	wishes, err := e.wishes(ctx, g.kind, own)
	if err != nil {
		return there.Value, err
	}
	found, err := g.read(ctx, wishes)
	if err != nil && !unaskable(err) {
		return there.Value, e.said(ctx, err, BucketAudit, "reading "+g.doing)
	}
	for _, w := range wishes {
		value, is := found[w.name]
		lend(ctx, e, g, w.name, shareOf[T]{Alone: !is, Value: value}, now)
	}
	if value, is := found[own.name]; is {
		return value, nil
	}
	return there.Value, &approvals.Later{At: now, Why: "Microsoft Graph is asked once more, about this one alone"}
}

// unaskable reports whether Graph does not take the question as it was put.
func unaskable(err error) bool {
	g, is := errors.AsType[*graph.Error](err)
	return is && g.Status >= 400 && g.Status < 500 && g.Status != http.StatusUnauthorized && !graph.IsThrottled(err) && !graph.IsForbidden(err)
}

// wishes takes the oldest wishes out, with one's own.
func (e *Entra) wishes(ctx context.Context, kind string, own wish) ([]wish, error) {
	list, err := e.cfg.Cache.Wishes(ctx, kind, graph.MaxTogether-1)
	if err != nil {
		return nil, fmt.Errorf("taking wishes: %w", err)
	}
	out := []wish{own}
	for _, text := range list {
		name, text, _ := strings.Cut(text, " ")
		if w := (wish{name, text}); text != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out, nil
}

func lend[T any](ctx context.Context, e *Entra, g gathering[T], name string, value shareOf[T], at time.Time) {
	data, err := json.Marshal(value)
	if err == nil {
		err = e.cfg.Cache.Share(ctx, g.kind+" of "+name, data, at, g.fresh)
	}
	if err != nil {
		e.cfg.Log.WarnContext(ctx, "a read could not be shared", "name", g.kind, "error", err)
	}
}
