package graphtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

func (t *Tenant) groupCalls(c call) answer {
	if len(c.parts) < 2 {
		return notModelled("listing groups")
	}
	g := t.group(c.parts[1])
	if g == nil {
		return notFound(c.parts[1])
	}
	switch {
	case c.is(http.MethodPost, "groups", "*", "members", "$ref"):
		return t.addMember(c, g)
	case c.is(http.MethodDelete, "groups", "*", "members", "*", "$ref"):
		return t.removeMember(c, g)
	case c.r.Method != http.MethodGet:
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	}
	if refused := c.may("GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Directory.Read.All"); refused != nil {
		return *refused
	}
	if t.unseen(g.made) {
		return notFound(g.ID)
	}
	if refused := c.query("$select", "$top", "$skiptoken"); refused != nil {
		return *refused
	}
	switch {
	case c.is(http.MethodGet, "groups", "*"):
		return c.one(c.chosen(groupJSON(g)))
	case c.is(http.MethodGet, "groups", "*", "members"):
		return c.page(t.refs(c, t.seen(t.members(g), g.history)), 100, 999)
	case c.is(http.MethodGet, "groups", "*", "owners"):
		return c.page(t.refs(c, g.Owners), 100, 999)
	case c.is(http.MethodGet, "groups", "*", "transitiveMemberOf"):
		return t.memberOf(c, g.ID)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

func groupJSON(g *Group) object {
	types, licences := []string{}, []object{}
	if g.Dynamic {
		types = append(types, "DynamicMembership")
	}
	if g.Licensed {
		licences = append(licences, object{"skuId": "6fd2c87f-b296-42f0-b197-1e91e994b900", "disabledPlans": []string{}})
	}
	out := object{
		"id": g.ID, "displayName": g.Name, "securityEnabled": g.Security, "onPremisesSyncEnabled": nil, "groupTypes": types,
		"isAssignableToRole": g.RoleAssignable, "isManagementRestricted": nil, "assignedLicenses": licences,
	}
	if g.Synced {
		out["onPremisesSyncEnabled"] = true
	}
	if g.Restricted {
		out["isManagementRestricted"] = true
	}
	return out
}

// refs are directory objects by their ids.
func (t *Tenant) refs(c call, ids []string) []object {
	list := []object{}
	for _, id := range ids {
		o := object{"@odata.type": "#microsoft.graph.servicePrincipal", "id": id}
		if u := t.user(id); u != nil {
			o = userJSON(u)
			o["@odata.type"] = "#microsoft.graph.user"
		} else if g := t.group(id); g != nil {
			o = groupJSON(g)
			o["@odata.type"] = "#microsoft.graph.group"
		}
		list = append(list, c.chosen(o))
	}
	return list
}

// memberOf lists what something is a member of: groups, and the roles that it holds directly.
func (t *Tenant) memberOf(c call, id string) answer {
	var ids []string
	for _, g := range t.above(id) {
		ids = append(ids, g.ID)
	}
	list := t.refs(c, ids)
	for _, r := range t.roles {
		if r.Principal == id && !r.Eligible && r.Scope == "" {
			list = append(list, object{"@odata.type": "#microsoft.graph.directoryRole", "id": "role-" + r.Role})
		}
	}
	return c.page(list, 100, 999)
}

// mayChange demands the right to change the members of a group.
func (c call) mayChange(g *Group) *answer {
	if g.Restricted && !slices.Contains(g.Administrators, c.app.ID) {
		a := no(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation: the group is in a restricted management administrative unit.")
		return &a
	}
	if g.Restricted {
		return nil
	}
	if g.RoleAssignable {
		return c.may("RoleManagement.ReadWrite.Directory")
	}
	return c.may("GroupMember.ReadWrite.All")
}

func (t *Tenant) addMember(c call, g *Group) answer {
	if refused := c.mayChange(g); refused != nil {
		return *refused
	}
	bad := func(why string) answer { return no(http.StatusBadRequest, "Request_BadRequest", why) }
	var ref map[string]string
	if err := json.Unmarshal(c.body, &ref); err != nil || len(ref) != 1 {
		return bad("A reference is {\"@odata.id\": …}.")
	}
	id, found := strings.CutPrefix(ref["@odata.id"], "https://"+c.r.Host+"/v1.0/directoryObjects/")
	if !found || id == "" { // another cloud's host is as wrong as no host
		return bad("Invalid URL format specified in @odata.id.")
	}
	switch u := t.user(id); {
	case t.unseen(g.made), u != nil && t.unseen(u.made):
		return bad("The source resource object or one of the objects being referenced do not exist.")
	case u == nil || u.ID != id:
		return notFound(id)
	case g.Dynamic || g.Synced:
		return bad("Insufficient privileges to complete the operation: the group cannot be changed here.")
	case slices.Contains(g.members, id):
		return bad("One or more added object references already exist for the following modified properties: 'members'.")
	}
	t.setMember(c.app.Name, c.app.ID, g, id, true)
	return done()
}

func (t *Tenant) removeMember(c call, g *Group) answer {
	if refused := c.mayChange(g); refused != nil {
		return *refused
	}
	switch {
	case g.Dynamic || g.Synced:
		return no(http.StatusBadRequest, "Request_BadRequest", "Insufficient privileges to complete the operation: the group cannot be changed here.")
	case !slices.Contains(g.members, c.parts[3]):
		return notFound(c.parts[3])
	}
	t.setMember(c.app.Name, c.app.ID, g, c.parts[3], false)
	return done()
}
