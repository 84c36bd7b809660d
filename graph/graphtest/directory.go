package graphtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func (t *Tenant) licensed(kinds ...string) bool {
	has := t.opts.Licence
	if has == "" {
		has = "P2"
	}
	return slices.Contains(kinds, has)
}

func (t *Tenant) riskCalls(c call) answer {
	if refused := c.may("IdentityRiskyUser.Read.All", "IdentityRiskyUser.ReadWrite.All"); refused != nil {
		return *refused
	}
	if !c.is(http.MethodGet, "identityProtection", "riskyUsers", "*") {
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	}
	if !t.licensed("P2") {
		return no(http.StatusForbidden, "Forbidden", "Your tenant is not licensed for this feature.")
	}
	u := t.user(c.parts[2])
	if u == nil || u.Risk == "" {
		return notFound(c.parts[2])
	}
	return c.one(object{
		"id": u.ID, "userPrincipalName": u.UPN, "riskLevel": u.Risk, "riskState": "atRisk", "riskDetail": "none", "isDeleted": false, "isProcessing": false,
		"riskLastUpdatedDateTime": t.opts.Now().UTC().Format(time.RFC3339),
	})
}

func (t *Tenant) registration(c call) answer {
	if refused := c.may("AuditLog.Read.All"); refused != nil {
		return *refused
	}
	if !c.is(http.MethodGet, "reports", "authenticationMethods", "userRegistrationDetails", "*") {
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	}
	if !t.licensed("P2", P1) {
		return notLicensed()
	}
	u := t.user(c.parts[3])
	if u == nil {
		return notFound(c.parts[3])
	}
	return c.one(object{
		"id": u.ID, "userPrincipalName": u.UPN, "isMfaRegistered": len(u.Methods) > 0, "isMfaCapable": len(u.Methods) > 0, "methodsRegistered": some(u.Methods),
		"isAdmin":             slices.ContainsFunc(t.roles, func(r RoleAssignment) bool { return r.Principal == u.ID && !r.Eligible }),
		"lastUpdatedDateTime": t.opts.Now().UTC().Format(time.RFC3339),
	})
}

func (t *Tenant) securityDefaults(c call) answer {
	if refused := c.may("Policy.Read.All", "Policy.ReadWrite.SecurityDefaults"); refused != nil {
		return *refused
	}
	if !c.is(http.MethodGet, "policies", "identitySecurityDefaultsEnforcementPolicy") {
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	}
	return c.one(object{"id": "00000000-0000-0000-0000-000000000005", "displayName": "Security Defaults", "isEnabled": t.defaults})
}

func (t *Tenant) domainCalls(c call) answer {
	i := -1
	if len(c.parts) > 1 {
		i = slices.IndexFunc(t.domains, func(d Domain) bool { return d.Name == c.parts[1] })
	}
	switch {
	case c.is(http.MethodGet, "domains"):
		if refused := c.may("Domain.Read.All", "Directory.Read.All"); refused != nil {
			return *refused
		}
		list := []object{}
		for _, d := range t.domains {
			kind := "Managed"
			if d.Federated {
				kind = "Federated"
			}
			list = append(list, object{"id": d.Name, "authenticationType": kind, "isVerified": true, "isDefault": false, "isInitial": strings.HasSuffix(d.Name, ".onmicrosoft.com")})
		}
		return c.page(list, 100, 999)
	case c.is(http.MethodGet, "domains", "*", "federationConfiguration"):
		if refused := c.may("Domain-InternalFederation.Read.All", "Domain-InternalFederation.ReadWrite.All"); refused != nil {
			return *refused
		}
		if i < 0 || !t.domains[i].Federated {
			return notFound(c.parts[1])
		}
		d := object{"id": NewID(), "displayName": "AD FS", "issuerUri": "http://adfs." + t.domains[i].Name + "/adfs/services/trust", "federatedIdpMfaBehavior": nil}
		if t.domains[i].MFA != "" {
			d["federatedIdpMfaBehavior"] = t.domains[i].MFA
		}
		return c.page([]object{d}, 100, 999)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

func (t *Tenant) roleCalls(c call) answer {
	if refused := c.may("RoleManagement.Read.Directory", "RoleManagement.Read.All", "Directory.Read.All"); refused != nil {
		return *refused
	}
	held, eligible := c.is(http.MethodGet, "roleManagement", "directory", "roleAssignments"), c.is(http.MethodGet, "roleManagement", "directory", "roleEligibilityScheduleInstances")
	q := c.r.URL.Query()
	principal, is := strings.CutPrefix(q.Get("$filter"), "principalId eq '")
	switch {
	case !held && !eligible, !is, q.Get("$expand") != "roleDefinition":
		return notModelled(c.r.Method + " " + c.r.URL.RequestURI())
	case eligible && !t.licensed("P2"):
		return no(http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
	}
	list := []object{}
	for _, r := range t.roles {
		if r.Principal != strings.TrimSuffix(principal, "'") || r.Eligible != eligible {
			continue
		}
		scope := r.Scope
		if scope == "" {
			scope = "/"
		}
		list = append(list, object{
			"id": NewID(), "principalId": r.Principal, "roleDefinitionId": r.Role, "directoryScopeId": scope,
			"roleDefinition": object{"id": r.Role, "templateId": r.Role, "displayName": r.Name, "isBuiltIn": true},
		})
	}
	return c.page(list, 100, 999)
}

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
			o := object{"keyId": NewID(), "displayName": k.Name, "endDateTime": k.Ends.UTC().Format(time.RFC3339)}
			if k.Secret {
				secrets = append(secrets, o)
			} else {
				o["type"], o["usage"] = "AsymmetricX509Cert", "Verify"
				keys = append(keys, o)
			}
		}
		return c.one(object{"id": "object-of-" + a.ID, "appId": a.ID, "displayName": a.Name, "keyCredentials": keys, "passwordCredentials": secrets})
	case what == "applications/owners":
		return c.page(t.refs(c, a.Owners), 100, 999)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}
