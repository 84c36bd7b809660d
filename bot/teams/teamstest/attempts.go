package teamstest

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"
)

// Attempt is one way to call the bot: a token, and what the body says beside it.
type Attempt struct {
	Name          string `json:"name"`
	Authorization string `json:"authorization"`
	ServiceURL    string `json:"serviceUrl"`
	ChannelID     string `json:"channelId"`
	// Accept is what hallpass must do.
	Accept bool `json:"-"`
	// Microsoft is what Microsoft's botframework-connector does; where the two differ, Why says why.
	Microsoft bool   `json:"-"`
	Why       string `json:"-"`
}

// Body returns an activity as this attempt would send it.
func (a Attempt) Body(payload json.RawMessage) json.RawMessage {
	o, err := readObject(payload)
	if err != nil {
		return payload
	}
	o["serviceUrl"], o["channelId"] = a.ServiceURL, a.ChannelID
	return o.json()
}

// Try sends a held delivery in the way of an attempt and returns the status. What the bot answers is shown to nobody.
func (c *Cloud) Try(ctx context.Context, d *Delivery, a Attempt) (status int, err error) {
	forged := *d
	forged.Payload = a.Body(d.Payload)
	r, err := c.Request(ctx, &forged, a.Authorization)
	if err != nil {
		return 0, err
	}
	response, err := c.Options().Deliver.RoundTrip(r)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxRequest)) // only the status counts
	return response.StatusCode, response.Body.Close()
}

// forger makes the tokens of Attempts.
type forger struct {
	c                      *Cloud
	good, webchat, bare    *key
	foreign                *key
	service, app, attacker string
	now                    time.Time
}

// Attempts returns the table of good and forged tokens, made for now. The first call publishes two further keys of the
// issuer, one that endorses another channel and one without endorsements.
func (c *Cloud) Attempts() []Attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.odd == nil {
		c.odd = append(newKey("webchat", "directline"), newKey()...)
		c.foreign = newKey("msteams")[0]
	}
	f := forger{
		c: c, good: c.keys[len(c.keys)-1], webchat: c.odd[0], bare: c.odd[1], foreign: c.foreign,
		service: c.opts.BaseURL + "/emea/", app: c.opts.AppID, attacker: "https://attacker.test/emea/", now: c.opts.Now(),
	}
	var out []Attempt
	for _, rows := range [][]Attempt{f.times(), f.audiences(), f.issuers(), f.services(), f.keysAndChannels(), f.algorithms(), f.headers()} {
		for _, a := range rows {
			if a.ServiceURL == "" {
				a.ServiceURL = f.service
			}
			if a.ChannelID == "" {
				a.ChannelID = "msteams"
			}
			out = append(out, a)
		}
	}
	return out
}

// claims returns good claims with changes.
func (f forger) claims(changes Claims) Claims {
	out := f.c.goodClaims(f.service)
	maps.Copy(out, changes)
	return out
}

// with is a token by the good key with other claims.
func (f forger) with(changes Claims) string { return "Bearer " + f.good.sign(nil, f.claims(changes)) }

// in is a moment as a claim.
func (f forger) in(d time.Duration) int64 { return f.now.Add(d).Unix() }

func (f forger) times() []Attempt {
	return []Attempt{
		{Name: "a good token", Authorization: f.with(nil), Accept: true, Microsoft: true},
		{Name: "expired 4 minutes ago", Authorization: f.with(Claims{"exp": f.in(-4 * time.Minute)}), Accept: true, Microsoft: true},
		{Name: "expired 6 minutes ago", Authorization: f.with(Claims{"exp": f.in(-6 * time.Minute)})},
		{Name: "valid in 4 minutes", Authorization: f.with(Claims{"nbf": f.in(4 * time.Minute)}), Accept: true, Microsoft: true},
		{Name: "valid in 6 minutes", Authorization: f.with(Claims{"nbf": f.in(6 * time.Minute)})},
		{Name: "valid in a year", Authorization: f.with(Claims{"nbf": f.in(365 * 24 * time.Hour), "exp": f.in(366 * 24 * time.Hour)})},
		{
			Name: "no exp", Authorization: f.with(Claims{"exp": nil}), Microsoft: true,
			Why: "a token that never ends is as good as a stolen password; ours must end",
		},
		{Name: "exp is a text", Authorization: f.with(Claims{"exp": "tomorrow"})},
		{Name: "nbf is a text", Authorization: f.with(Claims{"nbf": "yesterday"})},
	}
}

