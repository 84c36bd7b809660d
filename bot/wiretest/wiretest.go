// Package wiretest carries HTTP requests to a handler in process: no sockets and no goroutines, so that the emulators can
// run inside a testing/synctest bubble.
package wiretest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// ErrDropped means that the handler broke the connection, as a handler does by panicking with http.ErrAbortHandler.
var ErrDropped = errors.New("wiretest: connection reset by the other side")

// InProcess wraps a handler as a transport. The handler runs on the goroutine of the caller.
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }

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
			response, err = nil, ErrDropped
			if gone := r.Context().Err(); gone != nil {
				err = gone
			}
			return
		}
		if err == nil && closeErr != nil {
			response, err = nil, closeErr
		}
	}()
	t.handler.ServeHTTP(out, in)
	if err := r.Context().Err(); err != nil {
		return nil, err // nobody was waiting any more
	}
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
