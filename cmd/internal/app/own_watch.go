package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/graph"
)

// ownEvery is how often the app registrations are looked at that hallpass signs in as.
const ownEvery = time.Hour

// The documents that remember what was known of them.
const (
	spaceOwn = "own"
	keyKnown = "known"
)

// ownWatch tells security when somebody gets a way to act as hallpass: another owner or credential of an app registration that it
// signs in as; and when one of them is granted more.
type ownWatch struct {
	store noted
	every time.Duration
	apps  func(ctx context.Context) ([]ownApp, error)
	// alarm tells the security channel.
	alarm alarm
}

// ownApp is an app registration that hallpass signs in as, and for what.
type ownApp struct {
	graph.OwnApp

	As []string // entra.reader, …
}

// knownApp is what was known of one when it was looked at last.
type knownApp struct {
	Keys   map[string]string `json:"keys"`             // what gives somebody a way in, or hallpass a permission, in words
	Ending []string          `json:"ending,omitempty"` // credentials of whose end security was told
}

// ownApps reads the app registrations, each once. Managed identities have none; without the permission to read them nothing is said,
// which hallpass check does.
func (p *Parts) ownApps(ctx context.Context) ([]ownApp, error) {
	var out []ownApp
	for _, as := range graph.Identities() {
		client := p.client(as)
		if client == nil {
			continue
		}
		self, err := client.Self(ctx)
		if err != nil {
			return nil, fmt.Errorf("finding out as whom entra.%s signs in: %w", as, err)
		}
		who := "entra." + string(as)
		if i := slices.IndexFunc(out, func(o ownApp) bool { return o.ID == self[1] }); i >= 0 {
			out[i].As = append(out[i].As, who)
			continue
		}
		own, err := p.Reader.OwnApp(ctx, self[1])
		switch {
		case graph.IsForbidden(err), graph.IsNotFound(err):
		case err != nil:
			return nil, fmt.Errorf("reading the app registration of %s: %w", who, err)
		default:
			out = append(out, ownApp{own, []string{who}})
		}
	}
	return out, nil
}

// keys are what gives somebody a way in, or hallpass a permission, each with its words.
func (o ownApp) keys() map[string]string {
	out := map[string]string{}
	for _, id := range o.Owners {
		out["owner "+id] = "an owner (" + id + "), who can add a credential"
	}
	for _, c := range o.Credentials {
		kind := "certificate"
		if c.Secret {
			kind = "secret"
		}
		out["credential "+c.ID] = fmt.Sprintf("a %s %q, good until %s", kind, clipped(c.Name), c.Ends.UTC().Format(time.DateOnly))
	}
	for _, f := range o.Federated {
		out["federated "+f.ID] = fmt.Sprintf("a federated credential %q (issuer %q, subject %q)", clipped(f.Name), clipped(f.Issuer), clipped(f.Subject))
	}
	for _, p := range o.Granted {
		out["granted "+p] = "the permission " + p
	}
	return out
}

// clipped is a name by another hand, short enough for a message.
func clipped(s string) string { return string([]rune(s)[:min(len([]rune(s)), 100)]) }

func (k *ownWatch) schedule() engine.Schedule {
	return engine.Schedule{Name: "own apps", Every: k.every, Do: k.run}
}

// run looks at all of them. What was told is remembered after it was told: a crash in between tells it twice, never not at all.
func (k *ownWatch) run(ctx context.Context) error {
	apps, err := k.apps(ctx)
	if err != nil {
		return err
	}
	now, err := k.store.Now(ctx)
	if err != nil {
		return err
	}
	var fresh []ownApp
	var begun []string
	var failed []error
	for _, app := range apps {
		was, is, err := doc[knownApp](ctx, k.store, spaceOwn, keyKnown, app.ID)
		if err != nil {
			return err
		}
		if is {
			failed = append(failed, k.compare(ctx, app, was, now))
			continue
		}
		fresh = append(fresh, app)
		begun = append(begun, fmt.Sprintf("%s is %q with %s", strings.Join(app.As, " and "), clipped(app.Name), inNumbers(app)))
	}
	if len(fresh) > 0 {
		failed = append(failed, k.begin(ctx, fresh, begun))
	}
	return errors.Join(failed...)
}

// begin says what is watched from now on.
func (k *ownWatch) begin(ctx context.Context, fresh []ownApp, words []string) error {
	if err := k.alarm(ctx, "From now on you are told when somebody gets a way to act as hallpass: another owner or credential of an app registration that it signs in as, or another permission. As they are now: "+strings.Join(words, "; ")+".",
		"Hold that against what you set up. If you read this a second time, somebody has taken what was known out of Redis."); err != nil {
		return err
	}
	for _, app := range fresh {
		if err := noteNow(ctx, k.store, approvals.Entry{Act: "watches its own app", Detail: map[string]string{"app": app.ID, "as": strings.Join(app.As, " ")}}); err != nil {
			return err
		}
		if err := putDoc(ctx, k.store, spaceOwn, keyKnown, app.ID, knownApp{Keys: app.keys()}); err != nil {
			return err
		}
	}
	return nil
}

// inNumbers is how many ways in there are.
func inNumbers(app ownApp) string {
	return fmt.Sprintf("%d credential(s), %d owner(s) and %d permission(s)", len(app.Credentials)+len(app.Federated), len(app.Owners), len(app.Granted))
}

// compare tells what has come, and which credentials end soon. Each is remembered as soon as it was told: a channel takes one message
// a second, and what was told must not be told again because of what has to wait.
func (k *ownWatch) compare(ctx context.Context, app ownApp, was knownApp, now time.Time) error {
	put := func() error { return putDoc(ctx, k.store, spaceOwn, keyKnown, app.ID, was) }
	keys := app.keys()
	var came []string
	for key, words := range keys {
		if _, known := was.Keys[key]; !known {
			came = append(came, words)
		}
	}
	slices.Sort(came)
	who := fmt.Sprintf("The app registration that hallpass signs in as for %s (%q)", strings.Join(app.As, " and "), clipped(app.Name))
	if len(came) > 0 {
		if err := k.alarm(ctx, who+" has got "+strings.Join(came, "; ")+".",
			"Whoever has a credential of it can act as hallpass. If none of you did that, take it away in Entra ID and find out who did: the audit log there has it."); err != nil {
			return err
		}
		if err := noteNow(ctx, k.store, approvals.Entry{Act: "own app changed", Detail: map[string]string{"app": app.ID, "as": strings.Join(app.As, " "), "came": strings.Join(came, "; ")}}); err != nil {
			return err
		}
	}
	if !maps.Equal(was.Keys, keys) { // also what went: if it comes back it is told again
		was.Keys = keys
		if err := put(); err != nil {
			return err
		}
	}
	for _, c := range app.Credentials {
		if c.Ends.Sub(now) >= renewBefore || slices.Contains(was.Ending, c.ID) {
			continue
		}
		if err := k.alarm(ctx, who+fmt.Sprintf(" has a credential %q that ends on %s.", clipped(c.Name), c.Ends.UTC().Format(time.DateOnly)),
			"Add a new one, put it in place, restart, and take this one away: without it nothing is taken out of Entra ID in time."); err != nil {
			return err
		}
		was.Ending = append(was.Ending, c.ID)
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}
