package graphtest

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// The tenant's own evaluation of its policies: what decides a sign-in here, and what What If answers. It shares nothing
// with the product's, so that each can be wrong alone. Its source are Microsoft's pages "Conditional Access: Conditions",
// "Users, groups, agents, and workload identities", "Target resources" and "conditionalAccessRoot: evaluate".

// truth is yes, no, or maybe: for lack of information.
type truth int

const (
	no3 truth = iota
	maybe
	yes
)

func is(b bool) truth {
	if b {
		return yes
	}
	return no3
}

func (a truth) and(b truth) truth { return min(a, b) }
func (a truth) or(b truth) truth  { return max(a, b) }
func (a truth) not() truth        { return yes - a }

// asked is a sign-in that is judged. What is empty is not known.
type asked struct {
	user     *User
	apps     []string
	action   string // urn:user:…
	context  string
	address  netip.Addr
	country  string
	client   string
	platform string
	signIn   string // risk
	risk     string // of the user
	flow     string
	insider  string
	intranet bool // the token of the federation says so
}

// applies says whether a policy's conditions hold, and which do not.
func (t *Tenant) applies(p *Policy, a asked) (applies bool, reasons []string) {
	if p.State == "disabled" {
		return false, []string{"policyNotEnabled"}
	}
	for _, part := range []struct {
		holds truth
		name  string
	}{
		{t.users3(p, a), "users"},
		{apps3(p, a), reasonOfApps(p, a)},
		{clients3(p, a), "clientApps"},
		{platforms3(p, a), "devicePlatform"},
		{t.locations3(p, a), "location"},
		{among(p.SignInRisk, a.signIn), "signInRisk"},
		{among(p.UserRisk, a.risk), "userRisk"},
		{among(split(p.InsiderRisk), a.insider), "insiderRisk"},
		{among(split(p.Flows), a.flow), "authenticationFlow"},
		{devices3(p), "devices"},
	} {
		switch part.holds {
		case no3:
			reasons = append(reasons, part.name)
		case maybe:
			reasons = append(reasons, "notEnoughInformation")
		case yes:
		}
	}
	slices.Sort(reasons)
	return len(reasons) == 0, slices.Compact(reasons)
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// among judges a condition that is a list of values: not set, it always holds.
func among(list []string, value string) truth {
	switch {
	case len(list) == 0:
		return yes
	case value == "":
		return maybe
	}
	return is(slices.Contains(list, value))
}

// users3: included, and not excluded. An exclusion of any kind beats an inclusion of any kind.
func (t *Tenant) users3(p *Policy, a asked) truth {
	if len(p.Workloads) > 0 {
		return no3
	}
	in := func(users, groups, roles []string, guests string) bool {
		return slices.Contains(users, "All") || slices.Contains(users, a.user.ID) || slices.Contains(users, "GuestsOrExternalUsers") && a.user.Guest ||
			slices.ContainsFunc(groups, func(g string) bool { return t.contains(g, a.user.ID, 0) }) ||
			slices.ContainsFunc(roles, func(r string) bool { return t.holds(a.user.ID, r) }) ||
			a.user.Guest && slices.Contains(split(guests), "b2bCollaborationGuest")
	}
	included := p.everybody() || in(p.IncludeUsers, p.IncludeGroups, p.IncludeRoles, p.IncludeGuests)
	return is(included && !in(p.ExcludeUsers, p.ExcludeGroups, p.ExcludeRoles, p.ExcludeGuests))
}

// holds reports whether the account holds the role now, for the whole tenant, by itself or through a group.
func (t *Tenant) holds(user, role string) bool {
	return slices.ContainsFunc(t.roles, func(r RoleAssignment) bool {
		return r.Role == role && !r.Eligible && r.Scope == "" && (r.Principal == user || t.contains(r.Principal, user, 0))
	})
}

// suites are the applications behind the names of suites, as far as the tenant knows them.
func suites(name string) []string {
	switch name {
	case "Office365":
		return []string{"00000003-0000-0ff1-ce00-000000000000", "00000002-0000-0ff1-ce00-000000000000", "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"}
	case "MicrosoftAdminPortals":
		return []string{"c44b4083-3bb0-49c1-b47d-974e53cbdf3c"}
	}
	return []string{name}
}

func apps3(p *Policy, a asked) truth {
	switch {
	case a.action != "":
		return is(slices.Contains(p.Actions, a.action))
	case a.context != "":
		return is(slices.Contains(p.AuthContexts, a.context))
	case len(p.Actions)+len(p.AuthContexts) > 0:
		return no3
	case p.AppFilter != nil:
		return maybe // it goes by attributes, which are not said
	}
	in := func(list []string) bool {
		return slices.Contains(list, "All") || slices.ContainsFunc(list, func(name string) bool {
			return slices.ContainsFunc(a.apps, func(app string) bool { return slices.Contains(suites(name), app) })
		})
	}
	return is((p.everything() || in(p.IncludeApps)) && !in(p.ExcludeApps))
}

func reasonOfApps(p *Policy, a asked) string {
	switch {
	case a.action != "" || len(p.Actions) > 0:
		return "userActions"
	case a.context != "" || len(p.AuthContexts) > 0:
		return "authenticationContext"
	}
	return "application"
}

func clients3(p *Policy, a asked) truth {
	if len(p.ClientApps) == 0 || slices.Contains(p.ClientApps, "all") {
		return yes
	}
	return among(p.ClientApps, a.client)
}

func platforms3(p *Policy, a asked) truth {
	switch {
	case len(p.IncludePlatforms) == 0:
		return yes
	case slices.Contains(p.IncludePlatforms, "all") && len(p.ExcludePlatforms) == 0:
		return yes
	case a.platform == "":
		return maybe
	}
	return is((slices.Contains(p.IncludePlatforms, "all") || slices.Contains(p.IncludePlatforms, a.platform)) && !slices.Contains(p.ExcludePlatforms, a.platform))
}

func devices3(p *Policy) truth {
	if p.DeviceFilter == nil {
		return yes
	}
	return maybe // nobody says here what device it is
}

func (t *Tenant) locations3(p *Policy, a asked) truth {
	if len(p.IncludeLocations)+len(p.ExcludeLocations) == 0 {
		return yes
	}
	in := func(list []string) truth {
		out := no3
		for _, name := range list {
			out = out.or(t.within(name, a))
		}
		return out
	}
	return in(p.IncludeLocations).and(in(p.ExcludeLocations).not())
}

// mfaTrustedIPs is the id by which policies name the trusted IPs of the MFA service settings.
const mfaTrustedIPs = "00000000-0000-0000-0000-000000000000"

// serviceTrusts judges by the MFA service settings.
func (t *Tenant) serviceTrusts(a asked) truth {
	switch {
	case t.service.SkipIntranet && a.intranet:
		return yes
	case len(t.service.TrustedIPs) == 0:
		return no3
	case !a.address.IsValid():
		return maybe
	}
	return is(inRanges(t.service.TrustedIPs, a.address))
}

func inRanges(ranges []string, address netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(r string) bool {
		p, err := netip.ParsePrefix(r)
		return err == nil && p.Masked().Contains(address.Unmap())
	})
}

