package graph

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// allowed are the only calls that leave this program: method and path below the version, with ids as they are.
func allowed() []struct{ method, path string } {
	return []struct{ method, path string }{
		{http.MethodGet, "/identity/conditionalAccess/namedLocations"},
		{http.MethodGet, "/identity/conditionalAccess/namedLocations/{id}"},
		{http.MethodPatch, "/identity/conditionalAccess/namedLocations/{id}"},
		{http.MethodGet, "/identity/conditionalAccess/policies"},
		{http.MethodGet, "/groups/{id}"},
		{http.MethodGet, "/groups/{id}/members"},
		{http.MethodPost, "/groups/{id}/members/$ref"},
		{http.MethodDelete, "/groups/{id}/members/{id}/$ref"}, // without /$ref it would delete the user
		{http.MethodGet, "/users"},
		{http.MethodGet, "/users/{id}"},
		{http.MethodPost, "/users/{id}/checkMemberGroups"},
		{http.MethodGet, "/auditLogs/directoryAudits"},
	}
}

// match gives the pattern of an allowed call.
func match(method, path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "/v1.0")
	if !ok {
		return "", false
	}
	for _, a := range allowed() {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(a.path), `\{id\}`, `[^/]+`) + "$"
		if a.method == method && regexp.MustCompile(pattern).MatchString(rest) {
			return a.path, true
		}
	}
	return "", false
}

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 32 << 20

// guard is below everything: what it does not know does not leave.
type guard struct {
	next    http.RoundTripper
	host    string
	now     func() time.Time
	observe func(Call)
}

// refusedError is a call that was not made.
type refusedError struct{ why string }

// Error says why.
func (r refusedError) Error() string { return "graph: refused to send: " + r.why }

// RoundTrip lets through what is allowed.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	pattern, known := match(r.Method, r.URL.EscapedPath())
	switch {
	case r.URL.Scheme != "https" || r.URL.Host != g.host:
		return nil, refusedError{fmt.Sprintf("%s is not the configured host", r.URL.Host)}
	case !known:
		return nil, refusedError{fmt.Sprintf("%s %s is no call that hallpass makes", r.Method, r.URL.Path)}
	case len(r.Header.Values("Authorization")) != 1 || strings.TrimSpace(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer")) == "":
		return nil, refusedError{"there is no token on it"}
	case r.Header.Get("Content-Encoding") != "":
		return nil, refusedError{"its body is compressed"}
	}
	r = r.Clone(r.Context())
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, fmt.Errorf("graph: making a request id: %w", err)
	}
	r.Header.Set("client-request-id", hex.EncodeToString(id))
	start := g.now()
	resp, err := g.next.RoundTrip(r)
	call := Call{Method: r.Method, Path: pattern, Took: g.now().Sub(start)}
	if err == nil {
		call.Status = resp.StatusCode
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	g.observe(call)
	return resp, err
}
