package slacktest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options configures a Workspace. What is left zero is generated, except Now.
type Options struct {
	// Now is the workspace's clock. If nil, the clock stands still at
	// 2026-01-05 09:00 UTC.
	Now func() time.Time
	// BaseURL is where the workspace is reached, such as https://127.0.0.1:9555.
	// It can be set later with SetBaseURL.
	BaseURL string
	// BotToken, AppToken and SigningSecret are the app's credentials.
	BotToken, AppToken, SigningSecret string
	// TeamID, TeamName, EnterpriseID and AppID name the workspace and the app.
	TeamID, TeamName, EnterpriseID, AppID string
	// BotUserID, BotID and BotName name the app's bot user.
	BotUserID, BotID, BotName string
	// Commands are the app's slash commands; the default is /hallpass.
	Commands []string
	// LiteralCommands turns should_escape off for the commands.
	LiteralCommands bool
	// Scopes are those granted to the bot token; the default is what the app needs.
	Scopes []string
	// RequestURL, if set, receives signed HTTP requests instead of Socket Mode.
	RequestURL RequestURLs
	// PingEvery is how often a socket is pinged, in real time. Default 5 s.
	PingEvery time.Duration
	// RequestTransport carries them; the default is http.DefaultTransport.
	RequestTransport http.RoundTripper
}

// RequestURLs are the app's three request addresses.
type RequestURLs struct {
	Commands, Interactions, Events string
}

// OneURL uses the same address for everything.
func OneURL(address string) RequestURLs {
	return RequestURLs{Commands: address, Interactions: address, Events: address}
}

// Workspace is an emulated Slack workspace with one installed app.
type Workspace struct {
	opts    Options
	methods map[string]method

	mu         sync.Mutex
	counter    uint64
	lastTS     int64
	users      map[string]*User
	userOrder  []string
	channels   map[string]*Channel
	chanOrder  []string
	members    map[string]map[string]bool
	messages   map[string][]*Message
	ephemerals []*Message
	views      map[string]*view
	stacks     map[string][]string
	homes      map[string]*view
	triggers   map[string]*trigger
	responses  map[string]*responseURL
	suggested  map[string][]any
	deliveries []*Delivery
	hold       bool
	calls      []Call
	faults     []*Fault
	outage     bool
	limited    bool
	posted     map[string]time.Time // channel -> last post
	updated    []time.Time          // updates of the last minute

	tickets   map[string]bool
	sockets   []*socket
	turn      int
	changed   chan struct{}
	waiting   map[string]chan ack
	dropAcks  int
	silent    bool
	connected sync.WaitGroup

	nextSub uint64
	subs    map[uint64]func(Event)
	pending []Event
}

// New returns an empty workspace.
func New(opts Options) *Workspace {
	if opts.Now == nil {
		still := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
		opts.Now = func() time.Time { return still }
	}
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&opts.BaseURL, "https://slack.test")
	set(&opts.BotToken, "xoxb-"+random(24))
	set(&opts.AppToken, "xapp-1-"+random(24))
	set(&opts.SigningSecret, random(16))
	set(&opts.TeamID, "T0TEAM0001")
	set(&opts.TeamName, "Emulated")
	set(&opts.AppID, "A0APP00001")
	set(&opts.BotUserID, "U0BOT00001")
	set(&opts.BotID, "B0BOT00001")
	set(&opts.BotName, "hallpass")
	if len(opts.Commands) == 0 {
		opts.Commands = []string{"/hallpass"}
	}
	if opts.PingEvery == 0 {
		opts.PingEvery = pingEvery
	}
	if opts.Scopes == nil {
		opts.Scopes = DefaultScopes()
	}
	if opts.RequestTransport == nil {
		opts.RequestTransport = http.DefaultTransport
	}
	w := &Workspace{
		opts:      opts,
		users:     map[string]*User{},
		channels:  map[string]*Channel{},
		members:   map[string]map[string]bool{},
		messages:  map[string][]*Message{},
		views:     map[string]*view{},
		stacks:    map[string][]string{},
		homes:     map[string]*view{},
		triggers:  map[string]*trigger{},
		responses: map[string]*responseURL{},
		suggested: map[string][]any{},
		posted:    map[string]time.Time{},
		tickets:   map[string]bool{},
		changed:   make(chan struct{}),
		waiting:   map[string]chan ack{},
		subs:      map[uint64]func(Event){},
	}
	w.methods = w.methodTable()
	w.AddUser(User{ID: opts.BotUserID, Name: opts.BotName, RealName: opts.BotName, IsBot: true})
	return w
}

// DefaultScopes are the bot scopes that are granted when Options names none.
func DefaultScopes() []string {
	return []string{
		"commands", "chat:write", "im:write", "im:read", "users:read", "users:read.email",
		"channels:read", "groups:read",
	}
}

// Options returns the workspace's settings with all that was generated.
func (w *Workspace) Options() Options {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opts
}

// APIURL returns the address of the Web API, with the trailing slash that clients want.
func (w *Workspace) APIURL() string { return w.Options().BaseURL + "/api/" }

// SetBaseURL says where the workspace is reached from now on.
func (w *Workspace) SetBaseURL(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opts.BaseURL = strings.TrimSuffix(address, "/")
}

// SetRequestURL switches to signed HTTP requests carried by the given
// transport. Empty addresses switch back to Socket Mode, a nil transport keeps
// the present one.
func (w *Workspace) SetRequestURL(urls RequestURLs, transport http.RoundTripper) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opts.RequestURL = urls
	if transport != nil {
		w.opts.RequestTransport = transport
	}
}

// Grant replaces the scopes of the bot token.
func (w *Workspace) Grant(scopes ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opts.Scopes = scopes
}

// unlock releases the lock and then tells the subscribers what happened.
func (w *Workspace) unlock() {
	events := w.pending
	w.pending = nil
	subs := make([]func(Event), 0, len(w.subs))
	for _, sub := range w.subs {
		subs = append(subs, sub)
	}
	w.mu.Unlock()
	for _, event := range events {
		for _, sub := range subs {
			sub(event)
		}
	}
}

// id returns the next id with the given prefix; ids are the same in every run.
func (w *Workspace) id(prefix string) string {
	w.counter++
	return prefix + fmt.Sprintf("%09s", strings.ToUpper(strconv.FormatUint(w.counter, 36)))
}

// ts returns a message time stamp, later than every one before.
func (w *Workspace) ts() string {
	micros := w.opts.Now().UnixMicro()
	if micros <= w.lastTS {
		micros = w.lastTS + 1
	}
	w.lastTS = micros
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

// random returns n random bytes in hex.
func random(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails, as its documentation says
	return hex.EncodeToString(raw)
}
