package graph

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Identity is one of the identities that hallpass signs in as.
type Identity string

// The identities. Each has permissions of its own.
const (
	Reader Identity = "reader" // reads
	Writer Identity = "writer" // writes, and is used by the converging worker only
	// Apps makes and ends app registrations, and is used by the converging worker only. Optional: the way is off without it.
	Apps Identity = "apps"
	// MFA writes per-user MFA states, and is used by the converging worker only. Optional, as above.
	MFA Identity = "mfa"
	// Sessions revokes sessions of accounts whose exemption is over, and is used by the converging worker only. Optional, as above.
	Sessions Identity = "sessions"
)

// Identities are all of them, those that every installation has first.
func Identities() []Identity { return []Identity{Reader, Writer, Apps, MFA, Sessions} }

// Row is a call that hallpass makes, and what it needs. There is no call without a row: the guard lets through what the
// table has, and nothing else.
type Row struct {
	Method string
	Path   string // below the version; {id} is any one segment, or part of one
	Beta   bool   // v1.0 has no such call
	As     Identity
	// Needs are the least application permissions, all of them (Microsoft's permissions data of 2026-08-07, and the
	// pages of the calls).
	Needs []string
	Why   string
	// Optional says what stays unknown without the permission; empty: it is needed.
	Optional string
}

