package teams

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/infracloudio/msbotbuilder-go/connector/auth"
	"github.com/infracloudio/msbotbuilder-go/schema"
)

const (
	channel   = "msteams"       // the only channel that is listened to
	clockSkew = 5 * time.Minute // Microsoft's page "Connector authentication"
	maxToken  = 16 << 10        // bytes of the Authorization header
)

// The ways in which an activity is not taken. errToken is answered 401, errNotOurs 403.
var (
	errToken   = errors.New("no token of the Bot Framework for this bot")
	errNotOurs = errors.New("the activity is not for this bot, or not from its tenant")
)

// credentials implements what msbotbuilder-go wants to know of the bot. Authentication cannot be disabled.
type credentials struct{ appID string }

// IsValidAppID compares in constant time; an empty id is never valid.
func (c credentials) IsValidAppID(id string) bool {
	return id != "" && subtle.ConstantTimeCompare([]byte(id), []byte(c.appID)) == 1
}

// GetAppID is the bot's app id.
func (c credentials) GetAppID() string { return c.appID }

// GetAppPassword is never needed: tokens come from the configured credential.
func (c credentials) GetAppPassword() string { return "" }

// IsAuthenticationDisabled is always false.
func (c credentials) IsAuthenticationDisabled() bool { return false }

// claims are those of an inbound token. serviceurl is lower case in tokens. The audience is one string: a list of them,
// which the standard allows, is never sent to a bot.
type claims struct {
	jwt.RegisteredClaims
	For        string `json:"aud"`
	ServiceURL string `json:"serviceurl"`
}

// verified is what a token proved. It implements auth.ClaimsIdentity.
type verified struct {
	claims       claims
	endorsements []string
}

// IsAuthenticated is true: there is no verified value without a good token.
func (v *verified) IsAuthenticated() bool { return true }

// GetClaimValue gives a claim, or nothing.
func (v *verified) GetClaimValue(name string) string {
	switch name {
	case "serviceurl":
		return v.claims.ServiceURL
	case "iss":
		return v.claims.Issuer
	}
	return ""
}

// validator checks tokens. It implements auth.TokenValidator, in place of the library's own.
type validator struct {
	cloud Cloud
	keys  *keyring
	now   func() time.Time
}

var (
	_ auth.TokenValidator     = (*validator)(nil)
	_ auth.CredentialProvider = credentials{}
)

// AuthenticateRequest checks a token against the activity that came with it; of that, only serviceUrl and channelId are
// looked at. The channel service that the library passes is not believed.
func (v *validator) AuthenticateRequest(ctx context.Context, activity schema.Activity, header string, creds auth.CredentialProvider, _ string) (auth.ClaimsIdentity, error) {
	id, err := v.verify(ctx, header, creds)
	if err != nil {
		return nil, err
	}
	return id, v.fits(id, activity.ServiceURL, activity.ChannelID)
}

// verify checks everything about a token that needs no body.
func (v *validator) verify(ctx context.Context, header string, creds auth.CredentialProvider) (*verified, error) {
	raw, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || raw == "" || len(header) > maxToken || strings.Count(raw, ".") != 2 {
		return nil, errToken
	}
	out := &verified{}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithLeeway(clockSkew),
		jwt.WithIssuer(v.cloud.Issuer), jwt.WithTimeFunc(v.now),
	)
	_, err := parser.ParseWithClaims(raw, &out.claims, func(t *jwt.Token) (any, error) {
		for _, bad := range []string{"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"} {
			if _, there := t.Header[bad]; there { // a genuine token has none, and nothing in it says where keys are
				return nil, fmt.Errorf("the header has %s", bad)
			}
		}
		id, ok := t.Header["kid"].(string)
		if !ok || id == "" || len(id) > maxKeyID {
			return nil, errors.New("the header names no key")
		}
		// What can be refused without a key is refused first: a forged token then costs nobody a request.
		if !creds.IsValidAppID(out.claims.For) || out.claims.Issuer != v.cloud.Issuer || out.claims.ExpiresAt == nil || out.claims.ServiceURL == "" {
			return nil, errors.New("the claims are not those of this bot")
		}
		if v.now().After(out.claims.ExpiresAt.Add(clockSkew)) {
			return nil, errors.New("it has expired")
		}
		found, err := v.keys.find(ctx, id)
		if err != nil {
			return nil, err
		}
		out.endorsements = found.endorsements
		return found.public, nil
	})
	switch {
	case errors.Is(err, errNoKeys):
		return nil, errNoKeys
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errToken, err)
	}
	return out, nil
}

// fits holds a verified token against the body that came with it.
func (v *validator) fits(id *verified, service, from string) error {
	switch {
	case from != channel:
		return fmt.Errorf("%w: channel %.40q", errNotOurs, from)
	case !slices.Contains(id.endorsements, channel):
		return fmt.Errorf("%w: the key does not speak for %s", errNotOurs, channel)
	case !sameService(id.claims.ServiceURL, service):
		return fmt.Errorf("%w: the service address is not that of the token", errNotOurs)
	}
	if _, ok := v.cloud.allowed(service); !ok {
		return fmt.Errorf("%w: the service address is not allow-listed", errNotOurs)
	}
	return nil
}
