// Package webtest is an emulated login service of Entra ID for people: authorization code with PKCE and OpenID Connect.
//
// An [Issuer] publishes its metadata and keys, signs the person in who is set with [Issuer.SignInAs], and redeems each
// code once. It refuses what the real one refuses: another redirect address, a wrong secret or verifier, a code that was
// used before. Tests bend single tokens with [Issuer.Bend].
package webtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Options configures an Issuer.
type Options struct {
	// URL is the address at which the Issuer is served, without the tenant.
	URL          string
	Tenant       string
	ClientID     string
	ClientSecret string
	// Redirects are the registered addresses.
	Redirects []string
	Now       func() time.Time
}

// Issuer is the emulated login service of one tenant.
type Issuer struct {
	opts Options

	mu    sync.Mutex // mu guards what follows
	key   *rsa.PrivateKey
	kid   string
	codes map[string]code
	oid   string
	name  string
	since time.Time // when that person signed in
	bend  func(*Token)
}

// code is what an authorization code stands for.
type code struct {
	redirect, challenge, nonce, oid, name string
	made, auth                            time.Time
	acrs                                  string
}

// Token is an id token before it is signed.
type Token struct {
	Claims map[string]any
	// Alg is the algorithm: RS256, or "none" or "HS256" for a forged one.
	Alg string
	// Key signs instead of the issuer's own.
	Key *rsa.PrivateKey
	// Kid is named instead of the issuer's own.
	Kid string
}

// New makes an issuer with a fresh key.
func New(opts Options) (*Issuer, error) {
	i := &Issuer{opts: opts, codes: map[string]code{}}
	return i, i.Rotate()
}

// Rotate replaces the signing key: the old one is not published any more.
func (i *Issuer) Rotate() error {
	key, err := NewKey()
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.key, i.kid = key, rand.Text()
	return nil
}

// NewKey makes a key as the issuer has one.
func NewKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// SignInAs makes this person the one who sits at the browser.
func (i *Issuer) SignInAs(oid, name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.oid, i.name, i.since = oid, name, i.opts.Now()
}

// Bend lets every later token be changed before it is signed; nil ends that.
func (i *Issuer) Bend(bend func(*Token)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bend = bend
}

// AddRedirect registers a redirect address.
func (i *Issuer) AddRedirect(to string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.opts.Redirects = append(i.opts.Redirects, to)
}

// Name is the issuer as its tokens name it.
func (i *Issuer) Name() string { return i.base() + "/v2.0" }

func (i *Issuer) base() string { return i.opts.URL + "/" + i.opts.Tenant }

// ServeHTTP answers as the login service.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	path, ok := strings.CutPrefix(r.URL.Path, "/"+i.opts.Tenant)
	switch {
	case ok && r.Method == http.MethodGet && path == "/v2.0/.well-known/openid-configuration":
		answer(w, http.StatusOK, map[string]any{
			"issuer": i.Name(), "authorization_endpoint": i.base() + "/oauth2/v2.0/authorize", "token_endpoint": i.base() + "/oauth2/v2.0/token",
			"jwks_uri": i.base() + "/discovery/v2.0/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"pairwise"},
		})
	case ok && r.Method == http.MethodGet && path == "/discovery/v2.0/keys":
		answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: i.kid, Use: "sig"}}})
	case ok && r.Method == http.MethodGet && path == "/oauth2/v2.0/authorize":
		i.authorize(w, r)
	case ok && r.Method == http.MethodPost && path == "/oauth2/v2.0/token":
		i.redeem(w, r)
	default:
		answer(w, http.StatusNotFound, map[string]any{"error": "invalid_request", "error_description": "not modelled: " + r.URL.Path})
	}
}

