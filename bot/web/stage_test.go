package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/bot/web"
	"hallpass/bot/web/webtest"
)

const (
	tenantID = "5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10"
	clientID = "6d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10"
	sam      = "50000000-0000-4000-a000-00000000000d"
)

// stage is the pages with an emulated login service, and everything behind them in memory.
type stage struct {
	t      testing.TB
	cfg    web.Config
	site   *web.Site
	server *httptest.Server
	issuer *webtest.Issuer
	mem    *memory
}

// memory is what the pages ask: requests, people, sessions. It is safe for concurrent use.
type memory struct {
	mu       sync.Mutex
	now      time.Time
	requests map[approvals.RequestID]approvals.Request
	lines    []string // chain of each line of the audit stream
	trails   map[approvals.RequestID][]approvals.Entry
	people   map[string]approvals.Standing
	down     bool // the directory
	deaf     bool // notes cannot be stored
	kept     map[string][]byte
	until    map[string]time.Time
	notes    []string
	revoked  []string
	refused  []string
	places   []web.Place
	survey   *approvals.Survey        // nil: nobody looked
	asked    map[string]approvals.Ask // by operation
	opens    error
	seen     []approvals.SignedIn
	unseen   error // the log cannot be read
}

func newStage(tb testing.TB) *stage {
	tb.Helper()
	mem := &memory{
		now: time.Date(2027, 3, 3, 9, 0, 0, 0, time.UTC), requests: map[approvals.RequestID]approvals.Request{},
		trails: map[approvals.RequestID][]approvals.Entry{}, kept: map[string][]byte{}, until: map[string]time.Time{},
		people: map[string]approvals.Standing{sam: {Person: approvals.Person{ID: sam, Name: "Sam Stone", Enabled: true}, Security: true}},
	}
	s := &stage{t: tb, mem: mem}
	s.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.site.Handler().ServeHTTP(w, r) }))
	tb.Cleanup(s.server.Close)
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.issuer.ServeHTTP(w, r) }))
	tb.Cleanup(login.Close)
	var err error
	s.issuer, err = webtest.New(webtest.Options{
		URL: login.URL, Tenant: tenantID, ClientID: clientID, ClientSecret: "secret", Redirects: []string{s.server.URL + "/sign-in/done"}, Now: mem.clock,
	})
	if err != nil {
		tb.Fatal(err)
	}
	s.issuer.SignInAs(sam, "Sam Stone")
	s.cfg = web.Config{
		Public: s.server.URL,
		Login: web.Login{
			Issuer: s.issuer.Name(), Tenant: tenantID, ClientID: clientID, Secret: "secret", HTTP: &http.Client{Timeout: 10 * time.Second},
		},
		Source: mem, Places: mem, Surveys: mem, SignIns: mem, Acts: acts{mem}, Directory: mem, Notes: mem, Keep: mem, Now: mem.clock, Machine: mem.clock, Zone: time.UTC,
		Log: slog.New(slog.DiscardHandler),
	}
	s.site, err = web.New(s.cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (m *memory) clock() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *memory) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

func (m *memory) with(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
}

func (m *memory) Tail(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fmt.Sprint(len(m.lines)), nil
}

func (m *memory) Follow(_ context.Context, place string) ([]string, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var n int
	if _, err := fmt.Sscan(place, &n); err != nil {
		return nil, "", err
	}
	return slices.Clone(m.lines[n:]), fmt.Sprint(len(m.lines)), nil
}

func (m *memory) Each(_ context.Context, do func([]approvals.Request) error) error {
	m.mu.Lock()
	all := slices.Collect(maps.Values(m.requests))
	m.mu.Unlock()
	return do(all)
}

func (m *memory) LoadMany(_ context.Context, ids []approvals.RequestID) ([]approvals.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []approvals.Request
	for _, id := range ids {
		if r, ok := m.requests[id]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Missing(_ context.Context, ids []approvals.RequestID) ([]approvals.RequestID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(ids), func(id approvals.RequestID) bool { _, there := m.requests[id]; return there }), nil
}

func (m *memory) Trail(_ context.Context, r approvals.Request) ([]approvals.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.trails[r.ID]), nil
}

func (m *memory) Places(context.Context) ([]web.Place, error) { return m.places, nil }

func (m *memory) Standing(_ context.Context, id string, _ []string) (approvals.Standing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.people[id]
	switch {
	case m.down:
		return s, io.ErrUnexpectedEOF
	case !ok:
		return s, approvals.ErrNotFound
	}
	return s, nil
}

