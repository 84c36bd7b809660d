package graphtest

import (
	"net/http"
	"slices"
	"strings"
)

// appRoles are Graph's application permissions that the tenant knows the ids of; others get an id of their own.
func (t *Tenant) appRoles() []string {
	var out []string
	out = append(out, t.opts.AppRoles...)
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

	sharePointApp       = "00000003-0000-0ff1-ce00-000000000000"
	sharePointPrincipal = "4e2a1b00-2222-4222-a333-444455556666"
	sharePointPrefix    = "SharePoint/" // of its permissions in Options and App
)

// rolesOf are the roles of a resource, whose names begin so; those of Microsoft Graph have no prefix.
func (t *Tenant) rolesOf(prefix string) []object {
	out := []object{}
	for _, name := range t.appRoles() {
		if strings.HasPrefix(name, sharePointPrefix) == (prefix != "") {
			out = append(out, object{"id": roleID(name), "value": strings.TrimPrefix(name, prefix), "isEnabled": true, "allowedMemberTypes": []string{"Application"}})
		}
	}
	return out
}

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
	if c.r.Method != http.MethodGet {
		return t.ownCalls(c)
	}
	if refused := c.may("Application.Read.All", "Directory.Read.All"); refused != nil {
		return *refused
	}
	if c.is(http.MethodGet, "applications", "*", "federatedIdentityCredentials") {
		return t.federations(c)
	}
	if _, unique, is := strings.Cut(c.parts[0], "applications(uniqueName='"); is && len(c.parts) == 1 {
		return t.byUnique(c, strings.TrimSuffix(unique, "')"))
	}
	area, rest, _ := strings.Cut(c.parts[0], "(appId='")
	id := strings.TrimSuffix(rest, "')")
	what := area + "/" + strings.Join(c.parts[1:], "/")
	a := t.app(id)
	switch {
	case c.r.Method != http.MethodGet || rest == "":
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	case what == "servicePrincipals/" && id == graphApp:
		return c.one(object{"id": graphPrincipal, "appRoles": t.rolesOf("")})
	case what == "servicePrincipals/" && id == sharePointApp:
		list := t.rolesOf(sharePointPrefix)
		if len(list) == 0 { // a tenant without SharePoint
			return notFound(id)
		}
		return c.one(object{"id": sharePointPrincipal, "appRoles": list})
	case a == nil:
		return notFound(id)
	case area == "servicePrincipals" && (a.Principal == "" || t.unseen(a.principalMade)):
		return notFound(id)
	case what == "servicePrincipals/":
		return c.one(c.chosen(object{"id": a.Principal, "appId": a.ID, "displayName": a.Name, "accountEnabled": !a.Disabled}))
	case what == "servicePrincipals/appRoleAssignments":
		list := []object{}
		for _, name := range a.Roles {
			resource, title := graphPrincipal, "Microsoft Graph"
			if strings.HasPrefix(name, sharePointPrefix) {
				resource, title = sharePointPrincipal, "Office 365 SharePoint Online"
			}
			list = append(list, object{"id": NewID(), "appRoleId": roleID(name), "principalId": NewID(), "resourceId": resource, "resourceDisplayName": title})
		}
		return c.page(list, 100, 999)
	case what == "applications/":
		return c.one(c.chosen(appJSON(a)))
	case what == "applications/owners":
		return c.page(t.refs(c, a.Owners), 100, 999)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}
