// Package companytest is a small emulated company: people, a Slack workspace, a tenant, an in-process Redis, and the real
// hallpass between them. The tests of the whole program and the demo use it.
package companytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"hallpass/approvals/audit"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
	"hallpass/bot/slack"
	"hallpass/bot/slack/slacktest"
	"hallpass/bot/teams"
	"hallpass/bot/teams/teamstest"
	"hallpass/cmd/internal/app"
	"hallpass/graph"
	"hallpass/graph/graphtest"
)

// Options configures a Company.
type Options struct {
	Now    func() time.Time // drives everything
	Log    *slog.Logger
	Rate   float64 // of the tenant: see graphtest.Options
	Stale  time.Duration
	Timing engine.Timing
	// Observe keeps hallpass from writing.
	Observe bool
	// Domain names the emulators of NewOutside (slack.DOMAIN, graph.DOMAIN) instead of their loopback address. Such names
	// are known to nobody: hallpass must be given a proxy that leads there.
	Domain string
	// Before stands before both emulators of NewOutside and sees every call first. Optional.
	Before func(http.Handler) http.Handler
	// Judge holds the calls of Graph against their schemas. Optional.
	Judge graphtest.Judge
	// ZoneEvery is how often zones are looked at. 0: once a day, for tests of many days.
	ZoneEvery time.Duration
	// Rules is the rules file instead of the constant. Optional.
	Rules string
	// Pages is the address of the reviewers' pages, where cards lead; PagesOn is where they are to be answered, and then their
	// address. Both optional.
	Pages   string
	PagesOn net.Listener
	// OwnEvery is how often hallpass's own app registrations are looked at. 0: never, so that nothing is said of them.
	OwnEvery time.Duration
	// SignsOut gives hallpass the identity that revokes sessions at the end of exemptions.
	SignsOut bool
	// Teams gives the company a Microsoft Teams beside Slack.
	Teams bool
}

// Company is the emulated company.
type Company struct {
	Slack  *slacktest.Workspace
	Teams  *teamstest.Cloud // nil without Options.Teams
	Tenant *graphtest.Tenant
	Redis  *miniredis.Miniredis
	Store  *redisstore.Store
	Core   *app.Core
	App    graphtest.App
	apps   graphtest.App // as whom hallpass makes app registrations
	mfa    graphtest.App // as whom it writes per-user MFA states
	outs   graphtest.App // as whom it revokes sessions
	client redis.UniversalClient
	alarms *app.Alarms
	pages  net.Listener // nil: Pages listens somewhere
}

