package teams

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/infracloudio/msbotbuilder-go/core"

	"hallpass/bot"
)

// platform is the name of Teams in places and accounts.
const platform = "teams"

// Config says who the bot is, where the services are, and who is listened to.
type Config struct {
	// AppID is the application (client) id of the Azure bot; tokens for others are refused.
	AppID string
	// TenantIDs are the tenants whose people are listened to.
	TenantIDs []string
	Cloud     Cloud
	// Credential gives the bot's own token. Only its token for Cloud.Scope is asked for.
	Credential azcore.TokenCredential
	// HTTP carries all calls. It must have a time-out and must not follow redirects.
	HTTP     *http.Client
	Receiver bot.Receiver
	// Views shows a card as one person should see it. Optional: without it, all see the same.
	Views Viewer
	// References remembers how conversations are reached, Replays what was delivered.
	References References
	Replays    Replays
	// Now is the machine's clock: tokens carry machine time. Clock is that of everything stored.
	Now, Clock func() time.Time
	Log        *slog.Logger
	// Go runs what goes on after an answer.
	Go func(func(ctx context.Context))
	// Refused counts activities that fail authentication. Optional.
	Refused func()
}

// Viewer shows a card as one person should see it. It must be cheap and change nothing: Teams asks on its own.
type Viewer interface {
	View(ctx context.Context, in bot.Incoming) (bot.Card, error)
}

// Replays remembers digests for a time.
type Replays interface {
	// Seen reports whether the digest was seen within its time to live, and remembers it.
	Seen(ctx context.Context, digest string, ttl time.Duration) (bool, error)
}

// Teams is the bot in Teams. It implements bot.Chat.
type Teams struct {
	cfg     Config
	adapter core.BotFrameworkAdapter // a literal: its constructor would bring the library's own parts
	creds   credentials
	valid   *validator
	keys    *keyring
	tokens  *tokens
	slots   *slots
	limits  *limits

	mu      sync.Mutex // mu guards the fields below
	logged  time.Time
	met     map[string]Reference // what is known to be stored
	rosters map[string]roster
}

// New makes a Teams. It does not connect.
func New(cfg Config) (*Teams, error) {
	switch {
	case cfg.HTTP == nil || cfg.HTTP.Timeout == 0 || cfg.Credential == nil || cfg.Now == nil || cfg.Clock == nil || cfg.Log == nil || cfg.Go == nil:
		return nil, errors.New("teams: Config lacks a part (a client without a time-out is none)")
	case cfg.HTTP.CheckRedirect == nil:
		return nil, errors.New("teams: the client would follow redirects, and take the token along")
	case cfg.Receiver == nil || cfg.References == nil || cfg.Replays == nil:
		return nil, errors.New("teams: Config lacks a part")
	case !guid(cfg.AppID) || len(cfg.TenantIDs) == 0:
		return nil, errors.New("teams: the app id and the tenants that are trusted must be named")
	case cfg.Cloud.Metadata == "" || cfg.Cloud.Issuer == "" || cfg.Cloud.Scope == "" || len(cfg.Cloud.Hosts) == 0:
		return nil, errors.New("teams: the endpoints of the cloud are not all named")
	}
	for _, id := range cfg.TenantIDs {
		if !guid(id) {
			return nil, errors.New("teams: a tenant that is trusted must be named by its id")
		}
	}
	if cfg.Refused == nil {
		cfg.Refused = func() {}
	}
	t := &Teams{
		cfg: cfg, creds: credentials{cfg.AppID}, tokens: &tokens{from: cfg.Credential, scope: cfg.Cloud.Scope, now: cfg.Now},
		keys:  newKeyring(cfg.Cloud.Metadata, cfg.Cloud.Issuer, cfg.HTTP, cfg.Now, cfg.Log),
		slots: &slots{open: map[string]chan answer{}}, limits: &limits{now: cfg.Now, clock: cfg.Clock, at: map[string]bucket{}},
		met: map[string]Reference{}, rosters: map[string]roster{},
	}
	t.valid = &validator{cloud: cfg.Cloud, keys: t.keys, now: cfg.Now}
	t.adapter = core.BotFrameworkAdapter{
		AdapterSetting: core.AdapterSetting{AppID: cfg.AppID, CredentialProvider: t.creds}, TokenValidator: t.valid,
	}
	return t, nil
}

// Platform is "teams".
func (t *Teams) Platform() string { return platform }

// Test asks for a token and for the keys, as hallpass check does.
func (t *Teams) Test(ctx context.Context) (token, keys error) {
	_, token = t.tokens.get(ctx)
	_, keys = t.keys.fetch(ctx)
	return token, keys
}
