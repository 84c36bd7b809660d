package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
	"hallpass/bot/slack"
	"hallpass/bot/teams"
	"hallpass/bot/web"
	"hallpass/graph"
)

// Run serves until the context ends; then it finishes what is in hand.
func Run(ctx context.Context, cfg Config, log *slog.Logger) error {
	reg := prometheus.NewRegistry()
	metrics, err := NewMetrics(reg)
	if err != nil {
		return err
	}
	p, closing, err := parts(ctx, cfg, log, metrics)
	if err != nil {
		return err
	}
	defer closing()
	if err := ready(ctx, cfg, p); err != nil {
		return err
	}
	if err := readyAudit(ctx, cfg, p); err != nil {
		return err
	}
	core, err := NewCore(ctx, p)
	if err != nil {
		return err
	}
	if err := noteRules(ctx, p.Store, p.Rules.Hash()); err != nil {
		return err
	}
	log.InfoContext(ctx, "hallpass starts", "mode", cfg.Mode, "slack", core.Slack != nil, "teams", core.Teams != nil, "rules", p.Rules.Hash())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return core.Run(ctx) })
	g.Go(func() error { return sample(ctx, p, float64(cfg.Entra.BudgetPercent)/100, metrics) })
	if cfg.HTTP.Listen != "" {
		health := Health{Gatherer: reg, Log: log, Ready: func(ctx context.Context) error {
			_, err := p.Store.Now(ctx)
			return err
		}}
		g.Go(func() error { return listen(ctx, cfg.HTTP.Listen, health.Handler()) })
	}
	for addr, handler := range handlers(cfg, core) {
		g.Go(func() error { return listen(ctx, addr, handler) })
	}
	if cfg.Web.Listen != "" {
		site, err := pages(cfg, core)
		if err != nil {
			return err
		}
		g.Go(func() error { return listen(ctx, cfg.Web.Listen, site.Handler()) })
		g.Go(func() error {
			if err := site.Warm(ctx); err != nil { // the first page that is asked for reads again
				log.WarnContext(ctx, "the pages could not read all requests yet", "error", err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// handlers are what is listened for, by address: one address may serve both chats.
func handlers(cfg Config, core *Core) map[string]*http.ServeMux {
	out := map[string]*http.ServeMux{}
	at := func(addr, path string, h http.Handler) {
		if out[addr] == nil {
			out[addr] = http.NewServeMux()
		}
		out[addr].Handle(path, h)
	}
	if core.Slack != nil && cfg.Slack.Mode == "http" {
		at(cfg.Slack.Listen, "/slack/", core.Slack.Handler())
	}
	if core.Teams != nil {
		at(cfg.Teams.Listen, teams.Path, core.Teams.Handler())
	}
	return out
}

// pages makes the reviewers' pages that the configuration wants.
func pages(cfg Config, core *Core) (*web.Site, error) {
	roots, err := pool(string(cfg.Hosts.CAFile))
	if err != nil {
		return nil, err
	}
	l, err := login(cfg, &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	if err != nil {
		return nil, err
	}
	return core.Pages(cfg.Web.PublicURL, l)
}

// ready refuses to start on what would break a promise.
func ready(ctx context.Context, cfg Config, p Parts) error {
	for _, f := range p.Store.Check(ctx) {
		if !f.OK && cfg.Redis.Durability != "relaxed" {
			return fmt.Errorf("%s: %s (or state `durability: relaxed` and accept that acknowledged clicks may be lost)", f.What, f.Do)
		}
	}
	for _, client := range []*graph.Client{p.Reader, p.Writer} {
		if client == nil {
			continue
		}
		roles, err := client.Roles(ctx)
		if err != nil {
			p.Log.WarnContext(ctx, "the permissions of an identity could not be read", "error", err)
			continue
		}
		for _, role := range roles {
			if why, bad := graph.Forbidden()[role]; bad {
				return fmt.Errorf("the identity holds %s, which hallpass must never hold: %s. Take it away in Entra ID", role, why)
			}
		}
	}
	return nil
}

func listen(ctx context.Context, addr string, handler http.Handler) error {
	srv := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(bounded) // open requests are bounded by the time-outs above
	})
	defer stop()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("listening on %s: %w", addr, err)
	}
	return nil
}

// parts makes from the configuration what a Core is put together from.
func parts(ctx context.Context, cfg Config, log *slog.Logger, m *Metrics) (Parts, func(), error) {
	var p Parts
	roots, err := pool(string(cfg.Hosts.CAFile))
	if err != nil {
		return p, nil, err
	}
	alarms := &Alarms{Count: m.Forged, Log: log, Now: time.Now} //nolint:forbidigo // here the machine's clock comes in
	store, closing, err := openStore(ctx, cfg, alarms.Forged)
	if err != nil {
		return p, nil, err
	}
	fail := func(err error) (Parts, func(), error) {
		closing()
		return p, nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ResponseHeaderTimeout: 30 * time.Second}
	p = Parts{
		Store: store, ManagedMail: cfg.Slack.ManagedMailDomains, OwnerAttribute: cfg.People.OwnerAttribute,
		HumanAttribute: cfg.People.HumanAttribute, Socket: cfg.Slack.Mode != "http", Observe: cfg.Mode != "enforce",
		Now: time.Now, Clock: time.Now, //nolint:forbidigo // here the machine's clock comes in
		Log: log, Refused: m.Refused, Acted: m.Act, Workers: make(engine.Workers),
		Dialer: &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 15 * time.Second, TLSClientConfig: transport.TLSClientConfig},
	}
	for _, lane := range approvals.Lanes() {
		p.Workers[lane] = cfg.Workers.Of(lane)
	}
	if p.Calendar, err = cfg.Calendar.Value(); err != nil {
		return fail(fmt.Errorf("calendar: %w", err))
	}
	if p.Rules, err = OpenRules(string(cfg.Rules), os.ReadFile, log, noting(ctx, store, log)); err != nil {
		return fail(err)
	}
	if p.People, p.Owners, err = tables(cfg.People); err != nil {
		return fail(err)
	}
	observe := func(c graph.Call) { m.GraphCall(c.Method, c.Status) }
	if p.Reader, err = client(cfg, graph.Reader, transport, observe); err != nil {
		return fail(fmt.Errorf("entra.reader: %w", err))
	}
	if cfg.Entra.Writer.Kind != "" {
		if p.Writer, err = client(cfg, graph.Writer, transport, observe); err != nil {
			return fail(fmt.Errorf("entra.writer: %w", err))
		}
	}
	p.Alarms, p.AnchorEvery = alarms, cfg.Audit.Interval()
	if p.Anchor, err = anchorOf(cfg, store, transport); err != nil {
		return fail(err)
	}
	if cfg.Teams.On() {
		if p.Teams, err = teamsConfig(cfg, transport, m); err != nil {
			return fail(fmt.Errorf("teams: %w", err))
		}
	}
	if !cfg.Slack.On() {
		return p, closing, nil
	}
	responses, err := url.Parse(cfg.Hosts.SlackResponses)
	if err != nil {
		return fail(fmt.Errorf("hosts.slack_responses: %w", err))
	}
	p.Slack = slack.Config{
		BotToken: cfg.Slack.BotToken.Reveal(), AppToken: cfg.Slack.AppToken.Reveal(), SigningSecrets: cfg.Slack.SigningSecrets.Reveal(),
		AppID: cfg.Slack.AppID, TeamIDs: cfg.Slack.TeamIDs, APIURL: strings.TrimSuffix(cfg.Hosts.SlackAPI, "/") + "/", Responses: responses.Host,
		HTTP: quiet(transport),
	}
	p.Slack.Connected, p.Slack.Unauthenticated = m.SlackConnected, func() { m.Unauthenticated("slack") }
	return p, closing, nil
}

// quiet is a client with a time-out that follows no redirects.
func quiet(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// teamsConfig makes from the configuration what Teams is reached by.
func teamsConfig(cfg Config, transport http.RoundTripper, m *Metrics) (*teams.Config, error) {
	cloud, err := teams.CloudOf(cfg.Teams.Cloud)
	if err != nil {
		return nil, err
	}
	if cfg.Hosts.TeamsMetadata != "" {
		cloud.Metadata = cfg.Hosts.TeamsMetadata
	}
	for i, service := range cfg.Hosts.TeamsServices {
		u, err := url.Parse(service)
		if err != nil {
			return nil, fmt.Errorf("hosts.teams_services: %w", err)
		}
		if i == 0 {
			cloud.Service, cloud.Hosts = service, nil
		}
		cloud.Hosts = append(cloud.Hosts, u.Host)
	}
	tenants := cfg.Teams.TenantIDs
	if len(tenants) == 0 {
		tenants = []string{cfg.Tenant.ID}
	}
	identity, err := credential(cfg, cfg.Teams.identity(), transport)
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	return &teams.Config{
		AppID: cfg.Teams.AppID, TenantIDs: tenants, Cloud: cloud, Credential: identity, HTTP: quiet(transport),
		Refused: func() { m.Unauthenticated("teams") },
	}, nil
}

// pool is the system's CAs and those of a file; nil for the system's alone.
func pool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // nil is what TLS takes for the system's CAs
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("reading CAs: %w", err)
	}
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return roots, nil
}

func openStore(ctx context.Context, cfg Config, forged func(what string)) (*redisstore.Store, func(), error) {
	rc := redisstore.ClientConfig{
		Addrs: cfg.Redis.Addrs, MasterName: cfg.Redis.MasterName, Cluster: cfg.Redis.Cluster, Username: cfg.Redis.Username,
		Password: cfg.Redis.Password.Reveal(), SentinelUsername: cfg.Redis.SentinelUsername, SentinelPassword: cfg.Redis.SentinelPassword.Reveal(),
	}
	if cfg.Redis.TLS {
		roots, err := pool(string(cfg.Redis.CAFile))
		if err != nil {
			return nil, nil, fmt.Errorf("redis.ca_file: %w", err)
		}
		rc.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	c := redisstore.NewClient(rc)
	share := float64(cfg.Entra.BudgetPercent) / 100
	store, err := redisstore.Open(ctx, redisstore.Config{
		Client: c, Tenant: cfg.Tenant.Name, Replicas: cfg.Redis.Replicas,
		MACKeys: cfg.Audit.MACKeys.Reveal(), Sealed: SealedSpaces(), Forged: forged,
		Budgets: map[string]redisstore.Budget{
			"ca": {Rate: share, Burst: 1}, "audit": {Rate: 0.5 * share, Burst: 5}, "directory": {Rate: 200 * share, Burst: 400},
		},
	})
	if err != nil {
		_ = c.Close() // nothing was sent on it
		return nil, nil, err
	}
	return store, func() { _ = c.Close() }, nil // what was acknowledged is stored; closing loses nothing
}

func tables(cfg People) (map[bot.Account]string, map[string]string, error) {
	var people map[bot.Account]string
	var owners map[string]string
	if cfg.File != "" {
		data, err := os.ReadFile(string(cfg.File))
		if err != nil {
			return nil, nil, fmt.Errorf("people.file: %w", err)
		}
		if people, err = ReadPeople(data); err != nil {
			return nil, nil, fmt.Errorf("people.file: %w", err)
		}
	}
	if cfg.OwnersFile != "" {
		data, err := os.ReadFile(string(cfg.OwnersFile))
		if err != nil {
			return nil, nil, fmt.Errorf("people.owners_file: %w", err)
		}
		if owners, err = ReadOwners(data); err != nil {
			return nil, nil, fmt.Errorf("people.owners_file: %w", err)
		}
	}
	return people, owners, nil
}

// credential makes one of the configured identities.
func credential(cfg Config, c Credential, transport http.RoundTripper) (azcore.TokenCredential, error) {
	cc := graph.CredentialConfig{
		Kind: c.Kind, Tenant: cfg.Tenant.ID, Client: c.ClientID, Authority: cfg.Hosts.Login, Secret: c.ClientSecret.Reveal(),
		TokenFile: string(c.TokenFile), CertificatePassword: []byte(c.CertificatePassword.Reveal()),
		HTTP: &http.Client{Transport: transport, Timeout: 30 * time.Second}, Private: !strings.Contains(cfg.Hosts.Login, "login.microsoftonline.") && !strings.Contains(cfg.Hosts.Login, "login.chinacloudapi.cn"),
	}
	if c.CertificateFile != "" {
		data, err := os.ReadFile(string(c.CertificateFile))
		if err != nil {
			return nil, fmt.Errorf("reading the certificate: %w", err)
		}
		cc.Certificate = data
	}
	return graph.NewCredential(cc)
}

// client makes a Graph client for one of the two identities.
// What the reader's client is asked to change it refuses, whatever its identity may.
func client(cfg Config, as graph.Identity, transport http.RoundTripper, observe func(graph.Call)) (*graph.Client, error) {
	c := cfg.Entra.Reader
	if as == graph.Writer {
		c = cfg.Entra.Writer
	}
	identity, err := credential(cfg, c, transport)
	if err != nil {
		return nil, err
	}
	return graph.New(graph.Config{
		Host: strings.TrimSuffix(cfg.Hosts.Graph, "/"), Credential: identity, Transport: transport, Now: time.Now, //nolint:forbidigo // here the machine's clock comes in
		Observe: observe, ReadOnly: as == graph.Reader,
	})
}
