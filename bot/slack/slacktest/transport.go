package slacktest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
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
func (w *Workspace) Transport() http.RoundTripper { return inProcess{w} }

// Client returns an HTTP client on Transport.
func (w *Workspace) Client() *http.Client { return &http.Client{Transport: w.Transport()} }

type inProcess struct{ handler http.Handler }

// RoundTrip carries one request to the handler.
func (t inProcess) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &recorder{header: http.Header{}, status: http.StatusOK}
	defer func() {
		closeErr := in.Body.Close()
		if recovered := recover(); recovered != nil {
			if cause, ok := recovered.(error); !ok || !errors.Is(cause, http.ErrAbortHandler) {
				panic(recovered)
			}
			response, err = nil, errDropped
			return
		}
		if err == nil && closeErr != nil {
			response, err = nil, closeErr
		}
	}()
	t.handler.ServeHTTP(out, in)
	return &http.Response{
		Status:     http.StatusText(out.status),
		StatusCode: out.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        out.header,
		Body:          io.NopCloser(bytes.NewReader(out.body.Bytes())),
		ContentLength: int64(out.body.Len()),
		Request:       r,
	}, nil
}

type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

// Header returns the header that will be sent.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the first status.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

// Write keeps the body.
func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.body.Write(p)
}

// InProcess wraps any handler, such as the bot's own, as a transport without sockets.
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }
