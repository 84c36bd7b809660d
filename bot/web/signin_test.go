package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot/web/webtest"
)

func TestAReviewerSignsInAndComesBackToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	got := s.browser().get("/requests?state=active&q=agilepoint")
	if got.status != http.StatusOK || got.at != "/requests?q=agilepoint&state=active" || !strings.Contains(got.text, "HP-1001") {
		t.Errorf("%d at %s:\n%s", got.status, got.at, got.text)
	}
	if s.mem.notes[0] != "Sam Stone signed in" {
		t.Error(s.mem.notes)
	}
}

// Every token that is not exactly right opens nothing.
func TestNoBentTokenSignsAnybodyIn(t *testing.T) {
	t.Parallel()
	strange, err := webtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(*webtest.Token) {
		return func(t *webtest.Token) { t.Claims[name] = value }
	}
	hour := int64(3600)
	begins := time.Date(2027, 3, 3, 9, 0, 0, 0, time.UTC).Unix()
	for name, bend := range map[string]func(*webtest.Token){
		"another nonce":             claim("nonce", "mine"),
		"an empty nonce":            claim("nonce", ""),
		"another audience":          claim("aud", tenantID),
		"another issuer":            claim("iss", "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
		"another tenant":            claim("tid", clientID),
		"no tenant":                 func(t *webtest.Token) { delete(t.Claims, "tid") },
		"expired":                   claim("exp", begins-hour),
		"no expiry":                 func(t *webtest.Token) { delete(t.Claims, "exp") },
		"not yet valid":             claim("nbf", begins+hour),
		"no object id":              func(t *webtest.Token) { delete(t.Claims, "oid") },
		"alg none":                  func(t *webtest.Token) { t.Alg = "none" },
		"signed by the public key":  func(t *webtest.Token) { t.Alg = "HS256" },
		"a strange key":             func(t *webtest.Token) { t.Key = strange },
		"a strange key, its own id": func(t *webtest.Token) { t.Key, t.Kid = strange, "mine" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.issuer.Bend(bend)
			b := s.browser()
			got := b.get("/")
			if got.status != http.StatusForbidden || !strings.Contains(got.text, "The sign-in did not work") || b.cookie("__Host-hallpass") != "" {
				t.Errorf("%d at %s", got.status, got.at)
			}
			s.issuer.Bend(nil)
			if got := b.get("/"); got.status != http.StatusOK {
				t.Errorf("afterwards, a right one: %d at %s", got.status, got.at)
			}
		})
	}
}

func TestKeysMayBeRotated(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if got := s.browser().get("/"); got.status != http.StatusOK {
		t.Fatal(got.status)
	}
	if err := s.issuer.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got := s.browser().get("/"); got.status != http.StatusOK {
		t.Errorf("after a rotation: %d", got.status)
	}
}

// answerOf begins a sign-in and stops before the browser brings the answer back.
func answerOf(t *testing.T, b *browser) *url.URL {
	t.Helper()
	var answer *url.URL
	b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/sign-in/done" {
			answer = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	b.get("/sign-in")
	b.client.CheckRedirect = nil
	if answer == nil {
		t.Fatal("the login service sent nobody back")
	}
	return answer
}

func TestAnAnswerIsGoodOnceAndInItsOwnBrowserOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	b := s.browser()
	answer := answerOf(t, b)
	if got := s.browser().get(answer.RequestURI()); got.status != http.StatusForbidden {
		t.Errorf("in another browser: %d", got.status)
	}
	cookie := b.cookie("__Host-hallpass-signin")
	if got := b.get(answer.RequestURI()); got.status != http.StatusOK {
		t.Fatalf("in its own: %d", got.status)
	}
	thief := s.browser()
	at, _ := url.Parse(s.server.URL)
	thief.client.Jar.SetCookies(at, []*http.Cookie{{Name: "__Host-hallpass-signin", Value: cookie, Secure: true, Path: "/"}})
	if got := thief.get(answer.RequestURI()); got.status != http.StatusForbidden {
		t.Errorf("a second time, with the cookie: %d", got.status)
	}
}

func TestAnAnswerWithAnotherStateIsRefused(t *testing.T) {
	t.Parallel()
	for _, bend := range []func(url.Values){
		func(q url.Values) { q.Set("state", "mine") },
		func(q url.Values) { q.Del("state") },
		func(q url.Values) { q.Set("iss", "https://evil.example") },
		func(q url.Values) { q.Set("code", "mine") },
		func(q url.Values) { q.Set("error", "access_denied") },
	} {
		s := newStage(t)
		b := s.browser()
		answer := answerOf(t, b)
		q := answer.Query()
		bend(q)
		if got := b.get(answer.Path + "?" + q.Encode()); got.status != http.StatusForbidden || b.cookie("__Host-hallpass") != "" {
			t.Errorf("%v: %d", q, got.status)
		}
	}
}

// A code of another sign-in, slipped to somebody, does not make them work in another one's name: PKCE binds it.
func TestACodeOfAnotherSignInIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	attacker, victim := s.browser(), s.browser()
	stolen := answerOf(t, attacker).Query().Get("code")
	answer := answerOf(t, victim)
	q := answer.Query()
	q.Set("code", stolen)
	if got := victim.get(answer.Path + "?" + q.Encode()); got.status != http.StatusForbidden {
		t.Errorf("%d", got.status)
	}
}

func TestASignInThatTookTooLongIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	b := s.browser()
	answer := answerOf(t, b)
	s.mem.advance(11 * time.Minute)
	if got := b.get(answer.RequestURI()); got.status != http.StatusForbidden {
		t.Errorf("%d", got.status)
	}
}

func TestNobodyIsSentAnywhereElseAfterTheSignIn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, to := range []string{
		"https://evil.example/", "//evil.example", `/\evil.example`, `\\evil.example`, "/%2f/evil.example", "javascript:alert(1)", "/requests/../../evil",
		"/sign-out", "/requests/HP-1/revoke", "/sign-in", "/requests@evil.example", "http:/requests", "/requests\r\nX: y", "///requests", "//requests",
	} {
		got := s.browser().get("/sign-in?to=" + url.QueryEscape(to))
		if got.status != http.StatusOK || got.at != "/" {
			t.Errorf("%q led to %s (%d)", to, got.at, got.status)
		}
	}
	if got := s.browser().get("/sign-in?to=" + url.QueryEscape("/places")); got.at != "/places" {
		t.Errorf("a page of its own led to %s", got.at)
	}
}

func TestASessionIdThatWasPlantedIsNotTakenOver(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	b := s.browser()
	at, _ := url.Parse(s.server.URL)
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "__Host-hallpass", Value: "PLANTED", Secure: true, Path: "/"}})
	if got := b.get("/"); got.status != http.StatusOK {
		t.Fatal(got.status)
	}
	if id := b.cookie("__Host-hallpass"); id == "" || id == "PLANTED" {
		t.Errorf("the session is %q", id)
	}
	first := b.cookie("__Host-hallpass")
	b.get("/sign-in")
	if id := b.cookie("__Host-hallpass"); id == first {
		t.Error("a second sign-in kept the id of the first")
	}
	old := s.browser()
	old.client.Jar.SetCookies(at, []*http.Cookie{{Name: "__Host-hallpass", Value: first, Secure: true, Path: "/"}})
	old.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if got := old.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the first session still lives: %d", got.status)
	}
}

func TestASessionEndsByIdlenessByAgeAndBySigningOut(t *testing.T) {
	t.Parallel()
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := newStage(t)
	b := s.browser()
	b.get("/")
	b.client.CheckRedirect = stay
	for range 16 {
		s.mem.advance(29 * time.Minute)
		if s.mem.clock().Sub(time.Date(2027, 3, 3, 9, 0, 0, 0, time.UTC)) > 8*time.Hour {
			break
		}
		if got := b.get("/"); got.status != http.StatusOK {
			t.Fatalf("%s: %d", s.mem.clock(), got.status)
		}
	}
	s.mem.advance(29 * time.Minute)
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("after more than eight hours: %d", got.status)
	}

	idle := s.browser()
	idle.get("/")
	idle.client.CheckRedirect = stay
	s.mem.advance(31 * time.Minute)
	if got := idle.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("after half an hour of nothing: %d", got.status)
	}

	out := s.browser()
	token := out.get("/").hidden("token")
	id := out.cookie("__Host-hallpass")
	if got := out.post("/sign-out", url.Values{"token": {token}}); got.at != "/signed-out" || out.cookie("__Host-hallpass") != "" {
		t.Errorf("signing out led to %s", got.at)
	}
	at, _ := url.Parse(s.server.URL)
	out.client.Jar.SetCookies(at, []*http.Cookie{{Name: "__Host-hallpass", Value: id, Secure: true, Path: "/"}})
	out.client.CheckRedirect = stay
	if got := out.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the cookie still opens pages after signing out: %d", got.status)
	}
}

func TestOnlyReviewersGetIn(t *testing.T) {
	t.Parallel()
	who := approvals.Person{ID: sam, Name: "Sam Stone", Enabled: true}
	for name, standing := range map[string]approvals.Standing{
		"a guest":           {Person: approvals.Person{ID: sam, Enabled: true, Guest: true}, Security: true},
		"a disabled one":    {Person: approvals.Person{ID: sam}, Security: true},
		"another colleague": {Person: who},
		"nobody known":      {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.mem.people[sam] = standing
			if name == "nobody known" {
				delete(s.mem.people, sam)
			}
			b := s.browser()
			if got := b.get("/"); got.status != http.StatusForbidden || b.cookie("__Host-hallpass") != "" || len(s.mem.refused) != 1 {
				t.Errorf("at the sign-in: %d, %v", got.status, s.mem.refused)
			}

			later := newStage(t)
			b = later.browser()
			b.get("/")
			later.mem.with(func() {
				later.mem.people[sam] = standing
				if name == "nobody known" {
					delete(later.mem.people, sam)
				}
			})
			later.mem.advance(31 * time.Second)
			for _, path := range []string{"/", "/requests", "/requests/HP-1001", "/requests/HP-1001/people", "/places", "/unmanaged", "/export/requests.csv"} {
				if got := b.get(path); got.status != http.StatusForbidden {
					t.Errorf("during a session, %s: %d", path, got.status)
				}
			}
		})
	}
}

func TestADirectoryThatDoesNotAnswerIsNoYes(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	b := s.browser()
	b.get("/")
	s.mem.with(func() { s.mem.down = true })
	s.mem.advance(31 * time.Second)
	if got := b.get("/"); got.status != http.StatusServiceUnavailable {
		t.Errorf("%d", got.status)
	}
	s.mem.with(func() { s.mem.down = false })
	if got := b.get("/"); got.status != http.StatusOK {
		t.Errorf("when it is back: %d", got.status)
	}
}
