package teamstest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"hallpass/bot/wiretest"
)

// Options configures a Cloud. What is left zero is filled in.
type Options struct {
	// Now is the clock. If nil, it stands still at 2026-01-05 09:00 UTC.
	Now func() time.Time
	// BaseURL is where metadata, tokens and connector are reached; SetBaseURL changes it. The default is https://teams.test.
	BaseURL string
	// AppID and AppSecret are the bot's credentials, TenantID is the tenant where it lives.
	AppID, AppSecret, TenantID string
	// BotName is what people mention; the default is hallpass.
	BotName string
	// Endpoint is the bot's messaging endpoint; the default is https://hallpass.test/api/messages.
	Endpoint string
	// Deliver carries activities to Endpoint; the default is http.DefaultTransport.
	Deliver http.RoundTripper
	// Limits enforces Teams' rate limits: per thread and, for the whole app, per second.
	Limits bool
	// PageSize is how many members a page holds; the default is 200.
	PageSize int
}

// Cloud is an emulated Teams with one bot.
type Cloud struct {
	opts Options

	mu       sync.Mutex // mu guards everything below
	counter  uint64
	lastID   int64
	keys     []*key // the newest last
	odd      []*key // published, but endorsed for other channels or for none: see Attempts
	foreign  *key   // not published
	bearers  map[string]time.Time
	people   map[string]*Person
	order    []string // of people
	chats    map[string]*Chat
	chatIDs  []string // in the order in which they came
	teams    map[string]*Team
	posts    []*Message
	dialogs  map[string]*Dialog // by person
	hostile  []string
	breaches []string
	calls    []Call
	faults   []*Fault
	outages  []span
	sends    map[string][]time.Time
	sent     []*Delivery
	hold     bool
	blocked  map[string]bool // by person
	certs    []certificate

	nextSub uint64
	subs    map[uint64]func(Event)
	pending []Event
}

// New returns a cloud without people.
func New(o Options) *Cloud {
	if o.Now == nil {
		still := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
		o.Now = func() time.Time { return still }
	}
	for field, value := range map[*string]string{
		&o.BaseURL: "https://teams.test", &o.AppID: "0f5a4b7e-0000-4000-8000-00000000000b", &o.AppSecret: random(20),
		&o.TenantID: "9b1c0a52-0000-4000-8000-000000000001", &o.BotName: "hallpass", &o.Endpoint: "https://hallpass.test/api/messages",
	} {
		if *field == "" {
			*field = value
		}
	}
	if o.PageSize == 0 {
		o.PageSize = 200
	}
	if o.Deliver == nil {
		o.Deliver = http.DefaultTransport
	}
	c := &Cloud{
		opts: o, bearers: map[string]time.Time{}, people: map[string]*Person{}, chats: map[string]*Chat{}, teams: map[string]*Team{},
		dialogs: map[string]*Dialog{}, sends: map[string][]time.Time{}, blocked: map[string]bool{}, subs: map[uint64]func(Event){},
	}
	c.keys = []*key{newKey("msteams", "skypeforbusiness", "webchat")[0]}
	return c
}

// Options returns the settings with all that was filled in.
func (c *Cloud) Options() Options {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opts
}

// SetBaseURL says where the cloud is reached from now on.
func (c *Cloud) SetBaseURL(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opts.BaseURL = strings.TrimSuffix(address, "/")
}

// SetEndpoint says where the bot is. A nil transport keeps the present one.
func (c *Cloud) SetEndpoint(address string, deliver http.RoundTripper) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opts.Endpoint = address
	if deliver != nil {
		c.opts.Deliver = deliver
	}
}

// ServiceURL is the connector's address, as it stands in activities.
func (c *Cloud) ServiceURL() string { return c.Options().BaseURL + "/emea/" }

// MetadataURL is the address of the issuer's OpenID configuration.
func (c *Cloud) MetadataURL() string {
	return c.Options().BaseURL + "/v1/.well-known/openidconfiguration"
}

// Authority is the address of the identity provider where the bot gets its tokens, without the tenant.
func (c *Cloud) Authority() string { return c.Options().BaseURL }

// TokenURL is where the bot gets its tokens.
func (c *Cloud) TokenURL() string {
	o := c.Options()
	return o.BaseURL + "/" + o.TenantID + "/oauth2/v2.0/token"
}

// BotID is the bot's id in activities.
func (c *Cloud) BotID() string { return "28:" + c.Options().AppID }

// Transport returns a transport that reaches the cloud in process. Another host than that of BaseURL does not exist: such
// requests fail, and Strayed names them.
func (c *Cloud) Transport() http.RoundTripper {
	return wiretest.InProcess(http.HandlerFunc(c.sameHost))
}

// Client returns an HTTP client on Transport that follows no redirects.
func (c *Cloud) Client() *http.Client {
	return &http.Client{
		Transport:     c.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// unlock releases the lock and then tells the subscribers what happened.
func (c *Cloud) unlock() {
	events := c.pending
	c.pending = nil
	subs := make([]func(Event), 0, len(c.subs))
	for _, sub := range c.subs {
		subs = append(subs, sub)
	}
	c.mu.Unlock()
	for _, event := range events {
		for _, sub := range subs {
			sub(event)
		}
	}
}

// messageID returns the next id of a message: milliseconds, as in Teams, and later than every one before.
func (c *Cloud) messageID() string {
	c.lastID = max(c.opts.Now().UnixMilli(), c.lastID+1)
	return strconv.FormatInt(c.lastID, 10)
}

// next returns the next number of a steady row.
func (c *Cloud) next() string {
	c.counter++
	return fmt.Sprintf("%012d", c.counter)
}

// random returns n random bytes in hex.
func random(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails, as its documentation says
	return hex.EncodeToString(raw)
}
