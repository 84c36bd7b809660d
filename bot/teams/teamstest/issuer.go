package teamstest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Issuer is the issuer of the tokens with which the public cloud's connector calls bots.
const Issuer = "https://api.botframework.com"

// key is a signing key of the issuer.
type key struct {
	id       string
	private  *rsa.PrivateKey
	endorses []string
}

// newKey makes a key with a random id, as a list of one.
func newKey(endorses ...string) []*key {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil // crypto/rand does not fail
	}
	return []*key{{id: random(10), private: private, endorses: endorses}}
}

// Rotate makes a new signing key. If keep is set, the old ones stay published, as they do for days with the real issuer.
func (c *Cloud) Rotate(keep bool) {
	fresh := newKey("msteams")
	c.mu.Lock()
	defer c.mu.Unlock()
	if keep {
		fresh = append(slices.Clone(c.keys), fresh...)
	}
	c.keys = fresh
}

// Claims are the claims of a token; a nil value leaves a claim out.
type Claims map[string]any

// goodClaims are those of a token that the connector would send now.
func (c *Cloud) goodClaims(serviceURL string) Claims {
	now := c.opts.Now()
	return Claims{
		"iss": Issuer, "aud": c.opts.AppID, "serviceurl": serviceURL,
		"nbf": now.Add(-5 * time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// Authorization returns the header value for an activity with this service URL. The given claims replace the usual ones.
func (c *Cloud) Authorization(serviceURL string, changes Claims) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	claims := c.goodClaims(serviceURL)
	maps.Copy(claims, changes)
	return "Bearer " + c.keys[len(c.keys)-1].sign(nil, claims)
}

// sign makes an RS256 token. The given header fields replace the usual ones; nil leaves one out.
func (k *key) sign(header, claims map[string]any) string {
	head := object{"typ": "JWT", "alg": "RS256", "kid": k.id, "x5t": k.id}
	maps.Copy(head, header)
	signed := segment(head) + "." + segment(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return signed + "." // a good key cannot fail to sign a digest
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// signHMAC makes an HS256 token.
func signHMAC(secret []byte, header, claims map[string]any) string {
	head := object{"typ": "JWT", "alg": "HS256"}
	maps.Copy(head, header)
	signed := segment(head) + "." + segment(claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// segment encodes a part of a token without what is nil.
func segment(fields map[string]any) string {
	out := object{}
	for name, value := range fields {
		if value != nil {
			out[name] = value
		}
	}
	return base64.RawURLEncoding.EncodeToString(out.json())
}

// metadata answers with the OpenID configuration, in the words of the real one.
func (c *Cloud) metadata() answer {
	return answer{http.StatusOK, object{
		"issuer": Issuer, "authorization_endpoint": "https://invalid.botframework.com", "jwks_uri": c.opts.BaseURL + "/v1/.well-known/keys",
		"id_token_signing_alg_values_supported": []any{"RS256"}, "token_endpoint_auth_methods_supported": []any{"private_key_jwt"},
	}}
}

// published answers with the public keys.
func (c *Cloud) published() answer {
	var list []any
	for _, k := range slices.Concat(c.odd, c.keys) {
		list = append(list, k.public())
	}
	return answer{http.StatusOK, object{"keys": list}}
}

func (k *key) public() object {
	exponent := binary.BigEndian.AppendUint32(nil, uint32(k.private.E)) //nolint:gosec // RSA's exponent is 65537
	out := object{
		"kty": "RSA", "use": "sig", "kid": k.id, "x5t": k.id,
		"n": base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(exponent[1:]),
	}
	if k.endorses != nil {
		out["endorsements"] = k.endorses
	}
	return out
}

// SigningKey returns the present signing key of the issuer, PKCS #8 in PEM, and its id: for clients outside of this process
// that sign activities themselves. It is made anew for each Cloud and good for nothing else.
func (c *Cloud) SigningKey() (id string, private []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.keys[len(c.keys)-1]
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return k.id, nil // an RSA key can always be written
	}
	return k.id, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
