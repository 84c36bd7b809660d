package slacktest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// method is one method of the Web API.
type method struct {
	// scopes: one of them is needed.
	scopes []string
	// args are all that are modelled; another one is refused.
	args []string
	// app marks methods for the app-level token.
	app bool
	do  func(c *call) (object, error)
}

// call is one request to the Web API, under the workspace's lock.
type call struct {
	w    *Workspace
	r    *http.Request
	args object
}

// Call is one Web API request as the workspace saw it.
type Call struct {
	Method string    `json:"method"`
	At     time.Time `json:"at"`
	Args   object    `json:"args"`
	// Error is empty when the call succeeded and its answer was sent.
	Error string `json:"error,omitempty"`
	// Happened says whether it was carried out, whatever was answered.
	Happened bool `json:"happened"`
}

// apiError is an answer with ok:false.
type apiError struct {
	code     string
	messages []string
	more     object
}

// Error returns Slack's code and the reasons.
func (e *apiError) Error() string { return strings.Join(append([]string{e.code}, e.messages...), "; ") }

func fail(code string, messages ...string) error { return &apiError{code: code, messages: messages} }

// failChecks reports problems of blocks or views the way Slack does.
func failChecks(code string, problems []string) error {
	marked := make([]string, len(problems))
	for i, p := range problems {
		marked[i] = "[ERROR] " + p
	}
	return &apiError{code: code, messages: marked, more: object{"errors": anyList(problems)}}
}

func anyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// Calls returns the Web API calls so far, optionally of some methods only.
func (w *Workspace) Calls(methods ...string) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Call
	for _, c := range w.calls {
		if len(methods) == 0 || slices.Contains(methods, c.Method) {
			out = append(out, c)
		}
	}
	return out
}

// serveAPI answers one call of the Web API.
func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request, name string) {
	args, token, err := readArgs(r)
	w.mu.Lock()
	defer w.unlock()
	entry := Call{Method: name, At: w.opts.Now(), Args: args}
	defer func() { w.calls = append(w.calls, entry) }()
	if err == nil {
		err = w.admit(name, token, args)
	}
	fault := w.nextFault(name, asString(args["channel"]))
	if fault == nil {
		fault = w.overLimit(name, asString(args["channel"]))
	}
	if fault != nil && !fault.Happened {
		entry.Error = fault.Error
		fault.write(rw)
		return
	}
	var answer object
	if err == nil {
		answer, err = w.methods[name].do(&call{w: w, r: r, args: args})
		entry.Happened = err == nil
	}
	if fault != nil {
		entry.Error = fault.Error
		fault.write(rw)
		return
	}
	rw.Header().Set("X-Oauth-Scopes", strings.Join(w.opts.Scopes, ","))
	if err != nil {
		entry.Error = err.Error()
		writeJSON(rw, http.StatusOK, errorAnswer(err))
		return
	}
	if answer == nil {
		answer = object{}
	}
	answer["ok"] = true
	writeJSON(rw, http.StatusOK, answer)
}

func errorAnswer(err error) object {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{code: "internal_error", messages: []string{err.Error()}}
	}
	answer := object{"ok": false, "error": e.code}
	maps.Copy(answer, e.more)
	if len(e.messages) > 0 {
		answer["response_metadata"] = object{"messages": anyList(e.messages)}
	}
	return answer
}

// admit checks method, token, scope and the names of the arguments.
func (w *Workspace) admit(name, token string, args object) error {
	m, known := w.methods[name]
	switch {
	case !known:
		return &apiError{code: "unknown_method", more: object{"req_method": name}}
	case token == "":
		return fail("not_authed")
	case token != w.opts.BotToken && token != w.opts.AppToken:
		return fail("invalid_auth")
	case m.app != (token == w.opts.AppToken):
		return fail("not_allowed_token_type")
	}
	if len(m.scopes) > 0 && !w.granted(m.scopes...) {
		return w.missingScope(m.scopes[0])
	}
	for _, arg := range sortedKeys(args) {
		if arg == "team_id" { // Bolt names the team in every call, slack-go leaves it empty
			if id := asString(args[arg]); id != "" && id != w.opts.TeamID {
				return fail("team_not_found")
			}
			continue
		}
		if !slices.Contains(m.args, arg) {
			return fail("invalid_arguments", "[ERROR] not modelled by the emulator: "+arg)
		}
	}
	return nil
}

// granted says whether one of the scopes is there.
func (w *Workspace) granted(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(w.opts.Scopes, s) })
}

func (w *Workspace) missingScope(needed string) error {
	return &apiError{
		code: "missing_scope",
		more: object{"needed": needed, "provided": strings.Join(w.opts.Scopes, ",")},
	}
}

// readArgs reads the arguments of a call and its token, from header or form.
func readArgs(r *http.Request) (args object, token string, err error) {
	args = object{}
	token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method == http.MethodGet || (err != nil && r.Header.Get("Content-Type") == "") {
		kind = "application/x-www-form-urlencoded"
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return args, token, fail("request_too_large")
	}
	switch kind {
	case "application/json":
		if len(body) == 0 {
			return args, token, nil
		}
		args, err = decodeObject(body)
		if err != nil {
			return object{}, token, fail("invalid_json", err.Error())
		}
		return args, token, nil
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return args, token, fail("invalid_form_data", err.Error())
		}
		if r.Method == http.MethodGet {
			form = r.URL.Query()
		}
		for key, values := range form {
			if key == "token" {
				token = values[0]
				continue
			}
			args[key] = values[0]
		}
		return args, token, nil
	default:
		return args, token, fail("invalid_post_type", "unexpected content type "+kind)
	}
}

// str returns a string argument.
func (c *call) str(name string) string {
	switch v := c.args[name].(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// flag returns a boolean argument.
func (c *call) flag(name string) bool {
	s := c.str(name)
	return s == "true" || s == "1"
}

// value returns an argument that is JSON, also when it came as a string.
func (c *call) value(name string) (v any, there bool, err error) {
	v, there = c.args[name]
	if s, ok := v.(string); ok {
		if s == "" {
			return nil, false, nil
		}
		if v, err = decode([]byte(s)); err != nil {
			return nil, true, err
		}
	}
	return v, there && v != nil, nil
}
