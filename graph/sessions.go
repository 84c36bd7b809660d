package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// SessionsSince reads from when on sessions of an account count: what was signed in before then has to sign in again. It is in
// whole seconds, and zero for an account whose sessions were never revoked (Microsoft's page "user resource type",
// signInSessionsValidFromDateTime).
func (c *Client) SessionsSince(ctx context.Context, userID string) (time.Time, error) {
	r, err := c.call(abs.GET, "/users/"+url.PathEscape(userID), url.Values{"$select": {"id,signInSessionsValidFromDateTime"}})
	if err != nil {
		return time.Time{}, err
	}
	u, err := get[models.Userable](ctx, c, r, models.CreateUserFromDiscriminatorValue)
	if err != nil {
		return time.Time{}, err
	}
	if text(u.GetId()) == "" {
		return time.Time{}, errors.New("graph: an account is answered without its id")
	}
	return moment(u.GetSignInSessionsValidFromDateTime()), nil
}

// RevokeSessions makes everything that was signed in as the account sign in again: refresh tokens, and cookies of browsers.
// Access tokens live on until they end by themselves. Only a client that is also Sessions can (Microsoft's page "user:
// revokeSignInSessions").
func (c *Client) RevokeSessions(ctx context.Context, userID string) error {
	r, err := c.call(abs.POST, "/users/"+url.PathEscape(userID)+"/revokeSignInSessions", nil)
	if err != nil {
		return err
	}
	data, err := c.getRaw(ctx, r)
	if err != nil {
		return err
	}
	if len(data) == 0 { // 204, as the page has it; the service says true
		return nil
	}
	var answer struct {
		Value bool `json:"value"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return fmt.Errorf("graph: reading whether sessions were revoked: %w", err)
	}
	if !answer.Value {
		return &Error{Status: http.StatusConflict, Code: "notRevoked", Message: "the sessions were not revoked"}
	}
	return nil
}
