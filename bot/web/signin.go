package web

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"hallpass/approvals"
)

// signInWithin is how long somebody may take to sign in.
const signInWithin = 10 * time.Minute

// Login says with which app registration, and where, people sign in.
type Login struct {
	// Issuer is the one issuer whose tokens are taken: https://login.microsoftonline.com/TENANT/v2.0. Required.
	Issuer string
	// Tenant is the tenant's id; a token's tid must be it. Required.
	Tenant string
	// ClientID is the application (client) id of the registration. Required.
	ClientID string
	// Secret is the client secret, or
	Secret string
	// Key and Certificate sign a client assertion instead of a secret.
	Key         crypto.Signer
	Certificate *x509.Certificate
	// StepUpContext is the authentication context (acrs) that must be satisfied when somebody approves here. Empty: none.
	StepUpContext string
	// HTTP makes the calls to the issuer. It has a time-out. Required.
	HTTP *http.Client
}

// person is who signed in, as the verified token says.
type person struct {
	ID   string // oid
	Name string
	// At is when they proved who they are; zero if the token does not say. The rest is as in approvals.FreshSignIn.
	At                time.Time
	Contexts, Methods []string
	Token             string
}

// errSignIn says that a sign-in was not good. The reason is for the log; people read that it did not work.
var errSignIn = errors.New("the sign-in was not accepted")

func notGood(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errSignIn, fmt.Sprintf(format, args...))
}

// signIn is the code flow with PKCE. What the issuer publishes is read when it is first needed, so that a login service
// that is down does not keep the program from starting.
type signIn struct {
	cfg      Login
	redirect string
	now      func() time.Time

	mu       sync.Mutex // mu guards provider
	provider *oidc.Provider
}

// underway is a sign-in between its two halves.
type underway struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	To       string `json:"to"`
	// Approve is the request that somebody wants to approve: the sign-in has to be a fresh one, and opens no session.
	Approve approvals.RequestID `json:"approve,omitempty"`
	Began   time.Time           `json:"began"`
}

func (s *signIn) discover(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider == nil {
		p, err := oidc.NewProvider(oidc.ClientContext(ctx, s.cfg.HTTP), s.cfg.Issuer)
		if err != nil {
			return nil, fmt.Errorf("reading what the issuer publishes: %w", err)
		}
		s.provider = p
	}
	return s.provider, nil
}

func (s *signIn) oauth(p *oidc.Provider) *oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return &oauth2.Config{
		ClientID: s.cfg.ClientID, ClientSecret: s.cfg.Secret, Endpoint: endpoint, RedirectURL: s.redirect, Scopes: []string{oidc.ScopeOpenID, "profile"},
	}
}

// begin gives the address at which the person signs in.
func (s *signIn) begin(ctx context.Context, u underway) (string, error) {
	p, err := s.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(u.Nonce), oauth2.S256ChallengeOption(u.Verifier)}
	if u.Approve != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("claims", s.wants()))
	}
	return s.oauth(p).AuthCodeURL(u.State, options...), nil
}

// wants asks for the claims by which a fresh sign-in is known (OpenID Connect Core, 5.5; Microsoft's page "Developer guidance
// for Microsoft Entra Conditional Access authentication context").
func (s *signIn) wants() string {
	claims := map[string]any{"auth_time": map[string]any{"essential": true}}
	if s.cfg.StepUpContext != "" {
		claims["acrs"] = map[string]any{"essential": true, "value": s.cfg.StepUpContext}
	}
	data, err := json.Marshal(map[string]any{"id_token": claims})
	if err != nil { // strings and booleans always encode
		return ""
	}
	return string(data)
}

// fresh refuses a sign-in that was not made for this.
func (s *signIn) fresh(who person, began time.Time) error {
	switch {
	case who.At.IsZero():
		return notGood("the token does not say when the person signed in: the app registration lacks the optional claim auth_time")
	case who.At.Before(began.Add(-time.Minute)): // the clocks need not agree to the second
		return notGood("the person did not sign in afresh, but at %s", who.At.Format(time.RFC3339))
	case s.cfg.StepUpContext != "" && !slices.Contains(who.Contexts, s.cfg.StepUpContext):
		return notGood("the authentication context %s was not satisfied, only %v", s.cfg.StepUpContext, who.Contexts)
	}
	return nil
}

