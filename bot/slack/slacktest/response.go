package slacktest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The limits of a response address.
const (
	responseLife = 30 * time.Minute
	responseUses = 5
)

// responseURL is where the app may answer one interaction.
type responseURL struct {
	channel, user string
	ts            string // the message it came from, if any
	ephemeral     bool
	at            time.Time
	uses          []Response
}

// Response is one accepted post to a response address.
type Response struct {
	At time.Time `json:"at"`
	// Body is what was posted.
	Body json.RawMessage `json:"body"`
	// Message is what people see of it; its TS is empty for a deletion.
	Message Message `json:"message"`
}

// newResponse returns a new response address.
func (w *Workspace) newResponse(channel, user string, m *Message) string {
	token := w.id("R") + random(8)
	r := &responseURL{channel: channel, user: user, at: w.opts.Now()}
	if m != nil {
		r.ts, r.ephemeral = m.TS, m.Ephemeral
	}
	w.responses[token] = r
	return w.opts.BaseURL + "/response/" + w.opts.TeamID + "/" + token
}

// Responses returns what was posted to a response address.
func (w *Workspace) Responses(address string) []Response {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.responses[address[strings.LastIndex(address, "/")+1:]]
	if r == nil {
		return nil
	}
	return slices.Clone(r.uses)
}

// serveResponse takes a post to a response address.
func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request, path string) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost {
		http.Error(rw, "invalid_request", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.unlock()
	token := path[strings.LastIndex(path, "/")+1:]
	entry := Call{Method: ResponseMethod, At: w.opts.Now(), Args: object{"token": token}}
	defer func() { w.calls = append(w.calls, entry) }()
	channel := ""
	if known := w.responses[token]; known != nil {
		channel = known.channel
	}
	fault := w.nextFault(ResponseMethod, channel)
	if fault != nil && !fault.Happened {
		entry.Error = fault.Error
		fault.write(rw)
		return
	}
	status, answer := w.respond(token, body)
	entry.Happened = status == http.StatusOK
	if fault != nil {
		entry.Error = fault.Error
		fault.write(rw)
		return
	}
	if status != http.StatusOK {
		entry.Error = answer
	}
	rw.Header().Set("Content-Type", "text/html")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, answer) // a client that went away is no concern of ours
}

// respond carries out a post to a response address.
func (w *Workspace) respond(token string, raw []byte) (status int, answer string) {
	r := w.responses[token]
	switch {
	case r == nil:
		return http.StatusNotFound, "no_service"
	case w.opts.Now().Sub(r.at) > responseLife:
		return http.StatusNotFound, `{"ok":false,"error":"expired_url"}`
	case len(r.uses) >= responseUses:
		return http.StatusNotFound, `{"ok":false,"error":"used_url"}`
	}
	body, err := decodeObject(raw)
	if err != nil {
		return http.StatusBadRequest, "invalid_payload"
	}
	shown, code := w.responseContent(body)
	if code != "" {
		return http.StatusBadRequest, code
	}
	use := Response{At: w.opts.Now(), Body: encode(body)}
	original := w.find(r.channel, r.ts)
	if r.ephemeral {
		original = w.findEphemeral(r.channel, r.ts, r.user)
	}
	switch {
	case asBool(body["delete_original"]):
		if original == nil || original.Deleted {
			return http.StatusNotFound, "message_not_found"
		}
		w.remove(original)
	case asBool(body["replace_original"]) && original != nil && !original.Deleted:
		w.edit(original, shown)
		use.Message = *original
	case asString(body["response_type"]) == "in_channel":
		use.Message = *w.post(r.channel, w.opts.BotUserID, asString(body["thread_ts"]), shown)
	default:
		use.Message = *w.whisper(r.channel, r.user, asString(body["thread_ts"]), shown)
	}
	r.uses = append(r.uses, use)
	return http.StatusOK, "ok"
}

// responseContent checks what a response or an answer to a command shows.
func (w *Workspace) responseContent(body object) (shown content, code string) {
	known := []string{
		"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts", "mrkdwn",
		"unfurl_links", "unfurl_media", "metadata",
	}
	for key := range body {
		if !slices.Contains(known, key) {
			return shown, "invalid_payload: not modelled by the emulator: " + key
		}
	}
	if kind := asString(body["response_type"]); kind != "" && kind != "in_channel" && kind != "ephemeral" {
		return shown, "invalid_response_type"
	}
	shown = content{text: asString(body["text"])}
	if body["blocks"] != nil {
		check := newChecker(SurfaceMessage)
		check.blocks("/blocks", body["blocks"])
		if len(check.problems) > 0 {
			return shown, "invalid_blocks: " + strings.Join(check.problems, "; ")
		}
		shown.blocks = w.assignIDs(asList(body["blocks"]))
	}
	if strings.TrimSpace(shown.text) == "" && !asBool(body["delete_original"]) {
		return shown, "no_text"
	}
	return shown, ""
}