func (f forger) audiences() []Attempt {
	return []Attempt{
		{Name: "another bot's token", Authorization: f.with(Claims{"aud": "11111111-2222-4333-8444-555555555555"})},
		{Name: "no aud", Authorization: f.with(Claims{"aud": nil})},
		{Name: "an empty aud", Authorization: f.with(Claims{"aud": ""})},
		{Name: "aud is a list with the app id", Authorization: f.with(Claims{"aud": []string{f.app}})},
		{Name: "aud is a list of two", Authorization: f.with(Claims{"aud": []string{"x", f.app}})},
		{Name: "aud is a number", Authorization: f.with(Claims{"aud": 7})},
	}
}

func (f forger) issuers() []Attempt {
	tenant := f.c.opts.TenantID
	entra := func(k *key, iss string) string {
		return "Bearer " + k.sign(nil, f.claims(Claims{"iss": iss, "tid": tenant}))
	}
	return []Attempt{
		{Name: "no iss", Authorization: f.with(Claims{"iss": nil})},
		{Name: "iss is a list", Authorization: f.with(Claims{"iss": []string{Issuer}})},
		{Name: "the issuer of another cloud", Authorization: f.with(Claims{"iss": "https://api.botframework.us"})},
		{Name: "Entra ID as the issuer, version 1", Authorization: entra(f.good, "https://sts.windows.net/"+tenant+"/")},
		{Name: "Entra ID as the issuer, version 2", Authorization: entra(f.good, "https://login.microsoftonline.com/"+tenant+"/v2.0")},
		{Name: "issued by Entra ID with its own key", Authorization: entra(f.foreign, "https://sts.windows.net/"+tenant+"/")},
		{Name: "the Emulator's issuer", Authorization: entra(f.good, "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/")},
	}
}

func (f forger) services() []Attempt {
	const sdk = "compared as Microsoft's newer Teams SDK does, without slash and case; its older library compares exactly"
	const allow = "only allow-listed https hosts get the bot's token"
	return []Attempt{
		{
			Name: "service URL without the slash at its end", Authorization: f.with(nil), ServiceURL: strings.TrimSuffix(f.service, "/"),
			Accept: true, Why: sdk,
		},
		{
			Name: "service URL in capitals", Authorization: f.with(Claims{"serviceurl": strings.ToUpper(f.service)}), Accept: true, Why: sdk,
		},
		{Name: "no serviceurl", Authorization: f.with(Claims{"serviceurl": nil})},
		{Name: "serviceurl is a number", Authorization: f.with(Claims{"serviceurl": 7})},
		{Name: "serviceurl of somebody else", Authorization: f.with(Claims{"serviceurl": f.attacker})},
		{Name: "the body names somebody else's service", Authorization: f.with(nil), ServiceURL: f.attacker},
		{
			Name: "token and body agree on a host that is not allowed", Authorization: f.with(Claims{"serviceurl": f.attacker}),
			ServiceURL: f.attacker, Microsoft: true, Why: allow,
		},
		{
			Name: "token and body agree on a host that only begins like ours", Authorization: f.with(Claims{"serviceurl": strings.TrimSuffix(f.service, "/emea/") + ".attacker.test/emea/"}),
			ServiceURL: strings.TrimSuffix(f.service, "/emea/") + ".attacker.test/emea/", Microsoft: true, Why: allow,
		},
	}
}

func (f forger) keysAndChannels() []Attempt {
	by := func(k *key) string { return "Bearer " + k.sign(nil, f.claims(nil)) }
	return []Attempt{
		{Name: "signed by a key that nobody published", Authorization: by(f.foreign)},
		{Name: "signed by another key than kid says", Authorization: "Bearer " + f.foreign.sign(object{"kid": f.good.id}, f.claims(nil))},
		{Name: "no kid", Authorization: "Bearer " + f.good.sign(object{"kid": nil, "x5t": nil}, f.claims(nil))},
		{Name: "a huge kid", Authorization: "Bearer " + f.good.sign(object{"kid": strings.Repeat("k", 6000)}, f.claims(nil))},
		{Name: "a kid that is a path", Authorization: "Bearer " + f.good.sign(object{"kid": "../../etc/passwd"}, f.claims(nil))},
		{Name: "a key that endorses other channels", Authorization: by(f.webchat)},
		{
			Name: "a key without endorsements", Authorization: by(f.bare), Microsoft: true,
			Why: "Microsoft's page says that a key must endorse the channel; its library lets a key through that endorses none",
		},
		{
			Name: "webchat with a key that endorses it", Authorization: by(f.webchat), ChannelID: "webchat", Microsoft: true,
			Why: "hallpass speaks with Teams only",
		},
		{Name: "directline with a key for Teams", Authorization: by(f.good), ChannelID: "directline"},
	}
}

