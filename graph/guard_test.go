package graph

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

type never struct{ t *testing.T }

func (n never) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("%s %s was sent", r.Method, r.URL)
	return nil, context.Canceled
}

func TestTheGuardLetsThroughOnlyWhatHallpassDoes(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ method, url, token, encoding string }{
		"a member deleted without $ref": {"DELETE", "https://graph.microsoft.com/v1.0/groups/g/members/u", "x", ""},
		"a user deleted":                {"DELETE", "https://graph.microsoft.com/v1.0/users/u", "x", ""},
		"a policy written":              {"PATCH", "https://graph.microsoft.com/v1.0/identity/conditionalAccess/policies/p", "x", ""},
		"a policy made":                 {"POST", "https://graph.microsoft.com/v1.0/identity/conditionalAccess/policies", "x", ""},
		"a location deleted":            {"DELETE", "https://graph.microsoft.com/v1.0/identity/conditionalAccess/namedLocations/l", "x", ""},
		"beta":                          {"GET", "https://graph.microsoft.com/beta/users/u", "x", ""},
		"another host":                  {"GET", "https://evil.example/v1.0/users/u", "x", ""},
		"plain http":                    {"GET", "http://graph.microsoft.com/v1.0/users/u", "x", ""},
		"no token":                      {"GET", "https://graph.microsoft.com/v1.0/users/u", "", ""},
		"a compressed body":             {"PATCH", "https://graph.microsoft.com/v1.0/identity/conditionalAccess/namedLocations/l", "x", "gzip"},
		"a path that climbs":            {"DELETE", "https://graph.microsoft.com/v1.0/groups/g/members/u%2F$ref", "x", ""},
		"a member deleted by @id":       {"DELETE", "https://graph.microsoft.com/v1.0/groups/g/members/$ref?@id=https://graph.microsoft.com/v1.0/users/u", "x", ""},
		"a group deleted":               {"DELETE", "https://graph.microsoft.com/v1.0/groups/g", "x", ""},
		"a user changed":                {"PATCH", "https://graph.microsoft.com/v1.0/users/u", "x", ""},
		"an MFA state changed":          {"PATCH", "https://graph.microsoft.com/beta/users/u/authentication/requirements", "x", ""},
		"an app made":                   {"POST", "https://graph.microsoft.com/v1.0/applications", "x", ""},
		"an app deleted":                {"DELETE", "https://graph.microsoft.com/v1.0/applications/a", "x", ""},
		"sessions revoked":              {"POST", "https://graph.microsoft.com/v1.0/users/u/revokeSignInSessions", "x", ""},
		"a secret made":                 {"POST", "https://graph.microsoft.com/v1.0/applications/a/addPassword", "x", ""},
		"a permission granted":          {"POST", "https://graph.microsoft.com/v1.0/servicePrincipals/s/appRoleAssignments", "x", ""},
		"a role given":                  {"POST", "https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments", "x", ""},
		"security defaults switched":    {"PATCH", "https://graph.microsoft.com/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", "x", ""},
		"a batch":                       {"POST", "https://graph.microsoft.com/v1.0/$batch", "x", ""},
		"a path that leads upwards":     {"GET", "https://graph.microsoft.com/v1.0/users/..", "x", ""},
		"one that does so hidden":       {"GET", "https://graph.microsoft.com/v1.0/users/%2e%2e", "x", ""},
		"one hidden twice":              {"GET", "https://graph.microsoft.com/v1.0/users/%252e%252e", "x", ""},
		"another port":                  {"GET", "https://graph.microsoft.com:8443/v1.0/users/u", "x", ""},
		"members of a role":             {"POST", "https://graph.microsoft.com/v1.0/directoryRoles/r/members/$ref", "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &guard{next: never{t}, host: "graph.microsoft.com", now: time.Now, observe: func(Call) {}, rules: rules()}
			r, err := http.NewRequestWithContext(t.Context(), row.method, row.url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", strings.TrimSpace("Bearer "+row.token))
			if row.encoding != "" {
				r.Header.Set("Content-Encoding", row.encoding)
			}
			resp, err := g.RoundTrip(r)
			if err == nil {
				_ = resp.Body.Close()
				t.Fatal("it was let through")
			}
			if !strings.Contains(err.Error(), "refused to send") || Unknown(err) {
				t.Errorf("got %v, unknown %v", err, Unknown(err))
			}
		})
	}
}
