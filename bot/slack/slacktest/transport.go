package slacktest

import (
	"net/http"
	"strings"

	"hallpass/bot/wiretest"
)

// maxRequest bounds what a client may send.
const maxRequest = 1 << 20

// ServeHTTP serves the Web API below /api/, the Socket Mode link at /link and
// response addresses below /response/.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Body != nil {
		r.Body = http.MaxBytesReader(rw, r.Body, maxRequest)
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		w.serveAPI(rw, r, strings.TrimPrefix(r.URL.Path, "/api/"))
	case r.URL.Path == "/link":
		w.serveLink(rw, r)
	case strings.HasPrefix(r.URL.Path, "/response/"):
		w.serveResponse(rw, r, strings.TrimPrefix(r.URL.Path, "/response/"))
	default:
		http.NotFound(rw, r)
	}
}

// Transport returns a transport that reaches the Web API and the response
// addresses in process, whatever the host: no sockets, no goroutines.
func (w *Workspace) Transport() http.RoundTripper { return wiretest.InProcess(w) }

// Client returns an HTTP client on Transport.
func (w *Workspace) Client() *http.Client { return &http.Client{Transport: w.Transport()} }

// InProcess wraps any handler, such as the bot's own, as a transport without sockets.
func InProcess(handler http.Handler) http.RoundTripper { return wiretest.InProcess(handler) }
