package graph

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// App registrations that hallpass makes; the client must also be Apps. None of these calls is ever repeated by itself: whoever gets an error looks
// first (Registered), and only then creates. No secret is ever made: a certificate's public half, or a federated credential.

// Registered is an app registration that hallpass made.
type Registered struct {
	ObjectID, AppID, Name string
	// Unique is the name by which it is looked up; it never changes.
	Unique string
	Keys   []AppCredential
}

// NewRegistration is an app registration that is to be made.
type NewRegistration struct {
	Name, Unique string
	// Notes say for whom and why it is there.
	Notes string
	// Certificate is the public half of a certificate, DER. Empty: none.
	Certificate []byte
}

// Federated is a federated credential: who holds a token of this issuer with this subject is the app.
type Federated struct{ ID, Name, Issuer, Subject string }

// audience is the one audience that Entra ID takes (Microsoft's page "federatedIdentityCredential resource type").
const audience = "api://AzureADTokenExchange"

// Registered looks for an app registration by its unique name; one that is not there is IsNotFound. Right after it was
// made it may not be found for a while.
func (c *Client) Registered(ctx context.Context, unique string) (Registered, error) {
	r, err := c.call(abs.GET, "/applications(uniqueName='"+url.PathEscape(unique)+"')", url.Values{"$select": {"id,appId,displayName,uniqueName,keyCredentials"}})
	if err != nil {
		return Registered{}, err
	}
	a, err := get[models.Applicationable](ctx, c, r, models.CreateApplicationFromDiscriminatorValue)
	if err != nil {
		return Registered{}, err
	}
	return appOf(a), nil
}

func appOf(a models.Applicationable) Registered {
	out := Registered{ObjectID: text(a.GetId()), AppID: text(a.GetAppId()), Name: text(a.GetDisplayName()), Unique: text(a.GetUniqueName())}
	for _, k := range a.GetKeyCredentials() {
		found := AppCredential{Name: text(k.GetDisplayName()), Ends: moment(k.GetEndDateTime())}
		if id := k.GetKeyId(); id != nil {
			found.ID = id.String()
		}
		out.Keys = append(out.Keys, found)
	}
	return out
}

// Register makes an app registration. One of that unique name that is there already is IsConflict.
func (c *Client) Register(ctx context.Context, n NewRegistration) (Registered, error) {
	if n.Unique == "" || n.Name == "" {
		return Registered{}, errors.New("graph: an app registration without a name")
	}
	body, audience := models.NewApplication(), "AzureADMyOrg"
	body.SetDisplayName(&n.Name)
	body.SetUniqueName(&n.Unique)
	body.SetSignInAudience(&audience)
	if n.Notes != "" {
		body.SetNotes(&n.Notes)
	}
	if len(n.Certificate) > 0 {
		body.SetKeyCredentials([]models.KeyCredentialable{certificate(n.Certificate)})
	}
	a, err := post[models.Applicationable](ctx, c, "/applications", body, models.CreateApplicationFromDiscriminatorValue)
	if err != nil {
		return Registered{}, err
	}
	return appOf(a), nil
}

func certificate(der []byte) models.KeyCredentialable {
	k, kind, usage := models.NewKeyCredential(), "AsymmetricX509Cert", "Verify"
	k.SetTypeEscaped(&kind)
	k.SetUsage(&usage)
	k.SetKey(slices.Clone(der))
	return k
}

// SetCertificate replaces all certificates of an app registration by one, or by none.
func (c *Client) SetCertificate(ctx context.Context, objectID string, der []byte) error {
	body, keys := models.NewApplication(), []models.KeyCredentialable{}
	if len(der) > 0 {
		keys = append(keys, certificate(der))
	}
	body.SetKeyCredentials(keys)
	return c.change(ctx, "/applications/"+url.PathEscape(objectID), body)
}

// Unregister deletes an app registration; for 30 days an administrator can restore it.
func (c *Client) Unregister(ctx context.Context, objectID string) error {
	r, err := c.call(abs.DELETE, "/applications/"+url.PathEscape(objectID), nil)
	if err != nil {
		return err
	}
	return c.send(ctx, r)
}

// AddPrincipal makes the service principal of an app, and gives its id. Right after the app was made it may be refused
// for a while.
func (c *Client) AddPrincipal(ctx context.Context, appID string) (string, error) {
	body := models.NewServicePrincipal()
	body.SetAppId(&appID)
	p, err := post[models.ServicePrincipalable](ctx, c, "/servicePrincipals", body, models.CreateServicePrincipalFromDiscriminatorValue)
	if err != nil {
		return "", err
	}
	return text(p.GetId()), nil
}

// EnablePrincipal lets an app sign in, or no longer.
func (c *Client) EnablePrincipal(ctx context.Context, appID string, on bool) error {
	body := models.NewServicePrincipal()
	body.SetAccountEnabled(&on)
	return c.change(ctx, "/servicePrincipals(appId='"+url.PathEscape(appID)+"')", body)
}

// Federations reads the federated credentials of an app registration.
func (c *Client) Federations(ctx context.Context, objectID string) ([]Federated, error) {
	found, err := all[models.FederatedIdentityCredentialCollectionResponseable, models.FederatedIdentityCredentialable](ctx, c,
		"/applications/"+url.PathEscape(objectID)+"/federatedIdentityCredentials", nil, models.CreateFederatedIdentityCredentialCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []Federated
	for _, f := range found {
		out = append(out, Federated{ID: text(f.GetId()), Name: text(f.GetName()), Issuer: text(f.GetIssuer()), Subject: text(f.GetSubject())})
	}
	return out, nil
}

// AddFederated adds a federated credential to an app registration. The name never changes.
func (c *Client) AddFederated(ctx context.Context, objectID string, f Federated) error {
	if f.Name == "" || f.Issuer == "" || f.Subject == "" {
		return errors.New("graph: a federated credential has a name, an issuer and a subject")
	}
	body := models.NewFederatedIdentityCredential()
	body.SetName(&f.Name)
	body.SetIssuer(&f.Issuer)
	body.SetSubject(&f.Subject)
	body.SetAudiences([]string{audience})
	_, err := post[models.FederatedIdentityCredentialable](ctx, c, "/applications/"+url.PathEscape(objectID)+"/federatedIdentityCredentials", body,
		models.CreateFederatedIdentityCredentialFromDiscriminatorValue)
	return err
}

// RemoveFederated removes a federated credential by its id.
func (c *Client) RemoveFederated(ctx context.Context, objectID, id string) error {
	r, err := c.call(abs.DELETE, "/applications/"+url.PathEscape(objectID)+"/federatedIdentityCredentials/"+url.PathEscape(id), nil)
	if err != nil {
		return err
	}
	return c.send(ctx, r)
}

// post sends a fresh model and gives what was made.
func post[T any](ctx context.Context, c *Client, path string, body serialization.Parsable, factory serialization.ParsableFactory) (T, error) {
	var zero T
	r, err := c.call(abs.POST, path, nil)
	if err != nil {
		return zero, err
	}
	if err := r.SetContentFromParsable(ctx, c.adapter, "application/json", body); err != nil {
		return zero, fmt.Errorf("graph: encoding a body: %w", err) // unheeded it would send an empty body
	}
	return get[T](ctx, c, r, factory)
}

// change sends a fresh model as a PATCH, which is answered without a body.
func (c *Client) change(ctx context.Context, path string, body serialization.Parsable) error {
	r, err := c.call(abs.PATCH, path, nil)
	if err != nil {
		return err
	}
	if err := r.SetContentFromParsable(ctx, c.adapter, "application/json", body); err != nil {
		return fmt.Errorf("graph: encoding a body: %w", err)
	}
	return c.send(ctx, r)
}
