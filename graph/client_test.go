package graph_test

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hallpass/graph"
	"hallpass/graph/graphtest"
	"hallpass/graph/graphtest/contract"
)

const host = "https://graph.microsoft.com"

// roles are those that hallpass's identities hold together, those that they can do without too.
func roles() []string {
	var out []string
	for _, row := range graph.Calls() {
		for _, p := range row.Needs {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

type kit struct {
	tenant *graphtest.Tenant
	app    graphtest.App
	c      *graph.Client
	sent   []string
	calls  []graph.Call
}

func (k *kit) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	k.sent = append(k.sent, r.Method+" "+r.URL.RequestURI()+" "+body)
	return k.tenant.Transport().RoundTrip(r)
}

func newKit(t *testing.T) *kit {
	t.Helper()
	return newKitOf(t, graphtest.Options{Rate: -1}, roles()...)
}

// newKitOf makes a tenant and a client with these permissions; everything said between them is held against the schemas.
func newKitOf(t *testing.T, o graphtest.Options, granted ...string) *kit {
	t.Helper()
	if o.Now == nil {
		o.Now = noon
	}
	o.Judge = contract.For(t)
	k := &kit{tenant: graphtest.New(o)}
	k.app = k.tenant.AddApp(graphtest.App{Name: "hallpass", Roles: granted})
	c, err := graph.New(graph.Config{
		Host: host, Credential: k.tenant.Credential(k.app.ID), Transport: k, Now: o.Now, Also: graph.Apps,
		Observe: func(c graph.Call) { k.calls = append(k.calls, c) },
	})
	if err != nil {
		t.Fatal(err)
	}
	k.c = c
	return k
}

func TestAPatchOfALocationThatWasReadSendsTheNewRanges(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	id := k.tenant.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.50.2.9/24"}})
	l, err := k.c.Location(t.Context(), id)
	if err != nil || !l.IP || !slices.Equal(l.Ranges, []string{"20.50.2.9/24"}) {
		t.Fatalf("%+v, %v", l, err)
	}
	err = k.c.PutRanges(t.Context(), id, []netip.Prefix{netip.MustParsePrefix("20.50.2.0/24"), netip.MustParsePrefix("2a01:4f8::/48")})
	if err != nil {
		t.Fatal(err)
	}
	if got := k.tenant.Ranges(id); !slices.Equal(got, []string{"20.50.2.0/24", "2a01:4f8::/48"}) {
		t.Errorf("the tenant has %v", got)
	}
	last := k.sent[len(k.sent)-1]
	for _, want := range []string{`"@odata.type":"#microsoft.graph.ipNamedLocation"`, `"#microsoft.graph.iPv6CidrRange"`} {
		if !strings.Contains(last, want) {
			t.Errorf("%s does not hold %s", last, want)
		}
	}
	if strings.Contains(last, "isTrusted") || strings.Contains(last, "displayName") {
		t.Errorf("more than the ranges was sent: %s", last)
	}
}

func TestNothingIsEverRetriedOrCompressed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 500, 503, 504} {
		k := newKit(t)
		g := k.tenant.AddGroup(graphtest.Group{Name: "exempt", Security: true})
		u := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
		k.tenant.Fail(func(r *http.Request) bool { return r.Method == http.MethodPost }, graphtest.Fault{Status: status})
		err := k.c.AddMember(t.Context(), g, u)
		if err == nil || len(k.sent) != 1 {
			t.Errorf("%d: %v after %d calls", status, err, len(k.sent))
		}
		if got, want := graph.Unknown(err), status >= 500; got != want {
			t.Errorf("%d: unknown %v, want %v", status, got, want)
		}
	}
}

