package graphtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// appRoles are Graph's application permissions that the tenant knows the ids of; others get an id of their own.
func (t *Tenant) appRoles() []string {
	var out []string
	for _, a := range t.apps {
		for _, r := range a.Roles {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	slices.Sort(out)
	return out
}

const (
	graphApp       = "00000003-0000-0000-c000-000000000000"
	graphPrincipal = "4e2a1b00-1111-4222-a333-444455556666"
)

func roleID(name string) string {
	const digits = "0123456789abcdef"
	id := []byte("00000000-0000-4000-a000-000000000000")
	for i, j := 0, 0; i < len(id) && j < len(name); i++ {
		if i != 8 && i != 13 && i != 14 && i != 18 && i != 19 && i != 23 {
			id[i] = digits[name[j]%16]
			j++
		}
	}
	sum := 0
	for i := range len(name) {
		sum = (sum*31 + int(name[i])) % 0xffff
	}
	for i := range 4 {
		id[len(id)-1-i] = digits[sum>>(4*i)&15]
	}
	return string(id)
}

func (t *Tenant) appCalls(c call) answer {
	if refused := c.may("Application.Read.All", "Directory.Read.All"); refused != nil {
		return *refused
	}
	area, rest, _ := strings.Cut(c.parts[0], "(appId='")
	id := strings.TrimSuffix(rest, "')")
	what := area + "/" + strings.Join(c.parts[1:], "/")
	a := t.app(id)
	switch {
	case c.r.Method != http.MethodGet || rest == "":
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	case what == "servicePrincipals/" && id == graphApp:
		roles := []object{}
		for _, name := range t.appRoles() {
			roles = append(roles, object{"id": roleID(name), "value": name, "isEnabled": true, "allowedMemberTypes": []string{"Application"}})
		}
		return c.one(object{"id": graphPrincipal, "appRoles": roles})
	case a == nil:
		return notFound(id)
	case what == "servicePrincipals/appRoleAssignments":
		list := []object{}
		for _, name := range a.Roles {
			list = append(list, object{"id": NewID(), "appRoleId": roleID(name), "principalId": NewID(), "resourceId": graphPrincipal, "resourceDisplayName": "Microsoft Graph"})
		}
		return c.page(list, 100, 999)
	case what == "applications/":
		keys, secrets := []object{}, []object{}
		for _, k := range a.Credentials {
			o := object{"keyId": k.ID, "displayName": k.Name, "endDateTime": k.Ends.UTC().Format(time.RFC3339)}
			if k.Secret {
				secrets = append(secrets, o)
			} else {
				o["type"], o["usage"] = "AsymmetricX509Cert", "Verify"
				keys = append(keys, o)
			}
		}
		return c.one(object{"id": a.object, "appId": a.ID, "displayName": a.Name, "keyCredentials": keys, "passwordCredentials": secrets})
	case what == "applications/owners":
		return c.page(t.refs(c, a.Owners), 100, 999)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

// Grant grants permissions to an app, as an administrator's consent does.
func (t *Tenant) Grant(actor, appID string, roles ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.app(appID); a != nil {
		a.Roles = append(a.Roles, roles...)
		t.audit(audit{activity: "Add app role assignment to service principal", actor: actor, targets: []string{a.Principal}})
	}
}
