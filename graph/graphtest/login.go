package graphtest

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// tokensLive is how long a token is good.
const tokensLive = time.Hour

// login answers as the login host: metadata, and tokens for apps that prove who they are.
func (t *Tenant) login(w http.ResponseWriter, r *http.Request) {
	base := "https://" + r.Host + "/" + t.opts.ID
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/"+t.opts.ID+"/v2.0/.well-known/openid-configuration":
		write(w, ok(object{
			"issuer": base + "/v2.0", "authorization_endpoint": base + "/oauth2/v2.0/authorize",
			"token_endpoint": base + "/oauth2/v2.0/token", "tenant_region_scope": "EU",
		}))
	case r.Method == http.MethodPost && r.URL.Path == "/"+t.opts.ID+"/oauth2/v2.0/token":
		t.issue(w, r)
	default:
		write(w, answer{status: http.StatusNotFound, body: object{"error": "invalid_request", "error_description": "not modelled: " + r.URL.Path}})
	}
}

func (t *Tenant) issue(w http.ResponseWriter, r *http.Request) {
	bad := func(code, why string) {
		write(w, answer{status: http.StatusUnauthorized, body: object{"error": code, "error_description": why, "error_codes": []int{7000215}}})
	}
	if r.Header.Get("Content-Encoding") != "" {
		bad("invalid_request", "compressed")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		bad("invalid_request", "the form could not be read")
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.apps {
		if r.PostForm.Get("grant_type") == "client_credentials" && a.deleted.IsZero() && !a.Disabled && a.ID == r.PostForm.Get("client_id") && t.proves(a, r.PostForm) {
			write(w, ok(object{"token_type": "Bearer", "expires_in": int(tokensLive.Seconds()), "access_token": t.token(a)}))
			return
		}
	}
	bad("invalid_client", "AADSTS7000215: Invalid client secret provided.")
}

// proves reports whether the form proves that it is from the app: by its secret, or by an assertion that is the token of its
// workload or is signed with its certificate.
func (t *Tenant) proves(a *App, form url.Values) bool {
	assertion := form.Get("client_assertion")
	switch {
	case assertion == "":
		return a.Secret != "" && form.Get("client_secret") == a.Secret
	case form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		return false
	case a.Workload != "" && assertion == a.Workload:
		return true
	}
	parts := strings.Split(assertion, ".")
	cert, err := x509.ParseCertificate(a.Certificate)
	if err != nil || len(parts) != 3 {
		return false
	}
	var claims struct {
		Audience string `json:"aud"`
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Until    int64  `json:"exp"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Issuer != a.ID || claims.Subject != a.ID ||
		!strings.Contains(claims.Audience, "/"+t.opts.ID+"/") || t.opts.Now().Unix() >= claims.Until {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	public, isRSA := cert.PublicKey.(*rsa.PublicKey)
	if err != nil || !isRSA {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPSS(public, crypto.SHA256, sum[:], signature, nil) == nil || rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
}

// token makes a token that looks like a JWT and is good for an hour.
func (t *Tenant) token(a *App) string {
	enc := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	until := t.opts.Now().Add(tokensLive)
	token := enc(object{"alg": "RS256", "typ": "JWT"}) + "." +
		enc(object{"appid": a.ID, "oid": a.Principal, "tid": t.opts.ID, "roles": a.Roles, "exp": until.Unix()}) + "." + strings.ReplaceAll(NewID(), "-", "")
	t.tokens[token] = grant{a, until}
	return token
}

// Credential is a credential of an app that needs no login host.
func (t *Tenant) Credential(appID string) azcore.TokenCredential { return credential{t, appID} }

type credential struct {
	tenant *Tenant
	app    string
}

// GetToken gives a token, or an empty one if there is no such app.
func (c credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.tenant.mu.Lock()
	defer c.tenant.mu.Unlock()
	i := slices.IndexFunc(c.tenant.apps, func(a *App) bool { return a.ID == c.app })
	if i < 0 {
		return azcore.AccessToken{}, nil
	}
	return azcore.AccessToken{Token: c.tenant.token(c.tenant.apps[i]), ExpiresOn: c.tenant.opts.Now().Add(tokensLive)}, nil
}