// within judges whether the sign-in comes from a location: All, AllTrusted, or one by its id.
func (t *Tenant) within(name string, a asked) truth {
	if name == "All" {
		return yes
	}
	if name == mfaTrustedIPs {
		return t.serviceTrusts(a)
	}
	if name == "AllTrusted" {
		out := t.serviceTrusts(a)
		for _, l := range t.locations {
			if l.Trusted && l.deleted.IsZero() {
				out = out.or(t.within(l.ID, a))
			}
		}
		return out
	}
	l := t.location(name)
	switch {
	case l == nil:
		return no3
	case len(l.Countries) > 0:
		if a.country == "" {
			return maybe
		}
		return is(slices.Contains(l.Countries, a.country))
	case !a.address.IsValid():
		return maybe
	}
	return is(inRanges(l.Ranges, a.address))
}

// evaluate answers What If.
func (t *Tenant) evaluate(c call) answer {
	if refused := c.may("Policy.Read.ConditionalAccess", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"); refused != nil {
		return *refused
	}
	a, onlyApplied, bad := t.question(c.body)
	if bad != nil {
		return *bad
	}
	list := []object{}
	for _, p := range t.policies {
		if !p.deleted.IsZero() {
			continue
		}
		if len(p.Extra) > 0 {
			return notModelled("what the conditions of “" + p.Name + "” mean")
		}
		applies, reasons := t.applies(p, a)
		if onlyApplied && !applies {
			continue
		}
		o := policyJSON(p)
		o["policyApplies"], o["analysisReasons"] = applies, "notSet"
		if len(reasons) > 0 {
			o["analysisReasons"] = strings.Join(reasons, ",")
		}
		list = append(list, o)
	}
	return ok(object{"@odata.context": "https://" + c.r.Host + "/v1.0/$metadata#Collection(microsoft.graph.whatIfAnalysisResult)", "value": list})
}

