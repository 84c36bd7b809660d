package graphtest

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// patchLocation replaces the ranges of a location, if the body is one that Graph would take.
func (t *Tenant) patchLocation(c call) answer {
	if refused := c.may("Policy.ReadWrite.ConditionalAccess"); refused != nil {
		return *refused
	}
	l := t.location(c.parts[3])
	if l == nil {
		return notFound(c.parts[3])
	}
	bad := func(why string) answer { return no(http.StatusBadRequest, "1040", "Invalid named location: "+why) }
	var body struct {
		Type   string `json:"@odata.type"`
		Ranges *[]struct {
			Type string `json:"@odata.type"`
			CIDR string `json:"cidrAddress"`
		} `json:"ipRanges"`
	}
	dec := json.NewDecoder(strings.NewReader(string(c.body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		return bad(err.Error())
	}
	switch {
	case body.Type != "#microsoft.graph.ipNamedLocation":
		return bad("@odata.type is missing or wrong")
	case body.Ranges == nil:
		return done() // nothing to change: taken, and nothing happens
	case len(*body.Ranges) > 2000:
		return bad("more than 2000 ranges")
	case len(*body.Ranges) == 0:
		return bad("ipRanges must have at least one range")
	}
	var next []string
	for _, r := range *body.Ranges {
		p, err := netip.ParsePrefix(r.CIDR)
		if err != nil || p.Bits() < 8 {
			return bad("cidrAddress " + r.CIDR)
		}
		want := "#microsoft.graph.iPv4CidrRange"
		if p.Addr().Is6() {
			want = "#microsoft.graph.iPv6CidrRange"
		}
		if r.Type != want {
			return bad("a range without its @odata.type")
		}
		if slices.Contains(next, r.CIDR) {
			return bad("the range " + r.CIDR + " stands twice")
		}
		next = append(next, r.CIDR)
	}
	t.setRanges(c.app.Name, c.app.ID, l, next)
	return done()
}

func (t *Tenant) userCalls(c call) answer {
	if refused := c.may("User.Read.All"); refused != nil {
		return *refused
	}
	switch {
	case c.is(http.MethodGet, "users"):
		if refused := c.query("$filter", "$select"); refused != nil {
			return *refused
		}
		return t.usersByMail(c)
	case c.is(http.MethodGet, "users", "*"):
		if refused := c.query("$select"); refused != nil {
			return *refused
		}
		u := t.user(c.parts[1])
		if u == nil {
			return notFound(c.parts[1])
		}
		return ok(userJSON(u, strings.Contains(c.r.URL.Query().Get("$select"), "onPremisesExtensionAttributes")))
	case c.is(http.MethodPost, "users", "*", "checkMemberGroups"):
		return t.checkGroups(c)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

// usersByMail knows one filter: mail eq 'x' or userPrincipalName eq 'x'.
func (t *Tenant) usersByMail(c call) answer {
	filter := c.r.URL.Query().Get("$filter")
	left, right, found := strings.Cut(filter, " or ")
	mail, isMail := strings.CutPrefix(left, "mail eq '")
	upn, isUPN := strings.CutPrefix(right, "userPrincipalName eq '")
	if !found || !isMail || !isUPN || !strings.HasSuffix(mail, "'") || !strings.HasSuffix(upn, "'") {
		return notModelled("the filter " + filter)
	}
	mail, upn = strings.ReplaceAll(mail[:len(mail)-1], "''", "'"), strings.ReplaceAll(upn[:len(upn)-1], "''", "'")
	list := []object{}
	for _, u := range t.users {
		if u.Mail != "" && strings.EqualFold(u.Mail, mail) || strings.EqualFold(u.UPN, upn) {
			list = append(list, userJSON(u, false))
		}
	}
	return ok(object{"value": list})
}

func userJSON(u *User, attributes bool) object {
	kind := "Member"
	if u.Guest {
		kind = "Guest"
	}
	out := object{
		"id": u.ID, "userPrincipalName": u.UPN, "displayName": u.Name, "accountEnabled": u.Enabled, "userType": kind,
		"onPremisesSyncEnabled": u.Synced,
	}
	if u.Mail != "" {
		out["mail"] = u.Mail
	}
	if u.EmployeeID != "" {
		out["employeeId"] = u.EmployeeID
	}
	if attributes {
		out["onPremisesExtensionAttributes"] = u.Attributes
	}
	return out
}

// checkGroups answers through nested groups, as checkMemberGroups does.
func (t *Tenant) checkGroups(c call) answer {
	var body struct {
		IDs []string `json:"groupIds"`
	}
	if refused := c.may("GroupMember.Read.All", "GroupMember.ReadWrite.All"); refused != nil {
		return *refused
	}
	if err := json.Unmarshal(c.body, &body); err != nil || len(body.IDs) == 0 || len(body.IDs) > 20 {
		return no(http.StatusBadRequest, "Request_BadRequest", "groupIds has 1 to 20 ids")
	}
	u := t.user(c.parts[1])
	if u == nil {
		return notFound(c.parts[1])
	}
	in := []string{}
	for _, id := range body.IDs {
		if t.contains(id, u.ID, 0) {
			in = append(in, id)
		}
	}
	return ok(object{"value": in})
}

func (t *Tenant) contains(group, member string, depth int) bool {
	g := t.group(group)
	if g == nil || depth > 10 {
		return false
	}
	return slices.ContainsFunc(g.members, func(m string) bool { return m == member || t.contains(m, member, depth+1) })
}

func (t *Tenant) auditCalls(c call) answer {
	if refused := c.may("AuditLog.Read.All"); refused != nil {
		return *refused
	}
	if refused := c.query("$filter"); refused != nil {
		return *refused
	}
	since, is := strings.CutPrefix(c.r.URL.Query().Get("$filter"), "activityDateTime ge ")
	from, err := time.Parse(time.RFC3339, since)
	if !is || err != nil {
		return notModelled("that filter")
	}
	list := []object{}
	for _, a := range slices.Backward(t.audits) {
		if a.at.Before(from) {
			continue
		}
		by := object{"user": object{"id": a.actor, "userPrincipalName": a.actor}}
		if a.app != "" {
			by = object{"app": object{"servicePrincipalId": a.app, "displayName": a.actor}}
		}
		var targets []object
		for i, id := range a.targets {
			target := object{"id": id}
			if i == 0 && a.property != "" {
				target["modifiedProperties"] = []object{{"displayName": a.property, "oldValue": a.old, "newValue": a.fresh}}
			}
			targets = append(targets, target)
		}
		list = append(list, object{
			"id": NewID(), "activityDateTime": a.at.UTC().Format(time.RFC3339), "activityDisplayName": a.activity,
			"initiatedBy": by, "targetResources": targets,
		})
	}
	return ok(object{"value": list})
}
