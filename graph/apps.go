package graph

import (
	"context"
	"maps"
	"net/url"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// The app ids of the resources, the same in every tenant.
const (
	graphApp      = "00000003-0000-0000-c000-000000000000"
	sharePointApp = "00000003-0000-0ff1-ce00-000000000000" // SharePoint's own API (REST, CSOM), which takes no permission of Graph's
)

// resource is an API whose application permissions hallpass knows by name.
type resource struct {
	app    string
	prefix string // of the names of its permissions
}

func resources() []resource { return []resource{{graphApp, ""}, {sharePointApp, "SharePoint/"}} }

// ask is how an application asks for the role: the id alone is one of Microsoft Graph.
func (r resource) ask(role string) string {
	if r.app == graphApp {
		return role
	}
	return r.app + "/" + role
}

// OwnApp is an app registration, as far as it is watched: hallpass's own.
type OwnApp struct {
	ID, ObjectID, Name string
	// Granted are the application permissions that are granted, by name: those of Microsoft Graph alone, those of SharePoint as
	// SharePoint/NAME, and those of others as RESOURCE/ID.
	Granted     []string
	Owners      []string // object ids
	Credentials []AppCredential
	Federated   []Federated
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
	if out.Federated, err = c.federations(ctx, out.ObjectID); err != nil {
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

// roles are the application permissions of the resources that hallpass knows by name.
type roles struct {
	ids   map[string]string            // by name, as an application asks for them
	names map[string]map[string]string // by the object id of the resource's service principal, and then by the id of the role
}

// AppRoles are the application permissions that there are, of Microsoft Graph and, as SharePoint/NAME, of SharePoint: their ids
// by their names, as NewApp takes them. A tenant without SharePoint has none of the latter.
func (c *Client) AppRoles(ctx context.Context) (map[string]string, error) {
	known, err := c.readRoles(ctx)
	if err != nil {
		return nil, err
	}
	return maps.Clone(known.ids), nil
}

// readRoles reads the permissions of the resources, which are many and hardly ever change, and keeps them.
func (c *Client) readRoles(ctx context.Context) (*roles, error) {
	out := &roles{ids: map[string]string{}, names: map[string]map[string]string{}}
	for _, of := range resources() {
		r, err := c.call(abs.GET, "/servicePrincipals(appId='"+of.app+"')", url.Values{"$select": {"id,appRoles"}})
		if err != nil {
			return nil, err
		}
		resource, err := get[models.ServicePrincipalable](ctx, c, r, models.CreateServicePrincipalFromDiscriminatorValue)
		if IsNotFound(err) && of.app != graphApp {
			continue
		}
		if err != nil {
			return nil, err
		}
		names := map[string]string{}
		for _, role := range resource.GetAppRoles() {
			if id := role.GetId(); id != nil {
				name := of.prefix + text(role.GetValue())
				names[id.String()], out.ids[name] = name, of.ask(id.String())
			}
		}
		out.names[text(resource.GetId())] = names
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
		if known == nil || known.names[of] != nil && known.names[of][role] == "" {
			if known, err = c.readRoles(ctx); err != nil {
				return nil, err
			}
		}
		name := known.names[of][role]
		if name == "" {
			name = text(a.GetResourceDisplayName()) + "/" + role
		}
		out = append(out, name)
	}
	return out, nil
}