func TestMembersAreAddedReadAndRemovedByReference(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	var members []string
	for i := range 1500 {
		members = append(members, k.tenant.AddUser(graphtest.User{UPN: "u" + strconv.Itoa(i), Enabled: true}))
	}
	g := k.tenant.AddGroup(graphtest.Group{Name: "exempt", Security: true}, members...)
	svc := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	if err := k.c.AddMember(t.Context(), g, svc); err != nil {
		t.Fatal(err)
	}
	if err := k.c.AddMember(t.Context(), g, svc); !graph.IsAlreadyMember(err) {
		t.Errorf("adding twice: %v", err)
	}
	got, err := k.c.Members(t.Context(), g)
	if err != nil || len(got) != 1501 {
		t.Errorf("%d members, %v", len(got), err)
	}
	if err := k.c.RemoveMember(t.Context(), g, svc); err != nil || k.tenant.IsMember(g, svc) {
		t.Errorf("removing: %v", err)
	}
	if err := k.c.RemoveMember(t.Context(), g, svc); !graph.IsNotFound(err) {
		t.Errorf("removing twice: %v", err)
	}
}

func TestErrorsSayCodeAndRequest(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	_, err := k.c.User(t.Context(), "nobody@contoso.com")
	e, ok := errors.AsType[*graph.Error](err)
	if !ok || e.Status != 404 || e.Code != "Request_ResourceNotFound" || e.RequestID == "" {
		t.Errorf("%+v", err)
	}
}

func TestUsersAreFoundByNameAndByMail(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.tenant.AddUser(graphtest.User{
		UPN: "o'neil@contoso.com", Mail: "o'neil@contoso.com", Name: "Neil", Enabled: true, EmployeeID: "7", Department: "Integrations",
		Attributes: map[string]string{"extensionAttribute3": "owner"},
	})
	u, err := k.c.User(t.Context(), "o'neil@contoso.com", "extensionAttribute3")
	if err != nil || u.EmployeeID != "7" || u.Department != "Integrations" || u.Attributes["extensionAttribute3"] != "owner" || u.Guest || !u.Enabled {
		t.Errorf("%+v, %v", u, err)
	}
	found, err := k.c.UsersByMail(t.Context(), "O'Neil@contoso.com")
	if err != nil || len(found) != 1 || found[0].ID != u.ID {
		t.Errorf("%v, %v", found, err)
	}
}

func TestGroupsAreCheckedThroughOthers(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	bo := k.tenant.AddUser(graphtest.User{UPN: "bo@contoso.com", Enabled: true})
	inner := k.tenant.AddGroup(graphtest.Group{Name: "inner", Security: true}, bo)
	outer := k.tenant.AddGroup(graphtest.Group{Name: "outer", Security: true}, inner)
	other := k.tenant.AddGroup(graphtest.Group{Name: "other", Security: true})
	got, err := k.c.MemberOf(t.Context(), bo, []string{outer, other})
	if err != nil || !slices.Equal(got, []string{outer}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhoTookSomethingOutIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	id := k.tenant.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.50.2.1/32", "20.50.2.2/32"}})
	k.tenant.EditRanges("dana@contoso.com", id, nil, []string{"20.50.2.1/32"})
	got, err := k.c.Audits(t.Context(), noon().Add(-time.Hour), id)
	if err != nil || len(got) != 1 || got[0].ByUserUPN != "dana@contoso.com" || got[0].Changes[0].Property != "ipRanges" {
		t.Errorf("%+v, %v", got, err)
	}
}

// answers is a server that answers everything the same way.
type answers struct {
	header http.Header
	body   string
	status int
	sent   []*http.Request
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.sent = append(a.sent, r)
	h := a.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Content-Type", "application/json")
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r}, nil
}

func against(t *testing.T, a *answers) *graph.Client { t.Helper(); return againstAs(t, "", a) }

