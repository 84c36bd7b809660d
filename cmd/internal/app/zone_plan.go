package app

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// object is a body, or a part of one, as Graph takes it.
type object map[string]any

// step is one thing that an administrator creates. Its texts hold {unit}, {group} and {location}: the ids of what the
// steps before made.
type step struct {
	token string // what of later steps this one's id is put in for; empty: none
	title string
	find  string // the collection in which it is looked for by its name, before it is created
	post  string
	body  object
}

// ZoneNames are the names of n zones: NAME if there is one, else NAME-1, NAME-2 and so on.
func ZoneNames(name string, n int) []string {
	if n == 1 {
		return []string{name}
	}
	var out []string
	for i := range n {
		out = append(out, name+"-"+strconv.Itoa(i+1))
	}
	return out
}

// zoneBodies are the bodies of the fence and of the registration policy of a zone, as Graph takes them: report-only, so
// that an administrator sees whom they would block before they block.
func zoneBodies(name, group, location string) (fence, registration object) {
	fence = blockingPolicy("hallpass zone "+name+": only from its location", group, object{
		"applications": object{"includeApplications": []string{"All"}},
		"locations":    object{"includeLocations": []string{"All"}, "excludeLocations": []string{location}},
	})
	registration = blockingPolicy("hallpass zone "+name+": no new sign-in methods", group, object{
		"applications": object{"includeUserActions": []string{"urn:user:registersecurityinfo"}},
	})
	return fence, registration
}

// blockingPolicy is the body of a policy that blocks a group under these conditions, report-only.
func blockingPolicy(title, group string, conditions object) object {
	conditions["clientAppTypes"] = []string{"all"}
	conditions["users"] = object{"includeGroups": []string{group}}
	return object{
		"displayName": title, "state": "enabledForReportingButNotEnforced", "conditions": conditions,
		"grantControls": object{"operator": "OR", "builtInControls": []string{"block"}},
	}
}

const policiesURI = "/v1.0/identity/conditionalAccess/policies"

// unitStep makes the unit that protects the groups of all zones: nobody but those with a role in it changes their members.
func unitStep() step {
	return step{"{unit}", "The restricted management administrative unit (one for all zones)", "/v1.0/directory/administrativeUnits", "/v1.0/directory/administrativeUnits", object{
		"displayName": "hallpass zones", "description": "Groups that only hallpass may change", "isMemberManagementRestricted": true,
	}}
}

