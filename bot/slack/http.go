package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hallpass/bot"
)

const (
	maxBody = 1 << 20 // bytes; Slack's largest payloads are far smaller
	// window is how old, or how far ahead, a signed request may be; replays are remembered for twice as long.
	window = 5 * time.Minute
)

// Handler takes signed requests: POST /slack/commands, /slack/interactions and /slack/events. The signature is checked
// on the raw body before anything is read from it.
func (s *Slack) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /slack/commands", s.signed("application/x-www-form-urlencoded", func(r *http.Request, body []byte) (any, error) {
		form, err := formValues(body)
		if err != nil || form.Get("command") == "" {
			return nil, errors.Join(errBroken, err)
		}
		in, err := s.command(form.Get)
		return s.finish(r.Context(), in, err)
	}))
	mux.HandleFunc("POST /slack/interactions", s.signed("application/x-www-form-urlencoded", func(r *http.Request, body []byte) (any, error) {
		form, err := formValues(body)
		if err != nil || form.Get("payload") == "" {
			return nil, errors.Join(errBroken, err)
		}
		in, err := s.interaction([]byte(form.Get("payload")))
		return s.finish(r.Context(), in, err)
	}))
	mux.HandleFunc("POST /slack/events", s.signed("application/json", func(r *http.Request, body []byte) (any, error) {
		var outer struct {
			Type      string `json:"type"`
			Challenge string `json:"challenge"`
		}
		if err := json.Unmarshal(body, &outer); err != nil {
			return nil, errors.Join(errBroken, err)
		}
		if outer.Type == "url_verification" {
			return block{"challenge": outer.Challenge}, nil
		}
		in, err := s.event(body)
		return s.finish(r.Context(), in, err)
	}))
	return mux
}

func (s *Slack) finish(ctx context.Context, in bot.Incoming, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return s.take(ctx, in), nil
}

// signed reads a bounded body, checks its signature, refuses replays, and only then hands it on.
func (s *Slack) signed(contentType string, do func(*http.Request, []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		if !s.genuine(r.Header, body) {
			s.cfg.Unauthenticated()
			http.Error(w, "not signed by Slack", http.StatusUnauthorized)
			return
		}
		if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != contentType || r.Header.Get("Content-Encoding") != "" {
			http.Error(w, "wrong content type", http.StatusUnsupportedMediaType)
			return
		}
		sum := sha256.Sum256([]byte(r.Header.Get("X-Slack-Request-Timestamp") + r.Header.Get("X-Slack-Signature")))
		seen, err := s.seen(r.Context(), hex.EncodeToString(sum[:]))
		if err != nil {
			// An act is stored under an id that every delivery of it has, so a replay has no second effect either way. Who
			// acts is told what came of it rather than shown Slack's own error.
			s.cfg.Log.WarnContext(r.Context(), "replays cannot be looked up", "error", err)
		}
		if seen {
			w.WriteHeader(http.StatusOK) // the first delivery counts
			return
		}
		answer, err := do(r, body)
		switch {
		case errors.Is(err, errForeign):
			s.cfg.Unauthenticated()
			http.Error(w, "not for this app", http.StatusForbidden)
		case errors.Is(err, errNothing):
			w.WriteHeader(http.StatusOK) // well-formed and not for us: Slack would send it again and again
		case err != nil:
			http.Error(w, "not understood", http.StatusBadRequest)
		case answer == nil:
			w.WriteHeader(http.StatusOK)
		default:
			w.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(w).Encode(answer); err != nil {
				s.cfg.Log.WarnContext(r.Context(), "an acknowledgement could not be written", "error", err)
			}
		}
	}
}

// seenWithin leaves the store enough of Slack's three seconds.
const seenWithin = 500 * time.Millisecond

func (s *Slack) seen(ctx context.Context, digest string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, seenWithin)
	defer cancel()
	return s.cfg.Replays.Seen(ctx, digest, 2*window)
}

// genuine checks the signature as Slack's page "Verifying requests from Slack" says, in constant time, with each of the
// configured secrets.
func (s *Slack) genuine(h http.Header, body []byte) bool {
	stamp := h.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return false
	}
	if age := s.cfg.Now().Sub(time.Unix(seconds, 0)); age > window || age < -window {
		return false
	}
	digits, ok := strings.CutPrefix(h.Get("X-Slack-Signature"), "v0=")
	given, err := hex.DecodeString(digits)
	if !ok || err != nil || len(given) != sha256.Size {
		return false
	}
	good := false
	for _, secret := range s.cfg.SigningSecrets {
		if secret == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("v0:" + stamp + ":"))
		mac.Write(body)
		good = hmac.Equal(mac.Sum(nil), given) || good
	}
	return good
}
