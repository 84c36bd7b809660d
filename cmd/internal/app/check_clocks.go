package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hallpass/approvals/redisstore"
)

// How far clocks may be apart. Redis' decides what is due; by the machine's, signatures and tokens are judged, for which
// Slack and Entra ID allow five minutes. The header of a web server is to the second and took a moment to arrive.
const (
	apartRedis = 5 * time.Second
	apartWeb   = 30 * time.Second
)

// checkClocks compares the machine's clock with that of Redis and of Graph. Slack's comes with the answer about the token.
func checkClocks(ctx context.Context, cfg Config, p Parts, out *report) {
	if now, err := p.Store.Now(ctx); err == nil {
		compare(out, "Redis", p.Now().Sub(now), apartRedis)
	}
	if p.Slack.HTTP == nil {
		return // there is no Slack, and with it no client for a call without a token
	}
	if at, err := dateOf(ctx, p.Slack.HTTP, strings.TrimSuffix(cfg.Hosts.Graph, "/")+"/v1.0/identity/conditionalAccess/namedLocations"); err != nil {
		out.problem("Look at hosts.graph, hosts.ca_file and the network.", "Microsoft Graph does not answer: %v", err)
	} else if !at.IsZero() {
		compare(out, "Microsoft Graph", p.Now().Sub(at), apartWeb)
	}
}

func compare(out *report, whose string, apart, most time.Duration) {
	apart = apart.Abs().Round(time.Millisecond)
	out.say(redisstore.Finding{
		OK: apart < most, What: fmt.Sprintf("the clocks of %s and of this machine are %s apart", whose, apart), Do: "Synchronise both clocks (NTP).",
	})
}

// dateOf reads the clock of a web server from the Date of any answer; zero if it sends none. No token goes along.
func dateOf(ctx context.Context, client *http.Client, address string) (time.Time, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("making a request: %w", err)
	}
	response, err := client.Do(r)
	if err != nil {
		return time.Time{}, err
	}
	if err := response.Body.Close(); err != nil {
		return time.Time{}, fmt.Errorf("closing an answer: %w", err)
	}
	at, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // a server without a Date has no clock to compare
	}
	return at, nil
}
