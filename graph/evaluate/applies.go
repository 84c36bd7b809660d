package evaluate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hallpass/graph"
)

// The words that stand for many in the lists of policies.
const (
	all        = "All"
	none       = "None"
	allTrusted = "AllTrusted"
	guests     = "GuestsOrExternalUsers"
	// serviceTrusted is the location of the MFA service settings' trusted IPs, which Graph cannot read.
	serviceTrusted = "00000000-0000-0000-0000-000000000000"
)

// States of policies.
const (
	Enabled    = "enabled"
	ReportOnly = "enabledForReportingButNotEnforced"
)

// Applies says whether the policy is for the sign-in, whatever its state.
func (t Tenant) Applies(p graph.Policy, s SignIn) Answer {
	a := and(t.about(p, s), t.who(p, s.Account), t.from(p, s.From), how(p, s))
	if len(p.Unmodelled) > 0 { // it may be for more than is seen, and for less
		return unknown("it has parts that hallpass does not know: " + strings.Join(p.Unmodelled, ", "))
	}
	return a
}

func (t Tenant) who(p graph.Policy, a Account) Answer {
	if p.Workloads != nil && len(p.IncludeUsers)+len(p.IncludeGroups)+len(p.IncludeRoles) == 0 {
		return no() // it is for service principals
	}
	return and(
		or(met(slices.Contains(p.IncludeUsers, all) || slices.Contains(p.IncludeUsers, a.ID)), inAny(p.IncludeGroups, a.Groups, a.GroupsKnown, "groups"),
			inAny(p.IncludeRoles, a.Roles, a.RolesKnown, "roles"), guest(p.IncludeGuests != nil || slices.Contains(p.IncludeUsers, guests), a)),
		not(or(met(slices.Contains(p.ExcludeUsers, all) || slices.Contains(p.ExcludeUsers, a.ID)), inAny(p.ExcludeGroups, a.Groups, a.GroupsKnown, "groups"),
			inAny(p.ExcludeRoles, a.Roles, a.RolesKnown, "roles"), guest(p.ExcludeGuests != nil || slices.Contains(p.ExcludeUsers, guests), a))),
	)
}

func inAny(listed, has []string, known bool, what string) Answer {
	switch {
	case len(listed) == 0:
		return no()
	case slices.ContainsFunc(listed, func(id string) bool { return slices.Contains(has, id) }):
		return yes()
	case !known:
		return unknown("which " + what + " the account has is not known")
	}
	return no()
}

func guest(listed bool, a Account) Answer {
	if !listed || !a.Guest {
		return no()
	}
	return unknown("which kind of guest it is, is not known")
}

// about answers for the resource or the user action.
func (t Tenant) about(p graph.Policy, s SignIn) Answer {
	if s.Action != "" {
		return met(slices.Contains(p.UserActions, s.Action))
	}
	if len(p.UserActions) > 0 {
		return no()
	}
	if len(p.AuthContexts) > 0 {
		return when("what it opens asks for the authentication context " + strings.Join(p.AuthContexts, ", "))
	}
	if p.AppFilter != nil {
		return when("the application's attributes fit the policy's filter")
	}
	if slices.Contains(p.IncludeApps, none) {
		return no()
	}
	if len(s.Apps) == 0 {
		switch {
		case !slices.Contains(p.IncludeApps, all):
			return when("it signs in to " + appNames(p.IncludeApps))
		case len(p.ExcludeApps) > 0:
			return when("it signs in to anything but " + appNames(p.ExcludeApps))
		}
		return yes()
	}
	var each []Answer
	for _, app := range s.Apps {
		each = append(each, and(apps(p.IncludeApps, app), not(apps(p.ExcludeApps, app))))
	}
	return or(each...)
}

// office365 are resources that are certainly part of the group Office365 (Microsoft's page "Conditional Access: Target
// resources").
func office365() []string {
	return []string{sharePoint, exchange, "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"}
}

// Resources with names of their own.
const (
	sharePoint = "00000003-0000-0ff1-ce00-000000000000"
	exchange   = "00000002-0000-0ff1-ce00-000000000000"
	graphAPI   = "00000003-0000-0000-c000-000000000000"
	azure      = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
)

func apps(listed []string, app string) Answer {
	switch {
	case slices.Contains(listed, all), slices.Contains(listed, app):
		return yes()
	case slices.Contains(listed, "Office365") && slices.Contains(office365(), app):
		return yes()
	case slices.Contains(listed, "Office365") && app != azure:
		return unknown("whether " + AppName(app) + " is part of Office 365 is not known")
	case slices.Contains(listed, "MicrosoftAdminPortals") && !slices.Contains([]string{sharePoint, exchange, graphAPI}, app):
		return unknown("whether " + AppName(app) + " is an admin portal is not known")
	}
	return no()
}

