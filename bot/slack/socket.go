package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"hallpass/bot"
)

// maxAck is the largest acknowledgement that Slack takes over a socket, in bytes; a larger one is dropped silently.
const maxAck = 20_000

// Run receives acts by Socket Mode until the context ends. A connection that is lost for good is made anew.
func (s *Slack) Run(ctx context.Context, dialer *websocket.Dialer) error {
	if s.cfg.AppToken == "" {
		return errors.New("slack: Socket Mode needs an app-level token")
	}
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		started := s.cfg.Now()
		if err := s.connect(ctx, dialer); ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "the socket to Slack is lost and made anew", "error", err)
		}
		if s.cfg.Now().Sub(started) > 10*time.Minute {
			wait = time.Second
		}
		timer := time.NewTimer(wait + time.Duration(rand.Int64N(int64(wait)))) //nolint:gosec // spreads reconnects; nothing secret
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

func (s *Slack) connect(ctx context.Context, dialer *websocket.Dialer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts := []socketmode.Option{socketmode.OptionPingInterval(s.cfg.Silence)}
	if dialer != nil {
		opts = append(opts, socketmode.OptionDialer(dialer))
	}
	client := socketmode.New(s.api, opts...)
	done := make(chan error, 1)
	go func() { done <- client.RunContext(ctx) }()
	defer s.cfg.Connected(false)
	for {
		select {
		case err := <-done:
			return err
		case e := <-client.Events:
			switch e.Type { //nolint:exhaustive // the others are envelopes, or of no interest
			case socketmode.EventTypeConnected:
				s.cfg.Connected(true)
			case socketmode.EventTypeConnecting, socketmode.EventTypeDisconnect:
				s.cfg.Connected(false)
			case socketmode.EventTypeConnectionError:
				// The client would wait up to five minutes between tries; Run waits a minute at most.
				cancel()
				return errors.Join(connectionError(e.Data), ended(<-done))
			}
			if e.Request != nil {
				s.cfg.Go(func(ctx context.Context) { s.envelope(ctx, client, e) })
			}
		}
	}
}

// ended is what the client ended with; that it was told to end is no error.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func connectionError(data any) error {
	failed, ok := data.(*slack.ConnectionErrorEvent)
	if !ok {
		return errors.New("slack: connecting failed")
	}
	return fmt.Errorf("connecting: %w", withoutAddress(failed.ErrorObj))
}

// envelope reads one envelope, hands it on, and acknowledges it: what acts is stored by then.
func (s *Slack) envelope(ctx context.Context, client *socketmode.Client, e socketmode.Event) {
	var in bot.Incoming
	var err error
	switch e.Type { //nolint:exhaustive // the others are not envelopes
	case socketmode.EventTypeSlashCommand:
		in, err = s.socketCommand(e.Request.Payload)
	case socketmode.EventTypeInteractive:
		in, err = s.interaction(e.Request.Payload)
	case socketmode.EventTypeEventsAPI:
		in, err = s.event(e.Request.Payload)
	default:
		return
	}
	var answer any
	if err == nil {
		answer, err = s.finish(ctx, in, nil)
	}
	if errors.Is(err, errForeign) {
		s.cfg.Unauthenticated()
	}
	if err != nil {
		s.cfg.Log.DebugContext(ctx, "an envelope was not for us", "type", string(e.Type), "error", err)
	}
	if data, err := json.Marshal(answer); err != nil || len(data) > maxAck {
		answer = nil
	}
	if answer == nil {
		err = client.AckCtx(ctx, e.Request.EnvelopeID, nil)
	} else {
		err = client.AckCtx(ctx, e.Request.EnvelopeID, answer)
	}
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "an envelope could not be acknowledged; Slack will send it again", "error", err)
	}
}

func (s *Slack) socketCommand(data []byte) (bot.Incoming, error) {
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return bot.Incoming{}, fmt.Errorf("reading a command: %w", err)
	}
	return s.command(func(name string) string {
		text, ok := fields[name].(string)
		if !ok {
			return ""
		}
		return text
	})
}
