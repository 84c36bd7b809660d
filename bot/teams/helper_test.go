package teams_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/bot/teams"
)

const (
	appID   = "0f5a4b7e-0000-4000-8000-00000000000b"
	tenant  = "9b1c0a52-0000-4000-8000-000000000001"
	ana     = "a0000000-0000-4000-a000-00000000000a"
	service = "https://smba.test/emea/"
	issuer  = "https://api.botframework.com"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// signer is a small issuer of tokens, and the provider of its keys.
type signer struct {
	key *rsa.PrivateKey
	kid string

	mu       sync.Mutex // mu guards the fields below
	fetched  int        // requests for the metadata
	endorsed []string
	down     bool
	huge     bool
	jwks     string // where the metadata leads
}

// oneKey is made once: making a key is slow.
var oneKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := oneKey()
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key: key, kid: "k1", endorsed: []string{"msteams"}, jwks: "https://login.test/keys"}
}

// RoundTrip answers for the metadata and the keys.
func (s *signer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := httptest.NewRecorder()
	switch {
	case s.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.String() == "https://login.test/meta":
		s.fetched++
		_, _ = io.WriteString(w, `{"issuer":"`+issuer+`","jwks_uri":"`+s.jwks+`"}`)
	case r.URL.String() == "https://login.test/keys":
		_, _ = io.WriteString(w, `{"keys":[{"kty":"RSA","use":"sig","kid":"`+s.kid+`","n":"`+base64.RawURLEncoding.EncodeToString(s.key.N.Bytes())+
			`","e":"`+base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes())+`","endorsements":["`+strings.Join(s.endorsed, `","`)+`"]}]}`)
		if s.huge {
			_, _ = io.WriteString(w, strings.Repeat(" ", 3<<20))
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

func part(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// token signs claims; changes replace what a good token has, nil takes it away.
func (s *signer) token(header, changes map[string]any) string {
	head := map[string]any{"alg": "RS256", "typ": "JWT", "kid": s.kid, "x5t": s.kid}
	maps.Copy(head, header)
	claims := map[string]any{
		"iss": issuer, "aud": appID, "serviceurl": service, "nbf": noon().Add(-5 * time.Minute).Unix(), "exp": noon().Add(time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	for _, m := range []map[string]any{head, claims} {
		maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	}
	signed := part(head) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// ear receives acts and remembers them; it answers what it is told to.
type ear struct {
	mu    sync.Mutex // mu guards heard
	heard []bot.Incoming
	ack   func(bot.Incoming) bot.Ack
}

func (e *ear) Receive(_ context.Context, in bot.Incoming) bot.Ack {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, in)
	if e.ack != nil {
		return e.ack(in)
	}
	return bot.Ack{}
}

func (e *ear) all() []bot.Incoming {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]bot.Incoming(nil), e.heard...)
}

// memory keeps digests and references for ever.
type memory struct {
	mu   sync.Mutex // mu guards the maps
	seen map[string]bool
	refs map[string]teams.Reference
}

func newMemory() *memory { return &memory{seen: map[string]bool{}, refs: map[string]teams.Reference{}} }

func (m *memory) Seen(_ context.Context, digest string, _ time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.seen[digest]
	m.seen[digest] = true
	return was, nil
}

func (m *memory) Greeted(ctx context.Context, conversation string) (bool, error) {
	return m.Seen(ctx, "greeted "+conversation, 0)
}

func (m *memory) Keep(_ context.Context, r teams.Reference) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.User != "" {
		m.refs[r.Tenant+"/"+r.User] = r
	} else {
		m.refs[r.Conversation] = r
	}
	return nil
}

func (m *memory) Person(ctx context.Context, tenant, user string) (teams.Reference, error) {
	return m.Conversation(ctx, tenant+"/"+user)
}

func (m *memory) Conversation(_ context.Context, id string) (teams.Reference, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.refs[id]
	if !ok {
		return r, approvals.ErrNotFound
	}
	return r, nil
}

// steady is a credential whose token never changes.
type steady struct{}

func (steady) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "bearer", ExpiresOn: noon().Add(time.Hour)}, nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// fixture is a bot that listens, with a small issuer and a connector that are reached in process.
type fixture struct {
	teams  *teams.Teams
	signer *signer
	ear    *ear
	memory *memory
	now    *clock
}

// clock is pushed by hand.
type clock struct {
	mu sync.Mutex // mu guards at
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) push(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// via sends requests to the issuer, or to the connector.
type via struct{ signer, connector http.RoundTripper }

func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "login.test" {
		return v.signer.RoundTrip(r)
	}
	return v.connector.RoundTrip(r)
}

// trap is a connector that nobody should call.
type trap struct{ t *testing.T }

func (c trap) RoundTrip(r *http.Request) (*http.Response, error) {
	c.t.Errorf("%s was called", r.URL)
	return nil, io.ErrUnexpectedEOF
}

// taker is a connector that takes everything.
type taker struct{}

func (taker) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"id":"1"}`)
	return w.Result(), nil
}

func listen(t *testing.T, connector http.RoundTripper) *fixture {
	t.Helper()
	f := &fixture{signer: newSigner(t), ear: &ear{}, memory: newMemory(), now: &clock{at: noon()}}
	if connector == nil {
		connector = trap{t}
	}
	var err error
	f.teams, err = teams.New(teams.Config{
		AppID: appID, TenantIDs: []string{tenant}, Credential: steady{}, Receiver: f.ear, References: f.memory, Replays: f.memory,
		Cloud: teams.Cloud{Metadata: "https://login.test/meta", Issuer: issuer, Scope: "s/.default", Service: service, Hosts: []string{"smba.test"}},
		HTTP:  &http.Client{Transport: via{f.signer, connector}, Timeout: time.Second, CheckRedirect: noRedirect},
		Now:   f.now.now, Clock: f.now.now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Go: func(job func(context.Context)) { job(t.Context()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// said is a message by Ana in her personal chat; changes replace what it has, nil takes it away.
func said(changes map[string]any) []byte {
	a := map[string]any{
		"type": "message", "id": "m1", "serviceUrl": service, "channelId": "msteams", "text": "help",
		"from": map[string]any{"id": "29:ana", "name": "Ana", "aadObjectId": ana}, "recipient": map[string]any{"id": "28:" + appID},
		"conversation": map[string]any{"id": "a:1ana", "conversationType": "personal", "tenantId": tenant},
		"channelData":  map[string]any{"tenant": map[string]any{"id": tenant}},
	}
	maps.Copy(a, changes)
	maps.DeleteFunc(a, func(_ string, v any) bool { return v == nil })
	data, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	return data
}

// post sends a body with an Authorization header.
func (f *fixture) post(t *testing.T, authorization string, body []byte, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, teams.Path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	f.teams.Handler().ServeHTTP(w, r)
	return w
}
