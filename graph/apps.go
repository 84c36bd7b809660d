package graph

import (
	"context"
	"net/url"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// graphApp is Microsoft Graph's own app id, the same in every tenant.
const graphApp = "00000003-0000-0000-c000-000000000000"

// OwnApp is an app registration, as far as it is watched: hallpass's own.
type OwnApp struct {
	ID, ObjectID, Name string
	// Granted are the application permissions of Microsoft Graph that are granted, by name; others as RESOURCE/ID.
	Granted     []string
	Owners      []string // object ids
	Credentials []AppCredential
}

// AppCredential is a certificate or secret of an app; never its value.
type AppCredential struct {
	ID, Name string
	Secret   bool
	Ends     time.Time
}

// OwnApp reads an app registration by its app id (the client id).
func (c *Client) OwnApp(ctx context.Context, appID string) (OwnApp, error) {
	path := "/applications(appId='" + url.PathEscape(appID) + "')"
	r, err := c.call(abs.GET, path, url.Values{"$select": {"id,appId,displayName,keyCredentials,passwordCredentials"}})
	if err != nil {
		return OwnApp{}, err
	}
	a, err := get[models.Applicationable](ctx, c, r, models.CreateApplicationFromDiscriminatorValue)
	if err != nil {
		return OwnApp{}, err
	}
	out := OwnApp{ID: text(a.GetAppId()), ObjectID: text(a.GetId()), Name: text(a.GetDisplayName())}
	for _, k := range a.GetKeyCredentials() {
		found := AppCredential{Name: text(k.GetDisplayName()), Ends: moment(k.GetEndDateTime())}
		if id := k.GetKeyId(); id != nil {
			found.ID = id.String()
		}
		out.Credentials = append(out.Credentials, found)
	}
	out.Credentials = append(out.Credentials, secretsOf(a)...)
	if out.Owners, err = c.appOwners(ctx, appID); err != nil {
		return OwnApp{}, err
	}
	out.Granted, err = c.Granted(ctx, appID)
	return out, err
}

func secretsOf(a models.Applicationable) []AppCredential {
	var out []AppCredential
	for _, p := range a.GetPasswordCredentials() {
		found := AppCredential{Name: text(p.GetDisplayName()), Secret: true, Ends: moment(p.GetEndDateTime())}
		if id := p.GetKeyId(); id != nil {
			found.ID = id.String()
		}
		out = append(out, found)
	}
	return out
}

// appOwners are the object ids of the owners of an app registration.
func (c *Client) appOwners(ctx context.Context, appID string) ([]string, error) {
	owners, err := all[models.DirectoryObjectCollectionResponseable, models.DirectoryObjectable](ctx, c, "/applications(appId='"+url.PathEscape(appID)+"')/owners",
		url.Values{"$select": {"id"}}, models.CreateDirectoryObjectCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range owners {
		out = append(out, text(o.GetId()))
	}
	return out, nil
}

// roles are the application permissions of Microsoft Graph, by their ids.
type roles struct {
	resource string // the object id of Microsoft Graph's service principal
	names    map[string]string
}

// AppRoles are the application permissions that Microsoft Graph knows: their ids by their names.
func (c *Client) AppRoles(ctx context.Context) (map[string]string, error) {
	known, err := c.readRoles(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(known.names))
	for id, name := range known.names {
		out[name] = id
	}
	return out, nil
}

// readRoles reads the permissions of Microsoft Graph, which are many and hardly ever change, and keeps them.
func (c *Client) readRoles(ctx context.Context) (*roles, error) {
	r, err := c.call(abs.GET, "/servicePrincipals(appId='"+graphApp+"')", url.Values{"$select": {"id,appRoles"}})
	if err != nil {
		return nil, err
	}
	resource, err := get[models.ServicePrincipalable](ctx, c, r, models.CreateServicePrincipalFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	out := &roles{resource: text(resource.GetId()), names: map[string]string{}}
	for _, role := range resource.GetAppRoles() {
		if id := role.GetId(); id != nil {
			out.names[id.String()] = text(role.GetValue())
		}
	}
	c.roles.Store(out)
	return out, nil
}

// Granted reads which application permissions are granted to an app, whatever the token at hand says: a token that was
// issued before lacks the latest. What the permissions are called is read anew only if one is not known.
func (c *Client) Granted(ctx context.Context, appID string) ([]string, error) {
	found, err := all[models.AppRoleAssignmentCollectionResponseable, models.AppRoleAssignmentable](ctx, c,
		"/servicePrincipals(appId='"+url.PathEscape(appID)+"')/appRoleAssignments", nil, models.CreateAppRoleAssignmentCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	known := c.roles.Load()
	var out []string
	for _, a := range found {
		role, of := "", ""
		if id := a.GetAppRoleId(); id != nil {
			role = id.String()
		}
		if id := a.GetResourceId(); id != nil {
			of = id.String()
		}
		if known == nil || of == known.resource && known.names[role] == "" {
			if known, err = c.readRoles(ctx); err != nil {
				return nil, err
			}
		}
		name := known.names[role]
		if of != known.resource || name == "" {
			name = text(a.GetResourceDisplayName()) + "/" + role
		}
		out = append(out, name)
	}
	return out, nil
}
