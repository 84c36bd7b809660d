package main

import (
	"embed"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
)

//go:embed page/index.html page/icon.svg page/dist/page.js page/dist/page.css page/dist/licences.txt
var page embed.FS

// policy lets the page load what is served here and nothing else: no inline script, no inline style, no other host.
const policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// handler serves the page and what it asks for. Only the page itself may make changes, and only under an address: a name
// could be somebody else's that points here.
func (s *stage) handler() http.Handler {
	mux := http.NewServeMux()
	for path, file := range map[string]string{
		"/{$}": "page/index.html", "/icon.svg": "page/icon.svg", "/page.js": "page/dist/page.js", "/page.css": "page/dist/page.css",
		"/licences.txt": "page/dist/licences.txt",
	} {
		mux.HandleFunc("GET "+path, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Security-Policy", policy)
			rw.Header().Set("X-Content-Type-Options", "nosniff")
			http.ServeFileFS(rw, r, page, file)
		})
	}
	mux.HandleFunc("GET /api/state", func(rw http.ResponseWriter, r *http.Request) {
		state, err := s.state(r.Context(), r.URL.Query().Get("as"))
		if err != nil {
			http.Error(rw, err.Error(), http.StatusServiceUnavailable)
			return
		}
		answer(rw, state)
	})
	mux.HandleFunc("POST /api/do", func(rw http.ResponseWriter, r *http.Request) {
		var d deed
		if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<16)).Decode(&d); err != nil {
			http.Error(rw, "not understood", http.StatusBadRequest)
			return
		}
		answer(rw, s.do(r.Context(), d))
	})
	return byAddress(http.NewCrossOriginProtection().Handler(mux))
}

// byAddress refuses requests that name this machine by anything but an address or localhost.
func byAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(r.Host); err == nil {
			host = name
		}
		if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
			http.Error(rw, "open the demo by its address", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

func answer(rw http.ResponseWriter, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(rw).Encode(v); err != nil {
		return // the page has gone
	}
}