func zoneSteps(name string) []step {
	fence, registration := zoneBodies(name, "{group}", "{location}")
	return []step{
		{"{group}", "The group, in the unit", "/v1.0/groups?$filter=startsWith(displayName,''hallpass zone'')", "/v1.0/directory/administrativeUnits/{unit}/members", object{
			"@odata.type": "#microsoft.graph.group", "displayName": "hallpass zone " + name, "description": "Exempt from MFA, from the zone's location only",
			"mailEnabled": false, "mailNickname": "hallpass-zone-" + name, "securityEnabled": true, "groupTypes": []string{},
		}},
		{"{location}", "The location, not trusted. 192.0.2.255 is nobody's address: Entra ID takes no location without one", "/v1.0/identity/conditionalAccess/namedLocations", "/v1.0/identity/conditionalAccess/namedLocations", object{
			"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "hallpass zone " + name, "isTrusted": false,
			"ipRanges": []object{{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.255/32"}},
		}},
		{"", "The fence", policiesURI, policiesURI, fence},
		{"", "The block of new sign-in methods", policiesURI, policiesURI, registration},
	}
}

// WriteZonePlan writes what an administrator creates for zones of these names: the bodies for Graph, the same as a script
// for PowerShell, and what to do then. It changes nothing itself.
func WriteZonePlan(w io.Writer, names []string) error {
	steps := map[string][]step{"": {unitStep()}}
	order := []string{""}
	for _, name := range names {
		order, steps[name] = append(order, name), zoneSteps(name)
	}
	var zones strings.Builder
	for _, name := range names {
		fmt.Fprintf(&zones, "  %s: {group: ID, location: ID, mfa_policies: [ID], fence_policy: ID, registration_policy: ID}\n", name)
	}
	return writePlan(w, order, steps, `
## Then
1. Give hallpass's writing app the role Groups Administrator, scoped to the unit, and nothing wider.
2. Exclude each zone's group from the policies that demand MFA.
3. Look at the sign-in log for what the new policies would block, then switch them on.
4. Name everything in the rules file, with the ids that the script printed, and run hallpass zone check:

zones:
`+zones.String())
}

// WriteBlockedPlan writes what an administrator creates for accounts to be blocked when their exemption ends, as WriteZonePlan
// does for zones.
func WriteBlockedPlan(w io.Writer) error {
	return writePlan(w, []string{""}, map[string][]step{"": append([]step{unitStep()}, blockedSteps()...)}, `
## Then
1. Give hallpass's writing app the role Groups Administrator, scoped to the unit, and nothing wider.
2. Switch the policy on: nobody is in its group yet.
3. Name both in the rules file, with the ids that the script printed, and run hallpass zone check:

blocked: {group: ID, policy: ID}
`)
}

// blockedSteps make the group of blocked accounts, and the policy that blocks it from everything.
func blockedSteps() []step {
	return []step{
		{"{group}", "The group, in the unit", "/v1.0/groups?$filter=startsWith(displayName,''hallpass blocked'')", "/v1.0/directory/administrativeUnits/{unit}/members", object{
			"@odata.type": "#microsoft.graph.group", "displayName": "hallpass blocked accounts", "description": "Blocked from every sign-in since their exemption ended",
			"mailEnabled": false, "mailNickname": "hallpass-blocked", "securityEnabled": true, "groupTypes": []string{},
		}},
		{"", "The block", policiesURI, policiesURI, blockingPolicy("hallpass blocked accounts", "{group}", object{
			"applications": object{"includeApplications": []string{"All"}},
		})},
	}
}

// writePlan writes steps for Graph and for PowerShell, and what to do after them.
func writePlan(w io.Writer, order []string, steps map[string][]step, then string) error {
	var b strings.Builder
	b.WriteString("# hallpass does not create or change policies. An administrator runs this once; it looks before it creates.\n# {unit}, {group} and {location} stand for the ids that the answers give.\n")
	b.WriteString("\n## For Graph\n")
	for _, name := range order {
		for _, s := range steps[name] {
			body, err := json.MarshalIndent(s.body, "", "  ")
			if err != nil {
				return fmt.Errorf("encoding a body: %w", err)
			}
			fmt.Fprintf(&b, "\n%s\nPOST %s\n%s\n", s.title, s.post, body)
		}
	}
	b.WriteString("\n## For PowerShell (module Microsoft.Graph.Authentication)\n\n")
	if err := script(&b, order, steps); err != nil {
		return err
	}
	b.WriteString(then)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// script writes the steps for PowerShell. Bodies stand in here-strings that nothing is expanded in; the names are letters,
// digits and dashes.
func script(b *strings.Builder, order []string, steps map[string][]step) error {
	b.WriteString(`$ErrorActionPreference = 'Stop'
Connect-MgGraph -Scopes 'AdministrativeUnit.ReadWrite.All','Group.ReadWrite.All','Policy.Read.All','Policy.ReadWrite.ConditionalAccess','Application.Read.All'

function New-Once([string]$Find, [string]$Post, [string]$Body) {
  $name = ($Body | ConvertFrom-Json).displayName
  $there = @(); $next = $Find
  while ($next) {
    $page = Invoke-MgGraphRequest -Method GET -Uri $next
    $there += @($page.value | Where-Object { $_.displayName -eq $name })
    $next = $page.'@odata.nextLink'
  }
  if ($there.Count -gt 1) { throw "There are $($there.Count) called '$name'." }
  if ($there.Count -eq 1) { Write-Host "there   $name $($there[0].id)"; return $there[0].id }
  $made = Invoke-MgGraphRequest -Method POST -Uri $Post -Body $Body -ContentType 'application/json'
  Write-Host "created $name $($made.id)"
  Start-Sleep -Seconds 15
  return $made.id
}
`)
	for _, name := range order {
		for _, s := range steps[name] {
			body, err := json.Marshal(s.body)
			if err != nil {
				return fmt.Errorf("encoding a body: %w", err)
			}
			var put strings.Builder
			for _, token := range []string{"{unit}", "{group}", "{location}"} {
				if strings.Contains(string(body), token) {
					put.WriteString(".Replace('" + token + "', $" + strings.Trim(token, "{}") + ")")
				}
			}
			to := "$null"
			if s.token != "" {
				to = "$" + strings.Trim(s.token, "{}")
			}
			post := "'" + s.post + "'"
			if strings.Contains(s.post, "{unit}") {
				post = "(" + post + ".Replace('{unit}', $unit))"
			}
			fmt.Fprintf(b, "\n# %s\n%s = New-Once -Find '%s' -Post %s -Body (@'\n%s\n'@%s)\n", s.title, to, s.find, post, body, put.String())
		}
	}
	return nil
}
