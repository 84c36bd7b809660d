package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hallpass/graph/graphtest/contract"
)

// notes is a Reporter that keeps what it is told.
type notes struct{ found, logged []string }

func (n *notes) Helper() {}
func (n *notes) Errorf(format string, args ...any) {
	n.found = append(n.found, fmt.Sprintf(format, args...))
}

func (n *notes) Logf(format string, args ...any) {
	n.logged = append(n.logged, fmt.Sprintf(format, args...))
}

func exchange(t *testing.T, n *notes, method, url, body string, status int, answer string) *contract.Judge {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	j := contract.For(n)
	j.Exchange(r, []byte(body), status, []byte(answer))
	return j
}

const host = "https://graph.microsoft.com"

func TestOurOwnSchemaRefusesWhatGraphWouldNotSayOrTake(t *testing.T) {
	t.Parallel()
	mfa := host + "/beta/users/u/authentication/requirements"
	for name, row := range map[string]struct {
		method, url, body string
		status            int
		answer            string
		finds             bool
	}{
		"a state":                     {"GET", mfa, "", 200, `{"perUserMfaState":"enforced"}`, false},
		"with the context of Graph":   {"GET", mfa, "", 200, `{"@odata.context":"c","perUserMfaState":"enforced"}`, false},
		"a state that is none":        {"GET", mfa, "", 200, `{"perUserMfaState":"maybe"}`, true},
		"a change":                    {"PATCH", mfa, `{"perUserMfaState":"disabled"}`, 204, "", false},
		"a change that says nothing":  {"PATCH", mfa, `{}`, 204, "", true},
		"sign-ins without a filter":   {"GET", host + "/beta/auditLogs/signIns?$top=1", "", 200, `{"value":[]}`, true},
		"too many groups":             {"POST", host + "/v1.0/users/u/checkMemberGroups", `{"groupIds":["` + strings.Repeat(`g","`, 20) + `g"]}`, 200, `{"value":[]}`, true},
		"an error as Graph writes it": {"GET", mfa, "", 403, `{"error":{"code":"x","message":"y","innerError":{"request-id":"z"}}}`, false},
		"an error of another shape":   {"GET", mfa, "", 403, `{"fault":"x"}`, true},
	} {
		n := &notes{}
		j := exchange(t, n, row.method, row.url, row.body, row.status, row.answer)
		if (len(n.found) > 0) != row.finds || j.Judged() != 1 {
			t.Errorf("%s: %v, judged %d", name, n.found, j.Judged())
		}
	}
}

func TestMicrosoftsSchemaIsAskedWhereItLies(t *testing.T) {
	t.Parallel()
	if contract.Find() == "" {
		n := &notes{}
		exchange(t, n, "GET", host+"/v1.0/nonsense", "", 200, `{}`)
		if len(n.found) > 0 || len(n.logged) != 1 {
			t.Errorf("%+v", n)
		}
		t.Skip("Microsoft's schema does not lie beside the repository; it is not asked")
	}
	location := host + "/v1.0/identity/conditionalAccess/namedLocations/l"
	for name, row := range map[string]struct {
		method, url, body string
		finds             bool
	}{
		"a good PATCH":               {"PATCH", location, `{"@odata.type":"#microsoft.graph.ipNamedLocation","ipRanges":[{"@odata.type":"#microsoft.graph.iPv4CidrRange","cidrAddress":"20.1.1.1/32"}]}`, false},
		"the lost PATCH":             {"PATCH", location, `{"@odata.context":"c"}`, true},
		"a PATCH without its type":   {"PATCH", location, `{"ipRanges":[]}`, true},
		"a range without its type":   {"PATCH", location, `{"@odata.type":"#microsoft.graph.ipNamedLocation","ipRanges":[{"cidrAddress":"20.1.1.1/32"}]}`, true},
		"a DELETE without $ref":      {"DELETE", host + "/v1.0/groups/g/members/u", "", true},
		"a call that nobody knows":   {"GET", host + "/v1.0/nonsense", "", true},
		"a v1.0 call that is beta's": {"GET", host + "/v1.0/users/u/authentication/requirements", "", true},
	} {
		n := &notes{}
		exchange(t, n, row.method, row.url, row.body, 204, "")
		if (len(n.found) > 0) != row.finds {
			t.Errorf("%s: %v", name, n.found)
		}
	}
}
