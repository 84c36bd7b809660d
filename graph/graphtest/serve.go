package graphtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
)

type object = map[string]any

// answer is what a call is answered with: a body, or an error of Graph's.
type answer struct {
	status  int
	body    any
	code    string
	message string
	header  http.Header
	future  bool // it holds what no schema of today has
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func done() answer { return answer{status: http.StatusNoContent} }

func no(status int, code, message string) answer {
	return answer{status: status, code: code, message: message}
}

func notFound(id string) answer {
	return no(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

func notModelled(what string) answer {
	return no(http.StatusNotImplemented, "notModelled", "this emulated tenant does not model "+what)
}

// Judge holds an exchange against a contract: the request with its body, and the answer. It is called one exchange at a
// time.
type Judge interface {
	Exchange(r *http.Request, body []byte, status int, answer []byte)
}

// ServeHTTP answers Graph below /v1.0 and /beta, and the login host below /{tenant} and /common.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1.0/") && !strings.HasPrefix(r.URL.Path, "/beta/") {
		t.login(w, r)
		return
	}
	for _, do := range t.graph(w, r) {
		do()
	}
}

// graph answers a call of Graph, and gives what other hands do right after it.
func (t *Tenant) graph(w http.ResponseWriter, r *http.Request) []func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	version, path, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	parts := strings.Split(path, "/")
	for i := range parts {
		if p, err := url.PathUnescape(parts[i]); err == nil {
			parts[i] = p
		}
	}
	t.calls[r.Method+" "+shape(version, parts)]++
	f := t.fault(r)
	if f != nil && f.Drop && !f.Happened {
		drop()
	}
	if f != nil && !f.Happened {
		write(w, f.answer("a fault that a test asked for"))
		return t.waiting(r)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	a := no(http.StatusBadRequest, "BadRequest", "the body could not be read")
	if err == nil {
		a = t.judge(call{r: r, beta: version == "beta", parts: parts, body: body})
	}
	if t.opts.Judge != nil && !a.future {
		t.opts.Judge.Exchange(r, body, a.status, a.bytes())
	}
	if f != nil && f.Drop {
		drop()
	}
	if f != nil {
		a = f.answer("a fault that a test asked for; it happened all the same")
	}
	write(w, a)
	return t.waiting(r)
}

func (f *fault) answer(message string) answer {
	a := no(f.Status, "emulatedFault", message)
	if f.RetryAfter != "" {
		a.header = http.Header{"Retry-After": {f.RetryAfter}}
	}
	return a
}

// drop breaks the connection without an answer.
func drop() { panic(http.ErrAbortHandler) }

// shape is a path without ids.
func shape(version string, parts []string) string {
	out := slices.Clone(parts)
	for i := range out {
		if i > 0 && slices.Contains([]string{"namedLocations", "groups", "users", "members", "riskyUsers", "domains", "userRegistrationDetails"}, parts[i-1]) && out[i] != "$ref" {
			out[i] = "{id}"
		}
		if name, _, found := strings.Cut(out[i], "(appId="); found {
			out[i] = name + "(appId='{id}')"
		}
	}
	path := "/" + strings.Join(out, "/")
	if version == "beta" {
		return "/beta" + path
	}
	return path
}

func (t *Tenant) fault(r *http.Request) *fault {
	for i, f := range t.faults {
		if !f.match(r) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				t.faults = slices.Delete(t.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

// bytes is the body that is answered.
func (a answer) bytes() []byte {
	body := a.body
	if a.code != "" {
		inner := object{"date": "2026-11-23T12:00:00", "request-id": NewID(), "client-request-id": NewID()}
		body = object{"error": object{"code": a.code, "message": a.message, "innerError": inner}}
	}
	if body == nil {
		return nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic("graphtest: an answer that is no JSON: " + err.Error())
	}
	return data
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("request-id", NewID())
	maps.Copy(w.Header(), a.header)
	data := a.bytes()
	if data == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	if _, err := w.Write(data); err != nil {
		panic(http.ErrAbortHandler) // the caller has gone
	}
}

// Transport answers in process: no socket, no goroutine, no time but the tenant's.
func (t *Tenant) Transport() http.RoundTripper { return inProcess{t} }

type inProcess struct{ tenant *Tenant }

// RoundTrip answers a request.
func (p inProcess) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	defer func() {
		if v := recover(); v != nil {
			if e, is := v.(error); !is || !errors.Is(e, http.ErrAbortHandler) {
				panic(v)
			}
			resp, err = nil, errors.New("connection reset by peer")
		}
	}()
	rec := httptest.NewRecorder()
	rec.Body = &bytes.Buffer{}
	p.tenant.ServeHTTP(rec, r)
	out := rec.Result()
	out.Request = r
	return out, nil
}
