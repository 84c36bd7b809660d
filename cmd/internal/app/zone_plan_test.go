package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"hallpass/graph"
	"hallpass/graph/evaluate"
)

type noSecret struct{}

func (noSecret) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// answering is a Graph that answers every call with this body.
type answering []byte

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(a)), Request: r}, nil
}

// What is printed, once it is created, switched on and named in the rules file, is a zone that holds; until it is switched
// on, that is all that is wrong with it.
func TestAZoneMadeByThePlanHolds(t *testing.T) {
	t.Parallel()
	for state, wrong := range map[string]int{"enabled": 0, evaluate.ReportOnly: 2} {
		fence, registration := zoneBodies("x", "g", "l")
		for id, body := range map[string]object{"f": fence, "r": registration} {
			if body["state"] != evaluate.ReportOnly {
				t.Errorf("%v is not created report-only", body["displayName"])
			}
			body["id"], body["state"] = id, state
		}
		mfa := object{"id": "m", "displayName": "MFA", "state": "enabled", "conditions": object{
			"users": object{"includeUsers": []string{"All"}, "excludeGroups": []string{"g"}}, "applications": object{"includeApplications": []string{"All"}}, "clientAppTypes": []string{"all"},
		}, "grantControls": object{"operator": "OR", "builtInControls": []string{"mfa"}}}
		tenant := evaluate.Tenant{Policies: policiesOf(t, fence, registration, mfa), Locations: []graph.Location{{ID: "l", IP: true}}}
		found := tenant.Broken(evaluate.Zone{Group: "g", Location: "l", MFA: []string{"m"}, Fence: "f", Registration: "r"}, evaluate.Group{Group: graph.Group{Security: true}})
		if len(found) != wrong {
			t.Errorf("%s: %+v", state, found)
		}
		for _, f := range found {
			if !strings.Contains(f.What, "only reports") {
				t.Errorf("%s: %s", state, f.What)
			}
		}
	}
}

func TestThePolicyOfThePrintedBlockBlocksOnceItIsSwitchedOn(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := WriteBlockedPlan(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"$group = New-Once", "POST /v1.0/identity/conditionalAccess/policies", ".Replace('{group}', $group)", "blocked: {group: ID, policy: ID}"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for state, wrong := range map[string]int{evaluate.ReportOnly: 1, evaluate.Enabled: 0} {
		body := blockedSteps()[1].body
		body["id"], body["state"] = "p", state
		body["conditions"].(object)["users"] = object{"includeGroups": []string{"g"}}
		policies := policiesOf(t, body)
		found := evaluate.Tenant{Policies: policies}.Unblocked(evaluate.Group{Group: graph.Group{ID: "g", Security: true}}, "p")
		if len(found) != wrong {
			t.Errorf("%s: %+v", state, found)
		}
	}
}

// policiesOf reads bodies as policies, by way of the client.
func policiesOf(t *testing.T, bodies ...object) []graph.Policy {
	t.Helper()
	data, err := json.Marshal(object{"value": bodies})
	if err != nil {
		t.Fatal(err)
	}
	c, err := graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: noSecret{}, Transport: answering(data), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	policies, err := c.Policies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return policies
}

func TestAZonePlanIsWhole(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := WriteZonePlan(&out, ZoneNames("crm", 2)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"POST /v1.0/directory/administrativeUnits\n", `"isMemberManagementRestricted": true`, "crm-1: only from its location", "crm-2: no new sign-in methods",
		"$group = New-Once", "-Post ('/v1.0/directory/administrativeUnits/{unit}/members'.Replace('{unit}', $unit))", ".Replace('{group}', $group).Replace('{location}', $location)", "  crm-2: {group: ID",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), `"enabled"`) {
		t.Error("something is created switched on")
	}
	if n := strings.Count(out.String(), "New-Once -Find"); n != 9 {
		t.Errorf("%d steps", n)
	}
}
