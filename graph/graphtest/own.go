package graphtest

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ownCalls are what an app with Application.ReadWrite.OwnedBy may do: make apps, and change and end those that it made.
func (t *Tenant) ownCalls(c call) answer {
	if refused := c.may("Application.ReadWrite.OwnedBy"); refused != nil {
		return *refused
	}
	area, rest, keyed := strings.Cut(c.parts[0], "(")
	key := strings.TrimSuffix(rest, "')")
	unique, byUnique := strings.CutPrefix(key, "uniqueName='")
	appID, byApp := strings.CutPrefix(key, "appId='")
	switch {
	case area == "applications" && byUnique && len(c.parts) == 1 && c.r.Method == http.MethodPatch:
		return t.register(c, unique)
	case c.is(http.MethodPost, "servicePrincipals"):
		return t.addPrincipal(c)
	case keyed && area == "servicePrincipals" && byApp && len(c.parts) == 1 && c.r.Method == http.MethodPatch:
		return c.owned(t.app(appID), t.enable(c))
	case !keyed && area == "applications" && len(c.parts) > 1:
		a := t.app(c.parts[1])
		if a != nil && a.object == c.parts[1] && t.unseen(a.made) {
			return notFound(c.parts[1]) // made, and not yet everywhere
		}
		return c.owned(a, t.ownApp(c))
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

// byUnique reads an app by its unique name.
func (t *Tenant) byUnique(c call, unique string) answer {
	a := t.unique(unique)
	if a == nil || t.unseen(a.made) {
		return notFound(unique)
	}
	return c.one(c.chosen(appJSON(a)))
}

func (t *Tenant) unique(name string) *App {
	i := slices.IndexFunc(t.apps, func(a *App) bool { return a.deleted.IsZero() && a.Unique == name && name != "" })
	if i < 0 {
		return nil
	}
	return t.apps[i]
}

// owned does something with an app if the caller made it.
func (c call) owned(a *App, do func(*App) answer) answer {
	switch {
	case a == nil:
		return notFound(c.parts[len(c.parts)-1])
	case !slices.Contains(a.Owners, c.app.Principal):
		return no(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	return do(a)
}

func appJSON(a *App) object {
	keys, secrets := []object{}, []object{}
	for _, k := range a.Credentials {
		o := object{"keyId": k.ID, "displayName": k.Name, "endDateTime": k.Ends.UTC().Format(time.RFC3339)}
		if k.Secret {
			secrets = append(secrets, o)
			continue
		}
		o["type"], o["usage"], o["key"] = "AsymmetricX509Cert", "Verify", k.Key
		keys = append(keys, o)
	}
	required := []object{}
	for _, resource := range []string{graphApp, sharePointApp} {
		access := []object{}
		for _, ask := range a.Asks {
			if of, id := askOf(ask); of == resource {
				access = append(access, object{"id": id, "type": "Role"})
			}
		}
		if len(access) > 0 {
			required = append(required, object{"resourceAppId": resource, "resourceAccess": access})
		}
	}
	return object{
		"id": a.object, "appId": a.ID, "displayName": a.Name, "uniqueName": a.Unique, "keyCredentials": keys, "passwordCredentials": secrets,
		"requiredResourceAccess": required,
	}
}

// askOf is the app id of the resource and the id of the permission that stands in App.Asks.
func askOf(ask string) (resource, id string) {
	if resource, id, other := strings.Cut(ask, "/"); other {
		return resource, id
	}
	return graphApp, ask
}

func bad(why string) answer { return no(http.StatusBadRequest, "Request_BadRequest", why) }

// strict decodes a body that has nothing in it that is not modelled.
func (c call) strict(into any) *answer {
	dec := json.NewDecoder(strings.NewReader(string(c.body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		a := bad("the body cannot be read: " + err.Error())
		return &a
	}
	return nil
}

// key is a certificate as it is sent: never a secret.
type key struct {
	Kind  string `json:"@odata.type"`
	Type  string `json:"type"`
	Usage string `json:"usage"`
	Key   []byte `json:"key"`
	Name  string `json:"displayName"`
}

// certificates checks what is sent as keys.
func (t *Tenant) certificates(keys []key) ([]Credential, *answer) {
	var out []Credential
	for _, k := range keys {
		cert, err := x509.ParseCertificate(k.Key)
		if err != nil || k.Type != "AsymmetricX509Cert" || k.Usage != "Verify" {
			a := bad("Invalid value specified for property 'keyCredentials'.")
			return nil, &a
		}
		out = append(out, Credential{ID: NewID(), Name: k.Name, Ends: cert.NotAfter, Key: k.Key})
	}
	return out, nil
}

// register makes an app, or changes the one of that unique name.
func (t *Tenant) register(c call, unique string) answer {
	var body struct {
		Kind     string `json:"@odata.type"`
		Name     string `json:"displayName"`
		Audience string `json:"signInAudience"`
		Notes    string `json:"notes"`
		Access   []struct {
			Kind     string `json:"@odata.type"`
			Resource string `json:"resourceAppId"`
			Access   []struct {
				Kind string `json:"@odata.type"`
				ID   string `json:"id"`
				Type string `json:"type"`
			} `json:"resourceAccess"`
		} `json:"requiredResourceAccess"`
	}
	if refused := c.strict(&body); refused != nil {
		return *refused
	}
	var asks []string
	for _, of := range body.Access {
		for _, access := range of.Access {
			switch {
			case access.Type != "Role":
				return bad("requiredResourceAccess of another type")
			case of.Resource == graphApp:
				asks = append(asks, access.ID)
			case of.Resource == sharePointApp:
				asks = append(asks, sharePointApp+"/"+access.ID)
			default:
				return bad("requiredResourceAccess of another resource")
			}
		}
	}
	if body.Name == "" || body.Audience != "AzureADMyOrg" {
		return bad("displayName and signInAudience")
	}
	if a := t.unique(unique); a != nil {
		return c.owned(a, func(a *App) answer {
			a.Name, a.Asks = body.Name, asks
			return done()
		})
	}
	if c.r.Header.Get("Prefer") != "create-if-missing" {
		return notFound(unique)
	}
	a := &App{ID: NewID(), Name: body.Name, Unique: unique, Owners: []string{c.app.Principal}, Asks: asks, object: NewID(), made: t.opts.Now()}
	t.apps = append(t.apps, a)
	t.audit(audit{activity: "Add application", actor: c.app.Name, app: c.app.ID, targets: []string{a.object}})
	out := c.one(appJSON(a))
	out.status = http.StatusCreated
	return out
}

func (t *Tenant) addPrincipal(c call) answer {
	var body struct {
		Kind  string `json:"@odata.type"`
		AppID string `json:"appId"`
	}
	if refused := c.strict(&body); refused != nil {
		return *refused
	}
	a := t.app(body.AppID)
	switch {
	case a == nil:
		return bad("The appId '" + body.AppID + "' of the service principal does not reference a valid application object.")
	case t.unseen(a.made): // both are said while the app is not yet everywhere; the second misleads
		if t.rnd.IntN(2) == 0 {
			return bad("The appId '" + body.AppID + "' of the service principal does not reference a valid application object.")
		}
		return no(http.StatusForbidden, "Authorization_RequestDenied", "When using this permission, the backing application of the service principal being created must in the local tenant")
	case !slices.Contains(a.Owners, c.app.Principal):
		return no(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	case a.Principal != "":
		return no(http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "The service principal cannot be created, updated, or restored because the service principal name is already in use.")
	}
	a.Principal, a.Disabled, a.principalMade = NewID(), false, t.opts.Now()
	t.audit(audit{activity: "Add service principal", actor: c.app.Name, app: c.app.ID, targets: []string{a.Principal}})
	out := c.one(object{"id": a.Principal, "appId": a.ID, "displayName": a.Name, "accountEnabled": true})
	out.status = http.StatusCreated
	return out
}

func (t *Tenant) enable(c call) func(*App) answer {
	return func(a *App) answer {
		var body struct {
			Kind string `json:"@odata.type"`
			On   *bool  `json:"accountEnabled"`
		}
		if refused := c.strict(&body); refused != nil {
			return *refused
		}
		if a.Principal == "" {
			return notFound(a.ID)
		}
		if body.On != nil {
			a.Disabled = !*body.On
		}
		return done()
	}
}

// ownApp does what is done with an app registration by its object id.
func (t *Tenant) ownApp(c call) func(*App) answer {
	return func(a *App) answer {
		switch {
		case c.is(http.MethodPatch, "applications", "*"):
			var body struct {
				Kind string `json:"@odata.type"`
				Keys *[]key `json:"keyCredentials"`
			}
			if refused := c.strict(&body); refused != nil {
				return *refused
			}
			if body.Keys == nil {
				return done() // nothing to change
			}
			keys, refused := t.certificates(*body.Keys)
			if refused != nil {
				return *refused
			}
			a.Credentials = append(slices.DeleteFunc(slices.Clone(a.Credentials), func(k Credential) bool { return !k.Secret }), keys...)
			return done()
		case c.is(http.MethodDelete, "applications", "*"):
			a.deleted = t.opts.Now()
			t.audit(audit{activity: "Delete application", actor: c.app.Name, app: c.app.ID, targets: []string{a.object}})
			return done()
		case c.is(http.MethodPost, "applications", "*", "federatedIdentityCredentials"):
			return t.federate(c, a)
		case c.is(http.MethodDelete, "applications", "*", "federatedIdentityCredentials", "*"):
			kept := slices.DeleteFunc(slices.Clone(a.Federated), func(f Federated) bool { return f.ID == c.parts[3] })
			if len(kept) == len(a.Federated) {
				return notFound(c.parts[3])
			}
			a.Federated = kept
			return done()
		}
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	}
}

// federations lists the federated credentials of an app.
func (t *Tenant) federations(c call) answer {
	a := t.app(c.parts[1])
	if a == nil || a.object != c.parts[1] || t.unseen(a.made) {
		return notFound(c.parts[1])
	}
	list := []object{}
	for _, f := range a.Federated {
		list = append(list, federatedJSON(f))
	}
	return c.page(list, 100, 999)
}

func federatedJSON(f Federated) object {
	return object{"id": f.ID, "name": f.Name, "issuer": f.Issuer, "subject": f.Subject, "audiences": []string{"api://AzureADTokenExchange"}}
}

func (t *Tenant) federate(c call, a *App) answer {
	var body struct {
		Kind      string   `json:"@odata.type"`
		Name      string   `json:"name"`
		Issuer    string   `json:"issuer"`
		Subject   string   `json:"subject"`
		Audiences []string `json:"audiences"`
	}
	if refused := c.strict(&body); refused != nil {
		return *refused
	}
	same := func(f Federated) bool {
		return f.Name == body.Name || f.Issuer == body.Issuer && f.Subject == body.Subject
	}
	switch {
	case body.Name == "" || len(body.Name) > 120 || body.Issuer == "" || body.Subject == "" || len(body.Issuer) > 600 || len(body.Subject) > 600:
		return bad("name, issuer and subject")
	case !slices.Equal(body.Audiences, []string{"api://AzureADTokenExchange"}):
		return bad("audiences must be exactly one")
	case len(a.Federated) >= 20:
		return bad("at most 20 federated credentials")
	case slices.ContainsFunc(a.Federated, same):
		return no(http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "FederatedIdentityCredential with name "+body.Name+" already exists.")
	}
	f := Federated{ID: NewID(), Name: body.Name, Issuer: body.Issuer, Subject: body.Subject}
	a.Federated = append(a.Federated, f)
	out := c.one(federatedJSON(f))
	out.status = http.StatusCreated
	return out
}

// Apps are the app registrations now, without their secrets.
func (t *Tenant) Apps() []App {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []App
	for _, a := range t.apps {
		if a.deleted.IsZero() {
			app := *a
			app.Secret = ""
			out = append(out, app)
		}
	}
	return out
}
