package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/rulesfile"
	"hallpass/bot"
	"hallpass/bot/slack"
	"hallpass/bot/teams"
	"hallpass/graph"
	"hallpass/graph/entra"
)

// client is who acts as an identity; nil if there is none.
func (p *Parts) client(as graph.Identity) *graph.Client {
	switch as {
	case graph.Writer:
		return p.Writer
	case graph.Apps:
		return p.Apps
	case graph.MFA:
		return p.MFA
	case graph.Sessions:
		return p.Sessions
	case graph.Reader:
	}
	return p.Reader
}

// Parts are what a Core is put together from. The demo and the tests bring their own.
type Parts struct {
	Store          *redisstore.Store
	Reader, Writer *graph.Client
	// Apps makes and ends app registrations. Optional.
	Apps *graph.Client
	// MFA writes per-user MFA states. Optional.
	MFA *graph.Client
	// Sessions revokes sessions of accounts at the end of their exemption. Optional.
	Sessions *graph.Client
	Rules    *Rules
	// OwnEvery is how often the app registrations are looked at that hallpass signs in as. 0: every hour.
	OwnEvery time.Duration
	// People and Owners are the contents of the people file and the owners file.
	People         map[bot.Account]string
	Owners         map[string][]string
	OwnerAttribute string
	HumanAttribute string
	ManagedMail    []string
	// Slack (without an app id: none) and Teams (nil: none) are the chats; one is enough. Receiver, Views, References,
	// Replays, Clock, Now, Log and Go are filled in.
	Slack    slack.Config
	Teams    *teams.Config
	Dialer   *websocket.Dialer
	Socket   bool
	Calendar approvals.Calendar
	// Anchor, if not nil, signs checkpoints of the audit log, every AnchorEvery (default 1 h).
	Anchor      *Anchor
	AnchorEvery time.Duration
	// Retention says what is archived by itself. It needs the key of the Anchor.
	Retention Retention
	// Alarms, if not nil, is what the store tells of records that hallpass did not write.
	Alarms  *Alarms
	Observe bool
	Timing  engine.Timing
	Workers engine.Workers
	// ZoneEvery is how often zones are looked at. 0: 10 minutes.
	ZoneEvery time.Duration
	// SurveyEvery is how often what hallpass does not manage is counted. 0: 6 hours.
	SurveyEvery time.Duration
	// DigestEvery is how often it is looked whether the weekly digest is due. 0: 1 hour.
	DigestEvery time.Duration
	// Pages is the address of the reviewers' pages; empty if there are none.
	Pages string
	// Now is the machine's clock, Clock that of everything stored.
	Now, Clock func() time.Time
	Log        *slog.Logger
	Refused    func(approvals.Reason)
	Acted      func(platform string) // optional
}

// Core is a replica: engine, workers, bot and chats, introduced to each other. Slack or Teams is nil if it is not used.
type Core struct {
	Engine *engine.Engine
	Bot    *bot.Bot
	Slack  *slack.Slack
	Tenant *entra.Entra
	Teams  *teams.Teams
	pool   *engine.Pool
	all    []bot.Chat
	parts  Parts
	after  *after
}

// after runs what goes on after an acknowledgement.
type after struct {
	mu   sync.Mutex      // mu guards ctx
	ctx  context.Context //nolint:containedctx // the life of the program, known when it runs
	jobs sync.WaitGroup
}

func (a *after) run(job func(ctx context.Context)) {
	a.mu.Lock()
	ctx := a.ctx
	a.mu.Unlock()
	a.jobs.Go(func() {
		bounded, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		job(bounded)
	})
}