// Calls is the table of all calls. The permissions in the README, the guard, and the check of what is granted come from it.
func Calls() []Row {
	read, write := http.MethodGet, http.MethodPatch
	return []Row{
		{read, "/identity/conditionalAccess/namedLocations", false, Reader, []string{policyRead}, whyPolicies, ""},
		{read, "/identity/conditionalAccess/namedLocations/{id}", false, Reader, []string{policyRead}, whyPolicies, ""},
		{write, "/identity/conditionalAccess/namedLocations/{id}", false, Writer, []string{policyRead, policyWrite}, "named locations. Nothing narrower exists; hallpass lets no write to a policy out", ""},
		{read, "/identity/conditionalAccess/policies", false, Reader, []string{policyRead}, whyPolicies, ""},
		{http.MethodPost, "/identity/conditionalAccess/evaluate", false, Reader, []string{policyRead}, whyPolicies, ""},
		{read, "/policies/identitySecurityDefaultsEnforcementPolicy", false, Reader, []string{policyRead}, whyPolicies, ""},
		{read, "/groups/{id}", false, Reader, []string{groupRead}, whyGroups, ""},
		{read, "/groups/{id}/members", false, Reader, []string{groupRead}, whyGroups, ""},
		{read, "/groups/{id}/owners", false, Reader, []string{groupRead}, whyGroups, ""},
		{read, "/groups/{id}/transitiveMemberOf", false, Reader, []string{groupRead}, whyGroups, ""},
		{http.MethodPost, "/groups/{id}/members/$ref", false, Writer, []string{GroupWrite}, whyMembers, "it needs that role"},
		// Without /$ref this would delete the user.
		{http.MethodDelete, "/groups/{id}/members/{id}/$ref", false, Writer, []string{GroupWrite}, whyMembers, "it needs that role"},
		{read, "/users", false, Reader, []string{userRead}, whyUsers, ""},
		{read, "/users/{id}", false, Reader, []string{userRead}, whyUsers, ""},
		{http.MethodPost, "/users/{id}/checkMemberGroups", false, Reader, []string{userRead, groupRead}, whyUsers, ""},
		{read, "/users/{id}/transitiveMemberOf", false, Reader, []string{userRead, groupRead}, whyUsers, ""},
		{read, "/auditLogs/directoryAudits", false, Reader, []string{auditRead}, whyLogs, ""},
		{read, "/auditLogs/signIns", false, Reader, []string{auditRead}, whyLogs, ""},
		{read, "/auditLogs/signIns", true, Reader, []string{auditRead}, whyLogs, ""},
		{read, "/reports/authenticationMethods/userRegistrationDetails", false, Reader, []string{auditRead}, whyLogs, ""},
		{read, "/reports/authenticationMethods/userRegistrationDetails/{id}", false, Reader, []string{auditRead}, whyLogs, ""},
		{read, "/roleManagement/directory/roleAssignments", false, Reader, []string{roleRead}, whyRoles, "whether an account is privileged"},
		{read, "/roleManagement/directory/roleEligibilityScheduleInstances", false, Reader, []string{roleRead}, whyRoles, "whether an account is privileged"},
		{read, "/identityProtection/riskyUsers", false, Reader, []string{riskRead}, "whether an account is at risk", "whether an account is at risk"},
		{read, "/identityProtection/riskyUsers/{id}", false, Reader, []string{riskRead}, "whether an account is at risk", "whether an account is at risk"},
		{read, "/domains", false, Reader, []string{domainRead}, "which domains are federated", "whether an account is federated"},
		{read, "/domains/{id}/federationConfiguration", false, Reader, []string{federationRead}, "who asks for MFA: Entra ID or AD FS", "who asks for MFA at a federated domain"},
		{read, "/servicePrincipals(appId='{id}')", false, Reader, []string{AppRead}, whyApps, unwatched},
		{read, "/servicePrincipals(appId='{id}')/appRoleAssignments", false, Reader, []string{AppRead}, whyApps, unwatched},
		{read, "/applications(appId='{id}')", false, Reader, []string{AppRead}, whyApps, unwatched},
		{read, "/applications(appId='{id}')/owners", false, Reader, []string{AppRead}, whyApps, unwatched},
		{read, "/applications(uniqueName='{id}')", false, Reader, []string{AppRead}, whyApps, unwatched},
		{read, "/applications/{id}/federatedIdentityCredentials", false, Reader, []string{AppRead}, whyApps, unwatched},
		{write, "/applications(uniqueName='{id}')", false, Apps, []string{appOwn}, whyOwn, noApps},
		{write, "/applications/{id}", false, Apps, []string{appOwn}, whyOwn, noApps},
		{http.MethodDelete, "/applications/{id}", false, Apps, []string{appOwn}, whyOwn, noApps},
		{http.MethodPost, "/applications/{id}/federatedIdentityCredentials", false, Apps, []string{appOwn}, whyOwn, noApps},
		{http.MethodDelete, "/applications/{id}/federatedIdentityCredentials/{id}", false, Apps, []string{appOwn}, whyOwn, noApps},
		{http.MethodPost, "/servicePrincipals", false, Apps, []string{appOwn}, whyOwn, noApps},
		{write, "/servicePrincipals(appId='{id}')", false, Apps, []string{appOwn}, whyOwn, noApps},
		{read, "/users/{id}/authentication/requirements", true, Reader, []string{policyRead}, whyPolicies, ""},
		{write, "/users/{id}/authentication/requirements", true, MFA, []string{methodWrite}, "per-user MFA states of accounts. It reaches every account and the tenant's authentication methods, so it is an identity for this alone", "per-user MFA is no way out here"},
		{http.MethodPost, "/users/{id}/revokeSignInSessions", false, Sessions, []string{sessionRevoke}, "sessions of accounts whose exemption is over. It can sign everybody out, so it is an identity for this alone", "what is signed in goes on until it has to sign in again"},
	}
}

// GroupWrite is the permission to change members of any group that holds no role. The writer can do without where it
// administers the groups' administrative unit.
const GroupWrite = "GroupMember.ReadWrite.All"

// AppRead is the permission to see app registrations: without it none can be asked for.
const AppRead = "Application.Read.All"

// The other permissions, by name.
const (
	policyRead     = "Policy.Read.All"
	policyWrite    = "Policy.ReadWrite.ConditionalAccess"
	groupRead      = "GroupMember.Read.All"
	userRead       = "User.Read.All"
	auditRead      = "AuditLog.Read.All"
	roleRead       = "RoleManagement.Read.Directory"
	riskRead       = "IdentityRiskyUser.Read.All"
	domainRead     = "Domain.Read.All"
	federationRead = "Domain-InternalFederation.Read.All"
	appOwn         = "Application.ReadWrite.OwnedBy"
	methodWrite    = "Policy.ReadWrite.AuthenticationMethod"
	sessionRevoke  = "User.RevokeSessions.All"
)