// AppName names a resource for people.
func AppName(id string) string {
	names := map[string]string{
		sharePoint: "SharePoint", exchange: "Exchange", graphAPI: "Microsoft Graph", azure: "Azure management",
		"Office365": "Office 365", "MicrosoftAdminPortals": "the Microsoft admin portals", "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe": "Teams",
	}
	if name, ok := names[id]; ok {
		return name
	}
	return "the application " + id
}

func appNames(list []string) string {
	var out []string
	for _, id := range list[:min(len(list), 4)] {
		out = append(out, AppName(id))
	}
	if len(list) > 4 {
		out = append(out, fmt.Sprintf("%d more", len(list)-4))
	}
	return strings.Join(out, ", ")
}

func (t Tenant) from(p graph.Policy, from netip.Prefix) Answer {
	if len(p.IncludeLocations) == 0 && len(p.ExcludeLocations) == 0 {
		return yes()
	}
	return and(t.inPlaces(p.IncludeLocations, from), not(t.inPlaces(p.ExcludeLocations, from)))
}

func (t Tenant) inPlaces(listed []string, from netip.Prefix) Answer {
	var each []Answer
	for _, id := range listed {
		switch id {
		case all:
			return yes()
		case allTrusted:
			for _, l := range t.Locations {
				if l.Trusted {
					each = append(each, Inside(l, from))
				}
			}
		case serviceTrusted:
			each = append(each, unknown("the trusted IPs of the MFA service settings cannot be read"))
		default:
			i := slices.IndexFunc(t.Locations, func(l graph.Location) bool { return l.ID == id })
			switch {
			case i < 0:
				each = append(each, unknown("the location "+id+" could not be read"))
			case !t.Locations[i].IP:
				each = append(each, unknown("the location “"+t.Locations[i].Name+"” is not one of addresses"))
			default:
				each = append(each, Inside(t.Locations[i], from))
			}
		}
	}
	return or(each...)
}

// Inside says whether the range is in the location.
func Inside(l graph.Location, from netip.Prefix) Answer {
	partly := false
	for _, r := range l.Ranges {
		q, err := netip.ParsePrefix(r)
		if err != nil {
			return unknown("the location “" + l.Name + "” holds " + r)
		}
		if q = q.Masked(); !q.Overlaps(from) {
			continue
		}
		if q.Bits() <= from.Bits() {
			return yes()
		}
		partly = true
	}
	if partly {
		return when("it comes from the part of " + from.String() + " that is in “" + l.Name + "”")
	}
	return no()
}

// how answers for client, platform, device, risk and flow.
func how(p graph.Policy, s SignIn) Answer {
	parts := []Answer{clients(p.ClientAppTypes, s.Clients)}
	if len(p.IncludePlatforms) > 0 && (!slices.Contains(p.IncludePlatforms, "all") || len(p.ExcludePlatforms) > 0) {
		words := "its platform counts as " + strings.Join(p.IncludePlatforms, ", ")
		if len(p.ExcludePlatforms) > 0 {
			words += " and not as " + strings.Join(p.ExcludePlatforms, ", ")
		}
		parts = append(parts, when(words))
	}
	if p.DeviceFilter != nil {
		parts = append(parts, when("its device fits the policy's filter"))
	}
	for _, risk := range []struct {
		levels []string
		what   string
	}{{p.SignInRisk, "sign-in risk"}, {p.UserRisk, "user risk"}, {p.InsiderRisk, "insider risk"}} {
		if len(risk.levels) > 0 && !slices.Contains(risk.levels, "none") {
			parts = append(parts, when("its "+risk.what+" is "+strings.Join(risk.levels, " or ")))
		}
	}
	if len(p.Flows) > 0 {
		parts = append(parts, when("it signs in by "+strings.Join(p.Flows, " or ")))
	}
	return and(parts...)
}

func clients(listed, uses []string) Answer {
	if len(listed) == 0 || slices.Contains(listed, "all") {
		return yes()
	}
	if len(uses) == 0 {
		return when("its client counts as " + strings.Join(listed, " or "))
	}
	return met(slices.ContainsFunc(uses, func(c string) bool {
		return slices.Contains(listed, c) || c == "exchangeActiveSync" && slices.Contains(listed, "easSupported")
	}))
}
