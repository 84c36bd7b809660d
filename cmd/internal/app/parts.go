package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/gorilla/websocket"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
	"hallpass/bot/slack"
	"hallpass/bot/teams"
	"hallpass/graph"
)

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
		Pages: cfg.Web.PublicURL, HumanAttribute: cfg.People.HumanAttribute, Socket: cfg.Slack.Mode != "http", Observe: cfg.Mode != "enforce",
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
	for as, to := range map[graph.Identity]**graph.Client{graph.Reader: &p.Reader, graph.Writer: &p.Writer, graph.Apps: &p.Apps, graph.MFA: &p.MFA, graph.Sessions: &p.Sessions} {
		if cfg.Entra.Of(as).Kind == "" && as != graph.Reader {
			continue
		}
		if *to, err = client(cfg, as, transport, observe); err != nil {
			return fail(fmt.Errorf("entra.%s: %w", as, err))
		}
	}
	p.Alarms, p.AnchorEvery = alarms, cfg.Audit.Interval()
	if p.Anchor, err = anchorOf(cfg, store, transport); err != nil {
		return fail(err)
	}
	if p.Retention, err = retentionOf(cfg); err != nil {
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
		// The reports give each app five calls in any ten seconds: what is saved up and what comes meanwhile are a little less.
		Budgets: map[string]redisstore.Budget{
			"ca": {Rate: share, Burst: 1}, "audit": {Rate: 0.18, Burst: 3}, "directory": {Rate: 200 * share, Burst: 400},
		},
	})
	if err != nil {
		_ = c.Close() // nothing was sent on it
		return nil, nil, err
	}
	return store, func() { _ = c.Close() }, nil // what was acknowledged is stored; closing loses nothing
}

func tables(cfg People) (map[bot.Account]string, map[string][]string, error) {
	var people map[bot.Account]string
	var owners map[string][]string
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

// client makes a Graph client for one of the identities.
// What the reader's client is asked to change it refuses, whatever its identity may.
func client(cfg Config, as graph.Identity, transport http.RoundTripper, observe func(graph.Call)) (*graph.Client, error) {
	identity, err := credential(cfg, cfg.Entra.Of(as), transport)
	if err != nil {
		return nil, err
	}
	return graph.New(graph.Config{
		Host: strings.TrimSuffix(cfg.Hosts.Graph, "/"), Credential: identity, Transport: transport, Now: time.Now, //nolint:forbidigo // here the machine's clock comes in
		Observe: observe, ReadOnly: as == graph.Reader, Also: as,
	})
}