// NewCore introduces the parts to each other. It makes no outside call. ctx bounds what is started before Run.
func NewCore(ctx context.Context, p Parts) (*Core, error) {
	c := &Core{parts: p, after: &after{ctx: context.WithoutCancel(ctx)}}
	file := p.Rules.File
	own := owners{p.Store, p.Owners, p.OwnerAttribute}
	writer := p.Writer
	if writer == nil {
		if !p.Observe {
			return nil, errNoWriter
		}
		writer = p.Reader
	}
	people := file().People()
	mayAsk := people.MayAsk
	if mayAsk == rulesfile.Members {
		mayAsk = ""
	}
	tenant, err := entra.New(entra.Config{
		Reader: p.Reader, Writer: writer, Apps: p.Apps, MFA: p.MFA, Sessions: p.Sessions, Places: places{file}, Budget: p.Store, Cache: p.Store, Ledger: ledger{p.Store}, OwnersOf: own.of,
		Services:   slices.Sorted(maps.Keys(p.Owners)),
		Attributes: attributes(p.OwnerAttribute, p.HumanAttribute), Human: p.HumanAttribute, Security: people.Security, MayAsk: mayAsk,
		Now: p.Store.Now, Log: p.Log,
		Made: func(ctx context.Context, t approvals.Target, keep time.Duration) error {
			return noteApp(ctx, p.Store, t, keep)
		},
		Blocks: func(ctx context.Context, account string, by approvals.RequestID) error {
			return noteBlocked(ctx, p.Store, account, by)
		},
	})
	if err != nil {
		return nil, err
	}
	c.Tenant = tenant
	schedules := c.schedules()
	if p.Alarms != nil {
		p.Alarms.connect(func(what, do string) { //nolint:contextcheck // an alarm outlives what found it; after bounds it
			c.after.run(func(ctx context.Context) {
				alarm(c.alarm).raise(ctx, p.Log, what, do)
			})
		})
	}
	var skeptic engine.Skeptic
	if p.Store.Authenticates() {
		skeptic = p.Store
	}
	c.Engine, err = engine.New(engine.Config{
		Requests: p.Store, Targets: p.Store, Queue: p.Store, Inbox: p.Store, Brakes: p.Store, Owners: adoption{own, tenant}, Entra: tenant, Directory: tenant,
		Rules: func() engine.Rules { return p.Rules }, Calendar: p.Calendar, Observe: p.Observe, Adopters: people.Adopters,
		Shared: places{file}.Shared, Named: named(file), Report: c.report,
		Timing: p.Timing, Now: p.Now, Log: p.Log, Refused: p.Refused, Kick: func(l approvals.Lane) { c.kick(l) },
		Schedules: schedules, Skeptic: skeptic,
	})
	if err != nil {
		return nil, err
	}
	workers := p.Workers
	if workers == nil {
		workers = engine.DefaultWorkers()
	}
	c.pool = engine.NewPool(c.Engine, workers, replica())
	bound := bindings{store: p.Store, file: p.People}
	if p.Teams != nil {
		bound.tenants = lower(p.Teams.TenantIDs)
	}
	c.Bot, err = bot.New(bot.Config{
		Asks: c.Engine, Looks: c.Engine, Cards: cards{p.Store}, Inbox: p.Store, Channel: channel(file),
		People: bot.People{File: p.People, ManagedMail: p.ManagedMail, Bindings: bound, Directory: tenant, Audit: c.bound},
		Grammar: bot.Grammar{
			Zone: p.Calendar.Zone, Names: func(k approvals.Kind) []string { return file().Names(k) }, Zones: func() []string { return file().ZoneNames() },
			Blocks: func() bool { _, is := file().Blocked(); return is }, SignsOut: p.Sessions != nil,
			Hands: func(k approvals.Kind) []string { return file().HandNames(k) },
		},
		Hands: c.Engine, Security: func() string { return file().People().Security },
		Calendar: p.Calendar,
		Advisor:  advisor{tenant, p.Store.Now},
		Surveyor: surveyor{tenant, p.Store}, Blocked: undecided{tenant, p.Store}, Pages: p.Pages,
		Acted: p.Acted,
		Now:   p.Clock, Log: p.Log, Go: c.after.run, Kick: func() { c.kick(approvals.LaneInbox) },
	})
	if err != nil {
		return nil, err
	}
	if err := c.chats(); err != nil {
		return nil, err
	}
	c.Engine.SetChat(c.Bot)
	return c, nil
}

