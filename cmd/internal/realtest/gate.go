package realtest

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"
)

// serveProxy is the replica's way out: CONNECT, and nothing else. All names lead to loopback.
func (r *Replica) serveProxy(w http.ResponseWriter, req *http.Request) {
	_, port, err := net.SplitHostPort(req.Host)
	if req.Method != http.MethodConnect || err != nil || !strings.HasSuffix(req.URL.Hostname(), "."+domain) {
		http.Error(w, "this proxy leads to the emulators only", http.StatusForbidden)
		return
	}
	far, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(req.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		http.Error(w, "nobody is there", http.StatusBadGateway)
		return
	}
	defer func() { _ = far.Close() }()
	me := far.LocalAddr().String()
	r.w.mu.Lock()
	r.w.callers[me] = r
	r.w.mu.Unlock()
	defer func() {
		r.w.mu.Lock()
		defer r.w.mu.Unlock()
		delete(r.w.callers, me)
	}()
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	near, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer func() { _ = near.Close() }()
	if _, err := io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	for _, way := range []func() error{
		func() error { _, err := io.Copy(far, buffered); return err },
		func() error { _, err := io.Copy(near, far); return err },
	} {
		go func() {
			_ = way() // a connection that ends, on either side, ends the tunnel
			done <- struct{}{}
		}()
	}
	<-done
}

// gate stands before the emulators and stops calls that change something at their Points.
func (w *World) gate(emulator http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		w.mu.Lock()
		caller := w.callers[req.RemoteAddr]
		w.mu.Unlock()
		kind := effect(req)
		if caller == nil || kind == "" {
			emulator.ServeHTTP(rw, req)
			return
		}
		if w.pass(Point{caller, kind, false}) {
			panic(http.ErrAbortHandler)
		}
		rec := httptest.NewRecorder()
		emulator.ServeHTTP(rec, req)
		if w.pass(Point{caller, kind, true}) {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(rw.Header(), rec.Header())
		rw.WriteHeader(rec.Code)
		if _, err := rw.Write(rec.Body.Bytes()); err != nil {
			panic(http.ErrAbortHandler) // the caller has gone
		}
	})
}

// effect says what a call changes for people; empty if nothing.
func effect(req *http.Request) string {
	switch {
	case strings.HasPrefix(req.URL.Path, "/response/"):
		return "slack answer"
	case strings.HasPrefix(req.URL.Path, "/api/chat."), strings.HasPrefix(req.URL.Path, "/api/views."):
		return "slack " + strings.TrimPrefix(req.URL.Path, "/api/")
	case strings.HasPrefix(req.URL.Path, "/v1.0/") && req.Method != http.MethodGet && !strings.HasSuffix(req.URL.Path, "/checkMemberGroups"):
		ids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
		return "graph " + req.Method + " " + ids.ReplaceAllString(strings.TrimPrefix(req.URL.Path, "/v1.0"), "{id}")
	}
	return ""
}
