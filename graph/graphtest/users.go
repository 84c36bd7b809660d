package graphtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

func (t *Tenant) userCalls(c call) answer {
	if c.is(http.MethodPost, "users", "*", "revokeSignInSessions") {
		return t.revoke(c)
	}
	if refused := c.may("User.Read.All", "Directory.Read.All"); refused != nil {
		return *refused
	}
	if c.is(http.MethodGet, "users") {
		if refused := c.query("$filter", "$select"); refused != nil {
			return *refused
		}
		return t.usersByMail(c)
	}
	if len(c.parts) < 2 {
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	}
	u := t.user(c.parts[1])
	if u == nil || t.unseen(u.made) {
		return notFound(c.parts[1])
	}
	switch {
	case c.is(http.MethodGet, "users", "*"):
		if refused := c.query("$select"); refused != nil {
			return *refused
		}
		return c.one(c.chosen(userJSON(u)))
	case c.is(http.MethodPost, "users", "*", "checkMemberGroups"):
		return t.checkGroups(c, u)
	case c.is(http.MethodGet, "users", "*", "transitiveMemberOf"):
		if refused := c.may("GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Directory.Read.All"); refused != nil {
			return *refused // what of a group is more than its id
		}
		if refused := c.query("$select", "$top", "$skiptoken"); refused != nil {
			return *refused
		}
		return t.memberOf(c, u.ID)
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
		if u.deleted.IsZero() && (u.Mail != "" && strings.EqualFold(u.Mail, mail) || strings.EqualFold(u.UPN, upn)) {
			list = append(list, c.chosen(userJSON(u)))
		}
	}
	return c.page(list, 100, 999)
}

func userJSON(u *User) object {
	kind := "Member"
	if u.Guest {
		kind = "Guest"
	}
	out := object{
		"id": u.ID, "userPrincipalName": u.UPN, "displayName": u.Name, "accountEnabled": u.Enabled, "userType": kind,
		"onPremisesSyncEnabled": nil, "mail": nil, "employeeId": nil, "department": nil, "onPremisesExtensionAttributes": u.Attributes,
		"signInSessionsValidFromDateTime": nil,
	}
	if !u.Revoked.IsZero() {
		out["signInSessionsValidFromDateTime"] = u.Revoked.UTC().Format(time.RFC3339) // whole seconds
	}
	if u.Synced {
		out["onPremisesSyncEnabled"] = true
	}
	if u.Mail != "" {
		out["mail"] = u.Mail
	}
	if u.EmployeeID != "" {
		out["employeeId"] = u.EmployeeID
	}
	if u.Department != "" {
		out["department"] = u.Department
	}
	return out
}

// checkGroups answers through nested groups, as checkMemberGroups does.
func (t *Tenant) checkGroups(c call, u *User) answer {
	var body struct {
		IDs []string `json:"groupIds"`
	}
	if refused := c.may("GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Directory.Read.All"); refused != nil {
		return *refused
	}
	if err := json.Unmarshal(c.body, &body); err != nil || len(body.IDs) == 0 || len(body.IDs) > 20 {
		return no(http.StatusBadRequest, "Request_BadRequest", "groupIds has 1 to 20 ids")
	}
	in := []string{}
	for _, id := range body.IDs {
		if t.contains(id, u.ID, 0) {
			in = append(in, id)
		}
	}
	return ok(object{"value": in})
}

// revoke ends the sessions of an account. It takes no body.
func (t *Tenant) revoke(c call) answer {
	if refused := c.may("User.RevokeSessions.All"); refused != nil {
		return *refused
	}
	u := t.user(c.parts[1])
	switch {
	case u == nil:
		return notFound(c.parts[1])
	case len(c.body) > 0:
		return bad("revokeSignInSessions takes no body")
	}
	u.Revoked = t.opts.Now()
	t.audit(audit{activity: "Update StsRefreshTokenValidFrom Timestamp", actor: c.app.Name, app: c.app.ID, targets: []string{u.ID}})
	return ok(object{"@odata.context": "https://" + c.r.Host + "/v1.0/$metadata#Edm.Boolean", "value": true})
}

// perUserMFA reads and changes the per-user MFA state. One that is enabled turns to enforced when the account has a method.
func (t *Tenant) perUserMFA(c call) answer {
	may := []string{"Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod"}
	if c.r.Method == http.MethodPatch {
		may = may[1:]
	}
	if refused := c.may(may...); refused != nil {
		return *refused
	}
	u := t.user(c.parts[1])
	if u == nil {
		return notFound(c.parts[1])
	}
	if c.r.Method == http.MethodGet {
		return c.one(object{"perUserMfaState": u.mfa()})
	}
	var body struct {
		State string `json:"perUserMfaState"`
	}
	if refused := c.strict(&body); refused != nil {
		return *refused
	}
	switch body.State {
	case "disabled", "enabled", "enforced":
	default:
		return bad("Invalid value for perUserMfaState.")
	}
	if body.State == "enabled" && len(u.Methods) > 0 {
		body.State = "enforced"
	}
	if body.State != u.mfa() {
		t.setMFA(c.app.Name, c.app.ID, u, body.State)
	}
	return done()
}
