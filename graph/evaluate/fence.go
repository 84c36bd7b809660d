package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"hallpass/graph"
)

// RegisterSecurityInfo is the user action of registering a method to sign in with.
const RegisterSecurityInfo = "urn:user:registersecurityinfo"

// Zone is a fenced zone as the rules file names it, by object ids.
type Zone struct {
	Group, Location     string
	MFA                 []string // policies that exclude the group
	Fence, Registration string
}

// Group is the group of a zone with what stands around it.
type Group struct {
	graph.Group
	// Nested are groups among its members, Parents the groups that it is a member of: their ids.
	Nested, Parents []string
}

// Finding is one thing that is wrong with a zone, and what mends it.
type Finding struct {
	What string `json:"what"`
	Do   string `json:"do"`
}

type findings []Finding

func (f *findings) add(is bool, what, do string) {
	if is {
		*f = append(*f, Finding{what, do})
	}
}

// Broken says what of a zone is not as it must be; nothing means that it holds: whoever is in its group gets in from its
// location only, cannot enrol a second factor, and is exempt from nothing but the MFA policies.
func (t Tenant) Broken(z Zone, g Group) []Finding {
	var out findings
	t.fence(z, &out)
	t.registration(z, &out)
	t.exempting(z, &out)
	managed(g, zonesGroup, &out)
	t.location(z, &out)
	t.others(z, &out)
	return out
}

func (t Tenant) policy(id string) (graph.Policy, bool) {
	i := slices.IndexFunc(t.Policies, func(p graph.Policy) bool { return strings.EqualFold(p.ID, id) })
	if i < 0 {
		return graph.Policy{}, false
	}
	return t.Policies[i], true
}

// only reports whether a list holds exactly one word.
func only(list []string, word string) bool { return len(list) == 1 && list[0] == word }

func (t Tenant) fence(z Zone, out *findings) {
	p, ok := t.policy(z.Fence)
	if !ok {
		out.add(true, "the fence policy "+z.Fence+" is not in the tenant", "Create it as `hallpass zone plan` prints it, and name its id in the rules file.")
		return
	}
	name := "the fence “" + p.Name + "”"
	blocking(p, z.Group, zonesGroup, name, out)
	everything(p, name, out)
	out.add(!only(p.IncludeLocations, all), name+" is not for any location", "Include any location.")
	out.add(!only(p.ExcludeLocations, z.Location), name+" does not leave out the zone's location and nothing else", "Exclude exactly the zone's location.")
}

func (t Tenant) registration(z Zone, out *findings) {
	p, ok := t.policy(z.Registration)
	if !ok {
		out.add(true, "the registration policy "+z.Registration+" is not in the tenant", "Create it as `hallpass zone plan` prints it, and name its id in the rules file.")
		return
	}
	name := "the registration block “" + p.Name + "”"
	blocking(p, z.Group, zonesGroup, name, out)
	out.add(!slices.Contains(p.UserActions, RegisterSecurityInfo), name+" does not cover the registration of security information", "Set its target to the user action “Register security information”.")
	everywhere(p, name, out)
}

// zonesGroup is what the group of a zone is called in findings.
const zonesGroup = "the zone's group"

// everything are the demands on a policy that is for every resource.
func everything(p graph.Policy, name string, out *findings) {
	out.add(!only(p.IncludeApps, all), name+" is not for all resources", "Set its target resources to all resources.")
	out.add(len(p.ExcludeApps) > 0, name+" leaves out "+appNames(p.ExcludeApps), "Remove the excluded resources.")
	out.add(len(p.UserActions)+len(p.AuthContexts) > 0 || p.AppFilter != nil, name+" is for user actions, authentication contexts or filtered apps", "Set its target resources to all resources.")
}

// everywhere are the demands on a policy that holds wherever a sign-in comes from.
func everywhere(p graph.Policy, name string, out *findings) {
	out.add(len(p.ExcludeLocations) > 0 || len(p.IncludeLocations) > 0 && !only(p.IncludeLocations, all), name+" depends on the location", "Remove its network condition.")
}