func againstAs(t *testing.T, also graph.Identity, a *answers) *graph.Client {
	t.Helper()
	tenant := graphtest.New(graphtest.Options{Now: noon})
	app := tenant.AddApp(graphtest.App{Name: "hallpass"})
	c, err := graph.New(graph.Config{Host: host, Credential: tenant.Credential(app.ID), Transport: a, Now: noon, Also: also})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheTokenDoesNotFollowALinkToAnotherHost(t *testing.T) {
	t.Parallel()
	a := &answers{status: 200, body: `{"value":[],"@odata.nextLink":"https://evil.example/v1.0/identity/conditionalAccess/namedLocations"}`}
	if _, err := against(t, a).Locations(t.Context()); err == nil || len(a.sent) != 1 {
		t.Errorf("%v after %d calls", err, len(a.sent))
	}
}

func TestRetryAfterIsCapped(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, "86400": time.Minute, "soon": 0, noon().Add(30 * time.Second).Format(http.TimeFormat): 30 * time.Second} {
		a := &answers{status: 429, body: `{"error":{"code":"TooManyRequests","message":"slow"}}`, header: http.Header{"Retry-After": {value}}}
		_, err := against(t, a).Locations(t.Context())
		if e, ok := errors.AsType[*graph.Error](err); !ok || e.RetryAfter != want || !graph.IsThrottled(err) {
			t.Errorf("%s: %+v, want %s", value, err, want)
		}
	}
}

func TestAStatusWithoutABodyIsStillAStatus(t *testing.T) {
	t.Parallel()
	_, err := against(t, &answers{status: 429}).Locations(t.Context())
	if !graph.IsThrottled(err) || graph.Unknown(err) {
		t.Errorf("got %v", err)
	}
}

func TestAnEmptyTokenIsAnError(t *testing.T) {
	t.Parallel()
	tenant := graphtest.New(graphtest.Options{Now: noon})
	c, err := graph.New(graph.Config{Host: host, Credential: tenant.Credential("nobody"), Transport: tenant.Transport(), Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Locations(t.Context()); err == nil || !strings.Contains(err.Error(), "empty token") || graph.Unknown(err) {
		t.Errorf("got %v, unknown %v: nothing was sent", err, graph.Unknown(err))
	}
}

func TestATenantWithoutABudgetAnswersWithoutSayingHowLong(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, graphtest.Options{}, roles()...)
	if _, err := k.c.Locations(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := k.c.Policies(t.Context())
	if e, ok := errors.AsType[*graph.Error](err); !ok || e.Status != 429 || e.RetryAfter != 0 {
		t.Errorf("got %+v", err)
	}
}

func TestTheTokenSaysWhatIsGranted(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, graphtest.Options{}, "Policy.Read.All")
	if got, err := k.c.Roles(t.Context()); err != nil || !slices.Equal(got, []string{"Policy.Read.All"}) {
		t.Errorf("roles %v, %v", got, err)
	}
}

func TestTheTokenSaysAsWhomTheAuditNamesUs(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	self, err := k.c.Self(t.Context())
	if err != nil || len(self) != 2 || self[0] == self[1] {
		t.Fatalf("%v, %v", self, err)
	}
	id := k.tenant.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.50.2.1/32"}})
	if err := k.c.PutRanges(t.Context(), id, []netip.Prefix{netip.MustParsePrefix("20.50.2.2/32")}); err != nil {
		t.Fatal(err)
	}
	got, err := k.c.Audits(t.Context(), noon().Add(-time.Hour), id)
	if err != nil || len(got) != 1 || got[0].ByAppID != self[0] {
		t.Errorf("%+v, %v; want %s", got, err, self[0])
	}
}

func TestACallThatBrokeMayHaveHappened(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	g := k.tenant.AddGroup(graphtest.Group{Name: "exempt", Security: true})
	u := k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	k.tenant.Fail(func(r *http.Request) bool { return r.Method == http.MethodPost }, graphtest.Fault{Drop: true, Happened: true, Times: 1})
	if err := k.c.AddMember(t.Context(), g, u); !graph.Unknown(err) || !k.tenant.IsMember(g, u) {
		t.Errorf("%v, member %v", err, k.tenant.IsMember(g, u))
	}
}

func TestHostsMustBeHTTPS(t *testing.T) {
	t.Parallel()
	tenant := graphtest.New(graphtest.Options{Now: noon})
	for _, h := range []string{"http://graph.microsoft.com", "graph.microsoft.com", "https://graph.microsoft.com/beta", ""} {
		if _, err := graph.New(graph.Config{Host: h, Credential: tenant.Credential("x"), Now: noon}); err == nil {
			t.Errorf("%q is taken", h)
		}
	}
}
