package graphtest

import (
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

func notLicensed() answer {
	return no(http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
}

func (t *Tenant) logCalls(c call) answer {
	switch {
	case c.is(http.MethodGet, "auditLogs", "directoryAudits"):
		return t.auditPage(c)
	case c.is(http.MethodGet, "auditLogs", "signIns"):
		return t.signInPage(c)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

func (t *Tenant) auditPage(c call) answer {
	if refused := c.may("AuditLog.Read.All", "Directory.Read.All"); refused != nil {
		return *refused
	}
	if refused := c.query("$filter", "$top", "$skiptoken"); refused != nil {
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
			by = object{"app": object{"appId": nil, "servicePrincipalId": t.principal(a.app), "displayName": a.actor}}
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
	return c.page(list, t.opts.LogPage, t.opts.LogPage)
}

// LogSignIn writes an entry into the sign-in log.
func (t *Tenant) LogSignIn(s SignIn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.logged(s)
}

func (t *Tenant) logged(s SignIn) SignIn {
	if s.At.IsZero() {
		s.At = t.opts.Now()
	}
	if s.Kind == "" {
		s.Kind = "interactiveUser"
	}
	if s.Correlation == "" {
		s.Correlation = NewID()
	}
	t.signIns = append(t.signIns, s)
	return s
}

// wanted is a condition of a filter.
type wanted func(SignIn) bool

// signInFilter reads the filters that the sign-in log knows. v1.0 gives interactive sign-ins and knows no event types.
func signInFilter(filter string, beta bool) ([]wanted, *answer) {
	refuse := func(a answer) ([]wanted, *answer) { return nil, &a }
	since := regexp.MustCompile(`^createdDateTime (ge|le) (\S+)$`)
	equals := regexp.MustCompile(`^(userId|servicePrincipalId|appId|correlationId|ipAddress) eq '((?:[^']|'')*)'$`)
	among := regexp.MustCompile(`^\(((ipAddress|userId) eq .*)\)$`)
	starts := regexp.MustCompile(`^startsWith\(ipAddress, ?'([^']*)'\)$`)
	kinds := regexp.MustCompile(`^signInEventTypes/any\(t: ?((?:t eq '[a-zA-Z]+'(?: or )?)+)\)$`)
	var out []wanted
	ofKind := false
	for _, clause := range clauses(filter) {
		if m := since.FindStringSubmatch(clause); m != nil {
			at, err := time.Parse(time.RFC3339, m[2])
			if err != nil {
				return refuse(no(http.StatusBadRequest, "BadRequest", "Invalid filter clause: "+clause))
			}
			out = append(out, func(s SignIn) bool { return m[1] == "ge" && !s.At.Before(at) || m[1] == "le" && !s.At.After(at) })
		} else if m := equals.FindStringSubmatch(clause); m != nil {
			value := strings.ReplaceAll(m[2], "''", "'")
			out = append(out, func(s SignIn) bool { return s.property(m[1]) == value })
		} else if m := among.FindStringSubmatch(clause); m != nil {
			list, is := oneOf(m[1], m[2])
			if !is {
				return refuse(no(http.StatusBadRequest, "BadRequest", "Invalid filter clause: "+clause))
			}
			out = append(out, func(s SignIn) bool { return slices.Contains(list, s.property(m[2])) })
		} else if m := starts.FindStringSubmatch(clause); m != nil {
			out = append(out, func(s SignIn) bool { return strings.HasPrefix(address(s.Address), m[1]) })
		} else if m := kinds.FindStringSubmatch(clause); m != nil && beta {
			ofKind = true
			out = append(out, func(s SignIn) bool { return strings.Contains(m[1], "'"+s.Kind+"'") })
		} else {
			return refuse(no(http.StatusBadRequest, "BadRequest", "Invalid filter clause: "+clause))
		}
	}
	if !ofKind {
		out = append(out, func(s SignIn) bool { return s.Kind == "interactiveUser" })
	}
	return out, nil
}

// property is what a filter calls it.
func (s SignIn) property(name string) string {
	return map[string]string{"userId": s.User, "servicePrincipalId": s.Principal, "appId": s.AppID, "correlationId": s.Correlation, "ipAddress": address(s.Address)}[name]
}

// clauses cuts a filter at its ands, but not within quotes.
func clauses(filter string) []string {
	var out []string
	quoted, start := false, 0
	for i := range len(filter) {
		if filter[i] == '\'' {
			quoted = !quoted
		}
		if !quoted && i >= start && strings.HasPrefix(filter[i:], " and ") {
			out = append(out, filter[start:i])
			start = i + len(" and ")
		}
	}
	return append(out, filter[start:])
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func (t *Tenant) signInPage(c call) answer {
	if refused := c.may("AuditLog.Read.All"); refused != nil {
		return *refused
	}
	if refused := c.query("$filter", "$top", "$skiptoken"); refused != nil {
		return *refused
	}
	if !t.licensed("P2", P1) {
		return notLicensed()
	}
	filters, refused := signInFilter(c.r.URL.Query().Get("$filter"), c.beta)
	if refused != nil {
		return *refused
	}
	now := t.opts.Now()
	sorted := slices.Clone(t.signIns)
	slices.SortStableFunc(sorted, func(a, b SignIn) int { return b.At.Compare(a.At) })
	list := []object{}
	for _, s := range sorted {
		age := now.Sub(s.At)
		if age < t.opts.LogDelay || age > 30*24*time.Hour || slices.ContainsFunc(filters, func(f wanted) bool { return !f(s) }) {
			continue
		}
		list = append(list, t.signInJSON(c, s))
	}
	return c.page(list, t.opts.LogPage, t.opts.LogPage)
}

func (t *Tenant) signInJSON(c call, s SignIn) object {
	upn := ""
	if u := t.user(s.User); u != nil {
		upn = u.UPN
	}
	out := object{
		"id": NewID(), "createdDateTime": s.At.UTC().Format(time.RFC3339), "userId": s.User, "userPrincipalName": upn, "userDisplayName": upn,
		"appId": s.AppID, "appDisplayName": s.App, "resourceId": s.ResourceID, "resourceDisplayName": s.Resource, "clientAppUsed": s.Client,
		"ipAddress": address(s.Address), "isInteractive": s.Kind == "interactiveUser", "correlationId": s.Correlation,
		"location":              object{"city": s.City, "countryOrRegion": s.Country},
		"status":                object{"errorCode": s.Code, "failureReason": s.Reason, "additionalDetails": s.Details},
		"riskLevelDuringSignIn": "none",
	}
	if s.Risk != "" {
		out["riskLevelDuringSignIn"] = s.Risk
	}
	if c.may("Policy.Read.All", "Policy.Read.ConditionalAccess", "Policy.ReadWrite.ConditionalAccess") == nil { // else it is left out
		applied := []object{}
		for _, p := range s.Policies {
			applied = append(applied, object{"id": p.ID, "displayName": p.Name, "result": p.Result, "enforcedGrantControls": some(p.Grants), "enforcedSessionControls": []string{}})
		}
		out["appliedConditionalAccessPolicies"] = applied
	}
	if c.beta {
		out["signInEventTypes"], out["servicePrincipalId"] = []string{s.Kind}, s.Principal
		out["authenticationRequirement"], out["authenticationProtocol"], out["autonomousSystemNumber"] = s.Requirement, s.Protocol, s.ASN
		out["authenticationDetails"] = []object{{"authenticationMethod": "Password", "succeeded": s.Code == 0, "authenticationStepResultDetail": s.Details, "authenticationStepRequirement": "Primary authentication"}}
	}
	return out
}