func (m *memory) Note(_ context.Context, e approvals.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deaf {
		return approvals.ErrStore
	}
	m.notes = append(m.notes, strings.TrimSpace(e.Name+" "+e.Act+" "+string(e.Request)+e.Detail["view"]))
	return nil
}

func (m *memory) Put(_ context.Context, name string, data []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[name], m.until[name] = data, m.now.Add(ttl)
	return nil
}

func (m *memory) Get(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.kept[name]
	if !ok || m.now.After(m.until[name]) {
		return nil, approvals.ErrNotFound
	}
	return data, nil
}

func (m *memory) Drop(_ context.Context, name string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.kept[name]
	delete(m.kept, name)
	return ok, nil
}

// has stores a request as the engine would, with a line in the audit stream.
func (m *memory) has(r approvals.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[r.ID] = r
	m.lines = append(m.lines, string(r.ID))
}

// request is an active request with a sealed trail.
func (m *memory) request(n int64, change func(*approvals.Request)) approvals.Request {
	r := m.shape(n, nil)
	first := audit.Seal("", approvals.Entry{Request: r.ID, At: r.Opened, Actor: "ana", Name: "Ana Almeida", Act: "opened", To: approvals.StatePending})
	second := audit.Seal(first.Hash, approvals.Entry{Request: r.ID, At: r.Applied, Actor: "bo", Name: "Bo Berg", Act: "approve", From: approvals.StatePending, To: approvals.StateApproved})
	r.Hash = second.Hash
	if change != nil {
		change(&r)
	}
	m.with(func() { m.trails[r.ID] = []approvals.Entry{first, second} })
	m.has(r)
	return r
}

// shape is an active request, not stored.
func (m *memory) shape(n int64, change func(*approvals.Request)) approvals.Request {
	ana := approvals.Person{ID: "ana", Name: "Ana Almeida", Enabled: true}
	now := m.clock()
	r := approvals.Request{
		ID: approvals.MakeRequestID(n), Version: 3, State: approvals.StateActive, Requester: ana, Owner: ana,
		Ask:    approvals.Ask{Kind: approvals.KindIP, Addresses: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{20, 50, byte(n >> 8), byte(n)}), 32)}, Where: "servers", Reason: "AgilePoint NX calls SharePoint", Term: approvals.Term{For: 240 * time.Hour}},
		Opened: now.Add(-48 * time.Hour), Applied: now.Add(-47 * time.Hour), End: now.Add(240 * time.Hour),
		Rounds: []approvals.Round{{
			Kind: approvals.RoundFirst, Reason: "AgilePoint NX calls SharePoint", AskedBy: ana, Fingerprint: strings.Repeat("ab", 32), Outcome: approvals.OutcomeApproved,
			Ruling: approvals.Ruling{Rule: "everything else", Seats: []approvals.Seat{{Group: "netsec", Count: 1}}, RulesHash: strings.Repeat("cd", 32)},
			Plan:   approvals.Plan{Kind: approvals.KindIP, Facts: approvals.Facts{"size": {Known: true, Int: 1}}, Made: now.Add(-48 * time.Hour)},
			Votes:  []approvals.Vote{{Voter: approvals.Person{ID: "bo", Name: "Bo Berg"}, Choice: approvals.ChoiceApprove, At: now.Add(-47 * time.Hour)}},
		}},
	}
	if change != nil {
		change(&r)
	}
	return r
}

// browser is somebody's browser: it keeps cookies and follows redirects.
type browser struct {
	s      *stage
	client *http.Client
}

func (s *stage) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := *s.server.Client()
	client.Jar = jar
	return &browser{s, &client}
}

// page is what came back.
type page struct {
	status int
	at     string // path and query at which the browser ended
	text   string
	header http.Header
}

func (b *browser) do(r *http.Request) page {
	b.s.t.Helper()
	resp, err := b.client.Do(r)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Request.URL.RequestURI(), string(data), resp.Header}
}

func (b *browser) get(path string) page {
	b.s.t.Helper()
	r, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodGet, b.s.server.URL+path, http.NoBody)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(path string, form url.Values, header ...string) page {
	b.s.t.Helper()
	r, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodPost, b.s.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

// cookie is the value of the session's cookie.
func (b *browser) cookie(name string) string {
	at, err := url.Parse(b.s.server.URL)
	if err != nil {
		b.s.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// hidden gives what a form on the page holds hidden.
func (p page) hidden(name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(p.text)
	if m == nil {
		return ""
	}
	return m[1]
}
