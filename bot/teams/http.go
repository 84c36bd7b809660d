package teams

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"hallpass/bot"
)

const (
	// Path is where the Bot Framework sends activities.
	Path = "/api/messages"
	// maxBody is the largest activity that is read, in bytes; Teams sends at most 100 KB.
	maxBody = 256 << 10
	// replayed is how long a delivered activity is remembered.
	replayed = 24 * time.Hour
)

// Handler takes activities: POST /api/messages. The token is verified before anything of the body is read, and the
// body's service address and channel against the token before the rest.
func (t *Teams) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, t.receive)
	return mux
}

func (t *Teams) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	ctx := r.Context()
	id, err := t.valid.verify(ctx, r.Header.Get("Authorization"), t.creds)
	if err == nil && (mediaType(r) != "application/json" || r.Header.Get("Content-Encoding") != "") {
		http.Error(w, "wrong content type", http.StatusUnsupportedMediaType)
		return
	}
	var from address
	if err == nil {
		err = decode(body, &from)
	}
	if err == nil {
		err = t.valid.fits(id, from.ServiceURL, from.ChannelID)
	}
	var a inbound
	if err == nil {
		err = decode(body, &a)
	}
	if err == nil {
		_, err = t.tenant(&a)
	}
	var answer any
	if err == nil {
		t.meet(ctx, &a)
		answer, err = t.take(ctx, &a, body)
	}
	t.respond(ctx, w, answer, err)
}

func mediaType(r *http.Request) string {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// respond writes the answer. The sender of what is not taken learns as little as possible.
func (t *Teams) respond(ctx context.Context, w http.ResponseWriter, answer any, err error) {
	switch {
	case errors.Is(err, errNoKeys), errors.Is(err, errStore):
		t.cfg.Log.WarnContext(ctx, "an activity was not taken for now", "error", err)
		w.Header().Set("Retry-After", "30")
		http.Error(w, bot.NothingDone, http.StatusServiceUnavailable)
	case errors.Is(err, errToken):
		t.refused(ctx, err)
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "not signed for this bot", http.StatusUnauthorized)
	case errors.Is(err, errNotOurs):
		t.refused(ctx, err)
		http.Error(w, "not for this bot", http.StatusForbidden)
	case errors.Is(err, errUnknown):
		http.Error(w, "there is no such invoke", http.StatusNotImplemented) // as Microsoft's own SDKs answer
	case errors.Is(err, errNothing):
		w.WriteHeader(http.StatusOK) // well-formed and not for us
	case err != nil:
		t.cfg.Log.DebugContext(ctx, "an activity was not understood", "error", err)
		http.Error(w, "not understood", http.StatusBadRequest)
	case answer == nil:
		w.WriteHeader(http.StatusOK)
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.cfg.Log.WarnContext(ctx, "an answer could not be written", "error", err)
		}
	}
}

// take routes a verified activity of our tenant.
func (t *Teams) take(ctx context.Context, a *inbound, body []byte) (any, error) {
	switch a.Type { //nolint:exhaustive // the others are nothing that hallpass listens to
	case schema.Invoke:
		return t.invoke(ctx, a, body)
	case schema.Message:
		if again, err := t.again(ctx, a); err != nil || again {
			return nil, err
		}
		return nil, t.hear(ctx, a)
	case schema.ConversationUpdate, schema.InstallationUpdate:
		if again, err := t.again(ctx, a); err != nil || again {
			return nil, err
		}
		t.moved(ctx, a)
		return nil, nil //nolint:nilnil // an empty 200
	}
	return nil, errNothing
}

// errStore says that it cannot be remembered whether an activity came before.
var errStore = errors.New("deliveries cannot be remembered")

// again reports whether the activity was delivered before.
func (t *Teams) again(ctx context.Context, a *inbound) (bool, error) {
	if a.ID == "" {
		return false, nil
	}
	seen, err := t.cfg.Replays.Seen(ctx, operation("delivery", string(a.Type), a.Conversation.ID, a.ID), replayed)
	if err != nil {
		return false, errors.Join(errStore, err)
	}
	return seen, nil
}

// hear takes a message. Everything but its storing goes on after the answer.
func (t *Teams) hear(ctx context.Context, a *inbound) error {
	in, err := t.message(a)
	if err != nil {
		return err
	}
	ack := t.cfg.Receiver.Receive(ctx, in)
	switch {
	case ack.Open != nil:
		form := *ack.Open
		t.cfg.Go(func(ctx context.Context) {
			t.patiently(ctx, in.Operation, func() error { return t.Open(ctx, in, form) })
		})
	case ack.Text != "" || len(ack.Errors) > 0:
		t.cfg.Go(func(ctx context.Context) {
			t.patiently(ctx, in.Operation, func() error { return t.Reply(ctx, in, said(ack)) })
		})
	}
	return nil
}

// refused counts and logs what fails authentication, at most once a second.
func (t *Teams) refused(ctx context.Context, err error) {
	t.cfg.Refused()
	t.mu.Lock()
	now := t.cfg.Now()
	quiet := now.Sub(t.logged) < time.Second
	if !quiet {
		t.logged = now
	}
	t.mu.Unlock()
	if !quiet {
		t.cfg.Log.WarnContext(ctx, "an activity was refused", "error", err)
	}
}
