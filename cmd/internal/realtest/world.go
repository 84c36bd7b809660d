package realtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/companytest"
)

// domain is where the emulators live for those who come through a proxy.
const domain = "hallpass.test"

// Options configures a World.
type Options struct {
	// Signed lets Slack send signed requests by HTTP instead of Socket Mode.
	Signed bool
	// Rate is how many Conditional Access calls a second the tenant takes; 0: one, as the real one does.
	Rate float64
	// Rules is the rules file; empty: the company's. Owners are further lines of the owners file.
	Rules, Owners string
	// Config is appended to the config of every replica. Optional.
	Config string
	// Prepare changes the emulators before anything runs. Optional.
	Prepare func(out *companytest.Outside) error
	// Pass is asked at every Point, from many goroutines; true means that the replica was killed there. Optional.
	Pass func(p Point) bool
}

// World is a Redis, an emulated company, and the replicas that were started.
type World struct {
	Out   *companytest.Outside
	Redis *storetest.Server
	// Store looks into what the replicas store; it does not go through any relay.
	Store *redisstore.Store

	tb      testing.TB
	opts    Options
	dir     string
	program string
	scripts scripts

	mu       sync.Mutex // mu guards the fields below
	replicas []*Replica
	callers  map[string]*Replica // local address of a proxy's connection to the gate -> whose proxy it is
	turn     int
}

// New makes a World without replicas. Everything in it ends with the test. The test binary must be able to act as
// hallpass: see testscript.Main.
func New(tb testing.TB, o Options) *World {
	tb.Helper()
	program, err := exec.LookPath("hallpass")
	if err != nil {
		tb.Fatalf("the test binary does not act as hallpass: %v", err)
	}
	w := &World{tb: tb, opts: o, dir: tb.TempDir(), program: program, callers: map[string]*Replica{}, Redis: storetest.Redis(tb)}
	client := redisstore.NewClient(redisstore.ClientConfig{Addrs: []string{w.Redis.Addr}})
	tb.Cleanup(func() { _ = client.Close() })
	if w.Store, err = redisstore.Open(tb.Context(), redisstore.Config{Client: client, Tenant: "main"}); err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	now := time.Now //nolint:forbidigo // real processes live by real time
	w.Out, err = companytest.NewOutside(ctx, w.dir, companytest.Options{Now: now, Rate: o.Rate, Domain: domain, Before: w.gate})
	if err != nil {
		stop()
		tb.Fatal(err)
	}
	if err := write(ownersFile(w.dir), "account,owner\nsvc-nx@contoso.com,"+companytest.People()[3].Entra+"\n"+o.Owners); err != nil {
		stop()
		tb.Fatal(err)
	}
	if o.Rules != "" {
		if err := write(w.Out.RulesFile, o.Rules); err != nil {
			stop()
			tb.Fatal(err)
		}
	}
	if o.Prepare != nil {
		if err := o.Prepare(w.Out); err != nil {
			stop()
			tb.Fatal(err)
		}
	}
	if o.Signed {
		at := "http://requests." + domain + "/slack/"
		w.Out.Slack.SetRequestURL(slacktest.RequestURLs{Commands: at + "commands", Interactions: at + "interactions", Events: at + "events"}, balancer{w})
	}
	done := make(chan error, 1)
	go func() { done <- w.Out.Serve(ctx) }()
	tb.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			tb.Errorf("the emulators: %v", err)
		}
	})
	return w
}

// Until asks several times a second whether something is so. It fails the test if it does not become so in time.
func (w *World) Until(within time.Duration, what string, is func() bool) {
	w.tb.Helper()
	if err := Wait(w.tb.Context(), within, is); err != nil {
		for _, r := range w.all() {
			w.tb.Logf("replica %s:\n%s", r.Name, r.Log(12))
		}
		w.tb.Fatalf("in vain for %s: %s", within, what)
	}
}

// errVain says that something did not become so in time.
var errVain = errors.New("it did not become so in time")

// Wait asks several times a second whether something is so, until it is, the time is over or the context ends.
func Wait(ctx context.Context, within time.Duration, is func() bool) error {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-bounded.Done():
			return errVain
		case <-tick.C:
		}
	}
	return nil
}

func (w *World) all() []*Replica {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*Replica{}, w.replicas...)
}

// pass asks whether the replica dies here.
func (w *World) pass(p Point) bool { return w.opts.Pass != nil && w.opts.Pass(p) }

// balancer carries Slack's requests to a replica that lives, as a load balancer does. What was sent is not sent again.
type balancer struct{ w *World }

// RoundTrip carries one request.
func (b balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	all := b.w.all()
	b.w.mu.Lock()
	b.w.turn++
	turn := b.w.turn
	b.w.mu.Unlock()
	for i := range all {
		replica := all[(turn+i)%len(all)]
		if !replica.Alive() {
			continue
		}
		conn, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", replica.slack)
		if err != nil {
			continue
		}
		once := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }, DisableKeepAlives: true}
		return once.RoundTrip(r)
	}
	return nil, fmt.Errorf("none of %d replicas takes requests", len(all))
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }
