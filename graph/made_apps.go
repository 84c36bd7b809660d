package graph

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// App registrations that hallpass makes. No secret is ever made: a certificate's public half, or a federated credential.

// MadeApp is an app registration that was found by its unique name.
type MadeApp struct {
	ObjectID, AppID, Name string
	// Unique is the name by which it is looked up; it never changes.
	Unique string
	// Principal is the object id of its service principal; empty: it has none. Enabled: it may sign in.
	Principal string
	Enabled   bool
	// Asks are the ids of the application permissions of Microsoft Graph that it asks for; those of others as APP/ID.
	Asks         []string
	Certificates []Certificate
	Federated    []Federated
	// Secrets are client secrets: hallpass never makes one. Owners are object ids.
	Secrets []AppCredential
	Owners  []string
	// Granted are the application permissions that an administrator has consented to, as OwnApp has them.
	Granted []string
}

// Certificate is the public half of a certificate of an app registration.
type Certificate struct {
	ID, Name string
	DER      []byte
	Ends     time.Time
}

// NewApp is an app registration that is to be made.
type NewApp struct {
	Name, Unique string
	// Notes say for whom and why it is there.
	Notes string
	// Asks are the permissions that it asks for, by their ids, as AppRoles gives them.
	Asks []string
}

// Federated is a federated credential: who holds a token of this issuer with this subject is the app.
type Federated struct{ ID, Name, Issuer, Subject string }

// audience is the one audience that Entra ID takes (Microsoft's page "federatedIdentityCredential resource type").
const audience = "api://AzureADTokenExchange"

// MadeApp looks for an app registration by its unique name, with its service principal and what is granted to it. One
// that is not there is IsNotFound. Right after it was made it may not be found for a while.
func (c *Client) MadeApp(ctx context.Context, unique string) (MadeApp, error) {
	r, err := c.call(abs.GET, "/applications(uniqueName='"+url.PathEscape(unique)+"')",
		url.Values{"$select": {"id,appId,displayName,uniqueName,keyCredentials,passwordCredentials,requiredResourceAccess"}})
	if err != nil {
		return MadeApp{}, err
	}
	a, err := get[models.Applicationable](ctx, c, r, models.CreateApplicationFromDiscriminatorValue)
	if err != nil {
		return MadeApp{}, err
	}
	out := madeAppOf(a)
	if out.Owners, err = c.appOwners(ctx, out.AppID); err != nil {
		return out, err
	}
	if out.Federated, err = c.federations(ctx, out.ObjectID); err != nil {
		return out, err
	}
	return out, c.principalOf(ctx, &out)
}

// principalOf reads the service principal of an app registration, if it has one, and what is granted to it.
func (c *Client) principalOf(ctx context.Context, out *MadeApp) error {
	r, err := c.call(abs.GET, "/servicePrincipals(appId='"+url.PathEscape(out.AppID)+"')", url.Values{"$select": {"id,accountEnabled"}})
	if err != nil {
		return err
	}
	p, err := get[models.ServicePrincipalable](ctx, c, r, models.CreateServicePrincipalFromDiscriminatorValue)
	if IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	out.Principal, out.Enabled = text(p.GetId()), p.GetAccountEnabled() != nil && *p.GetAccountEnabled()
	out.Granted, err = c.Granted(ctx, out.AppID)
	return err
}

func madeAppOf(a models.Applicationable) MadeApp {
	out := MadeApp{ObjectID: text(a.GetId()), AppID: text(a.GetAppId()), Name: text(a.GetDisplayName()), Unique: text(a.GetUniqueName())}
	for _, k := range a.GetKeyCredentials() {
		found := Certificate{Name: text(k.GetDisplayName()), DER: k.GetKey(), Ends: moment(k.GetEndDateTime())}
		if id := k.GetKeyId(); id != nil {
			found.ID = id.String()
		}
		out.Certificates = append(out.Certificates, found)
	}
	out.Secrets = secretsOf(a)
	for _, resource := range a.GetRequiredResourceAccess() {
		for _, access := range resource.GetResourceAccess() {
			ask := ""
			if id := access.GetId(); id != nil {
				ask = id.String()
			}
			if of := text(resource.GetResourceAppId()); of != graphApp || text(access.GetTypeEscaped()) != applicationRole {
				ask = of + "/" + ask
			}
			out.Asks = append(out.Asks, ask)
		}
	}
	return out
}

// applicationRole is the type of an application permission, beside "Scope" for a delegated one.
const applicationRole = "Role"

// Register makes an app registration if there is none of that unique name (Microsoft's page "Upsert application"): called
// twice it makes one. Right after it MadeApp may not find it for a while.
func (c *Client) Register(ctx context.Context, n NewApp) error {
	if n.Unique == "" || n.Name == "" {
		return errors.New("graph: an app registration without a name")
	}
	body, audience := models.NewApplication(), "AzureADMyOrg"
	body.SetDisplayName(&n.Name)
	body.SetSignInAudience(&audience)
	if n.Notes != "" {
		body.SetNotes(&n.Notes)
	}
	if len(n.Asks) > 0 {
		asked, err := resourceAccess(n.Asks)
		if err != nil {
			return err
		}
		body.SetRequiredResourceAccess(asked)
	}
	r, err := c.call(abs.PATCH, "/applications(uniqueName='"+url.PathEscape(n.Unique)+"')", nil)
	if err != nil {
		return err
	}
	r.Headers.Add("Prefer", "create-if-missing")
	return c.sendBody(ctx, r, body)
}

