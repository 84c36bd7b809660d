package slacktest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of delivery, named as Socket Mode names its envelopes.
const (
	KindCommand     = "slash_commands"
	KindInteractive = "interactive"
	KindEvent       = "events_api"
)

// ErrNotConnected means that no Socket Mode client is connected.
var ErrNotConnected = errors.New("slacktest: the app is not connected: start it in Socket Mode or set a request URL")

// ErrNotAcked means that the app did not acknowledge, or not with 200.
var ErrNotAcked = errors.New("slacktest: the app did not acknowledge")

// Delivery is something the workspace told the app, and what it answered.
type Delivery struct {
	// ID is the envelope's id.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Payload is the exact JSON; for commands the form's fields as an object.
	Payload     json.RawMessage `json:"payload"`
	TriggerID   string          `json:"trigger_id,omitempty"`
	ResponseURL string          `json:"response_url,omitempty"`
	// Attempt counts retries and Reason says why, as X-Slack-Retry-Num and -Reason do.
	Attempt int    `json:"attempt,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Held says that it was made but not sent; Send does that.
	Held  bool `json:"held,omitempty"`
	Acked bool `json:"acked"`
	// Status is the HTTP status; zero over Socket Mode.
	Status int `json:"status,omitempty"`
	// Answer is the body or the payload of the acknowledgement.
	Answer []byte `json:"answer,omitempty"`
	// Problem is what Slack tells the person when the answer does not do.
	Problem string `json:"problem,omitempty"`
	// At is when it was sent, Took how long the answer took by the workspace's clock.
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took,omitempty"`

	user, channel, view, form string
}

// ack is an answer as it arrives.
type ack struct {
	dropped bool
	status  int
	body    []byte
}

// Deliveries returns copies of all deliveries so far.
func (w *Workspace) Deliveries() []Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Delivery, len(w.deliveries))
	for i, d := range w.deliveries {
		out[i] = *d
	}
	return out
}

// Hold makes deliveries wait for Send, so that a test can change, lose, delay
// or double them.
func (w *Workspace) Hold(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = on
}

// Redeliver sends the same payload again as Slack retries: in a new envelope
// with the next retry number.
func (w *Workspace) Redeliver(ctx context.Context, d *Delivery) (*Delivery, error) {
	w.mu.Lock()
	again := *d
	again.ID, again.Attempt, again.Reason, again.Held = random(16), d.Attempt+1, "timeout", false
	again.Acked, again.Status, again.Answer, again.Problem = false, 0, nil, ""
	w.deliveries = append(w.deliveries, &again)
	w.mu.Unlock()
	return &again, w.Send(ctx, &again)
}

// deliver records a delivery and sends it, unless deliveries are held.
func (w *Workspace) deliver(ctx context.Context, d *Delivery) (*Delivery, error) {
	w.mu.Lock()
	w.deliveries = append(w.deliveries, d)
	d.Held = w.hold
	held := w.hold
	w.mu.Unlock()
	if held {
		return d, nil
	}
	return d, w.Send(ctx, d)
}

// Send sends a delivery as it is, over Socket Mode or as a signed request, and
// waits for the acknowledgement. Sending twice gives an exact duplicate.
func (w *Workspace) Send(ctx context.Context, d *Delivery) error {
	w.mu.Lock()
	overHTTP := w.opts.RequestURL != RequestURLs{}
	start := w.opts.Now()
	d.At, d.Held = start, false
	w.mu.Unlock()
	var got ack
	var err error
	if overHTTP {
		got, err = w.sendHTTP(ctx, d)
	} else {
		got, err = w.sendSocket(ctx, d)
	}
	if err == nil && (got.dropped || (overHTTP && got.status != http.StatusOK)) {
		err = ErrNotAcked
		if got.status != 0 {
			err = fmt.Errorf("%w: status %d", ErrNotAcked, got.status)
		}
	}
	w.mu.Lock()
	defer w.unlock()
	d.Acked, d.Status, d.Answer = err == nil, got.status, got.body
	d.Took = w.opts.Now().Sub(start)
	w.applyAnswer(d, err)
	w.emit(Event{Kind: EventDelivery, User: d.user, Channel: d.channel, View: d.view})
	return err
}

func (w *Workspace) sendHTTP(ctx context.Context, d *Delivery) (ack, error) {
	r, err := w.SignedRequest(ctx, d)
	if err != nil {
		return ack{}, err
	}
	response, err := w.Options().RequestTransport.RoundTrip(r)
	if err != nil {
		return ack{}, fmt.Errorf("%w: %w", ErrNotAcked, err)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRequest))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return ack{}, fmt.Errorf("%w: %w", ErrNotAcked, err)
	}
	return ack{status: response.StatusCode, body: body}, nil
}

// SignedRequest returns the signed HTTP request of a delivery, for a test to
// tamper with. The signature is of now.
func (w *Workspace) SignedRequest(ctx context.Context, d *Delivery) (*http.Request, error) {
	o := w.Options()
	address, kind := o.RequestURL.Interactions, "application/x-www-form-urlencoded"
	var body string
	switch d.Kind {
	case KindCommand:
		address, body = o.RequestURL.Commands, d.form
	case KindEvent:
		address, kind, body = o.RequestURL.Events, "application/json", string(d.Payload)
	default:
		body = url.Values{"payload": {string(d.Payload)}}.Encode()
	}
	if address == "" {
		return nil, fmt.Errorf("%w: no request URL for %s", ErrNotConnected, d.Kind)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("slacktest: request for %s: %w", d.Kind, err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	if d.Attempt > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(d.Attempt))
		r.Header.Set("X-Slack-Retry-Reason", "http_"+d.Reason)
	}
	SignRequest(r, o.SigningSecret, o.Now(), []byte(body))
	return r, nil
}

// SignRequest sets the time stamp and the signature of a body on a request.
func SignRequest(r *http.Request, secret string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", Sign(secret, stamp, body))
}

// Sign returns the version 0 signature of a time stamp and a raw body.
func Sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// applyAnswer shows the person what the acknowledgement brings about.
func (w *Workspace) applyAnswer(d *Delivery, failed error) {
	switch d.Kind {
	case KindCommand:
		w.answerCommand(d, failed)
	case KindInteractive:
		if d.view != "" {
			w.answerView(d, failed)
		}
	}
}

func (w *Workspace) answerCommand(d *Delivery, failed error) {
	name := asString(asObject(decoded(d.Payload))["command"])
	tell := func(code string) {
		d.Problem = name + " failed with the error \"" + code + "\""
		m := w.whisper(d.channel, d.user, "", content{text: d.Problem})
		m.User, m.bot = "USLACKBOT", false
	}
	switch {
	case errors.Is(failed, ErrNotConnected):
		tell("dispatch_failed")
		return
	case failed != nil && d.Status != 0:
		tell("dispatch_unknown_error")
		return
	case failed != nil:
		tell("operation_timeout")
		return
	}
	if len(d.Answer) == 0 || slices.Equal(d.Answer, []byte("{}")) || slices.Equal(d.Answer, []byte("null")) {
		return
	}
	body, err := decodeObject(d.Answer)
	if err != nil {
		body = object{"text": string(d.Answer)}
	}
	shown, code := w.responseContent(body)
	if code != "" {
		tell("invalid_command_response")
		d.Problem += ": " + code
		return
	}
	if asString(body["response_type"]) == "in_channel" {
		w.post(d.channel, w.opts.BotUserID, "", shown)
		return
	}
	w.whisper(d.channel, d.user, "", shown)
}
