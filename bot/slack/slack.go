package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"hallpass/approvals"
	"hallpass/bot"
)

// platform is the name of Slack in places and accounts.
const platform = "slack"

// Config says how to reach a workspace, and who is trusted.
type Config struct {
	BotToken string
	AppToken string // Socket Mode only
	// SigningSecrets verify requests by HTTP; several while one is being rotated.
	SigningSecrets []string
	// AppID and TeamIDs are those whose acts are taken.
	AppID   string
	TeamIDs []string
	// APIURL is where the Web API is: https://slack.com/api/. Responses is the host of response addresses:
	// hooks.slack.com. They differ for GovSlack.
	APIURL    string
	Responses string
	// HTTP carries all calls. It must have a time-out and must not follow redirects.
	HTTP     *http.Client
	Receiver bot.Receiver
	// Replays remembers digests of signed requests. HTTP only.
	Replays Replays
	// Now is the machine's clock: signatures carry machine time. Clock is that of everything stored.
	Now, Clock func() time.Time
	Log        *slog.Logger
	// Go runs what goes on after an acknowledgement.
	Go func(func(ctx context.Context))
	// Silence is how long a socket may say nothing, not even a ping, before it is taken for dead. Default 30 s, Slack pings
	// more often. Socket Mode only.
	Silence time.Duration
	// Connected is told when a socket stands and when it is lost; Unauthenticated when a request was not signed by Slack, or
	// was of another app or workspace. Both are optional.
	Connected       func(bool)
	Unauthenticated func()
}

// Replays remembers digests for a time.
type Replays interface {
	// Seen reports whether the digest was seen within its time to live, and remembers it.
	Seen(ctx context.Context, digest string, ttl time.Duration) (bool, error)
}

// Slack is one workspace. It implements bot.Chat.
type Slack struct {
	cfg  Config
	api  *slack.Client
	pace *pace

	mu    sync.Mutex        // mu guards the fields below
	dms   map[string]string // user -> channel of direct messages
	ext   map[string]bool   // channel -> shared with another organisation
	extAt map[string]time.Time
}

// New makes a Slack. It does not connect.
func New(cfg Config) (*Slack, error) {
	if cfg.BotToken == "" || cfg.HTTP == nil || cfg.HTTP.Timeout == 0 || cfg.Now == nil || cfg.Clock == nil || cfg.Log == nil || cfg.Go == nil {
		return nil, errors.New("slack: Config lacks a part (a client without a time-out is none)")
	}
	if cfg.HTTP.CheckRedirect == nil {
		return nil, errors.New("slack: the client would follow redirects, and take the token along")
	}
	if len(cfg.TeamIDs) == 0 || cfg.AppID == "" {
		return nil, errors.New("slack: the app id and the workspace ids that are trusted must be named")
	}
	if cfg.APIURL == "" {
		cfg.APIURL = "https://slack.com/api/"
	}
	if cfg.Responses == "" {
		cfg.Responses = "hooks.slack.com"
	}
	if cfg.Silence == 0 {
		cfg.Silence = 30 * time.Second
	}
	if cfg.Connected == nil {
		cfg.Connected = func(bool) {}
	}
	if cfg.Unauthenticated == nil {
		cfg.Unauthenticated = func() {}
	}
	api := slack.New(cfg.BotToken, slack.OptionAPIURL(cfg.APIURL), slack.OptionHTTPClient(cfg.HTTP), slack.OptionAppLevelToken(cfg.AppToken))
	return &Slack{
		cfg: cfg, api: api, pace: newPace(), dms: map[string]string{}, ext: map[string]bool{}, extAt: map[string]time.Time{},
	}, nil
}

// Platform is "slack".
func (s *Slack) Platform() string { return platform }

