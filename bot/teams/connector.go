package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/infracloudio/msbotbuilder-go/connector/client"
	"github.com/infracloudio/msbotbuilder-go/schema"

	"hallpass/approvals"
	"hallpass/bot"
)

const (
	callWithin = 15 * time.Second
	maxReply   = 1 << 20 // bytes of an answer that are read
	maxPause   = 5 * time.Minute
)

// connection is one call to the connector: it implements the library's Client for the one activity it is made for, and
// keeps what the library throws away: the context, and the id that comes back.
type connection struct {
	t      *Teams
	ctx    context.Context //nolint:containedctx // the library's interface has none; this value lives for one call
	target string          // conversation id, with the message that the thread begins with
	update string          // id of the activity that is rewritten
	id     string          // what came back
	err    error           // what went wrong; the library wraps it in stack traces
}

var _ client.Client = (*connection)(nil)

// Post sends a new activity. The library's address is not used: it does not escape ids.
func (c *connection) Post(_ url.URL, a schema.Activity) error {
	var got schema.ConversationResourceResponse
	c.err = c.t.call(c.ctx, http.MethodPost, a.ServiceURL, []string{"v3", "conversations", c.target, "activities"}, wire(a), &got)
	if c.err == nil && got.ID == "" {
		c.err = &approvals.Unsure{Err: errors.New("teams: the answer names no activity")}
	}
	c.id = got.ID
	return c.err
}

// Put rewrites an activity.
func (c *connection) Put(_ url.URL, a schema.Activity) error {
	c.err = c.t.call(c.ctx, http.MethodPut, a.ServiceURL, []string{"v3", "conversations", c.target, "activities", c.update}, wire(a), nil)
	return c.err
}

// Delete is not used: what was said stays.
func (c *connection) Delete(url.URL, schema.Activity) error {
	return errors.New("teams: hallpass deletes no messages")
}

// failure is our own error where the library only wrapped it, else the library's.
func (c *connection) failure(err error) error {
	if err != nil && c.err != nil {
		return c.err
	}
	return err
}

// wire is an outgoing activity without the zero times and empty objects that the library's type would send.
func wire(a schema.Activity) any {
	out := block{"type": a.Type}
	set := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	set("id", a.ID)
	set("text", a.Text)
	set("summary", a.Summary)
	set("replyToId", a.ReplyToID)
	if a.Conversation.ID != "" {
		out["conversation"] = block{"id": a.Conversation.ID}
	}
	if a.From.ID != "" {
		out["from"] = block{"id": a.From.ID}
	}
	if len(a.Attachments) > 0 {
		out["attachments"] = a.Attachments
	}
	return out
}

// endpoint builds an address under a service address: only if the token may go there, with every part escaped for itself.
func (t *Teams) endpoint(service string, path []string) (string, error) {
	u, ok := t.cfg.Cloud.allowed(service)
	if !ok {
		return "", fmt.Errorf("teams: the service address %.100q is not allow-listed; nothing is sent there", service)
	}
	var b strings.Builder
	b.WriteString("https://" + u.Host + strings.TrimSuffix(u.EscapedPath(), "/"))
	for _, part := range path {
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("teams: %.20q is no id", part)
		}
		b.WriteString("/" + url.PathEscape(part))
	}
	return b.String(), nil
}

// call makes one call with the bot's own token.
func (t *Teams) call(ctx context.Context, method, service string, path []string, body, into any) error {
	return t.callQuery(ctx, method, service, path, nil, body, into)
}

func (t *Teams) callQuery(ctx context.Context, method, service string, path []string, query url.Values, body, into any) error {
	address, err := t.endpoint(service, path)
	if err != nil {
		return err
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	token, err := t.tokens.get(ctx)
	if err != nil {
		return t.limits.later(jitter(5*time.Second), err.Error())
	}
	var payload io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("teams: encoding an activity: %w", err)
		}
		payload = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, payload)
	if err != nil {
		return fmt.Errorf("teams: making a call: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := t.cfg.HTTP.Do(req)
	if err != nil {
		return t.broken(method, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to the bound below
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if resp.StatusCode/100 != 2 {
		if resp.StatusCode == http.StatusUnauthorized {
			t.tokens.forget(token)
		}
		return t.failed(method, path, resp, data)
	}
	if err != nil {
		return t.broken(method, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return t.broken(method, fmt.Errorf("reading an answer: %w", err))
	}
	return nil
}

// broken is what a call that got no answer means: a new message may have arrived all the same.
func (t *Teams) broken(method string, err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the address
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" || method != http.MethodPost {
		return t.limits.later(jitter(5*time.Second), "Teams cannot be reached: "+err.Error())
	}
	return &approvals.Unsure{Err: fmt.Errorf("teams: %w", err)}
}

// failed turns an answer of the connector into an error that the flow understands. No token is ever in it.
func (t *Teams) failed(method string, path []string, resp *http.Response, data []byte) error {
	var said struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal(data, &said) // what is no JSON says nothing
	word := clip(strings.TrimSpace(said.Error.Code+" "+said.Error.Message), 200)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusPreconditionFailed:
		wait := pause(resp)
		if len(path) > 2 {
			t.limits.hold("thread "+path[2], wait)
		}
		return t.limits.later(wait, "Teams asked to wait")
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusServiceUnavailable, http.StatusInternalServerError:
		if method == http.MethodPost {
			return &approvals.Unsure{Err: fmt.Errorf("teams: answered %d %s", resp.StatusCode, word)}
		}
		return t.limits.later(pause(resp), fmt.Sprintf("Teams answered %d", resp.StatusCode))
	case http.StatusForbidden:
		return fmt.Errorf("%w: %s", bot.ErrGone, forbidden(said.Error.Code, word))
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%w: Teams does not know the conversation or the message %s", bot.ErrGone, word)
	case http.StatusUnauthorized:
		return t.limits.later(jitter(30*time.Second), "Teams does not take the bot's token "+word)
	}
	return fmt.Errorf("teams: answered %d %s", resp.StatusCode, word)
}

// forbidden says in words why nothing may be written there.
func forbidden(code, word string) string {
	switch code {
	case "MessageWritesBlocked":
		return "the person has blocked hallpass in Teams, or it was uninstalled for them"
	case "BotNotInConversationRoster":
		return "hallpass is not installed there"
	}
	return "Teams lets hallpass write nothing there " + word
}

// pause is how long Teams asked to wait, within bounds, spread.
func pause(resp *http.Response) time.Duration {
	wait := 2 * time.Second
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		wait = min(time.Duration(seconds)*time.Second, maxPause)
	}
	return jitter(wait)
}
