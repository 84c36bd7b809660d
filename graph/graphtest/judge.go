package graphtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// call is one call as the tenant judges it.
type call struct {
	r     *http.Request
	beta  bool
	parts []string // of the path below the version
	body  []byte
	app   *App
}

// judge checks token, body and budget, and finds what the call is for.
func (t *Tenant) judge(c call) answer {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	g, known := t.tokens[token]
	switch {
	case !ok || !known || !t.opts.Now().Before(g.until):
		return no(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
	case c.r.Header.Get("Content-Encoding") != "":
		return no(http.StatusBadRequest, "BadRequest", "this tenant takes no compressed body")
	case len(c.body) > 0 && !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json"):
		return no(http.StatusUnsupportedMediaType, "BadRequest", "the body is not application/json")
	}
	c.app = g.app
	switch c.parts[0] {
	case "identity", "identityProtection":
		if !t.take() { // and does not say for how long
			return no(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
		}
	case "auditLogs", "reports":
		if !t.report(c.app.ID) {
			a := no(http.StatusTooManyRequests, "UnknownError", "Too many requests.")
			a.header = http.Header{"Retry-After": {"10"}}
			return a
		}
	}
	if c.beta {
		return t.betaCalls(c)
	}
	switch area, _, _ := strings.Cut(c.parts[0], "("); area {
	case "identity":
		return t.conditionalAccess(c)
	case "identityProtection":
		return t.riskCalls(c)
	case "groups":
		return t.groupCalls(c)
	case "users":
		return t.userCalls(c)
	case "auditLogs":
		return t.logCalls(c)
	case "reports":
		return t.registration(c)
	case "policies":
		return t.securityDefaults(c)
	case "domains":
		return t.domainCalls(c)
	case "roleManagement":
		return t.roleCalls(c)
	case "servicePrincipals", "applications":
		return t.appCalls(c)
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

func (t *Tenant) betaCalls(c call) answer {
	switch {
	case c.is(http.MethodGet, "auditLogs", "signIns"):
		return t.signInPage(c)
	case c.is(http.MethodGet, "users", "*", "authentication", "requirements"), c.is(http.MethodPatch, "users", "*", "authentication", "requirements"):
		return t.perUserMFA(c)
	}
	return notModelled("beta's " + c.r.Method + " " + c.r.URL.Path)
}

func (c call) is(method string, pattern ...string) bool {
	if c.r.Method != method || len(pattern) != len(c.parts) {
		return false
	}
	for i, p := range pattern {
		if p != "*" && p != c.parts[i] {
			return false
		}
	}
	return true
}

// may demands one of the permissions.
func (c call) may(roles ...string) *answer {
	for _, role := range roles {
		if slices.Contains(c.app.Roles, role) {
			return nil
		}
	}
	a := no(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation: "+strings.Join(roles, " or "))
	return &a
}

// query refuses parameters that are not modelled.
func (c call) query(known ...string) *answer {
	for name := range c.r.URL.Query() {
		if !slices.Contains(known, name) {
			a := notModelled("the query parameter " + name)
			return &a
		}
	}
	return nil
}

// page answers a part of a list, with a link to the next one. The most on a page is what was asked for by $top, bounded
// by most; usual if nothing was asked for.
func (c call) page(list []object, usual, most int) answer {
	q := c.r.URL.Query()
	top, err := strconv.Atoi(q.Get("$top"))
	if err != nil {
		top = usual
	}
	if top < 1 || top > 999 && most == 999 {
		return no(http.StatusBadRequest, "Request_BadRequest", "Invalid page size specified: '"+q.Get("$top")+"'. Must be between 1 and 999 inclusive.")
	}
	top = min(top, most)
	from, err := strconv.Atoi(strings.TrimPrefix(q.Get("$skiptoken"), "after-"))
	if err != nil {
		from = 0
	}
	out := object{"@odata.context": "https://" + c.r.Host + "/v1.0/$metadata", "value": list[min(from, len(list)):min(from+top, len(list))]}
	if from+top < len(list) {
		q.Set("$skiptoken", "after-"+strconv.Itoa(from+top))
		next := *c.r.URL
		next.Scheme, next.Host, next.RawQuery = "https", c.r.Host, strings.ReplaceAll(q.Encode(), "%24", "$")
		out["@odata.nextLink"] = next.String()
	}
	return ok(out)
}

// one answers a single object, as Graph does: with its context.
func (c call) one(o object) answer {
	o["@odata.context"] = "https://" + c.r.Host + "/v1.0/$metadata#" + c.parts[0] + "/$entity"
	return ok(o)
}

// chosen leaves of an object what $select asks for.
func (c call) chosen(o object) object {
	fields := c.r.URL.Query().Get("$select")
	if fields == "" {
		return o
	}
	out := object{"id": o["id"]}
	if kind, is := o["@odata.type"]; is {
		out["@odata.type"] = kind
	}
	for field := range strings.SplitSeq(fields, ",") {
		if v, is := o[field]; is {
			out[field] = v
		}
	}
	return out
}