// channel is where messages for a place go.
func (s *Slack) channel(ctx context.Context, to bot.Place) (string, error) {
	if to.Channel != "" {
		return to.Channel, nil
	}
	s.mu.Lock()
	known := s.dms[to.User]
	s.mu.Unlock()
	if known != "" {
		return known, nil
	}
	ch, _, _, err := s.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{to.User}})
	if err != nil {
		return "", s.failed("conversations.open", "", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dms[to.User] = ch.ID
	return ch.ID, nil
}

func options(c bot.Card, thread string) []slack.MsgOption {
	out := []slack.MsgOption{
		slack.MsgOptionText(fallback(c), false), slack.MsgOptionBlocks(asBlocks(cardBlocks(c))...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if thread != "" {
		out = append(out, slack.MsgOptionTS(thread))
	}
	return out
}

// Post sends a new message.
func (s *Slack) Post(ctx context.Context, to bot.Place, c bot.Card) (bot.MessageRef, error) {
	channel, err := s.channel(ctx, to)
	if err != nil {
		return bot.MessageRef{}, err
	}
	shared, err := s.foreign(ctx, channel)
	if err != nil {
		return bot.MessageRef{}, err // nothing was posted
	}
	if shared {
		return bot.MessageRef{}, fmt.Errorf("%w: channel %s is shared with another organisation, and no details are posted there", bot.ErrGone, channel)
	}
	if err := s.turn(methodPost, channel); err != nil {
		return bot.MessageRef{}, err
	}
	ch, ts, err := s.api.PostMessageContext(ctx, channel, options(c, to.Thread)...)
	if undrawn(err, c) {
		ch, ts, err = s.api.PostMessageContext(ctx, channel, options(c.Undrawn(), to.Thread)...)
	}
	if err != nil {
		return bot.MessageRef{}, s.failed(methodPost, channel, err)
	}
	s.pace.fine(methodPost, channel)
	return bot.MessageRef{Channel: ch, ID: ts}, nil
}

// Update rewrites a posted message.
func (s *Slack) Update(ctx context.Context, _ bot.Place, m bot.MessageRef, c bot.Card) error {
	if err := s.turn(methodUpdate, m.Channel); err != nil {
		return err
	}
	_, _, _, err := s.api.UpdateMessageContext(ctx, m.Channel, m.ID, options(c, "")...)
	if undrawn(err, c) {
		_, _, _, err = s.api.UpdateMessageContext(ctx, m.Channel, m.ID, options(c.Undrawn(), "")...)
	}
	if err != nil {
		return s.failed(methodUpdate, m.Channel, err)
	}
	s.pace.fine(methodUpdate, m.Channel)
	return nil
}

// answerFor is how long a response address lives.
const answerFor = 29 * time.Minute

// Reply answers an act so that only its actor sees it: by the response address while that lives, else by direct message.
func (s *Slack) Reply(ctx context.Context, act bot.Incoming, c bot.Card) error {
	if s.mayAnswer(act.Answer) && s.cfg.Clock().Sub(act.At) < answerFor {
		err := s.answer(ctx, act.Answer, c)
		if undrawn(err, c) {
			err = s.answer(ctx, act.Answer, c.Undrawn())
		}
		if err == nil {
			return nil
		}
		s.cfg.Log.WarnContext(ctx, "a response address did not take an answer", "error", withoutAddress(err))
	}
	_, err := s.Post(ctx, bot.Place{Platform: platform, User: act.Account.User}, c)
	return err
}

// answer answers at a response address.
func (s *Slack) answer(ctx context.Context, address string, c bot.Card) error {
	return slack.PostWebhookCustomHTTPContext(ctx, address, s.cfg.HTTP, &slack.WebhookMessage{
		Text: fallback(c), Blocks: &slack.Blocks{BlockSet: asBlocks(cardBlocks(c))}, ResponseType: slack.ResponseTypeEphemeral,
	})
}

// withoutAddress is an error without the address in it: who knows a response address can answer there.
func withoutAddress(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// mayAnswer reports whether an address is one of Slack's: nothing is ever sent anywhere else.
func (s *Slack) mayAnswer(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.User == nil && strings.EqualFold(u.Host, s.cfg.Responses)
}

// Open shows a form. The trigger lives for three seconds and is good for one form.
func (s *Slack) Open(ctx context.Context, act bot.Incoming, f bot.Form) error {
	if act.Trigger == "" {
		return s.Reply(ctx, act, bot.Card{Title: f.Title, Lines: f.Intro, Plain: f.Title})
	}
	if _, err := s.api.OpenViewContext(ctx, act.Trigger, formView(f)); err != nil {
		return s.failed("views.open", "", err)
	}
	return nil
}

// Profile reads a user now.
func (s *Slack) Profile(ctx context.Context, a bot.Account) (bot.Profile, error) {
	p := bot.Profile{Account: a}
	u, err := s.api.GetUserInfoContext(ctx, a.User)
	if err != nil {
		var answer slack.SlackErrorResponse
		if errors.As(err, &answer) && (answer.Err == "user_not_found" || answer.Err == "users_not_found") {
			p.Blocked = "Slack does not know it."
			return p, nil
		}
		return p, s.failed("users.info", "", err)
	}
	p.Name, p.Mail, p.Zone = u.RealName, u.Profile.Email, u.TZ
	switch {
	case u.Deleted:
		p.Blocked = "it is deactivated in Slack."
	case u.IsBot || u.IsAppUser || u.IsWorkflowBot:
		p.Blocked = "it is a bot."
	case u.IsRestricted || u.IsUltraRestricted:
		p.Blocked = "it is a guest's."
	case u.IsStranger || u.TeamID != "" && !slices.Contains(s.cfg.TeamIDs, u.TeamID):
		p.Blocked = "it belongs to another organisation."
	case u.IsInvitedUser:
		p.Blocked = "its invitation is still open."
	}
	return p, nil
}

// Home replaces a person's home page.
func (s *Slack) Home(ctx context.Context, a bot.Account, h bot.Home) error {
	if _, err := s.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: a.User, View: homeView(h)}); err != nil {
		return s.failed("views.publish", "", err)
	}
	return nil
}

// foreign reports whether a channel is shared with another organisation. While that cannot be found out, nothing is posted
// there.
func (s *Slack) foreign(ctx context.Context, channel string) (bool, error) {
	if channel == "" || strings.HasPrefix(channel, "D") {
		return false, nil
	}
	s.mu.Lock()
	shared, at := s.ext[channel], s.extAt[channel]
	s.mu.Unlock()
	if s.cfg.Now().Sub(at) < 10*time.Minute {
		return shared, nil
	}
	if err := s.turn(methodInfo, channel); err != nil {
		return false, err
	}
	found, err := s.Channel(ctx, channel)
	if err != nil {
		if _, unsure := errors.AsType[*approvals.Unsure](err); unsure { // of a question, not of a post
			return false, &approvals.Later{At: s.cfg.Clock().Add(failWait), Why: "Slack did not answer"}
		}
		return false, err
	}
	s.pace.fine(methodInfo, channel)
	shared = found.Shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ext) > 10_000 {
		clear(s.ext)
		clear(s.extAt)
	}
	s.ext[channel], s.extAt[channel] = shared, s.cfg.Now()
	return shared, nil
}

// gone are Slack's words for what cannot be reached any more.
func gone(code string) bool {
	switch code {
	case "message_not_found", "channel_not_found", "is_archived", "not_in_channel", "user_not_found",
		"users_not_found", "cannot_dm_bot", "user_disabled", "cant_update_message", "thread_not_found":
		return true
	}
	return false
}

// failed turns an error of the client into one that the flow understands. No token is ever in it.
func (s *Slack) failed(method, channel string, err error) error {
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		wait := min(max(limited.RetryAfter, time.Second), 5*time.Minute)
		s.pace.hold(method, channel, s.cfg.Now().Add(wait))
		return &approvals.Later{At: s.cfg.Clock().Add(wait), Why: "Slack asked to wait"}
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code >= 500 {
		wait := s.pace.failed(method, channel, s.cfg.Now())
		if method == methodPost {
			return &approvals.Unsure{Err: fmt.Errorf("%s: %d", method, status.Code)}
		}
		return &approvals.Later{At: s.cfg.Clock().Add(wait), Why: fmt.Sprintf("Slack answered %d", status.Code)}
	}
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		if gone(answer.Err) {
			return fmt.Errorf("%s: %w: %s", method, bot.ErrGone, answer.Err)
		}
		if answer.Err == "internal_error" || answer.Err == "service_unavailable" || answer.Err == "fatal_error" {
			wait := s.pace.failed(method, channel, s.cfg.Now())
			return &approvals.Later{At: s.cfg.Clock().Add(wait), Why: "Slack answered " + answer.Err}
		}
		return fmt.Errorf("%s: %s %v", method, answer.Err, answer.ResponseMetadata.Messages)
	}
	var netErr net.Error
	if errors.As(err, &netErr) || errors.Is(err, context.DeadlineExceeded) {
		s.pace.failed(method, channel, s.cfg.Now())
		return &approvals.Unsure{Err: fmt.Errorf("%s: %w", method, err)}
	}
	return fmt.Errorf("%s: %w", method, err)
}