// resourceAccess are permissions, as Asks has them, grouped by their resource.
func resourceAccess(asks []string) ([]models.RequiredResourceAccessable, error) {
	var out []models.RequiredResourceAccessable
	for _, ask := range asks {
		app, role, other := strings.Cut(ask, "/")
		if !other {
			app, role = graphApp, ask
		}
		id, err := uuid.Parse(role)
		if err != nil {
			return nil, fmt.Errorf("graph: the id of a permission: %w", err)
		}
		if !slices.ContainsFunc(resources(), func(r resource) bool { return r.app == app }) {
			return nil, fmt.Errorf("graph: %q is a permission of no resource that is known", ask)
		}
		access, kind := models.NewResourceAccess(), applicationRole
		access.SetId(&id)
		access.SetTypeEscaped(&kind)
		i := slices.IndexFunc(out, func(r models.RequiredResourceAccessable) bool { return text(r.GetResourceAppId()) == app })
		if i < 0 {
			i = len(out)
			out = append(out, models.NewRequiredResourceAccess())
			out[i].SetResourceAppId(&app)
		}
		out[i].SetResourceAccess(append(out[i].GetResourceAccess(), access))
	}
	return out, nil
}

// SetCertificates replaces all certificates of an app registration. What is to stay is sent again as it was read.
func (c *Client) SetCertificates(ctx context.Context, objectID string, list []Certificate) error {
	body, keys := models.NewApplication(), []models.KeyCredentialable{}
	for _, cert := range list {
		if len(cert.DER) == 0 {
			return errors.New("graph: a certificate that was read without its key would be lost")
		}
		k, kind, usage := models.NewKeyCredential(), "AsymmetricX509Cert", "Verify"
		k.SetTypeEscaped(&kind)
		k.SetUsage(&usage)
		k.SetKey(slices.Clone(cert.DER))
		if cert.Name != "" {
			k.SetDisplayName(&cert.Name)
		}
		keys = append(keys, k)
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

// AddPrincipal makes the service principal of an app. Right after the app was made it may be refused for a while.
func (c *Client) AddPrincipal(ctx context.Context, appID string) error {
	body := models.NewServicePrincipal()
	body.SetAppId(&appID)
	return c.create(ctx, "/servicePrincipals", body)
}

// EnablePrincipal lets an app sign in, or no longer.
func (c *Client) EnablePrincipal(ctx context.Context, appID string, on bool) error {
	body := models.NewServicePrincipal()
	body.SetAccountEnabled(&on)
	return c.change(ctx, "/servicePrincipals(appId='"+url.PathEscape(appID)+"')", body)
}

func (c *Client) federations(ctx context.Context, objectID string) ([]Federated, error) {
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

// AddFederated adds a federated credential to an app registration. The name never changes; one that is there already is
// IsConflict.
func (c *Client) AddFederated(ctx context.Context, objectID string, f Federated) error {
	if f.Name == "" || f.Issuer == "" || f.Subject == "" {
		return errors.New("graph: a federated credential has a name, an issuer and a subject")
	}
	body := models.NewFederatedIdentityCredential()
	body.SetName(&f.Name)
	body.SetIssuer(&f.Issuer)
	body.SetSubject(&f.Subject)
	body.SetAudiences([]string{audience})
	return c.create(ctx, "/applications/"+url.PathEscape(objectID)+"/federatedIdentityCredentials", body)
}

// RemoveFederated removes a federated credential by its id.
func (c *Client) RemoveFederated(ctx context.Context, objectID, id string) error {
	r, err := c.call(abs.DELETE, "/applications/"+url.PathEscape(objectID)+"/federatedIdentityCredentials/"+url.PathEscape(id), nil)
	if err != nil {
		return err
	}
	return c.send(ctx, r)
}

// create sends a fresh model as a POST. Whoever gets an error looks before anything is sent again.
func (c *Client) create(ctx context.Context, path string, body serialization.Parsable) error {
	r, err := c.call(abs.POST, path, nil)
	if err != nil {
		return err
	}
	return c.sendBody(ctx, r, body)
}

// change sends a fresh model as a PATCH, which is answered without a body.
func (c *Client) change(ctx context.Context, path string, body serialization.Parsable) error {
	r, err := c.call(abs.PATCH, path, nil)
	if err != nil {
		return err
	}
	return c.sendBody(ctx, r, body)
}

// sendBody sends a model whose answer is of no interest.
func (c *Client) sendBody(ctx context.Context, r *abs.RequestInformation, body serialization.Parsable) error {
	if err := r.SetContentFromParsable(ctx, c.adapter, "application/json", body); err != nil {
		return fmt.Errorf("graph: encoding a body: %w", err) // unheeded it would send an empty body
	}
	return c.send(ctx, r)
}