// blocking are the demands on a policy that blocks a group, always and whole. whose says what the group is.
func blocking(p graph.Policy, group, whose, name string, out *findings) {
	out.add(len(p.Unmodelled) > 0, name+" has parts that hallpass does not know: "+strings.Join(p.Unmodelled, ", "), "Make it as `hallpass zone plan` prints it.")
	out.add(p.State == ReportOnly, name+" only reports, so it blocks nobody", "Switch it on.")
	out.add(p.State != Enabled && p.State != ReportOnly, name+" is off", "Switch it on.")
	out.add(!only(p.Grants, "block"), name+" does not block", "Set its access control to block.")
	out.add(!only(p.IncludeGroups, group) || len(p.IncludeUsers)+len(p.IncludeRoles) > 0 || p.IncludeGuests != nil || p.Workloads != nil, name+" is not for exactly "+whose, "Include "+whose+" and nothing else.")
	out.add(len(p.ExcludeUsers)+len(p.ExcludeGroups)+len(p.ExcludeRoles) > 0 || p.ExcludeGuests != nil, name+" leaves users, groups or roles out", "Remove all exclusions of users.")
	out.add(!everyClient(p.ClientAppTypes), name+" is not for every kind of client", "Remove its condition on client apps.")
	out.add(len(p.IncludePlatforms)+len(p.ExcludePlatforms) > 0, name+" depends on the device's platform", "Remove its condition on platforms.")
	out.add(p.DeviceFilter != nil, name+" depends on the device", "Remove its filter for devices.")
	out.add(len(p.SignInRisk)+len(p.UserRisk)+len(p.InsiderRisk)+len(p.ServicePrincipalRisk) > 0, name+" depends on a risk", "Remove its conditions on risk.")
	out.add(len(p.Flows) > 0, name+" depends on the authentication flow", "Remove its condition on flows.")
}

func everyClient(types []string) bool {
	if len(types) == 0 || slices.Contains(types, "all") {
		return true
	}
	for _, c := range []string{"browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"} {
		if !slices.Contains(types, c) {
			return false
		}
	}
	return true
}

func (t Tenant) exempting(z Zone, out *findings) {
	for _, id := range z.MFA {
		p, ok := t.policy(id)
		if !ok {
			out.add(true, "the MFA policy "+id+" is not in the tenant", "Take its id out of the rules file, or name the policy that took its place.")
			continue
		}
		out.add(!slices.Contains(p.ExcludeGroups, z.Group), "the MFA policy “"+p.Name+"” does not exclude the zone's group", "Exclude the zone's group from it.")
	}
}

// managed are the demands on a group of which hallpass alone decides who is in it. whose says what the group is.
func managed(g Group, whose string, out *findings) {
	name := whose + " “" + g.Name + "”"
	out.add(!g.Security, name+" is not a security group", "Use a security group.")
	out.add(g.Synced, name+" is synchronised from on premises", "Use a group that lives in the cloud only.")
	out.add(g.Dynamic, name+" is dynamic", "Use a group with assigned members.")
	out.add(g.RoleAssignable, name+" can be assigned to roles", "Use a group that cannot; protect it by a restricted management administrative unit.")
	out.add(g.Licensed, name+" carries licences", "Take the licences off the group.")
	out.add(len(g.Nested) > 0, fmt.Sprintf("%s has %d groups as members, whose members would count too", name, len(g.Nested)), "Remove the groups from it.")
	out.add(len(g.Parents) > 0, fmt.Sprintf("%s is a member of %d other groups", name, len(g.Parents)), "Take it out of them.")
}

func (t Tenant) location(z Zone, out *findings) {
	i := slices.IndexFunc(t.Locations, func(l graph.Location) bool { return l.ID == z.Location })
	if i < 0 || !t.Locations[i].IP {
		out.add(true, "the zone's location "+z.Location+" is not a named location of addresses", "Create it as `hallpass zone plan` prints it, and name its id in the rules file.")
		return
	}
	out.add(t.Locations[i].Trusted, "the zone's location “"+t.Locations[i].Name+"” is trusted, so every policy for trusted locations counts it", "Take the mark off it.")
}

// others finds policies that use the zone's group or location for anything but the zone.
func (t Tenant) others(z Zone, out *findings) {
	for _, p := range t.Policies {
		fence, registration := strings.EqualFold(p.ID, z.Fence), strings.EqualFold(p.ID, z.Registration)
		mfa := slices.ContainsFunc(z.MFA, func(id string) bool { return strings.EqualFold(id, p.ID) })
		out.add(slices.Contains(p.IncludeGroups, z.Group) && !fence && !registration, "“"+p.Name+"” includes the zone's group", "Take the group out of it.")
		out.add(slices.Contains(p.ExcludeGroups, z.Group) && !mfa && !fence && !registration, "“"+p.Name+"” excludes the zone's group and is not among its MFA policies", "Take the group out of it, or name the policy in mfa_policies.")
		uses := slices.Contains(p.IncludeLocations, z.Location) || slices.Contains(p.ExcludeLocations, z.Location)
		out.add(uses && !fence, "“"+p.Name+"” uses the zone's location", "Take the location out of it.")
	}
}