// errNoChat says that there is nobody to talk to.
var errNoChat = errors.New("neither Slack nor Teams is configured")

// chats makes the chats that are configured and introduces them to the bot.
func (c *Core) chats() error {
	p := c.parts
	var all []bot.Chat
	if p.Slack.AppID != "" {
		sc := p.Slack
		sc.Receiver, sc.Replays, sc.Now, sc.Clock, sc.Log, sc.Go = c.Bot, p.Store, p.Now, p.Clock, p.Log, c.after.run
		s, err := slack.New(sc)
		if err != nil {
			return err
		}
		c.Slack, all = s, append(all, s)
	}
	if p.Teams != nil {
		tc := *p.Teams
		tc.TenantIDs = lower(tc.TenantIDs)
		tc.Receiver, tc.Views, tc.References, tc.Replays = c.Bot, c.Bot, references{p.Store}, p.Store
		tc.Now, tc.Clock, tc.Log, tc.Go = p.Now, p.Clock, p.Log, c.after.run
		t, err := teams.New(tc)
		if err != nil {
			return err
		}
		c.Teams, all = t, append(all, t)
	}
	if len(all) == 0 {
		return errNoChat
	}
	c.all = all
	c.Bot.SetChats(all...)
	return nil
}

func lower(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, strings.ToLower(s))
	}
	return out
}

func (c *Core) kick(lane approvals.Lane) {
	if c.pool != nil {
		c.pool.Kick(lane)
	}
}

// bound records a new binding in the audit log.
func (c *Core) bound(ctx context.Context, a bot.Account, b bot.Binding) error {
	now, err := c.parts.Store.Now(ctx)
	if err != nil {
		return err
	}
	return c.parts.Store.Note(ctx, approvals.Entry{
		At: now, Actor: b.Person, Act: "bound", Detail: map[string]string{"account": accountKey(a), "how": b.How},
	})
}

// named gives the targets that the rules file names, zones included.
func named(file func() *rulesfile.File) func() []approvals.Target {
	return func() []approvals.Target {
		f := file()
		var out []approvals.Target
		for _, p := range append(f.Locations(), f.Exclusions()...) {
			out = append(out, p.Target)
		}
		for _, z := range f.Zones() {
			out = append(out, z.Group, z.Location)
		}
		return out
	}
}

// report tells the security reviewers' channels something about a target.
func (c *Core) report(ctx context.Context, r approvals.Report) error {
	file := c.parts.Rules.File()
	title := r.Target.String()
	if p, ok := file.Place(r.Target); ok {
		title = p.Title
	}
	return c.Bot.Report(ctx, file.People().Security, title, r)
}

// attributes are the extension attributes among the configured ones.
func attributes(names ...string) []string {
	var out []string
	for _, n := range names {
		if strings.HasPrefix(n, "extensionAttribute") {
			out = append(out, n)
		}
	}
	return out
}

// replica names this process in claims.
func replica() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "-" + strconv.Itoa(os.Getpid())
}

// Run works until the context ends, and finishes what is in hand.
func (c *Core) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.pool.Run(ctx) })
	g.Go(func() error {
		if err := lookSoon(ctx, c.parts.Store); err != nil && ctx.Err() == nil { // its time will come
			c.parts.Log.WarnContext(ctx, "the first look at what is not managed could not be booked", "error", err)
		}
		c.kick(approvals.LaneSweep)
		return nil
	})
	if c.parts.Socket && c.Slack != nil {
		g.Go(func() error { return c.Slack.Run(ctx, c.parts.Dialer) })
	}
	err := g.Wait()
	c.after.jobs.Wait()
	if err != nil {
		return fmt.Errorf("running: %w", err)
	}
	return nil
}
