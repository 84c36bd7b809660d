package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"hallpass/bot"
)

// What came from a place that is not ours, or makes no sense. The sender learns nothing more.
var (
	errForeign = errors.New("the act is of another app or workspace")
	errNothing = errors.New("nothing that hallpass listens to")
	errBroken  = errors.New("not what Slack sends there")
)

// operation names an act: the same for every delivery of it, whatever the envelope.
func operation(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "slack-" + hex.EncodeToString(sum[:16])
}

// trusted checks app and workspace against those configured.
func (s *Slack) trusted(app, team string) error {
	if app != s.cfg.AppID || !slices.Contains(s.cfg.TeamIDs, team) {
		return errForeign
	}
	return nil
}

// command reads a slash command, from a form (HTTP) or from the same fields as JSON (Socket Mode).
func (s *Slack) command(get func(string) string) (bot.Incoming, error) {
	if err := s.trusted(get("api_app_id"), get("team_id")); err != nil {
		return bot.Incoming{}, err
	}
	if get("is_enterprise_install") == "true" {
		return bot.Incoming{}, errForeign // the app is installed in workspaces that are named, not in a whole organisation
	}
	if get("user_id") == "" || get("trigger_id") == "" {
		return bot.Incoming{}, errBroken
	}
	return bot.Incoming{
		Operation: operation("command", get("team_id"), get("user_id"), get("trigger_id")),
		Account:   bot.Account{Platform: platform, Team: get("team_id"), User: get("user_id")},
		Kind:      bot.InCommand, At: s.cfg.Clock(), Channel: get("channel_id"), Text: get("text"),
		Answer: get("response_url"), Trigger: get("trigger_id"),
	}, nil
}

