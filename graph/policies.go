package graph

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
)

// Policy is a Conditional Access policy, with all that decides whether it applies to a sign-in and what it then demands.
// hallpass never writes one. Lists that hold All, None, AllTrusted, Office365 and the like hold these words as Graph
// writes them. An empty list or a nil pointer is a condition that is not set.
type Policy struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"` // enabled, disabled, enabledForReportingButNotEnforced
	// Template is the id of the template it came from; Microsoft-managed policies have one.
	Template string `json:"template,omitempty"`

	// Who. Roles are ids of role templates. All, None and GuestsOrExternalUsers may stand in IncludeUsers.
	IncludeUsers  []string `json:"include_users"`
	ExcludeUsers  []string `json:"exclude_users"`
	IncludeGroups []string `json:"include_groups"`
	ExcludeGroups []string `json:"exclude_groups"`
	IncludeRoles  []string `json:"include_roles,omitempty"`
	ExcludeRoles  []string `json:"exclude_roles,omitempty"`
	IncludeGuests *Guests  `json:"include_guests,omitempty"`
	ExcludeGuests *Guests  `json:"exclude_guests,omitempty"`
	// Workloads says that it is for service principals instead of users.
	Workloads *Workloads `json:"workloads,omitempty"`

	// What. One of applications, user actions or authentication contexts.
	IncludeApps  []string `json:"include_apps,omitempty"` // ids, All, None, Office365, MicrosoftAdminPortals
	ExcludeApps  []string `json:"exclude_apps,omitempty"`
	UserActions  []string `json:"user_actions,omitempty"` // urn:user:registersecurityinfo, urn:user:registerdevice
	AuthContexts []string `json:"auth_contexts,omitempty"`
	AppFilter    *Filter  `json:"app_filter,omitempty"`

	// How and from where.
	ClientAppTypes   []string `json:"client_app_types,omitempty"` // all, browser, mobileAppsAndDesktopClients, exchangeActiveSync, other
	IncludePlatforms []string `json:"include_platforms,omitempty"`
	ExcludePlatforms []string `json:"exclude_platforms,omitempty"`
	IncludeLocations []string `json:"include_locations"` // ids, All, AllTrusted
	ExcludeLocations []string `json:"exclude_locations"`
	DeviceFilter     *Filter  `json:"device_filter,omitempty"`
	SignInRisk       []string `json:"sign_in_risk,omitempty"` // low, medium, high, none
	UserRisk         []string `json:"user_risk,omitempty"`
	// ServicePrincipalRisk concerns service principals only: an evaluation for a user may ignore it.
	ServicePrincipalRisk []string `json:"service_principal_risk,omitempty"`
	InsiderRisk          []string `json:"insider_risk,omitempty"` // minor, moderate, elevated
	Flows                []string `json:"flows,omitempty"`        // deviceCodeFlow, authenticationTransfer

	// What it demands: Operator says whether all of these (AND) or one (OR).
	Operator      string    `json:"operator,omitempty"`
	Grants        []string  `json:"grants"` // mfa, block, compliantDevice …
	Strength      *Strength `json:"strength,omitempty"`
	TermsOfUse    []string  `json:"terms_of_use,omitempty"`
	CustomFactors []string  `json:"custom_factors,omitempty"`
	Session       Session   `json:"session"`

	// Unmodelled are conditions, controls and values that this model does not know, by their path. What a policy with
	// one of them does is unknown, and nothing may be concluded from the rest.
	Unmodelled []string `json:"unmodelled,omitempty"`
}

// Guests are kinds of guests and external users.
type Guests struct {
	// Kinds: internalGuest, b2bCollaborationGuest, b2bCollaborationMember, b2bDirectConnectUser, otherExternalUser,
	// serviceProvider.
	Kinds []string `json:"kinds"`
	// Tenants are their home tenants; AllTenants: whichever.
	AllTenants bool     `json:"all_tenants"`
	Tenants    []string `json:"tenants,omitempty"`
}

// Workloads are service principals.
type Workloads struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude,omitempty"`
	Filter  *Filter  `json:"filter,omitempty"`
}

// Filter is a rule over attributes. Mode is include or exclude.
type Filter struct {
	Mode string `json:"mode"`
	Rule string `json:"rule"`
}

// Strength is an authentication strength: Satisfies is mfa or none.
type Strength struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Satisfies string   `json:"satisfies"`
	Allowed   []string `json:"allowed,omitempty"` // combinations of methods, like fido2 or password,sms
}

