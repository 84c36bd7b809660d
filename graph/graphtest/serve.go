package graphtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

type object = map[string]any

// answer is what a call is answered with: a body, or an error of Graph's.
type answer struct {
	status  int
	body    any
	code    string
	message string
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func done() answer { return answer{status: http.StatusNoContent} }

func no(status int, code, message string) answer {
	return answer{status: status, code: code, message: message}
}

func notFound(id string) answer {
	return no(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

func notModelled(what string) answer {
	return no(http.StatusNotImplemented, "notModelled", "this emulated tenant does not model "+what)
}

// ServeHTTP answers Graph below /v1.0 and the login host below /{tenant} and /common.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1.0/") {
		t.login(w, r)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	path, _ := strings.CutPrefix(r.URL.EscapedPath(), "/v1.0")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i := range parts {
		if p, err := url.PathUnescape(parts[i]); err == nil {
			parts[i] = p
		}
	}
	t.calls[r.Method+" "+shape(parts)]++
	f := t.fault(r)
	if f != nil && f.Drop && !f.Happened {
		drop()
	}
	if f != nil && !f.Happened {
		write(w, no(f.Status, "emulatedFault", "a fault that a test asked for"))
		return
	}
	a := t.judge(r, parts)
	if f != nil && f.Drop {
		drop()
	}
	if f != nil {
		a = no(f.Status, "emulatedFault", "a fault that a test asked for; it happened all the same")
	}
	write(w, a)
}

// drop breaks the connection without an answer.
func drop() { panic(http.ErrAbortHandler) }

func shape(parts []string) string {
	out := slices.Clone(parts)
	for i := range out {
		if i > 0 && (parts[i-1] == "namedLocations" || parts[i-1] == "groups" || parts[i-1] == "users" || parts[i-1] == "members") && out[i] != "$ref" {
			out[i] = "{id}"
		}
	}
	return "/" + strings.Join(out, "/")
}

func (t *Tenant) fault(r *http.Request) *fault {
	for i, f := range t.faults {
		if !f.match(r) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				t.faults = slices.Delete(t.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("request-id", NewID())
	if a.code != "" {
		a.body = object{"error": object{"code": a.code, "message": a.message, "innerError": object{"request-id": w.Header().Get("request-id")}}}
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	if err := json.NewEncoder(w).Encode(a.body); err != nil {
		panic(http.ErrAbortHandler) // the caller has gone
	}
}

// judge checks token, body and permission, and finds what the call is for.
func (t *Tenant) judge(r *http.Request, parts []string) answer {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, known := t.tokens[token]
	if !ok || !known || !t.opts.Now().Before(g.until) {
		return no(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return no(http.StatusBadRequest, "BadRequest", "this tenant takes no compressed body")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return no(http.StatusBadRequest, "BadRequest", "the body could not be read")
	}
	if len(body) > 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return no(http.StatusUnsupportedMediaType, "BadRequest", "the body is not application/json")
	}
	c := call{r, parts, body, g.app}
	switch {
	case parts[0] == "identity":
		if !t.take() {
			return no(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
		}
		return t.conditionalAccess(c)
	case parts[0] == "groups":
		return t.groupCalls(c)
	case parts[0] == "users":
		return t.userCalls(c)
	case parts[0] == "auditLogs" && len(parts) == 2 && parts[1] == "directoryAudits":
		return t.auditCalls(c)
	}
	return notModelled(r.Method + " " + r.URL.Path)
}

type call struct {
	r     *http.Request
	parts []string
	body  []byte
	app   *App
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

func (t *Tenant) conditionalAccess(c call) answer {
	if refused := c.may("Policy.Read.All"); refused != nil {
		return *refused
	}
	switch {
	case c.is(http.MethodGet, "identity", "conditionalAccess", "namedLocations"):
		list := []object{}
		for _, l := range t.locations {
			list = append(list, t.locationJSON(l))
		}
		return ok(object{"value": list})
	case c.is(http.MethodGet, "identity", "conditionalAccess", "namedLocations", "*"):
		l := t.location(c.parts[3])
		if l == nil {
			return notFound(c.parts[3])
		}
		return ok(t.locationJSON(l))
	case c.is(http.MethodPatch, "identity", "conditionalAccess", "namedLocations", "*"):
		return t.patchLocation(c)
	case c.is(http.MethodGet, "identity", "conditionalAccess", "policies"):
		list := []object{}
		for _, p := range t.policies {
			list = append(list, policyJSON(p))
		}
		return ok(object{"value": list})
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

// locationJSON is a location as a read gives it, which may lag behind.
func (t *Tenant) locationJSON(l *Location) object {
	ranges := l.Ranges
	if t.opts.StaleFor > 0 && t.rnd.IntN(2) == 0 {
		for _, v := range l.history {
			if t.opts.Now().Sub(v.at) < t.opts.StaleFor {
				ranges = v.ranges
				break
			}
		}
	}
	list := []object{}
	for _, r := range ranges {
		kind := "#microsoft.graph.iPv4CidrRange"
		if strings.Contains(r, ":") {
			kind = "#microsoft.graph.iPv6CidrRange"
		}
		list = append(list, object{"@odata.type": kind, "cidrAddress": r})
	}
	return object{"@odata.type": "#microsoft.graph.ipNamedLocation", "id": l.ID, "displayName": l.Name, "isTrusted": l.Trusted, "ipRanges": list}
}

func policyJSON(p *Policy) object {
	grants := p.Grants
	if grants == nil {
		grants = []string{"mfa"}
	}
	include := p.IncludeUsers
	if include == nil {
		include = []string{"All"}
	}
	out := object{
		"id": p.ID, "displayName": p.Name, "state": p.State,
		"conditions": object{
			"clientAppTypes": []string{"all"},
			"applications":   object{"includeApplications": []string{"All"}},
			"users":          object{"includeUsers": include, "excludeGroups": append([]string{}, p.ExcludeGroups...)},
		},
		"grantControls": object{"operator": "OR", "builtInControls": grants},
	}
	if len(p.IncludeLocations)+len(p.ExcludeLocations) > 0 {
		if conditions, is := out["conditions"].(object); is {
			conditions["locations"] = object{
				"includeLocations": append([]string{}, p.IncludeLocations...), "excludeLocations": append([]string{}, p.ExcludeLocations...),
			}
		}
	}
	return out
}

func (t *Tenant) groupCalls(c call) answer {
	if len(c.parts) < 2 {
		return notModelled("listing groups")
	}
	g := t.group(c.parts[1])
	if g == nil {
		return notFound(c.parts[1])
	}
	switch {
	case c.is(http.MethodGet, "groups", "*"):
		if refused := c.may("GroupMember.Read.All", "GroupMember.ReadWrite.All"); refused != nil {
			return *refused
		}
		types := []string{}
		if g.Dynamic {
			types = append(types, "DynamicMembership")
		}
		return ok(object{
			"id": g.ID, "displayName": g.Name, "securityEnabled": g.Security, "onPremisesSyncEnabled": g.Synced,
			"groupTypes": types, "isAssignableToRole": g.RoleAssignable, "assignedLicenses": []object{},
		})
	case c.is(http.MethodGet, "groups", "*", "members"):
		return t.memberPage(c, g)
	case c.is(http.MethodPost, "groups", "*", "members", "$ref"):
		return t.addMember(c, g)
	case c.is(http.MethodDelete, "groups", "*", "members", "*", "$ref"):
		if refused := c.may("GroupMember.ReadWrite.All"); refused != nil {
			return *refused
		}
		if !slices.Contains(g.members, c.parts[3]) {
			return notFound(c.parts[3])
		}
		t.setMember(c.app.Name, c.app.ID, g, c.parts[3], false)
		return done()
	}
	return notModelled(c.r.Method + " " + c.r.URL.Path)
}

func (t *Tenant) memberPage(c call, g *Group) answer {
	if refused := c.may("GroupMember.Read.All", "GroupMember.ReadWrite.All"); refused != nil {
		return *refused
	}
	if refused := c.query("$select", "$top", "$skiptoken"); refused != nil {
		return *refused
	}
	top, err := strconv.Atoi(c.r.URL.Query().Get("$top"))
	if err != nil || top < 1 || top > 999 {
		top = 100
	}
	from, err := strconv.Atoi(c.r.URL.Query().Get("$skiptoken"))
	if err != nil {
		from = 0
	}
	list := []object{}
	for _, m := range g.members[min(from, len(g.members)):min(from+top, len(g.members))] {
		kind := "#microsoft.graph.user"
		if t.group(m) != nil {
			kind = "#microsoft.graph.group"
		}
		list = append(list, object{"@odata.type": kind, "id": m})
	}
	out := object{"value": list}
	if from+top < len(g.members) {
		out["@odata.nextLink"] = "https://" + c.r.Host + "/v1.0/groups/" + g.ID + "/members?$select=id&$top=" + strconv.Itoa(top) + "&$skiptoken=" + strconv.Itoa(from+top)
	}
	return ok(out)
}

func (t *Tenant) addMember(c call, g *Group) answer {
	if refused := c.may("GroupMember.ReadWrite.All"); refused != nil {
		return *refused
	}
	var ref map[string]string
	if err := json.Unmarshal(c.body, &ref); err != nil || len(ref) != 1 {
		return no(http.StatusBadRequest, "Request_BadRequest", "A reference is {\"@odata.id\": …}.")
	}
	_, id, found := strings.Cut(ref["@odata.id"], "/v1.0/directoryObjects/")
	if !found || !strings.HasPrefix(ref["@odata.id"], "https://"+c.r.Host) {
		return no(http.StatusBadRequest, "Request_BadRequest", "Invalid URL format specified in @odata.id.")
	}
	switch {
	case t.user(id) == nil:
		return notFound(id)
	case g.Dynamic || g.Synced:
		return no(http.StatusBadRequest, "Request_BadRequest", "Insufficient privileges to complete the operation: the group cannot be changed here.")
	case slices.Contains(g.members, id):
		return no(http.StatusBadRequest, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")
	}
	t.setMember(c.app.Name, c.app.ID, g, id, true)
	return done()
}

// Transport answers in process: no socket, no goroutine, no time but the tenant's.
func (t *Tenant) Transport() http.RoundTripper { return inProcess{t} }

type inProcess struct{ tenant *Tenant }

// RoundTrip answers a request.
func (p inProcess) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	defer func() {
		if v := recover(); v != nil {
			if e, is := v.(error); !is || !errors.Is(e, http.ErrAbortHandler) {
				panic(v)
			}
			resp, err = nil, errors.New("connection reset by peer")
		}
	}()
	rec := httptest.NewRecorder()
	rec.Body = &bytes.Buffer{}
	p.tenant.ServeHTTP(rec, r)
	out := rec.Result()
	out.Request = r
	return out, nil
}
