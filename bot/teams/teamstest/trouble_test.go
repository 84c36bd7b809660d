package teamstest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"hallpass/bot/teams/teamstest"
)

func TestTheConnectorHasBadDays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	must(t, 0, second(h.Install(t.Context(), h.ana.ID)))
	chat := h.PersonalChat(h.ana.ID)
	path := "conversations/" + chat + "/activities"
	count := func() int { return len(h.Messages(chat, h.ana.ID)) }
	h.Fail(teamstest.OpPost, teamstest.Fault{RetryAfter: 1500 * time.Millisecond})
	if got := h.calls(http.MethodPost, path, message("x")); got.status != 429 || got.header.Get("Retry-After") != "2" || count() != 0 {
		t.Errorf("throttled: %+v", got)
	}
	for _, status := range []int{429, 412, 502, 504} {
		h.Fail(teamstest.OpAny, teamstest.Fault{Status: status})
		if got := h.calls(http.MethodPost, path, message("x")); got.status != status || got.header.Get("Retry-After") != "" || count() != 0 {
			t.Errorf("%d: %+v", status, got)
		}
	}
	h.Fail(teamstest.OpPost, teamstest.Fault{Status: 502, Happened: true})
	if got := h.calls(http.MethodPost, path, message("x")); got.status != 502 || count() != 1 {
		t.Errorf("failed but happened: %+v, %d messages", got, count())
	}
	h.Fail(teamstest.OpPost, teamstest.Fault{Drop: true, Happened: true})
	if _, err := h.try(http.MethodPost, path, message("x")); err == nil || count() != 2 {
		t.Errorf("broken off but happened: %v, %d messages", err, count())
	}
	h.Fail(teamstest.OpPost, teamstest.Fault{Status: 500, Chat: "a:other"})
	if got := h.calls(http.MethodPost, path, message("x")); got.status != 201 {
		t.Errorf("a fault of another chat: %+v", got)
	}
	h.Heal()
	now := h.clock.Now()
	h.Outage(now.Add(time.Minute), now.Add(2*time.Minute))
	for _, want := range []int{201, 503, 201} {
		if got := h.calls(http.MethodPost, path, message("x")); got.status != want {
			t.Errorf("at %s: %d, want %d", h.clock.Now(), got.status, want)
		}
		h.clock.Advance(time.Minute)
	}
	h.Block(h.ana.ID)
	if got := h.calls(http.MethodPost, path, message("x")); got.status != 403 || got.code != "MessageWritesBlocked" {
		t.Errorf("blocked: %+v", got)
	}
	h.Unblock(h.ana.ID)
	must(t, 0, second(h.Uninstall(t.Context(), h.ana.ID)))
	if got := h.calls(http.MethodPost, path, message("x")); got.status != 403 || got.code != "BotNotInConversationRoster" {
		t.Errorf("without the app: %+v", got)
	}
	if _, err := h.Say(t.Context(), h.ana.ID, chat, "hello"); err == nil {
		t.Error("Ana spoke to a bot that is gone")
	}
	if at(h.last(), "action") != "remove" {
		t.Errorf("the bot heard %v", h.last())
	}
}

func TestWithoutSocketsItRunsInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *teamstest.Options) { o.Now = time.Now })
		h.signIn()
		if _, err := h.Install(t.Context(), h.ana.ID); err != nil {
			t.Fatal(err)
		}
		h.Fail(teamstest.OpPost, teamstest.Fault{Hang: true, Happened: true})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		address := h.ServiceURL() + "v3/conversations/" + url.PathEscape(h.PersonalChat(h.ana.ID)) + "/activities"
		raw, _ := json.Marshal(message("x"))
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(raw))
		r.Header.Set("Authorization", "Bearer "+h.token)
		response, err := h.Client().Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if n := len(h.Messages(h.PersonalChat(h.ana.ID), h.ana.ID)); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestActivitiesComeTwiceAndAgainLater(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	must(t, 0, second(h.Install(ctx, h.ana.ID)))
	h.Hold(true)
	d, err := h.Say(ctx, h.ana.ID, h.PersonalChat(h.ana.ID), "hello")
	if err != nil || !d.Held || at(h.last(), "type") == "message" {
		t.Fatalf("%+v, %v", d, err)
	}
	if err := h.Send(ctx, d); err != nil {
		t.Fatal(err)
	}
	first := h.last()
	again, err := h.Redeliver(ctx, d)
	if err != nil || again.Attempt != 1 || at(h.last(), "id") != at(first, "id") {
		t.Errorf("%+v, %v", again, err)
	}
	if replayed, err := h.Replay(ctx, d); err != nil || replayed.Status != 200 || at(h.last(), "id") != at(first, "id") {
		t.Errorf("%+v, %v", replayed, err)
	}
	h.Hold(false)
	m, _ := h.Last(h.PersonalChat(h.ana.ID), h.ana.ID)
	must(t, 0, second(h.Edit(ctx, h.ana.ID, m.Ref, "hello again")))
	if at(h.last(), "type") != "messageUpdate" || at(h.last(), "id") != m.ID {
		t.Errorf("the bot heard %v", h.last())
	}
	must(t, 0, second(h.React(ctx, h.ana.ID, m.Ref, "like")))
	if at(h.last(), "reactionsAdded", 0, "type") != "like" {
		t.Errorf("the bot heard %v", h.last())
	}
	if _, err := h.Edit(ctx, h.bo.ID, m.Ref, "x"); err == nil {
		t.Error("Bo changed what Ana wrote")
	}
}

func TestPeopleOfOtherTenantsAreToldApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	const other = "77777777-0000-4000-8000-000000000007"
	stranger := h.AddPerson(teamstest.Person{ObjectID: "77777777-1111-4111-8111-111111111111", Name: "Sly Stranger", TenantID: other})
	must(t, 0, second(h.Install(ctx, stranger.ID)))
	if at(h.last(), "channelData", "tenant", "id") != other || at(h.last(), "conversation", "tenantId") != other {
		t.Errorf("the bot heard %v", h.last())
	}
	shared := h.AddChannel(teamstest.Chat{Name: "shared", Team: h.team.ID}, stranger.ID)
	must(t, 0, second(h.InstallIn(ctx, h.ana.ID, h.team.ID)))
	must(t, 0, second(h.Say(ctx, stranger.ID, shared.ID, "@hallpass list")))
	if at(h.last(), "channelData", "tenant", "id") != h.Options().TenantID || at(h.last(), "from", "aadObjectId") != stranger.ObjectID {
		t.Errorf("in a shared channel the bot heard %v", h.last())
	}
	if err := h.Leave(stranger.ID, shared.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Say(ctx, stranger.ID, shared.ID, "@hallpass list"); err == nil {
		t.Error("somebody who left still speaks")
	}
}

func TestTheIssuerRotatesItsKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	keys := func() (ids []string) {
		response, err := h.Client().Get(h.Options().BaseURL + "/v1/.well-known/keys")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var set struct {
			Keys []struct {
				Kid string `json:"kid"`
			} `json:"keys"`
		}
		if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
			t.Fatal(err)
		}
		for _, k := range set.Keys {
			ids = append(ids, k.Kid)
		}
		return ids
	}
	first := keys()
	h.Rotate(true)
	both := keys()
	h.Rotate(false)
	if last := keys(); len(first) != 1 || len(both) != 2 || both[0] != first[0] || len(last) != 1 || strings.Contains(strings.Join(both, " "), last[0]) {
		t.Errorf("keys: %v, %v, %v", first, both, last)
	}
	if calls := h.Calls(teamstest.OpKeys); len(calls) != 3 || calls[0].Bearer {
		t.Errorf("%+v", calls)
	}
}

func TestEveryAttemptIsNamedOnceAndReachesTheBotAsItIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, 0, second(h.Install(t.Context(), h.ana.ID)))
	h.Hold(true)
	d, err := h.Say(t.Context(), h.ana.ID, h.PersonalChat(h.ana.ID), "hello")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, a := range h.Attempts() {
		if names[a.Name] {
			t.Errorf("two attempts are called %q", a.Name)
		}
		names[a.Name] = true
		if status, err := h.Try(t.Context(), d, a); err != nil || status != 200 {
			t.Errorf("%s: %d, %v", a.Name, status, err)
		}
		if at(h.last(), "serviceUrl") != a.ServiceURL || at(h.last(), "channelId") != a.ChannelID {
			t.Errorf("%s: the bot heard %v", a.Name, h.last())
		}
	}
}

func TestTheTokenEndpointTakesACertificate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: h.clock.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method jwt.SigningMethod, audience string) int {
		o := h.Options()
		token := jwt.NewWithClaims(method, jwt.MapClaims{"iss": o.AppID, "sub": o.AppID, "aud": audience, "exp": h.clock.Now().Add(time.Minute).Unix(), "jti": "1"})
		sum := sha256.Sum256(der)
		token.Header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(sum[:])
		assertion, err := token.SignedString(private)
		if err != nil {
			t.Fatal(err)
		}
		response, err := h.Client().PostForm(h.TokenURL(), url.Values{
			"grant_type": {"client_credentials"}, "client_id": {o.AppID}, "scope": {teamstest.Scope}, "client_assertion": {assertion},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := ask(jwt.SigningMethodPS256, h.TokenURL()); got != 401 {
		t.Errorf("a certificate that is not registered: %d", got)
	}
	if err := h.AddCertificate(cert); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		method   jwt.SigningMethod
		audience string
		status   int
	}{
		"PS256": {jwt.SigningMethodPS256, h.TokenURL(), 200}, "RS256": {jwt.SigningMethodRS256, h.TokenURL(), 200},
		"RS512": {jwt.SigningMethodRS512, h.TokenURL(), 401}, "for somebody else": {jwt.SigningMethodPS256, "https://evil.test/token", 401},
	} {
		if got := ask(row.method, row.audience); got != row.status {
			t.Errorf("%s: %d", name, got)
		}
	}
}