const (
	whyPolicies = "named locations, policies, What If, security defaults, per-user MFA states"
	whyGroups   = "exclusion groups; who holds seats"
	whyMembers  = "exclusion groups. Better: put the groups into a restricted management administrative unit, give the writer *Groups Administrator* scoped to it, and do without"
	whyUsers    = "whether people and accounts are enabled, and their groups"
	whyLogs     = "who took something out; from where an account signs in; whether it has an MFA method"
	whyRoles    = "whether an account holds or may activate a role"
	whyApps     = "hallpass's own apps and those that it made: what is granted, their owners and credentials"
	unwatched   = "they are not watched, and no app registration can be asked for"
	whyOwn      = "app registrations that hallpass made itself, and no others"
	noApps      = "no app registration can be asked for"
)

// Forbidden are permissions that an identity of hallpass may not hold, each with the reason.
func Forbidden(as Identity) map[string]string {
	out := map[string]string{
		"User.ReadWrite.All":                 "it turns one slip in a path into the deletion of a user",
		"AppRoleAssignment.ReadWrite.All":    "it can grant itself everything",
		"RoleManagement.ReadWrite.Directory": "it can make anybody an administrator",
		"Directory.ReadWrite.All":            "it can write nearly everything",
		methodWrite:                          "it rewrites the tenant's authentication methods",
		sessionRevoke:                        "it can sign everybody out, again and again",
	}
	switch as {
	case MFA:
		delete(out, methodWrite)
	case Sessions:
		delete(out, sessionRevoke)
	case Reader, Writer, Apps:
	}
	return out
}

// Need is a permission that an identity needs for some of its calls.
type Need struct {
	Permission, Why string
	// Optional says what stays unknown without it; empty if some call cannot do without.
	Optional string
}

// Without says what it means not to hold an optional permission.
func (n Need) Without() string {
	if strings.HasPrefix(n.Optional, "whether ") || strings.HasPrefix(n.Optional, "who ") {
		return n.Optional + " stays unknown"
	}
	return n.Optional
}

// Needs are the permissions of an identity, each once, in the order of the table.
func Needs(as Identity) []Need {
	var out []Need
	for _, row := range Calls() {
		if row.As != as {
			continue
		}
		for _, p := range row.Needs {
			i := slices.IndexFunc(out, func(n Need) bool { return n.Permission == p })
			switch {
			case i < 0:
				out = append(out, Need{p, row.Why, row.Optional})
			case row.Optional == "":
				out[i].Optional = ""
			}
		}
	}
	return out
}

// PermissionTable writes the permissions as a Markdown table, one row for each identity and set of permissions.
func PermissionTable() string {
	var b strings.Builder
	b.WriteString("| identity | application permission | why |\n| --- | --- | --- |\n")
	var written []string
	for _, as := range Identities() {
		for _, row := range Calls() {
			why := row.Why
			if row.Optional != "" {
				why += ". *Optional*: without it " + Need{Optional: row.Optional}.Without()
			}
			line := fmt.Sprintf("| %s | `%s` | %s |\n", as, strings.Join(row.Needs, "`, `"), why)
			twice := as == Reader && len(row.Needs) > 1 // each stands in a line of its own
			if row.As == as && !twice && !slices.Contains(written, line) {
				written = append(written, line)
				b.WriteString(line)
			}
		}
	}
	return b.String()
}

// address is the path below the host, with the version.
func (r Row) address() string {
	if r.Beta {
		return "/beta" + r.Path
	}
	return "/v1.0" + r.Path
}

// rule is a row that the guard can match.
type rule struct {
	Row
	pattern *regexp.Regexp
}

func rules() []rule {
	var out []rule
	for _, row := range Calls() {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(row.address()), `\{id\}`, `[^/]+`) + "$"
		out = append(out, rule{row, regexp.MustCompile(pattern)})
	}
	return out
}