// Session is what a policy demands of a session. Zero values are controls that are off.
type Session struct {
	// Frequency is how often one has to sign in again: EveryTime, or Value in Unit (hours, days).
	Frequency *Frequency `json:"frequency,omitempty"`
	// PersistentBrowser is always or never; empty: off.
	PersistentBrowser string `json:"persistent_browser,omitempty"`
	AppEnforced       bool   `json:"app_enforced,omitempty"`
	// CloudApps is the mode of Defender for Cloud Apps; empty: off.
	CloudApps string `json:"cloud_apps,omitempty"`
	// CAE is the mode of continuous access evaluation: strictEnforcement, strictLocation, disabled; empty: not set.
	CAE                  string `json:"cae,omitempty"`
	TokenProtection      bool   `json:"token_protection,omitempty"`
	NoResilienceDefaults bool   `json:"no_resilience_defaults,omitempty"`
}

// Frequency is a sign-in frequency.
type Frequency struct {
	EveryTime bool   `json:"every_time,omitempty"`
	Value     int    `json:"value,omitempty"`
	Unit      string `json:"unit,omitempty"`
	// For is primaryAndSecondaryAuthentication or secondaryAuthentication.
	For string `json:"for,omitempty"`
}

const policiesPath = "/identity/conditionalAccess/policies"

