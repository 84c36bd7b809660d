package teamstest

import (
	"crypto"
	"crypto/rsa"
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
	"strconv"
	"strings"
	"time"
)

// Scope is what the bot asks a token for.
const Scope = "https://api.botframework.com/.default"

// TokenLife is how long a token of the bot lives.
const TokenLife = time.Hour

// certificate is a registered credential of the bot.
type certificate struct {
	thumbprint string // SHA-256, base64url
	public     *rsa.PublicKey
}

// AddCertificate registers a certificate with an RSA key as a credential of the bot.
func (c *Cloud) AddCertificate(cert *x509.Certificate) error {
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return errors.New("teamstest: Entra ID takes certificates with RSA keys only")
	}
	sum := sha256.Sum256(cert.Raw)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.certs = append(c.certs, certificate{base64.RawURLEncoding.EncodeToString(sum[:]), public})
	return nil
}

// Revoke makes all tokens that the bot has invalid.
func (c *Cloud) Revoke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.bearers)
}

// authority answers with the tenant's OpenID configuration, which Microsoft's client libraries read first.
func (c *Cloud) authority() answer {
	base := c.opts.BaseURL + "/" + c.opts.TenantID
	return answer{http.StatusOK, object{
		"issuer": base + "/v2.0", "token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize",
	}}
}

// token answers a client_credentials request.
func (c *Cloud) token(form url.Values) answer {
	refuse := func(status int, code, text string) answer {
		return answer{status, object{"error": code, "error_description": text}}
	}
	switch {
	case form.Get("grant_type") != "client_credentials":
		return refuse(http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: only client_credentials is modelled.")
	case form.Get("client_id") != c.opts.AppID:
		return refuse(http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
	case !slices.Contains(strings.Fields(form.Get("scope")), Scope):
		return refuse(http.StatusBadRequest, "invalid_scope", "AADSTS70011: The scope is not "+Scope+".")
	}
	if assertion := form.Get("client_assertion"); assertion != "" {
		if err := c.checkAssertion(form.Get("client_assertion_type"), assertion); err != nil {
			return refuse(http.StatusUnauthorized, "invalid_client", "AADSTS700027: "+err.Error())
		}
	} else if subtle.ConstantTimeCompare([]byte(form.Get("client_secret")), []byte(c.opts.AppSecret)) != 1 {
		return refuse(http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
	}
	life := int(TokenLife.Seconds())
	return answer{http.StatusOK, object{"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": c.bearer()}}
}

// managed answers as the metadata service of a virtual machine does for a managed identity.
func (c *Cloud) managed(r *http.Request) answer {
	q := r.URL.Query()
	if r.Header.Get("Metadata") != "true" || strings.TrimSuffix(q.Get("resource"), "/")+"/.default" != Scope || q.Get("client_id") != c.opts.AppID {
		return answer{http.StatusBadRequest, object{"error": "invalid_request", "error_description": "Identity not found"}}
	}
	return answer{http.StatusOK, object{
		"token_type": "Bearer", "resource": q.Get("resource"), "client_id": c.opts.AppID, "access_token": c.bearer(),
		"expires_on": strconv.FormatInt(c.opts.Now().Add(TokenLife).Unix(), 10), "expires_in": strconv.Itoa(int(TokenLife.Seconds())),
	}}
}

// bearer makes a token for the connector.
func (c *Cloud) bearer() string {
	token := "bot." + random(24)
	c.bearers[token] = c.opts.Now().Add(TokenLife)
	return token
}

// checkAssertion checks a signed client assertion: RS256 or PS256 by a registered certificate, for this token endpoint.
func (c *Cloud) checkAssertion(kind, assertion string) error {
	if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return fmt.Errorf("unknown client_assertion_type %q", kind)
	}
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return errors.New("the assertion is no JWT")
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return fmt.Errorf("the assertion is no JWT: %w", err)
		}
	}
	var head struct {
		Alg        string `json:"alg"`
		Thumbprint string `json:"x5t#S256"`
	}
	var claims struct {
		Iss string  `json:"iss"`
		Sub string  `json:"sub"`
		Aud string  `json:"aud"`
		Exp float64 `json:"exp"`
	}
	if err := errors.Join(json.Unmarshal(raw[0], &head), json.Unmarshal(raw[1], &claims)); err != nil {
		return fmt.Errorf("the assertion is no JWT: %w", err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signed := slices.ContainsFunc(c.certs, func(cert certificate) bool {
		if head.Thumbprint != cert.thumbprint {
			return false
		}
		if head.Alg == "PS256" {
			return rsa.VerifyPSS(cert.public, crypto.SHA256, sum[:], raw[2], nil) == nil
		}
		return head.Alg == "RS256" && rsa.VerifyPKCS1v15(cert.public, crypto.SHA256, sum[:], raw[2]) == nil
	})
	tokenURL := c.opts.BaseURL + "/" + c.opts.TenantID + "/oauth2/v2.0/token"
	switch {
	case !signed:
		return errors.New("the assertion is not signed by a registered certificate")
	case claims.Iss != c.opts.AppID || claims.Sub != c.opts.AppID || claims.Aud != tokenURL:
		return errors.New("the assertion is for somebody else")
	case int64(claims.Exp) <= c.opts.Now().Unix():
		return errors.New("the assertion has expired")
	}
	return nil
}