func (f forger) algorithms() []Attempt {
	claims := f.claims(nil)
	kid := object{"kid": f.good.id}
	der := x509.MarshalPKCS1PublicKey(&f.good.private.PublicKey)
	spki, err := x509.MarshalPKIXPublicKey(&f.good.private.PublicKey)
	if err != nil {
		spki = der // an RSA key can always be written
	}
	none := func(alg string) string {
		return "Bearer " + segment(object{"typ": "JWT", "alg": alg, "kid": f.good.id}) + "." + segment(claims) + "."
	}
	signed := strings.Split(f.good.sign(nil, claims), ".")
	return []Attempt{
		{Name: "alg none", Authorization: none("none")},
		{Name: "alg None", Authorization: none("None")},
		{Name: "alg none with a signature", Authorization: none("none") + signed[2]},
		{Name: "HS256 with the public key", Authorization: "Bearer " + signHMAC(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), kid, claims)},
		{Name: "HS256 with the public key in binary", Authorization: "Bearer " + signHMAC(der, kid, claims)},
		{Name: "HS256 as the Playground's teams-ai mode sends it", Authorization: "Bearer " + signHMAC([]byte("dummy-secret-key"), nil, Claims{"serviceurl": f.service, "iat": f.in(0)})},
		{Name: "PS256", Authorization: "Bearer " + f.other("PS256", claims)},
		{
			Name: "RS384", Authorization: "Bearer " + f.other("RS384", claims), Microsoft: true,
			Why: "the issuer's metadata names RS256 and nothing else",
		},
		{Name: "claims changed after signing", Authorization: "Bearer " + signed[0] + "." + segment(f.claims(Claims{"exp": f.in(48 * time.Hour)})) + "." + signed[2]},
		{Name: "no signature", Authorization: "Bearer " + signed[0] + "." + signed[1] + "."},
		{Name: "jku points at the attacker's keys", Authorization: "Bearer " + f.foreign.sign(object{"jku": f.attacker + "keys"}, claims)},
		{Name: "x5u points at the attacker's certificate", Authorization: "Bearer " + f.foreign.sign(object{"x5u": f.attacker + "cert"}, claims)},
		{Name: "the key comes along in jwk", Authorization: "Bearer " + f.foreign.sign(object{"jwk": map[string]any(f.foreign.public())}, claims)},
	}
}

// other signs with the good key by another algorithm than RS256.
func (f forger) other(alg string, claims Claims) string {
	signed := segment(object{"typ": "JWT", "alg": alg, "kid": f.good.id}) + "." + segment(claims)
	var signature []byte
	var err error
	if alg == "PS256" {
		sum := sha256.Sum256([]byte(signed))
		signature, err = rsa.SignPSS(rand.Reader, f.good.private, crypto.SHA256, sum[:], nil)
	} else {
		sum := sha512.Sum384([]byte(signed))
		signature, err = rsa.SignPKCS1v15(nil, f.good.private, crypto.SHA384, sum[:])
	}
	if err != nil {
		return signed + "." // a good key cannot fail to sign a digest
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (f forger) headers() []Attempt {
	good := strings.TrimPrefix(f.with(nil), "Bearer ")
	return []Attempt{
		{Name: "no header"},
		{Name: "Bearer and nothing", Authorization: "Bearer "},
		{Name: "Basic", Authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte(f.app+":"+f.c.opts.AppSecret))},
		{Name: "no scheme", Authorization: good},
		{Name: "another scheme with a good token", Authorization: "Token " + good},
		{Name: "no JWT", Authorization: "Bearer abc"},
		{Name: "three empty parts", Authorization: "Bearer .."},
		{Name: "ten thousand dots", Authorization: "Bearer " + strings.Repeat(".", 10000)},
		{Name: "a JWT with a fourth part", Authorization: "Bearer " + good + ".x"},
		{Name: "the bot's own token for the connector", Authorization: "Bearer " + f.c.bearer()},
	}
}