// New makes a company. Nothing runs until Core.Run.
func New(ctx context.Context, o Options) (*Company, error) {
	c := &Company{Tenant: Tenant(o), Redis: miniredis.NewMiniRedis(), pages: o.PagesOn}
	if o.PagesOn != nil {
		o.Pages = "http://" + o.PagesOn.Addr().String()
	}
	c.App = c.Tenant.AddApp(graphtest.App{Name: "hallpass", Roles: Roles()})
	c.apps, c.mfa, c.outs = c.Tenant.AddApp(appMaker()), c.Tenant.AddApp(mfaWriter()), c.Tenant.AddApp(revoker())
	c.Slack = Workspace(o.Now)
	if o.Teams {
		c.Teams = Cloud(o.Now, "")
	}
	c.client = redisstore.NewClient(redisstore.ClientConfig{
		Addrs:  []string{"127.0.0.1:6379"},
		Dialer: func(context.Context, string, string) (net.Conn, error) { return c.Redis.Dial() },
	})
	var err error
	c.alarms = &app.Alarms{Count: func(string) {}, Log: o.Log, Now: o.Now}
	c.Store, err = redisstore.Open(ctx, redisstore.Config{
		Client: c.client, Tenant: "demo", MACKeys: []string{macKey}, Sealed: app.SealedSpaces(), Forged: c.alarms.Forged, Budgets: map[string]redisstore.Budget{"ca": {Rate: 0.8, Burst: 1}},
	})
	if err != nil {
		return nil, err
	}
	if c.Core, err = c.core(ctx, o); err != nil {
		return nil, err
	}
	// Slack speaks to hallpass by signed HTTP in process: no sockets, so that fake time does not stand still.
	c.Slack.SetRequestURL(slacktest.RequestURLs{
		Commands: "https://hallpass.test/slack/commands", Interactions: "https://hallpass.test/slack/interactions",
		Events: "https://hallpass.test/slack/events",
	}, slacktest.InProcess(c.Core.Slack.Handler()))
	if c.Teams != nil {
		if err := c.installTeams(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// macKey is known to everybody: the store of the company lives in this process only.
const macKey = "a-key-of-the-demo-that-everybody-knows"

func (c *Company) core(ctx context.Context, o Options) (*app.Core, error) {
	client, err := graph.New(graph.Config{
		Host: "https://graph.microsoft.com", Credential: c.Tenant.Credential(c.App.ID), Transport: c.Tenant.Transport(), Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	optional := func(as graph.Identity, who graphtest.App) *graph.Client {
		made, failed := graph.New(graph.Config{
			Host: "https://graph.microsoft.com", Credential: c.Tenant.Credential(who.ID), Transport: c.Tenant.Transport(), Now: o.Now, Also: as,
		})
		err = errors.Join(err, failed)
		return made
	}
	apps, states := optional(graph.Apps, c.apps), optional(graph.MFA, c.mfa)
	var sessions *graph.Client
	if o.SignsOut {
		sessions = optional(graph.Sessions, c.outs)
	}
	if err != nil {
		return nil, err
	}
	rules, err := app.OpenRules("rules.yaml", func(string) ([]byte, error) { return []byte(cmp.Or(o.Rules, Rules)), nil }, o.Log, nil)
	if err != nil {
		return nil, err
	}
	opts := c.Slack.Options()
	people := map[bot.Account]string{}
	for _, p := range People() {
		people[bot.Account{Platform: "slack", Team: opts.TeamID, User: p.Slack}] = p.Entra
	}
	var inTeams *teams.Config
	if c.Teams != nil {
		inTeams = c.teamsConfig()
	}
	return app.NewCore(ctx, app.Parts{
		Store: c.Store, Reader: client, Writer: client, Apps: apps, MFA: states, Sessions: sessions, Rules: rules, People: people,
		Owners: map[string][]string{
			"svc-nx@contoso.com": {People()[3].Entra, People()[0].Entra}, "svc-plant@plant.contoso.com": {People()[0].Entra}, "svc-scan@contoso.com": {People()[3].Entra},
		}, HumanAttribute: "employeeId",
		Slack: slack.Config{
			BotToken: opts.BotToken, AppToken: opts.AppToken, SigningSecrets: []string{opts.SigningSecret}, AppID: opts.AppID,
			TeamIDs: []string{opts.TeamID}, APIURL: "https://slack.test/api/", Responses: "slack.test",
			HTTP: &http.Client{Transport: c.Slack.Transport(), Timeout: 10 * time.Second, CheckRedirect: noRedirect},
		},
		Teams: inTeams, Alarms: c.alarms, Observe: o.Observe, Timing: o.Timing, Now: o.Now, Clock: o.Now, Log: o.Log,
		ZoneEvery: cmp.Or(o.ZoneEvery, 24*time.Hour), Pages: o.Pages, SurveyEvery: 24 * time.Hour, OwnEvery: cmp.Or(o.OwnEvery, 10*365*24*time.Hour), DigestEvery: 24 * time.Hour,
	})
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Damage verifies the whole audit log and gives what is wrong with it.
func (c *Company) Damage(ctx context.Context) ([]audit.Finding, error) {
	log := audit.NewLog(nil, nil)
	end, err := c.Store.AuditLog(context.WithoutCancel(ctx), 1, func(l audit.Line) error {
		log.Add(l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	log.End(&end)
	return log.Report().Findings, nil
}

// Close ends what New opened.
func (c *Company) Close() error {
	err := c.client.Close()
	c.Redis.Close()
	if c.pages != nil {
		if perr := c.pages.Close(); !errors.Is(perr, net.ErrClosed) { // whoever served on it has closed it
			err = errors.Join(err, perr)
		}
	}
	if err != nil {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}

// Roles are the permissions that hallpass needs.
func Roles() []string {
	return []string{
		"Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "GroupMember.Read.All", "GroupMember.ReadWrite.All", "User.Read.All",
		"AuditLog.Read.All", "RoleManagement.Read.Directory", "IdentityRiskyUser.Read.All",
		"Domain.Read.All", "Domain-InternalFederation.Read.All", "Application.Read.All",
	}
}

// appMaker is the identity that makes app registrations.
func appMaker() graphtest.App {
	return graphtest.App{Name: "hallpass apps", Roles: []string{"Application.ReadWrite.OwnedBy"}}
}

// mfaWriter is the identity that writes per-user MFA states.
func mfaWriter() graphtest.App {
	return graphtest.App{Name: "hallpass mfa", Roles: []string{"Policy.ReadWrite.AuthenticationMethod"}}
}

// revoker is the identity that revokes sessions.
func revoker() graphtest.App {
	return graphtest.App{Name: "hallpass sessions", Roles: []string{"User.RevokeSessions.All"}}
}

// Tenant makes the company's tenant.
func Tenant(o Options) *graphtest.Tenant {
	t := graphtest.New(graphtest.Options{Now: o.Now, Rate: o.Rate, StaleFor: o.Stale, Seed: 1, Judge: o.Judge, AppRoles: []string{"Sites.Selected", "SharePoint/Sites.Selected", "Mail.ReadBasic.All"}})
	for _, p := range People() {
		t.AddUser(graphtest.User{ID: p.Entra, UPN: p.Mail, Mail: p.Mail, Name: p.Name, Enabled: true, EmployeeID: strings.TrimPrefix(p.Slack, "U0"), Department: p.Team})
	}
	for _, svc := range []string{"svc-nx", "svc-flow", "svc-backup"} {
		t.AddUser(graphtest.User{UPN: svc + "@contoso.com", Name: svc, Enabled: true})
	}
	t.AddUser(graphtest.User{UPN: "svc-scan@contoso.com", Name: "svc-scan", Enabled: true, MFAState: "enforced"})
	t.AddUser(graphtest.User{ID: Emergency, UPN: "breakglass@contoso.onmicrosoft.com", Name: "Break glass", Enabled: true})
	t.AddUser(graphtest.User{UPN: "svc-old@contoso.com", Name: "svc-old"})
	t.AddUser(graphtest.User{UPN: "guest_partner.com#EXT#@contoso.onmicrosoft.com", Name: "A guest", Enabled: true, Guest: true})
	t.AddGroup(graphtest.Group{ID: GroupNetsec, Name: "Network security", Security: true}, People()[1].Entra)
	t.AddGroup(graphtest.Group{ID: GroupSecurity, Name: "Security", Security: true}, People()[2].Entra, People()[3].Entra)
	t.AddGroup(graphtest.Group{ID: GroupIdentity, Name: "Identity team", Security: true}, People()[0].Entra, People()[1].Entra, People()[3].Entra)
	t.AddDomain(graphtest.Domain{Name: "corp.contoso.com", Federated: true, MFA: "enforceMfaByFederatedIdp"})
	t.AddDomain(graphtest.Domain{Name: "plant.contoso.com", Federated: true, MFA: "acceptIfMfaDoneByFederatedIdp"})
	t.AddUser(graphtest.User{UPN: "svc-plant@plant.contoso.com", Name: "svc-plant", Enabled: true})
	t.AddGroup(graphtest.Group{ID: GroupExempt, Name: "MFA exempt integrations", Security: true})
	t.AddLocation(graphtest.Location{ID: Location, Name: "Trusted servers", Ranges: []string{"52.166.10.0/28"}})
	t.AddGroup(graphtest.Group{ID: ZoneGroup, Name: "Integrations, fenced", Security: true})
	t.AddLocation(graphtest.Location{ID: ZoneLocation, Name: "Integrations, fenced", Ranges: []string{"192.0.2.255/32"}})
	t.AddPolicy(graphtest.Policy{
		ID: ZoneFence, Name: "Integrations: only from their location", State: "enabled", IncludeGroups: []string{ZoneGroup}, Grants: []string{"block"},
		IncludeLocations: []string{"All"}, ExcludeLocations: []string{ZoneLocation},
	})
	t.AddPolicy(graphtest.Policy{
		ID: ZoneRegistration, Name: "Integrations: no new sign-in methods", State: "enabled", IncludeGroups: []string{ZoneGroup}, Grants: []string{"block"},
		Actions: []string{"urn:user:registersecurityinfo"},
	})
	t.AddGroup(graphtest.Group{ID: BlockedGroup, Name: "Blocked accounts", Security: true})
	t.AddPolicy(graphtest.Policy{ID: PolicyBlocked, Name: "Blocked accounts: everything", State: "enabled", IncludeGroups: []string{BlockedGroup}, Grants: []string{"block"}})
	t.AddPolicy(graphtest.Policy{ID: PolicyMFA, Name: "Require MFA for everyone", State: "enabled", ExcludeGroups: []string{GroupExempt, ZoneGroup}, IncludeLocations: []string{"All"}, ExcludeLocations: []string{Location}})
	return t
}

// Workspace makes the company's Slack workspace.
func Workspace(now func() time.Time) *slacktest.Workspace {
	var scopes []string
	for _, s := range slack.Scopes() {
		scopes = append(scopes, s.Name)
	}
	w := slacktest.New(slacktest.Options{Now: now, BaseURL: "https://slack.test", Scopes: scopes})
	var all []string
	for _, p := range People() {
		w.AddUser(slacktest.User{ID: p.Slack, Name: strings.ToLower(strings.Fields(p.Name)[0]), RealName: p.Name, Email: p.Mail})
		all = append(all, p.Slack)
	}
	w.AddChannel(slacktest.Channel{ID: ChanGeneral, Name: "general"}, all...)
	w.AddChannel(slacktest.Channel{ID: ChanNetsec, Name: "netsec-approvals"}, all[1], all[3])
	w.AddChannel(slacktest.Channel{ID: ChanSecurity, Name: "security"}, all[2], all[3])
	w.AddChannel(slacktest.Channel{ID: ChanIdentity, Name: "identity-team"}, all[0], all[1], all[3])
	return w
}
