package playground

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"hallpass/bot/teams/teamstest"
)

// maxActivity bounds what the Playground may send.
const maxActivity = 1 << 20

// Signer is the signing proxy: it adds the issuer's token for the service URL that an activity names, and hands activity
// and answer through as they are. It serves this machine only, for it would sign for whoever asks.
type Signer struct {
	// Cloud holds the issuer.
	Cloud *teamstest.Cloud
	// Endpoint is the bot's messaging endpoint, Transport leads there.
	Endpoint  string
	Transport http.RoundTripper
}

// ServeHTTP signs and forwards one activity. HEAD, by which the Playground looks whether somebody is there, is answered.
func (s Signer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || !ip.IsLoopback() {
		http.Error(rw, "this machine only", http.StatusForbidden)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxActivity))
	if err != nil {
		http.Error(rw, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	var activity struct {
		ServiceURL string `json:"serviceUrl"`
	}
	if err := json.Unmarshal(body, &activity); err != nil || activity.ServiceURL == "" {
		http.Error(rw, "no activity", http.StatusBadRequest)
		return
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, s.Endpoint, bytes.NewReader(body))
	if err != nil {
		http.Error(rw, "no such endpoint", http.StatusBadGateway)
		return
	}
	out.Header = r.Header.Clone()
	out.Header.Set("Authorization", s.Cloud.Authorization(activity.ServiceURL, nil))
	response, err := s.Transport.RoundTrip(out)
	if err != nil {
		http.Error(rw, "the bot cannot be reached", http.StatusBadGateway)
		return
	}
	defer func() { _ = response.Body.Close() }() // it is read to its end or the client is gone
	maps.Copy(rw.Header(), response.Header)
	rw.WriteHeader(response.StatusCode)
	_, _ = io.Copy(rw, response.Body) // a client that went away is no concern of ours
}

// Front leads to the connector of a Playground at this address. Served with TLS, or reached in process under an https name,
// it lets the bot keep its rule that its token goes to https addresses only.
func Front(address string) (http.Handler, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}, nil
}
