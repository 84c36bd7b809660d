package graphtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

func (t *Tenant) conditionalAccess(c call) answer {
	if c.is(http.MethodPost, "identity", "conditionalAccess", "evaluate") {
		return t.evaluate(c)
	}
	if refused := c.may("Policy.Read.All"); refused != nil {
		return *refused
	}
	switch {
	case c.is(http.MethodGet, "identity", "conditionalAccess", "namedLocations"):
		list := []object{}
		for _, l := range t.locations {
			if l.deleted.IsZero() {
				list = append(list, t.locationJSON(l))
			}
		}
		return c.page(list, 100, 1000)
	case c.is(http.MethodGet, "identity", "conditionalAccess", "namedLocations", "*"):
		l := t.location(c.parts[3])
		if l == nil {
			return notFound(c.parts[3])
		}
		return c.one(t.locationJSON(l))
	case c.is(http.MethodPatch, "identity", "conditionalAccess", "namedLocations", "*"):
		return t.patchLocation(c)
	case c.is(http.MethodGet, "identity", "conditionalAccess", "policies"):
		list, future := []object{}, false
		for _, p := range t.policies {
			if p.deleted.IsZero() {
				list, future = append(list, policyJSON(p)), future || len(p.Extra) > 0
			}
		}
		a := c.page(list, 100, 1000)
		a.future = future
		return a
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

// locationJSON is a location as a read gives it, which may lag behind.
func (t *Tenant) locationJSON(l *Location) object {
	if len(l.Countries) > 0 {
		return object{
			"@odata.type": "#microsoft.graph.countryNamedLocation", "id": l.ID, "displayName": l.Name, "countriesAndRegions": l.Countries,
			"includeUnknownCountriesAndRegions": l.Unknown, "countryLookupMethod": "clientIpAddress",
		}
	}
	list := []object{}
	for _, r := range t.seen(l.Ranges, l.history) {
		kind := "#microsoft.graph.iPv4CidrRange"
		if strings.Contains(r, ":") {
			kind = "#microsoft.graph.iPv6CidrRange"
		}
		list = append(list, object{"@odata.type": kind, "cidrAddress": r})
	}
	return object{"@odata.type": "#microsoft.graph.ipNamedLocation", "id": l.ID, "displayName": l.Name, "isTrusted": l.Trusted, "ipRanges": list}
}

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

// everybody and everything are the defaults of a policy that says nothing.
func (p *Policy) everybody() bool {
	return len(p.IncludeUsers)+len(p.IncludeGroups)+len(p.IncludeRoles)+len(p.IncludeGuests)+len(p.Workloads) == 0
}

func (p *Policy) everything() bool {
	return len(p.IncludeApps)+len(p.Actions)+len(p.AuthContexts) == 0 && p.AppFilter == nil
}

func (p *Policy) grants() []string {
	if len(p.Grants)+len(p.TermsOfUse)+len(p.CustomFactors)+len(p.Session) == 0 && p.Strength == "" {
		return []string{"mfa"}
	}
	return p.Grants
}

func policyJSON(p *Policy) object {
	users := object{
		"includeUsers": some(p.IncludeUsers), "excludeUsers": some(p.ExcludeUsers), "includeGroups": some(p.IncludeGroups),
		"excludeGroups": some(p.ExcludeGroups), "includeRoles": some(p.IncludeRoles), "excludeRoles": some(p.ExcludeRoles),
		"includeGuestsOrExternalUsers": guestsJSON(p.IncludeGuests), "excludeGuestsOrExternalUsers": guestsJSON(p.ExcludeGuests),
	}
	if p.everybody() {
		users["includeUsers"] = []string{"All"}
	}
	apps := object{
		"includeApplications": some(p.IncludeApps), "excludeApplications": some(p.ExcludeApps), "includeUserActions": some(p.Actions),
		"includeAuthenticationContextClassReferences": some(p.AuthContexts), "applicationFilter": filterJSON(p.AppFilter),
	}
	if p.everything() {
		apps["includeApplications"] = []string{"All"}
	}
	clients := p.ClientApps
	if len(clients) == 0 {
		clients = []string{"all"}
	}
	conditions := object{
		"users": users, "applications": apps, "clientAppTypes": clients, "clientApplications": nil, "platforms": nil, "locations": nil, "devices": nil,
		"signInRiskLevels": some(p.SignInRisk), "userRiskLevels": some(p.UserRisk), "servicePrincipalRiskLevels": []string{}, "authenticationFlows": nil,
	}
	if len(p.Workloads) > 0 {
		users["includeUsers"] = []string{"None"}
		conditions["clientApplications"] = object{"includeServicePrincipals": p.Workloads, "excludeServicePrincipals": []string{}}
	}
	if len(p.IncludePlatforms) > 0 {
		conditions["platforms"] = object{"includePlatforms": p.IncludePlatforms, "excludePlatforms": some(p.ExcludePlatforms)}
	}
	if len(p.IncludeLocations)+len(p.ExcludeLocations) > 0 {
		conditions["locations"] = object{"includeLocations": some(p.IncludeLocations), "excludeLocations": some(p.ExcludeLocations)}
	}
	if p.DeviceFilter != nil {
		conditions["devices"] = object{"deviceFilter": filterJSON(p.DeviceFilter)}
	}
	if p.Flows != "" {
		conditions["authenticationFlows"] = object{"transferMethods": p.Flows}
	}
	if p.InsiderRisk != "" {
		conditions["insiderRiskLevels"] = p.InsiderRisk
	}
	maps.Copy(conditions, p.Extra)
	out := object{"id": p.ID, "displayName": p.Name, "state": p.State, "conditions": conditions, "grantControls": grantsJSON(p), "sessionControls": nil, "templateId": nil}
	if len(p.Session) > 0 {
		out["sessionControls"] = p.Session
	}
	return out
}

func grantsJSON(p *Policy) any {
	operator := p.Operator
	if operator == "" {
		operator = "OR"
	}
	out := object{"operator": operator, "builtInControls": some(p.grants()), "termsOfUse": some(p.TermsOfUse), "customAuthenticationFactors": some(p.CustomFactors)}
	if p.Strength != "" {
		out["authenticationStrength@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata"
		out["authenticationStrength"] = object{
			"id": "00000000-0000-0000-0000-000000000004", "displayName": p.Strength, "policyType": "builtIn", "requirementsSatisfied": "mfa",
			"allowedCombinations": []string{"fido2", "x509CertificateMultiFactor"},
		}
	} else if len(p.grants())+len(p.TermsOfUse)+len(p.CustomFactors) == 0 {
		return nil
	}
	return out
}

func some(list []string) []string { return append([]string{}, list...) }

func guestsJSON(kinds string) any {
	if kinds == "" {
		return nil
	}
	return object{"guestOrExternalUserTypes": kinds, "externalTenants": object{"@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants", "membershipKind": "all"}}
}

func filterJSON(f *Filter) any {
	if f == nil {
		return nil
	}
	return object{"mode": f.Mode, "rule": f.Rule}
}
