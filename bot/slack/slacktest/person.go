package slacktest

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Ref names a message, an ephemeral message or a view, and if there is doubt the block in it.
type Ref struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	View    string `json:"view,omitempty"`
	Block   string `json:"block,omitempty"`
}

// In returns the reference narrowed down to one block.
func (r Ref) In(blockID string) Ref {
	r.Block = blockID
	return r
}

// Command types a slash command in a channel, as a person there would.
func (w *Workspace) Command(ctx context.Context, userID, channelID, command, text string) (*Delivery, error) {
	w.mu.Lock()
	u, ok := w.users[userID]
	ch := w.channels[channelID]
	var err error
	switch {
	case !ok:
		err = fmt.Errorf("there is no user %q in this workspace", userID)
	case ch == nil || !w.members[channelID][userID]:
		err = fmt.Errorf("%s is not in channel %q", userID, channelID)
	case !slices.Contains(w.opts.Commands, command):
		err = fmt.Errorf("%s is not a valid command; the app has %q", command, w.opts.Commands)
	}
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	if !w.opts.LiteralCommands {
		text = w.escape(text)
	}
	name := ch.Name
	switch {
	case ch.IM != "":
		name = "directmessage"
	case ch.Private:
		name = "privategroup"
	}
	d := w.newDelivery(KindCommand, userID, channelID)
	d.TriggerID, d.ResponseURL = w.newTrigger(userID, ""), w.newResponse(channelID, userID, nil)
	form := url.Values{
		"token": {w.legacyToken()}, "team_id": {u.TeamID}, "team_domain": {strings.ToLower(w.opts.TeamName)},
		"channel_id": {channelID}, "channel_name": {name}, "user_id": {userID}, "user_name": {u.Name},
		"command": {command}, "text": {text}, "api_app_id": {w.opts.AppID}, "is_enterprise_install": {"false"},
		"response_url": {d.ResponseURL}, "trigger_id": {d.TriggerID},
	}
	if w.opts.EnterpriseID != "" {
		form.Set("enterprise_id", w.opts.EnterpriseID)
		form.Set("enterprise_name", w.opts.TeamName)
	}
	payload := object{}
	for key := range form {
		payload[key] = form.Get(key)
	}
	d.form, d.Payload = form.Encode(), encode(payload)
	w.mu.Unlock()
	return w.deliver(ctx, d)
}

// escape does what should_escape does: markup is escaped, names become ids.
func (w *Workspace) escape(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	return regexp.MustCompile(`[@#][\p{L}\p{N}._-]+`).ReplaceAllStringFunc(text, func(found string) string {
		name := found[1:]
		for _, id := range w.userOrder {
			if u := w.users[id]; found[0] == '@' && u.Name == name {
				return "<@" + u.ID + "|" + u.Name + ">"
			}
		}
		for _, id := range w.chanOrder {
			if ch := w.channels[id]; found[0] == '#' && ch.Name == name {
				return "<#" + ch.ID + "|" + ch.Name + ">"
			}
		}
		return found
	})
}

// Shortcut runs a global shortcut.
func (w *Workspace) Shortcut(ctx context.Context, userID, callbackID string) (*Delivery, error) {
	w.mu.Lock()
	d := w.newDelivery(KindInteractive, userID, "")
	d.TriggerID = w.newTrigger(userID, "")
	payload := w.envelope("shortcut", userID)
	payload["callback_id"], payload["trigger_id"], payload["action_ts"] = callbackID, d.TriggerID, w.ts()
	d.Payload = encode(payload)
	w.mu.Unlock()
	return w.deliver(ctx, d)
}

// OpenHome opens the app's home tab: the app gets app_home_opened.
func (w *Workspace) OpenHome(ctx context.Context, userID string) (*Delivery, error) {
	w.mu.Lock()
	d := w.newDelivery(KindEvent, userID, "")
	stamp := w.ts()
	event := object{
		"type": "app_home_opened", "user": userID, "channel": w.im(userID), "tab": "home", "event_ts": stamp,
	}
	if home := w.homes[userID]; home != nil {
		event["view"] = w.wireView(home)
	}
	d.Payload = encode(object{
		"token": w.legacyToken(), "team_id": w.opts.TeamID, "api_app_id": w.opts.AppID, "type": "event_callback",
		"event": event, "event_id": w.id("Ev"), "event_time": w.opts.Now().Unix(), "is_ext_shared_channel": false,
		"authorizations": []any{object{
			"enterprise_id": nil, "team_id": w.opts.TeamID, "user_id": w.opts.BotUserID, "is_bot": true,
			"is_enterprise_install": false,
		}},
	})
	w.mu.Unlock()
	return w.deliver(ctx, d)
}

// newDelivery starts a delivery; the caller holds the lock.
func (w *Workspace) newDelivery(kind, user, channel string) *Delivery {
	return &Delivery{ID: random(16), Kind: kind, user: user, channel: channel}
}

// newTrigger returns a trigger id, good once and for three seconds.
func (w *Workspace) newTrigger(user, viewID string) string {
	w.counter++
	id := strconv.FormatUint(w.counter, 10) + "." + strconv.FormatInt(w.opts.Now().Unix(), 10) + "." + random(16)
	w.triggers[id] = &trigger{user: user, view: viewID, at: w.opts.Now()}
	return id
}

// legacyToken is the verification token that Slack still sends and nobody should use.
func (w *Workspace) legacyToken() string { return "legacy-verification-token" }

// envelope starts the payload of an interaction.
func (w *Workspace) envelope(kind, userID string) object {
	team := object{"id": w.opts.TeamID, "domain": strings.ToLower(w.opts.TeamName)}
	user := object{"id": userID, "team_id": w.opts.TeamID}
	if u := w.users[userID]; u != nil {
		user["username"], user["name"], user["team_id"] = u.Name, u.Name, u.TeamID
	}
	out := object{
		"type": kind, "team": team, "user": user, "api_app_id": w.opts.AppID, "token": w.legacyToken(),
		"enterprise": nil, "is_enterprise_install": false,
	}
	if w.opts.EnterpriseID != "" {
		team["enterprise_id"] = w.opts.EnterpriseID
		out["enterprise"] = object{"id": w.opts.EnterpriseID, "name": w.opts.TeamName}
	}
	return out
}
