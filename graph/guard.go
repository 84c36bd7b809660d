package graph

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// match gives the row of an allowed call.
func (g *guard) match(method, path string) (Row, bool) {
	for _, r := range g.rules {
		if r.Method == method && r.pattern.MatchString(path) && (r.As == Reader || r.As == Writer || r.As == g.also) {
			return r.Row, true
		}
	}
	return Row{}, false
}

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 32 << 20

// guard is below everything: what it does not know does not leave.
type guard struct {
	next    http.RoundTripper
	host    string
	now     func() time.Time
	observe func(Call)
	rules   []rule
	// readOnly lets no change through at all.
	readOnly bool
	// also is an optional identity whose calls are let through.
	also Identity
}

// refusedError is a call that was not made.
type refusedError struct{ why string }

// Error says why.
func (r refusedError) Error() string { return "graph: refused to send: " + r.why }

// RoundTrip lets through what is allowed.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	row, known := g.match(r.Method, r.URL.EscapedPath())
	switch {
	case r.URL.Scheme != "https" || r.URL.Host != g.host:
		return nil, refusedError{fmt.Sprintf("%s is not the configured host", r.URL.Host)}
	case !known:
		return nil, refusedError{fmt.Sprintf("%s %s is no call that hallpass makes", r.Method, r.URL.Path)}
	case g.readOnly && row.As != Reader:
		return nil, refusedError{fmt.Sprintf("%s %s changes something, and this client only reads", r.Method, r.URL.Path)}
	case len(r.Header.Values("Authorization")) != 1 || strings.TrimSpace(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer")) == "":
		return nil, refusedError{"there is no token on it"}
	case climbs(r.URL.EscapedPath()):
		return nil, refusedError{fmt.Sprintf("%s has a segment that is no id", r.URL.Path)}
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
	call := Call{Method: r.Method, Path: strings.TrimPrefix(row.address(), "/v1.0"), Took: g.now().Sub(start)}
	if err == nil {
		call.Status = resp.StatusCode
		if !sound(resp.Header.Get("WWW-Authenticate")) {
			resp.Header.Del("WWW-Authenticate")
		}
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	g.observe(call)
	return resp, err
}

// climbs reports whether a segment of a path, read as whoever is at the other end may read it, is more than one segment, or
// leads upwards.
func climbs(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\%") {
			return true
		}
	}
	return false
}

// sound reports whether a challenge is one that the adapter can read: it panics at claims without quotes.
func sound(challenge string) bool {
	for parameter := range strings.SplitSeq(strings.TrimSpace(challenge), ",") {
		parameter = strings.TrimSpace(parameter)
		if len(parameter) > len("Bearer ") && strings.EqualFold(parameter[:len("Bearer ")], "Bearer ") {
			parameter = strings.TrimSpace(parameter[len("Bearer "):])
		}
		if strings.HasPrefix(parameter, "claims") && strings.Count(parameter, `"`) != 2 {
			return false
		}
	}
	return true
}
