package teamstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

// ErrRefused means that the bot answered with something else than success, or not at all.
var ErrRefused = errors.New("teamstest: the bot refused the activity")

// Delivery is an activity that the bot was told, and what it answered.
type Delivery struct {
	// ID is the activity's id; a re-delivery has the same.
	ID string `json:"id"`
	// Kind is the activity's type; of an invoke its name.
	Kind string `json:"kind"`
	// Payload is the exact body.
	Payload json.RawMessage `json:"payload"`
	// Attempt counts re-deliveries.
	Attempt int `json:"attempt,omitempty"`
	// Held says that it was made but not sent; Send does that.
	Held bool `json:"held,omitempty"`
	// Unheard says that Teams does not tell the bot: it was not mentioned.
	Unheard bool `json:"unheard,omitempty"`
	// Status is the HTTP status of the answer, 0 if there was none, and Answer its body.
	Status int    `json:"status,omitempty"`
	Answer []byte `json:"answer,omitempty"`
	// Problem is what Teams tells the person when the answer does not do.
	Problem string        `json:"problem,omitempty"`
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took,omitempty"`

	authorization string // of the last sending; a replay uses it again
	serviceURL    string
	person        string
	ref           Ref
	automatic     bool
}

// Deliveries returns copies of all deliveries so far.
func (c *Cloud) Deliveries() []Delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Delivery, len(c.sent))
	for i, d := range c.sent {
		out[i] = *d
	}
	return out
}

// Hold makes deliveries wait for Send, so that a test can change, lose, delay or double them.
func (c *Cloud) Hold(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = on
}

// Redeliver sends the same activity again, as the connector does when it is not sure: same id, same body, a new token.
func (c *Cloud) Redeliver(ctx context.Context, d *Delivery) (*Delivery, error) {
	again := &Delivery{
		ID: d.ID, Kind: d.Kind, Payload: bytes.Clone(d.Payload), Attempt: d.Attempt + 1, serviceURL: d.serviceURL,
		person: d.person, ref: d.ref, automatic: d.automatic,
	}
	c.mu.Lock()
	c.sent = append(c.sent, again)
	c.mu.Unlock()
	return again, c.Send(ctx, again)
}

// Replay sends exactly the same request again, with the old token, as an attacker would who saw it.
func (c *Cloud) Replay(ctx context.Context, d *Delivery) (*Delivery, error) {
	again := *d
	again.Attempt++
	r, err := c.Request(ctx, &again, again.authorization)
	if err != nil {
		return nil, err
	}
	return &again, c.carry(r, &again)
}

// Request makes the request of a delivery with this authorization, for a test to tamper with. An empty one is left out.
func (c *Cloud) Request(ctx context.Context, d *Delivery, authorization string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Options().Endpoint, bytes.NewReader(d.Payload))
	if err != nil {
		return nil, fmt.Errorf("teamstest: request for %s: %w", d.Kind, err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r, nil
}

// Send sends a delivery with a good token and shows the person what comes of it. Sending twice gives a duplicate.
func (c *Cloud) Send(ctx context.Context, d *Delivery) error {
	d.authorization = c.Authorization(d.serviceURL, nil)
	r, err := c.Request(ctx, d, d.authorization)
	if err != nil {
		return err
	}
	return c.carry(r, d)
}

// carry sends a request and takes in the answer.
func (c *Cloud) carry(r *http.Request, d *Delivery) error {
	o := c.Options()
	d.At, d.Held, d.Status, d.Answer, d.Problem = o.Now(), false, 0, nil, ""
	response, err := o.Deliver.RoundTrip(r)
	if err == nil {
		d.Status = response.StatusCode
		d.Answer, err = io.ReadAll(io.LimitReader(response.Body, maxRequest))
		err = errors.Join(err, response.Body.Close())
	}
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	case d.Status < 200 || d.Status > 299:
		err = fmt.Errorf("%w: status %d", ErrRefused, d.Status)
	}
	c.mu.Lock()
	defer c.unlock()
	d.Took = c.opts.Now().Sub(d.At)
	c.show(d, err)
	c.emit(Event{Kind: EventDelivery, Chat: d.ref.Chat, Person: d.person})
	return err
}

// deliver records a delivery and sends it, unless deliveries are held.
func (c *Cloud) deliver(ctx context.Context, d *Delivery) (*Delivery, error) {
	c.mu.Lock()
	c.sent = append(c.sent, d)
	d.Held = c.hold && !d.Unheard
	quiet := d.Held || d.Unheard
	c.mu.Unlock()
	if quiet {
		return d, nil
	}
	return d, c.Send(ctx, d)
}

// activity starts an activity of a person in a conversation as Teams sends it; the caller holds the lock.
func (c *Cloud) activity(kind string, p *Person, chat *Chat, conversation string, more object) object {
	now := c.opts.Now().UTC()
	where := object{"id": conversation, "conversationType": chat.Kind, "tenantId": chat.TenantID}
	if chat.Kind != Personal {
		where["isGroup"] = true
	}
	if chat.Kind == GroupChat && chat.Name != "" {
		where["name"] = chat.Name
	}
	from := object{"id": p.ID, "name": p.Name}
	if p.ObjectID != "" {
		from["aadObjectId"] = p.ObjectID
	}
	channelData := object{"tenant": object{"id": chat.TenantID}}
	if team := c.teams[chat.Team]; team != nil {
		channelData["team"] = object{"id": team.ID, "name": team.Name, "aadGroupId": team.GroupID}
		channelData["channel"] = object{"id": chat.ID}
		channelData["teamsTeamId"], channelData["teamsChannelId"] = team.ID, chat.ID
	}
	out := object{
		"type": kind, "id": c.messageID(), "timestamp": now.Format("2006-01-02T15:04:05.000Z"), "localTimestamp": now.Format("2006-01-02T15:04:05.000-07:00"),
		"channelId": "msteams", "serviceUrl": c.opts.BaseURL + "/emea/", "from": from, "conversation": where,
		"recipient": object{"id": "28:" + c.opts.AppID, "name": c.opts.BotName}, "channelData": channelData,
		"entities": []any{object{"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web", "timezone": "Etc/UTC"}},
		"locale":   "en-GB", "localTimezone": "Etc/UTC",
	}
	maps.Copy(out, more)
	return out
}

// newDelivery makes a delivery of an activity.
func (c *Cloud) newDelivery(a object, person string, ref Ref) *Delivery {
	kind := a.str("type")
	if kind == "invoke" {
		kind = a.str("name")
	}
	return &Delivery{ID: a.str("id"), Kind: kind, Payload: a.json(), serviceURL: a.str("serviceUrl"), person: person, ref: ref}
}

// place returns person and chat, or what is wrong; the caller holds the lock.
func (c *Cloud) place(person, conversation string) (*Person, *Chat, error) {
	p, chat := c.people[person], c.chats[chatOf(conversation)]
	switch {
	case p == nil:
		return nil, nil, fmt.Errorf("there is nobody with the id %q: add them with AddPerson", person)
	case chat == nil:
		return nil, nil, fmt.Errorf("there is no chat %q", conversation)
	case !slices.Contains(c.membersOf(chat), person):
		return nil, nil, fmt.Errorf("%s is not in the chat %q", p.Name, conversation)
	}
	return p, chat, nil
}
