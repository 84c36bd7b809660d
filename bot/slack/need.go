package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// Scope is a permission of the bot token, and why it is needed.
type Scope struct {
	Name, Why string
	// Mail says that it is needed only if mail addresses say who people are.
	Mail bool
}

// Scopes are all that hallpass needs of a workspace. The manifest in deploy asks for the same.
func Scopes() []Scope {
	return []Scope{
		{Name: "commands", Why: "/hallpass"},
		{Name: "chat:write", Why: "cards and notices"},
		{Name: "im:write", Why: "direct messages to requesters and owners"},
		{Name: "users:read", Why: "whether an account is deactivated, a guest's or a stranger's"},
		{Name: "users:read.email", Why: "who somebody is, by an address in slack.managed_mail_domains", Mail: true},
		{Name: "channels:read", Why: "whether a channel is shared with another organisation"},
		{Name: "groups:read", Why: "the same for private channels"},
	}
}

// Events are the events that hallpass listens to.
func Events() []string { return []string{eventHome} }

// Standing is what the workspace says about the bot token.
type Standing struct {
	Team   string // the workspace's id
	Scopes []string
	Date   time.Time // the clock of Slack's web servers, to the second; zero if it was not sent
}

// Standing asks the workspace about the bot token. The scopes stand in a header: see Slack's page "auth.test".
func (s *Slack) Standing(ctx context.Context) (Standing, error) {
	var out Standing
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.APIURL+"auth.test", strings.NewReader(url.Values{}.Encode()))
	if err != nil {
		return out, fmt.Errorf("auth.test: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+s.cfg.BotToken)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.cfg.HTTP.Do(r)
	if err != nil {
		return out, fmt.Errorf("auth.test: %w", withoutAddress(err))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return out, fmt.Errorf("auth.test: %w", err)
	}
	var answer struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
		Team  string `json:"team_id"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || response.StatusCode != http.StatusOK {
		return out, fmt.Errorf("auth.test: answered %d with something else than JSON", response.StatusCode)
	}
	if !answer.OK {
		return out, fmt.Errorf("auth.test: %s", answer.Error)
	}
	out.Team = answer.Team
	out.Scopes = strings.FieldsFunc(response.Header.Get("X-Oauth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(out.Scopes)
	out.Date, _ = http.ParseTime(response.Header.Get("Date")) // zero if it is not there
	return out, nil
}

// TryAppToken asks for a socket and does not use it.
func (s *Slack) TryAppToken(ctx context.Context) error {
	if _, _, err := s.api.StartSocketModeContext(ctx); err != nil {
		return s.failed("apps.connections.open", "", err)
	}
	return nil
}

// Channel is what hallpass has to know of a channel before it posts there.
type Channel struct {
	Name                     string
	Member, Archived, Shared bool // Shared: with another organisation
}

// Channel reads a channel. A private one that the bot is not in looks as if it did not exist: the error wraps bot.ErrGone.
func (s *Slack) Channel(ctx context.Context, id string) (Channel, error) {
	info, err := s.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return Channel{}, s.failed(methodInfo, id, err)
	}
	return Channel{
		Name: info.Name, Member: info.IsMember, Archived: info.IsArchived, Shared: info.IsExtShared || info.IsPendingExtShared,
	}, nil
}
