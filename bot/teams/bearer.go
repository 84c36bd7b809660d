package teams

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	tokenEarly  = 5 * time.Minute // a token is renewed so long before it ends
	tokenRetry  = 30 * time.Second
	tokenWithin = 20 * time.Second
)

// tokens keeps the bot's own token. It is renewed early; if that fails, the old one serves until it ends.
type tokens struct {
	from  azcore.TokenCredential
	scope string
	now   func() time.Time

	mu    sync.Mutex // mu guards the fields below, and lets one renewal run at a time
	token azcore.AccessToken
	tried time.Time
}

// get gives a token that is good for now.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	left := t.token.ExpiresOn.Sub(now)
	if left > tokenEarly || left > 0 && now.Sub(t.tried) < tokenRetry {
		return t.token.Token, nil
	}
	t.tried = now
	bounded, cancel := context.WithTimeout(ctx, tokenWithin)
	defer cancel()
	fresh, err := t.from.GetToken(bounded, policy.TokenRequestOptions{Scopes: []string{t.scope}})
	if err == nil && fresh.Token == "" {
		err = errors.New("it is empty") // never sent: an empty bearer would look like ours
	}
	switch {
	case err == nil:
		t.token = fresh
	case left <= 0:
		return "", fmt.Errorf("teams: the bot's own token cannot be had: %w", err)
	}
	return t.token.Token, nil
}

// forget drops a token that was refused, so that the next call asks for a new one.
func (t *tokens) forget(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.Token == token {
		t.token, t.tried = azcore.AccessToken{}, time.Time{}
	}
}