// Policies reads all Conditional Access policies. They are read field by field and not through the SDK's models: these
// turn a grant control that they do not know into "block", an unknown client into "all", and drop unknown conditions.
func (c *Client) Policies(ctx context.Context) ([]Policy, error) {
	found, err := c.allRaw(ctx, c.base+policiesPath, nil)
	if err != nil {
		return nil, err
	}
	var out []Policy
	for _, raw := range found {
		p, err := policyOf(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func policyOf(raw json.RawMessage) (Policy, error) {
	var p Policy
	o, err := newObject(raw, func(what string) { p.Unmodelled = append(p.Unmodelled, what) })
	if err != nil {
		return Policy{}, err
	}
	for _, ofWhatIf := range []string{"policyApplies", "analysisReasons"} {
		delete(o.fields, ofWhatIf)
	}
	p.ID, p.Name, p.Template = o.text("id"), o.text("displayName"), o.text("templateId")
	p.State = o.text("state", "enabled", "disabled", "enabledForReportingButNotEnforced")
	for _, says := range []string{"createdDateTime", "modifiedDateTime", "deletedDateTime", "description"} {
		o.text(says) // nothing about what it does
	}
	conditions := o.object("conditions")
	if conditions == nil || p.State == "" { // a policy always has both
		o.note("conditions and state: not said")
	}
	if p.ID == "" {
		return Policy{}, errors.New("graph: a policy without an id")
	}
	p.who(conditions)
	p.what(conditions.object("applications"))
	p.how(conditions)
	conditions.rest()
	p.demands(o.object("grantControls"))
	p.session(o.object("sessionControls"))
	o.rest()
	slices.Sort(p.Unmodelled)
	return p, nil
}

func (p *Policy) who(conditions *object) {
	u := conditions.object("users")
	p.IncludeUsers, p.ExcludeUsers = u.list("includeUsers"), u.list("excludeUsers")
	p.IncludeGroups, p.ExcludeGroups = u.list("includeGroups"), u.list("excludeGroups")
	p.IncludeRoles, p.ExcludeRoles = u.list("includeRoles"), u.list("excludeRoles")
	p.IncludeGuests, p.ExcludeGuests = guests(u.object("includeGuestsOrExternalUsers")), guests(u.object("excludeGuestsOrExternalUsers"))
	u.rest()
	w := conditions.object("clientApplications")
	if include := w.list("includeServicePrincipals"); len(include) > 0 || w != nil {
		p.Workloads = &Workloads{Include: include, Exclude: w.list("excludeServicePrincipals"), Filter: filter(w.object("servicePrincipalFilter"))}
	}
	w.rest()
}

func guests(o *object) *Guests {
	if o == nil {
		return nil
	}
	out := &Guests{Kinds: o.flags("guestOrExternalUserTypes", "internalGuest", "b2bCollaborationGuest", "b2bCollaborationMember",
		"b2bDirectConnectUser", "otherExternalUser", "serviceProvider")}
	tenants := o.object("externalTenants")
	out.AllTenants = tenants.text("membershipKind", "all", "enumerated") != "enumerated"
	out.Tenants = tenants.list("members")
	tenants.rest()
	o.rest()
	return out
}

func filter(o *object) *Filter {
	if o == nil {
		return nil
	}
	out := &Filter{Mode: o.text("mode", "include", "exclude"), Rule: o.text("rule")}
	o.rest()
	return out
}

func (p *Policy) what(a *object) {
	p.IncludeApps, p.ExcludeApps = a.list("includeApplications"), a.list("excludeApplications")
	p.UserActions = a.list("includeUserActions", "urn:user:registersecurityinfo", "urn:user:registerdevice")
	p.AuthContexts, p.AppFilter = a.list("includeAuthenticationContextClassReferences"), filter(a.object("applicationFilter"))
	a.rest()
}

func (p *Policy) how(conditions *object) {
	p.ClientAppTypes = conditions.list("clientAppTypes", "all", "browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "easSupported", "other")
	platforms := conditions.object("platforms")
	known := []string{"android", "iOS", "windows", "windowsPhone", "macOS", "linux", "all"}
	p.IncludePlatforms, p.ExcludePlatforms = platforms.list("includePlatforms", known...), platforms.list("excludePlatforms", known...)
	platforms.rest()
	locations := conditions.object("locations")
	p.IncludeLocations, p.ExcludeLocations = locations.list("includeLocations"), locations.list("excludeLocations")
	locations.rest()
	devices := conditions.object("devices")
	p.DeviceFilter = filter(devices.object("deviceFilter"))
	devices.rest()
	risk := []string{"low", "medium", "high", "none"}
	p.SignInRisk, p.UserRisk = conditions.list("signInRiskLevels", risk...), conditions.list("userRiskLevels", risk...)
	p.ServicePrincipalRisk = conditions.list("servicePrincipalRiskLevels", risk...)
	p.InsiderRisk = conditions.flags("insiderRiskLevels", "minor", "moderate", "elevated")
	flows := conditions.object("authenticationFlows")
	p.Flows = flows.flags("transferMethods", "deviceCodeFlow", "authenticationTransfer")
	flows.rest()
}

func (p *Policy) demands(g *object) {
	p.Operator = g.text("operator", "AND", "OR")
	p.Grants = g.list("builtInControls", "block", "mfa", "compliantDevice", "domainJoinedDevice", "approvedApplication",
		"compliantApplication", "passwordChange", "riskRemediation")
	p.TermsOfUse, p.CustomFactors = g.list("termsOfUse"), g.list("customAuthenticationFactors")
	if s := g.object("authenticationStrength"); s != nil { // its other properties say nothing about what is demanded
		p.Strength = &Strength{ID: s.text("id"), Name: s.text("displayName"), Satisfies: s.text("requirementsSatisfied", "mfa", "none"), Allowed: s.list("allowedCombinations")}
	}
	g.rest()
}

func (p *Policy) session(s *object) {
	if f := s.on("signInFrequency"); f != nil {
		p.Session.Frequency = &Frequency{
			EveryTime: f.text("frequencyInterval", "timeBased", "everyTime") == "everyTime",
			Unit:      f.text("type", "hours", "days"),
			For:       f.text("authenticationType", "primaryAndSecondaryAuthentication", "secondaryAuthentication"),
		}
		f.take("value", &p.Session.Frequency.Value)
		f.rest()
	}
	p.Session.PersistentBrowser = s.on("persistentBrowser").text("mode", "always", "never")
	p.Session.AppEnforced = s.on("applicationEnforcedRestrictions") != nil
	p.Session.CloudApps = s.on("cloudAppSecurity").text("cloudAppSecurityType", "mcasConfigured", "monitorOnly", "blockDownloads")
	p.Session.CAE = s.object("continuousAccessEvaluation").text("mode", "strictEnforcement", "strictLocation", "disabled")
	p.Session.TokenProtection = s.on("secureSignInSession") != nil
	p.Session.NoResilienceDefaults = s.truth("disableResilienceDefaults")
	if other := s.on("globalSecureAccessFilteringProfile"); other != nil { // beta's; off it says nothing
		s.note(s.path("globalSecureAccessFilteringProfile"))
	}
	s.rest()
}

// on gives a session control that is switched on.
func (o *object) on(key string) *object {
	control := o.object(key)
	if !control.truth("isEnabled") {
		return nil
	}
	return control
}
