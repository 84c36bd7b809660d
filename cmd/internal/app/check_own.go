package app

import (
	"context"
	"time"

	"hallpass/graph"
)

// renewBefore is how long before its end a credential of hallpass's own is called a problem.
const renewBefore = 30 * 24 * time.Hour

// checkOwnApps looks at the app registrations that hallpass signs in as: who owns one, or knows a credential of it, can act
// as hallpass. Without the permission to read them nothing is said here; the line about the permission says so.
func checkOwnApps(ctx context.Context, cfg Config, p Parts, out *report) {
	seen := map[string]bool{}
	for _, who := range graph.Identities() {
		id := cfg.Entra.Of(who).ClientID
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		own, err := p.Reader.OwnApp(ctx, id)
		switch {
		case graph.IsForbidden(err):
		case graph.IsNotFound(err): // a managed identity has no app registration
		case err != nil:
			out.problem("Try again; if it stays so, look at the permissions above.", "the app registration of entra.%s cannot be read: %v", who, err)
		default:
			checkOwnApp(who, own, p.Now(), out)
		}
	}
}

func checkOwnApp(who graph.Identity, own graph.OwnApp, now time.Time, out *report) {
	if len(own.Owners) > 0 {
		out.advise("Take the owners away in Entra ID: each of them can add a credential and act as hallpass.", "the app registration of entra.%s has %d owner(s)", who, len(own.Owners))
	}
	if n := len(own.Credentials) + len(own.Federated); n > 1 {
		out.advise("Take away those that are not in use.", "the app registration of entra.%s has %d credentials", who, n)
	}
	for _, c := range own.Credentials {
		ends := c.Ends.UTC().Format(time.DateOnly)
		if c.Ends.Sub(now) < renewBefore {
			out.problem("Add a new one, put it in place, restart, and take this one away.", "a credential of entra.%s ends on %s", who, ends)
		} else {
			out.good("a credential of entra.%s is good until %s", who, ends)
		}
	}
}