// finish turns what the issuer sent back into a person. Nothing in the address is believed but the code, and that is
// worth something only together with what was kept when the sign-in began.
func (s *signIn) finish(ctx context.Context, u underway, got url.Values) (person, error) {
	if subtle.ConstantTimeCompare([]byte(u.State), []byte(got.Get("state"))) != 1 {
		return person{}, notGood("the state is another one's")
	}
	if iss := got.Get("iss"); iss != "" && iss != s.cfg.Issuer { // RFC 9207
		return person{}, notGood("the answer is from another issuer")
	}
	if code := got.Get("error"); code != "" {
		return person{}, notGood("the issuer answered %.100q", code)
	}
	p, err := s.discover(ctx)
	if err != nil {
		return person{}, err
	}
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(u.Verifier)}
	if s.cfg.Key != nil {
		assertion, err := s.assertion(p.Endpoint().TokenURL)
		if err != nil {
			return person{}, err
		}
		options = append(options, oauth2.SetAuthURLParam("client_assertion", assertion),
			oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
	}
	token, err := s.oauth(p).Exchange(context.WithValue(ctx, oauth2.HTTPClient, s.cfg.HTTP), got.Get("code"), options...)
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return person{}, notGood("the code was refused: %.100q", refused.ErrorCode)
	}
	if err != nil {
		return person{}, fmt.Errorf("redeeming the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return person{}, notGood("the issuer sent no id token")
	}
	return s.read(ctx, p, raw, u.Nonce)
}

// read verifies an id token: issuer, audience, life and signature, then nonce and tenant.
func (s *signIn) read(ctx context.Context, p *oidc.Provider, raw, nonce string) (person, error) {
	token, err := p.Verifier(&oidc.Config{ClientID: s.cfg.ClientID, SupportedSigningAlgs: []string{oidc.RS256}, Now: s.now}).Verify(ctx, raw)
	if err != nil {
		return person{}, notGood("%v", err)
	}
	var claims struct {
		OID, TID, Name string
		Auth           int64 `json:"auth_time"`
		ACRs           many  `json:"acrs"`
		AMR            many  `json:"amr"`
		UTI            string
	}
	if err := token.Claims(&claims); err != nil {
		return person{}, notGood("%v", err)
	}
	switch {
	case nonce == "" || subtle.ConstantTimeCompare([]byte(nonce), []byte(token.Nonce)) != 1:
		return person{}, notGood("the nonce is another one's")
	case claims.TID != s.cfg.Tenant:
		return person{}, notGood("the tenant is another one")
	case claims.OID == "":
		return person{}, notGood("the token names no object id")
	}
	who := person{ID: claims.OID, Name: claims.Name, Contexts: claims.ACRs, Methods: claims.AMR, Token: claims.UTI}
	if claims.Auth > 0 {
		who.At = time.Unix(claims.Auth, 0).UTC()
	}
	return who, nil
}

// assertion proves to the issuer that this is the app, with its certificate (Microsoft identity platform application
// authentication certificate credentials).
func (s *signIn) assertion(audience string) (string, error) {
	thumb := sha256.Sum256(s.cfg.Certificate.Raw)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: s.cfg.Key},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(thumb[:])))
	if err != nil {
		return "", fmt.Errorf("signing with the certificate: %w", err)
	}
	now := s.now()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: s.cfg.ClientID, Subject: s.cfg.ClientID, Audience: jwt.Audience{audience}, ID: random(),
		NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(5 * time.Minute)),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing with the certificate: %w", err)
	}
	return text, nil
}

// many is a claim that is a string or a list of strings.
type many []string

// UnmarshalJSON takes both.
func (m *many) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*m = many{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(m))
}

func (u underway) encode() ([]byte, error) { return json.Marshal(u) }