func (t *Tenant) question(body []byte) (a asked, onlyApplied bool, refused *answer) {
	bad := func(why string) (asked, bool, *answer) {
		r := no(http.StatusBadRequest, "BadRequest", why)
		return a, false, &r
	}
	var q struct {
		Identity struct {
			Type string `json:"@odata.type"`
			User string `json:"userId"`
		} `json:"signInIdentity"`
		Context struct {
			Type    string   `json:"@odata.type"`
			Apps    []string `json:"includeApplications"`
			Action  string   `json:"userAction"`
			Context string   `json:"authenticationContextValue"`
		} `json:"signInContext"`
		Conditions struct {
			Type     string `json:"@odata.type"`
			Address  string `json:"ipAddress"`
			Country  string `json:"country"`
			Client   string `json:"clientAppType"`
			Platform string `json:"devicePlatform"`
			SignIn   string `json:"signInRiskLevel"`
			User     string `json:"userRiskLevel"`
			Insider  string `json:"insiderRiskLevel"`
		} `json:"signInConditions"`
		OnlyApplied bool `json:"appliedPoliciesOnly"`
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		return bad("the body cannot be read: " + err.Error())
	}
	if q.Identity.Type != "#microsoft.graph.userSignIn" {
		return bad("signInIdentity is no userSignIn")
	}
	if a.user = t.user(q.Identity.User); a.user == nil || a.user.ID != q.Identity.User {
		return bad("there is no such user")
	}
	switch q.Context.Type {
	case "#microsoft.graph.applicationContext":
		if a.apps = q.Context.Apps; len(a.apps) == 0 {
			return bad("includeApplications is empty")
		}
	case "#microsoft.graph.userActionContext":
		a.action = map[string]string{"registerSecurityInformation": "urn:user:registersecurityinfo", "registerOrJoinDevices": "urn:user:registerdevice"}[q.Context.Action]
		if a.action == "" {
			return bad("userAction is none")
		}
	case "#microsoft.graph.authContext":
		a.context = q.Context.Context
	default:
		return bad("signInContext has no type")
	}
	if q.Conditions.Address != "" {
		address, err := netip.ParseAddr(q.Conditions.Address)
		if err != nil {
			return bad("ipAddress is no address")
		}
		a.address = address
	}
	a.country, a.client, a.platform = q.Conditions.Country, q.Conditions.Client, q.Conditions.Platform
	a.signIn, a.risk, a.insider = q.Conditions.SignIn, q.Conditions.User, q.Conditions.Insider
	return a, q.OnlyApplied, nil
}