// authorize signs the person in at once and sends the browser back. What is wrong with the request itself is shown here
// and never sent on.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	bad := func(what string) { http.Error(w, what, http.StatusBadRequest) }
	switch {
	case q.Get("client_id") != i.opts.ClientID:
		bad("AADSTS700016: the application is not known")
		return
	case !slices.Contains(i.opts.Redirects, q.Get("redirect_uri")):
		bad("AADSTS50011: the redirect address is not registered")
		return
	case q.Get("response_type") != "code", !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		bad("AADSTS70011: want response_type=code with scope openid")
		return
	case q.Get("code_challenge_method") != "S256", q.Get("code_challenge") == "", q.Get("nonce") == "", q.Get("state") == "":
		bad("this app signs in with PKCE (S256), nonce and state")
		return
	}
	back := url.Values{"state": {q.Get("state")}}
	if i.oid == "" {
		back.Set("error", "access_denied")
	} else {
		c := rand.Text()
		if q.Get("prompt") == "login" { // else who is signed in already is not asked again
			i.since = i.opts.Now()
		}
		var wants struct {
			IDToken struct {
				ACRs struct {
					Value string `json:"value"`
				} `json:"acrs"`
			} `json:"id_token"`
		}
		if text := q.Get("claims"); text != "" && json.Unmarshal([]byte(text), &wants) != nil {
			bad("AADSTS50128: the claims parameter is no JSON")
			return
		}
		i.codes[c] = code{q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("nonce"), i.oid, i.name, i.opts.Now(), i.since, wants.IDToken.ACRs.Value}
		back.Set("code", c)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound) //nolint:gosec // one of the registered addresses
}

func (i *Issuer) redeem(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	refuse := func(status int, code, why string) {
		answer(w, status, map[string]any{"error": code, "error_description": why})
	}
	if err := r.ParseForm(); err != nil {
		refuse(http.StatusBadRequest, "invalid_request", "the form cannot be read")
		return
	}
	f := r.PostForm
	c, known := i.codes[f.Get("code")]
	delete(i.codes, f.Get("code")) // once, whatever comes of it
	sum := sha256.Sum256([]byte(f.Get("code_verifier")))
	switch {
	case f.Get("client_id") != i.opts.ClientID || f.Get("client_secret") != i.opts.ClientSecret:
		refuse(http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
		return
	case f.Get("grant_type") != "authorization_code" || !known || i.opts.Now().Sub(c.made) > 10*time.Minute:
		refuse(http.StatusBadRequest, "invalid_grant", "AADSTS54005: the code was redeemed before, or is too old")
		return
	case c.redirect != f.Get("redirect_uri"):
		refuse(http.StatusBadRequest, "invalid_grant", "AADSTS50011: the redirect address is another one")
		return
	case base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		refuse(http.StatusBadRequest, "invalid_grant", "AADSTS501481: the code verifier does not match")
		return
	}
	now := i.opts.Now()
	t := Token{Alg: "RS256", Key: i.key, Kid: i.kid, Claims: map[string]any{
		"iss": i.Name(), "aud": i.opts.ClientID, "tid": i.opts.Tenant, "oid": c.oid, "sub": c.oid, "name": c.name, "nonce": c.nonce,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": c.auth.Unix(), "ver": "2.0", "uti": rand.Text(), "amr": []string{"pwd", "mfa"},
	}}
	if c.acrs != "" { // Conditional Access asked for what the context demands, and got it
		t.Claims["acrs"] = []string{c.acrs}
	}
	if i.bend != nil {
		i.bend(&t)
	}
	signed, err := t.sign()
	if err != nil {
		refuse(http.StatusInternalServerError, "server_error", err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3600, "access_token": rand.Text(), "id_token": signed})
}

func (t Token) sign() (string, error) {
	payload, err := json.Marshal(t.Claims)
	if err != nil {
		return "", err
	}
	switch t.Alg {
	case "none":
		return part(`{"alg":"none","typ":"JWT"}`) + "." + part(string(payload)) + ".", nil
	case "HS256": // the public key, which everybody has, as a secret
		return sign(jose.SigningKey{Algorithm: jose.HS256, Key: t.Key.N.Bytes()}, t.Kid, payload)
	}
	return sign(jose.SigningKey{Algorithm: jose.RS256, Key: t.Key}, t.Kid, payload)
}

func sign(key jose.SigningKey, kid string, payload []byte) (string, error) {
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", kid))
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a mistake of the emulator
	}
	_, _ = w.Write(data) // whoever asked may have gone
}
