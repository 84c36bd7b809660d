package graphtest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// tokensLive is how long a token is good.
const tokensLive = time.Hour

// login answers as the login host: metadata, and tokens for client secrets.
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
		if r.PostForm.Get("grant_type") == "client_credentials" && a.deleted.IsZero() && !a.Disabled && a.ID == r.PostForm.Get("client_id") && a.Secret == r.PostForm.Get("client_secret") {
			write(w, ok(object{"token_type": "Bearer", "expires_in": int(tokensLive.Seconds()), "access_token": t.token(a)}))
			return
		}
	}
	bad("invalid_client", "AADSTS7000215: Invalid client secret provided.")
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
		enc(object{"appid": a.ID, "tid": t.opts.ID, "roles": a.Roles, "exp": until.Unix()}) + "." + strings.ReplaceAll(NewID(), "-", "")
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
