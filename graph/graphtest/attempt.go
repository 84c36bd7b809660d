package graphtest

import (
	"net/netip"
	"slices"
	"strings"
)

// Attempt is somebody, or something, that signs in.
type Attempt struct {
	User                      string // id or user principal name
	App, AppID                string
	Resource, ResourceID      string
	Address                   netip.Addr
	Country                   string
	Client                    string // browser, mobileAppsAndDesktopClients, exchangeActiveSync, other
	Platform                  string
	Kind                      string // empty: interactiveUser
	Protocol                  string
	MFA                       bool // there is somebody to answer a prompt, with a method
	CompliantDevice, WrongPwd bool
	// Intranet: the federation's token says that it comes from inside the company's network.
	Intranet bool
}

// The AADSTS codes that an attempt can end with.
const (
	CodeOK              = 0
	CodeWrongPassword   = 50126
	CodeDisabled        = 50057
	CodeBlocked         = 53003
	CodeMFA             = 50076 // by a policy, or a change of the administrator
	CodeRegister        = 50079 // a method must be registered first
	CodeDevice          = 53000
	CodeExternalControl = 50158
)

// SignIn lets somebody sign in, by the tenant's own judgement, and writes it into the sign-in log.
func (t *Tenant) SignIn(a Attempt) SignIn {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(a.User)
	s := SignIn{
		App: a.App, AppID: a.AppID, Resource: a.Resource, ResourceID: a.ResourceID, Address: a.Address, Country: a.Country, Kind: a.Kind, Protocol: a.Protocol,
		Client: map[string]string{"browser": "Browser", "mobileAppsAndDesktopClients": "Mobile Apps and Desktop clients", "exchangeActiveSync": "Exchange ActiveSync", "other": "Other clients"}[a.Client],
		Risk:   "none", Requirement: "singleFactorAuthentication",
	}
	if u == nil {
		s.Code, s.Reason = 50034, "The user account does not exist in the directory."
		return t.logged(s)
	}
	s.User = u.ID
	switch {
	case a.WrongPwd:
		s.Code, s.Reason = CodeWrongPassword, "Error validating credentials due to invalid username or password."
	case !u.Enabled:
		s.Code, s.Reason = CodeDisabled, "The user account is disabled."
	default:
		t.controls(a, u, &s)
	}
	return t.logged(s)
}

// controls asks for all that the tenant asks for, the hardest first: a block beats everything.
func (t *Tenant) controls(a Attempt, u *User, s *SignIn) {
	from := asked{address: a.Address, intranet: a.Intranet}
	always, worst := u.mfa() != "disabled" && t.serviceTrusts(from) != yes || t.defaults, CodeOK
	mfa := always
	for _, p := range t.policies {
		if !p.deleted.IsZero() || t.defaults {
			continue
		}
		applied := AppliedPolicy{ID: p.ID, Name: p.Name, Result: "notApplied"}
		applies, _ := t.applies(p, asked{
			user: u, apps: []string{a.ResourceID}, address: a.Address, country: a.Country, client: a.Client, platform: a.Platform, signIn: "none", risk: none(u.Risk), flow: "none", insider: "none", intranet: a.Intranet,
		})
		switch {
		case p.State == "disabled":
			applied.Result = "notEnabled"
		case applies:
			code, demands := p.demand(a, u)
			applied.Result, applied.Grants = "success", demands
			if code != CodeOK {
				applied.Result = "failure"
			}
			if p.State != "enabled" {
				applied.Result = map[string]string{"success": "reportOnlySuccess", "failure": "reportOnlyFailure"}[applied.Result]
				if slices.Contains(demands, "Mfa") && code != CodeOK {
					applied.Result = "reportOnlyInterrupted"
				}
				break
			}
			mfa = mfa || slices.Contains(demands, "Mfa") && (a.MFA || code != CodeOK)
			if code == CodeBlocked || worst == CodeOK {
				worst = max(worst, code)
			}
		}
		s.Policies = append(s.Policies, applied)
	}
	if mfa {
		s.Requirement = "multiFactorAuthentication"
	}
	if worst == CodeOK && always && !a.MFA {
		worst = CodeMFA
		if len(u.Methods) == 0 {
			worst = CodeRegister
		}
	}
	s.Code = worst
	s.Reason = map[int]string{
		CodeOK: "Other.", CodeBlocked: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
		CodeMFA:      "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.",
		CodeRegister: "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access.",
		CodeDevice:   "Device is not in required device state: compliant.", CodeExternalControl: "External security challenge was not satisfied.",
	}[worst]
	switch worst {
	case CodeOK:
	case CodeMFA, CodeRegister:
		s.Details = "MFA required in Azure AD"
	}
}

func none(risk string) string {
	if risk == "" {
		return "none"
	}
	return risk
}

// demand says what a policy asks for, and the code if the attempt has not got it.
func (p *Policy) demand(a Attempt, u *User) (code int, demands []string) {
	grants := slices.Clone(p.grants())
	if p.Strength != "" {
		grants = append(grants, "mfa")
	}
	if slices.Contains(grants, "block") {
		return CodeBlocked, []string{"Block"}
	}
	mfa := CodeMFA
	if len(u.Methods) == 0 {
		mfa = CodeRegister
	}
	var codes []int
	for _, g := range grants {
		demands = append(demands, strings.ToUpper(g[:1])+g[1:])
		switch {
		case g == "mfa" && a.MFA, g == "compliantDevice" && a.CompliantDevice, g == "domainJoinedDevice" && a.CompliantDevice:
			codes = append(codes, CodeOK)
		case g == "mfa":
			codes = append(codes, mfa)
		default:
			codes = append(codes, CodeDevice)
		}
	}
	for range len(p.TermsOfUse) + len(p.CustomFactors) {
		codes = append(codes, CodeExternalControl)
	}
	switch {
	case len(codes) == 0:
		return CodeOK, demands
	case p.Operator == "AND":
		return slices.Max(codes), demands
	}
	return slices.Min(codes), demands
}
