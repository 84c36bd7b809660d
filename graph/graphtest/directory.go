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
	listed := c.is(http.MethodGet, "identityProtection", "riskyUsers")
	if !listed && !c.is(http.MethodGet, "identityProtection", "riskyUsers", "*") {
		return notModelled(c.r.Method + " " + c.r.URL.Path)
	}
	if !t.licensed("P2") {
		return no(http.StatusForbidden, "Forbidden", "Your tenant is not licensed for this feature.")
	}
	if listed {
		return t.riskyUsers(c)
	}
	u := t.user(c.parts[2])
	if u == nil || u.Risk == "" {
		return notFound(c.parts[2])
	}
	return c.one(t.risky(u))
}

// riskyUsers lists who is at risk: the only filter that is modelled. A page holds 500 at most.
func (t *Tenant) riskyUsers(c call) answer {
	if refused := c.query("$filter", "$top", "$skiptoken"); refused != nil {
		return *refused
	}
	if f := c.r.URL.Query().Get("$filter"); f != "riskState eq 'atRisk' or riskState eq 'confirmedCompromised'" {
		return notModelled("the filter " + f)
	}
	list := []object{}
	for _, u := range t.users {
		if u.Risk != "" {
			list = append(list, t.risky(u))
		}
	}
	return c.page(list, 20, 500)
}

func (t *Tenant) risky(u *User) object {
	return object{
		"id": u.ID, "userPrincipalName": u.UPN, "riskLevel": u.Risk, "riskState": "atRisk", "riskDetail": "none", "isDeleted": false, "isProcessing": false,
		"riskLastUpdatedDateTime": t.opts.Now().UTC().Format(time.RFC3339),
	}
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
