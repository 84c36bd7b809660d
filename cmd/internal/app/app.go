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

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
	"hallpass/bot/slack"
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
	core, err := NewCore(ctx, p)
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "hallpass starts", "mode", cfg.Mode, "slack", cfg.Slack.Mode, "rules", p.Rules.Hash())
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
	if cfg.Slack.Mode == "http" {
		g.Go(func() error { return listen(ctx, cfg.Slack.Listen, core.Slack.Handler()) })
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
	for _, c := range []*graph.Client{p.Reader, p.Writer} {
		if c == nil {
			continue
		}
		roles, err := c.Roles(ctx)
		if err != nil {
			p.Log.WarnContext(ctx, "the permissions of an identity could not be read", "error", err)
			continue
		}
		for _, role := range roles {
			if why, bad := forbidden()[role]; bad {
				return fmt.Errorf("the identity holds %s, which hallpass must never hold: %s Take it away in Entra ID", role, why)
			}
		}
	}
	return nil
}

// forbidden are permissions that hallpass must never hold, and why.
func forbidden() map[string]string {
	return map[string]string{
		"User.ReadWrite.All":                    "a mistake in one path could delete a user.",
		"AppRoleAssignment.ReadWrite.All":       "whoever holds it can take over the tenant.",
		"RoleManagement.ReadWrite.Directory":    "whoever holds it can take over the tenant.",
		"Policy.ReadWrite.AuthenticationMethod": "it rewrites the tenant's authentication methods.",
		"Directory.ReadWrite.All":               "it writes nearly everything in the directory.",
	}
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
	store, closing, err := openStore(ctx, cfg)
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
	if p.Rules, err = OpenRules(string(cfg.Rules), os.ReadFile, log, nil); err != nil {
		return fail(err)
	}
	if p.People, p.Owners, err = tables(cfg.People); err != nil {
		return fail(err)
	}
	observe := func(c graph.Call) { m.GraphCall(c.Method, c.Status) }
	if p.Reader, err = client(cfg, cfg.Entra.Reader, transport, observe); err != nil {
		return fail(fmt.Errorf("entra.reader: %w", err))
	}
	if cfg.Entra.Writer.Kind != "" {
		if p.Writer, err = client(cfg, cfg.Entra.Writer, transport, observe); err != nil {
			return fail(fmt.Errorf("entra.writer: %w", err))
		}
	}
	p.Own = []string{cfg.Entra.Reader.ClientID, cfg.Entra.Writer.ClientID}
	responses, err := url.Parse(cfg.Hosts.SlackResponses)
	if err != nil {
		return fail(fmt.Errorf("hosts.slack_responses: %w", err))
	}
	p.Slack = slack.Config{
		BotToken: cfg.Slack.BotToken.Reveal(), AppToken: cfg.Slack.AppToken.Reveal(), SigningSecrets: cfg.Slack.SigningSecrets.Reveal(),
		AppID: cfg.Slack.AppID, TeamIDs: cfg.Slack.TeamIDs, APIURL: strings.TrimSuffix(cfg.Hosts.SlackAPI, "/") + "/", Responses: responses.Host,
		HTTP: &http.Client{Transport: transport, Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	p.Slack.Connected, p.Slack.Unauthenticated = m.SlackConnected, func() { m.Unauthenticated("slack") }
	return p, closing, nil
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

func openStore(ctx context.Context, cfg Config) (*redisstore.Store, func(), error) {
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

// client makes a Graph client for one of the two identities.
func client(cfg Config, c Credential, transport http.RoundTripper, observe func(graph.Call)) (*graph.Client, error) {
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
	credential, err := graph.NewCredential(cc)
	if err != nil {
		return nil, err
	}
	return graph.New(graph.Config{Host: strings.TrimSuffix(cfg.Hosts.Graph, "/"), Credential: credential, Transport: transport, Now: time.Now, Observe: observe}) //nolint:forbidigo // here the machine's clock comes in
}
