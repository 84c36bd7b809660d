package graph

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPolicyIsReadWithAllThatDecides(t *testing.T) {
	t.Parallel()
	got, err := policyOf(json.RawMessage(`{
		"id": "p1", "displayName": "Fence", "state": "enabledForReportingButNotEnforced", "templateId": null, "createdDateTime": "2026-01-02T03:04:05Z",
		"conditions": {
			"users": {"includeUsers": ["All"], "excludeUsers": ["u1"], "includeGroups": ["g1"], "excludeGroups": ["g2"], "includeRoles": ["r1"], "excludeRoles": ["r2"],
				"includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "internalGuest,b2bCollaborationGuest",
					"externalTenants": {"@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants", "membershipKind": "enumerated", "members": ["t1"]}},
				"excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "serviceProvider", "externalTenants": null}},
			"clientApplications": null,
			"applications": {"includeApplications": ["Office365"], "excludeApplications": ["a1"], "includeUserActions": ["urn:user:registersecurityinfo"],
				"includeAuthenticationContextClassReferences": ["c1"], "applicationFilter": {"mode": "exclude", "rule": "x"}},
			"clientAppTypes": ["browser"], "platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]},
			"locations": {"includeLocations": ["All"], "excludeLocations": ["l1", "AllTrusted"]},
			"devices": {"deviceFilter": {"mode": "include", "rule": "device.isCompliant -eq True"}},
			"signInRiskLevels": ["high"], "userRiskLevels": ["low"], "servicePrincipalRiskLevels": ["medium"],
			"insiderRiskLevels": "minor,elevated", "authenticationFlows": {"transferMethods": "deviceCodeFlow,authenticationTransfer"}},
		"grantControls": {"operator": "AND", "builtInControls": ["mfa", "compliantDevice"], "termsOfUse": ["tou"], "customAuthenticationFactors": ["duo"],
			"authenticationStrength@odata.context": "c",
			"authenticationStrength": {"id": "s1", "displayName": "Phishing-resistant", "policyType": "builtIn", "requirementsSatisfied": "mfa", "allowedCombinations": ["fido2"]}},
		"sessionControls": {"disableResilienceDefaults": true, "applicationEnforcedRestrictions": {"isEnabled": true}, "persistentBrowser": {"mode": "never", "isEnabled": true},
			"cloudAppSecurity": {"cloudAppSecurityType": "monitorOnly", "isEnabled": true}, "secureSignInSession": {"isEnabled": true},
			"continuousAccessEvaluation": {"mode": "strictLocation"},
			"signInFrequency": {"value": 4, "type": "hours", "authenticationType": "primaryAndSecondaryAuthentication", "frequencyInterval": "timeBased", "isEnabled": true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Policy{
		ID: "p1", Name: "Fence", State: "enabledForReportingButNotEnforced",
		IncludeUsers: []string{"All"}, ExcludeUsers: []string{"u1"}, IncludeGroups: []string{"g1"}, ExcludeGroups: []string{"g2"},
		IncludeRoles: []string{"r1"}, ExcludeRoles: []string{"r2"},
		IncludeGuests: &Guests{Kinds: []string{"internalGuest", "b2bCollaborationGuest"}, Tenants: []string{"t1"}},
		ExcludeGuests: &Guests{Kinds: []string{"serviceProvider"}, AllTenants: true},
		IncludeApps:   []string{"Office365"}, ExcludeApps: []string{"a1"}, UserActions: []string{"urn:user:registersecurityinfo"},
		AuthContexts: []string{"c1"}, AppFilter: &Filter{"exclude", "x"},
		ClientAppTypes: []string{"browser"}, IncludePlatforms: []string{"all"}, ExcludePlatforms: []string{"iOS"},
		IncludeLocations: []string{"All"}, ExcludeLocations: []string{"l1", "AllTrusted"}, DeviceFilter: &Filter{"include", "device.isCompliant -eq True"},
		SignInRisk: []string{"high"}, UserRisk: []string{"low"}, ServicePrincipalRisk: []string{"medium"}, InsiderRisk: []string{"minor", "elevated"},
		Flows:    []string{"deviceCodeFlow", "authenticationTransfer"},
		Operator: "AND", Grants: []string{"mfa", "compliantDevice"}, TermsOfUse: []string{"tou"}, CustomFactors: []string{"duo"},
		Strength: &Strength{ID: "s1", Name: "Phishing-resistant", Satisfies: "mfa", Allowed: []string{"fido2"}},
		Session: Session{
			Frequency:         &Frequency{Value: 4, Unit: "hours", For: "primaryAndSecondaryAuthentication"},
			PersistentBrowser: "never", AppEnforced: true, CloudApps: "monitorOnly", CAE: "strictLocation", TokenProtection: true, NoResilienceDefaults: true,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What the SDK's models would turn into "block", into "all", or into nothing, is named instead.
func TestWhatAPolicyHoldsThatNobodyKnowsIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, json, want string }{
		{"a new grant control, which the SDK reads as block", `{"grantControls": {"builtInControls": ["ritualDance"]}}`, "grantControls.builtInControls: ritualDance"},
		{"a new client, which the SDK reads as all", `{"conditions": {"clientAppTypes": ["agent"]}}`, "conditions.clientAppTypes: agent"},
		{"a new condition", `{"conditions": {"moonPhase": {"phase": "full"}}}`, "conditions.moonPhase"},
		{"a new condition of users", `{"conditions": {"users": {"excludeAgents": ["a"]}}}`, "conditions.users.excludeAgents"},
		{"a new kind of guest", `{"conditions": {"users": {"includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "martian"}}}}`, "conditions.users.includeGuestsOrExternalUsers.guestOrExternalUserTypes: martian"},
		{"a new flow", `{"conditions": {"authenticationFlows": {"transferMethods": "pigeon"}}}`, "conditions.authenticationFlows.transferMethods: pigeon"},
		{"a new session control", `{"sessionControls": {"globalSecureAccessFilteringProfile": {"isEnabled": true, "profileId": "x"}}}`, "sessionControls.globalSecureAccessFilteringProfile"},
		{"a new state", `{"state": "halfway"}`, "state: halfway"},
		{"a part of the people only", `{"partialEnablementStrategy": "half"}`, "partialEnablementStrategy"},
		{"no conditions at all", `{"conditions": null}`, "conditions and state: not said"},
		{"no state", `{"state": null}`, "conditions and state: not said"},
		{"a list that is no list", `{"conditions": {"signInRiskLevels": "high"}}`, "conditions.signInRiskLevels"},
	} {
		got, err := policyOf(whole(t, c.json))
		if err != nil || len(got.Unmodelled) != 1 || got.Unmodelled[0] != c.want {
			t.Errorf("%s: %v, %v; want %q", c.what, got.Unmodelled, err, c.want)
		}
	}
}

func TestWhatIsNotSetIsNotNamed(t *testing.T) {
	t.Parallel()
	got, err := policyOf(whole(t, `{"conditions": {"moonPhase": null, "agents": []}, "sessionControls": null, "grantControls@odata.context": "c",
		"x": null, "conditions@odata.context": "c"}`))
	if err != nil || len(got.Unmodelled) > 0 {
		t.Error(got.Unmodelled, err)
	}
}

// whole completes a policy with what every policy has.
func whole(t *testing.T, part string) json.RawMessage {
	t.Helper()
	p := map[string]any{"id": "p", "state": "enabled", "conditions": map[string]any{}}
	if err := json.Unmarshal([]byte(part), &p); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte(`{"id":"p","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"platforms":[]},"sessionControls":{"signInFrequency":{"isEnabled":true,"value":"x"}}}`))
	f.Add([]byte(`{"id":"p","conditions":{"users":{"includeGuestsOrExternalUsers":{"externalTenants":7}}},"grantControls":[]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policyOf(data)
		if err == nil && p.ID == "" {
			t.Error("a policy without an id")
		}
		if v, err := verdict(data); err == nil && v.Policy.ID != p.ID {
			t.Error("another policy")
		}
		_, _ = signIn(data) // must not panic
	})
}