// interaction is the part of an interaction payload that is read. What a form or button carries is opaque here.
type interaction struct {
	Type        string `json:"type"`
	APIAppID    string `json:"api_app_id"`
	Enterprise  bool   `json:"is_enterprise_install"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	Team        struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID     string `json:"id"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Container struct {
		Type        string `json:"type"`
		MessageTS   string `json:"message_ts"`
		ChannelID   string `json:"channel_id"`
		IsEphemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Actions []struct {
		ActionID string `json:"action_id"`
		BlockID  string `json:"block_id"`
		Value    string `json:"value"`
		ActionTS string `json:"action_ts"`
	} `json:"actions"`
	View struct {
		ID              string `json:"id"`
		Hash            string `json:"hash"`
		CallbackID      string `json:"callback_id"`
		PrivateMetadata string `json:"private_metadata"`
		AppID           string `json:"app_id"`
		State           struct {
			Values map[string]map[string]struct {
				Type           string  `json:"type"`
				Value          *string `json:"value"`
				SelectedOption *struct {
					Value string `json:"value"`
				} `json:"selected_option"`
			} `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

// interaction reads a click or a submitted form.
func (s *Slack) interaction(data []byte) (bot.Incoming, error) {
	var p interaction
	if err := json.Unmarshal(data, &p); err != nil {
		return bot.Incoming{}, fmt.Errorf("reading an interaction: %w", err)
	}
	team := p.Team.ID
	if team == "" {
		team = p.User.TeamID
	}
	if err := s.trusted(p.APIAppID, team); err != nil {
		return bot.Incoming{}, err
	}
	if p.Enterprise || p.User.ID == "" || p.User.TeamID != "" && p.User.TeamID != team {
		return bot.Incoming{}, errForeign
	}
	in := bot.Incoming{
		Account: bot.Account{Platform: platform, Team: team, User: p.User.ID}, At: s.cfg.Clock(),
		Answer: p.ResponseURL, Trigger: p.TriggerID, Channel: p.Channel.ID,
	}
	switch p.Type {
	case "block_actions":
		if len(p.Actions) != 1 {
			return in, errNothing
		}
		a := p.Actions[0]
		in.Kind, in.Value = bot.InClick, a.Value
		in.Button, _, _ = strings.Cut(a.ActionID, again)
		in.Operation = operation("click", team, p.User.ID, p.Container.MessageTS, p.View.ID, a.ActionID, a.BlockID, a.ActionTS)
		if p.Container.Type == "message" && !p.Container.IsEphemeral {
			in.Message = bot.MessageRef{Channel: p.Container.ChannelID, ID: p.Container.MessageTS}
			in.Channel = p.Container.ChannelID
		}
	case "view_submission":
		in.Kind, in.Form, in.Hidden, in.Fields = bot.InSubmit, p.View.CallbackID, p.View.PrivateMetadata, map[string]string{}
		for blockID, actions := range p.View.State.Values {
			for _, v := range actions {
				switch {
				case v.SelectedOption != nil:
					in.Fields[blockID] = v.SelectedOption.Value
				case v.Value != nil:
					in.Fields[blockID] = *v.Value
				}
			}
		}
		if !slices.Contains([]string{bot.FormAsk, bot.FormApprove, bot.FormDeny, bot.FormRenew, bot.FormRevoke, bot.FormHand, bot.FormDone, bot.FormUndone}, in.Form) {
			return in, errNothing
		}
		in.Operation = operation("submit", team, p.User.ID, p.View.ID)
	default:
		return in, errNothing
	}
	return in, nil
}

// eventHome is the only event that is listened to.
const eventHome = "app_home_opened"

// event reads an event callback. Only the opening of the home page is listened to.
func (s *Slack) event(data []byte) (bot.Incoming, error) {
	var p struct {
		APIAppID string `json:"api_app_id"`
		TeamID   string `json:"team_id"`
		EventID  string `json:"event_id"`
		Event    struct {
			Type string `json:"type"`
			User string `json:"user"`
			Tab  string `json:"tab"`
		} `json:"event"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return bot.Incoming{}, fmt.Errorf("reading an event: %w", err)
	}
	if err := s.trusted(p.APIAppID, p.TeamID); err != nil {
		return bot.Incoming{}, err
	}
	if p.Event.Type != eventHome || p.Event.Tab != "home" || p.Event.User == "" {
		return bot.Incoming{}, errNothing
	}
	return bot.Incoming{
		Operation: operation("event", p.TeamID, p.EventID), Kind: bot.InHome, At: s.cfg.Clock(),
		Account: bot.Account{Platform: platform, Team: p.TeamID, User: p.Event.User},
	}, nil
}

// take hands an act to the receiver and gives what goes into the acknowledgement; nil if nothing does.
func (s *Slack) take(ctx context.Context, in bot.Incoming) any {
	ack := s.cfg.Receiver.Receive(ctx, in)
	if ack.Open != nil {
		form := *ack.Open
		s.cfg.Go(func(ctx context.Context) {
			if err := s.Open(ctx, in, form); err != nil {
				s.cfg.Log.WarnContext(ctx, "a form could not be opened", "form", form.ID, "error", err)
				in.Trigger = ""
				c := bot.Card{Tone: bot.ToneBad, Lead: bot.Text{{Text: "Slack did not open the form in time. Please try once more."}}}
				if err := s.Reply(ctx, in, c); err != nil {
					s.cfg.Log.WarnContext(ctx, "an answer could not be delivered", "operation", in.Operation, "error", withoutAddress(err))
				}
			}
		})
		return nil
	}
	switch in.Kind {
	case bot.InSubmit:
		if len(ack.Errors) > 0 {
			return block{"response_action": "errors", "errors": fit(ack.Errors, in.Fields)}
		}
		return nil
	case bot.InCommand:
		if ack.Text != "" {
			c := bot.Say(bot.ToneNote, ack.Text)
			return block{"response_type": "ephemeral", "text": fallback(c), "blocks": cardBlocks(c.Undrawn())}
		}
	case bot.InClick:
		if ack.Text != "" {
			s.cfg.Go(func(ctx context.Context) {
				c := bot.Say(bot.ToneBad, ack.Text)
				if err := s.Reply(ctx, in, c); err != nil {
					s.cfg.Log.WarnContext(ctx, "an answer could not be delivered", "operation", in.Operation, "error", err)
				}
			})
		}
	case bot.InHome:
	}
	return nil
}

// fit keeps mistakes on fields that the form has; one that fits nowhere goes to the first field, so that it is seen.
func fit(mistakes, fields map[string]string) map[string]string {
	out := map[string]string{}
	for field, text := range mistakes {
		if _, ok := fields[field]; !ok {
			for _, first := range slices.Sorted(maps.Keys(fields)) {
				field = first
				break
			}
		}
		out[field] = clip(text, 500)
	}
	return out
}

// formValues reads the body of a request by HTTP. Only the body counts: the signature covers nothing else.
func formValues(body []byte) (url.Values, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("reading a form: %w", err)
	}
	return values, nil
}
