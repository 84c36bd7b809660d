package graph_test

import (
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"hallpass/graph"
	"hallpass/graph/graphtest"
)

// contract judges every request and every answer by Microsoft's own schema, where a copy of it lies beside the repository.
type contract struct {
	t      *testing.T
	router routers.Router
	next   http.RoundTripper
	judged int
}

// beyond are calls that the slice of the schema leaves out.
func beyond(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/checkMemberGroups") || r.URL.Path == "/v1.0/users"
}

func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	if beyond(r) {
		return c.next.RoundTrip(r)
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		c.t.Errorf("%s %s has no route in the contract: %v", r.Method, r.URL.Path, err)
		return c.next.RoundTrip(r)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		c.t.Errorf("what was sent is not what Graph takes: %v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(answer)),
	})
	if err != nil {
		c.t.Errorf("the emulated tenant answers %s %s not as Graph does: %v", r.Method, r.URL.Path, err)
	}
	c.judged++
	return resp, nil
}

func TestRequestsAndAnswersKeepMicrosoftsContract(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "shared", "contracts", "graph-v1.0-slice.openapi.json")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the contract does not lie beside the repository; nothing is held against it")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	tenant := graphtest.New(graphtest.Options{Now: noon, Rate: -1})
	app := tenant.AddApp(graphtest.App{Name: "hallpass", Roles: roles()})
	judge := &contract{t: t, router: router, next: tenant.Transport()}
	c, err := graph.New(graph.Config{Host: host, Credential: tenant.Credential(app.ID), Transport: judge, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	loc := tenant.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.50.2.9/24", "2a01:4f8::/48"}})
	svc := tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Mail: "svc@contoso.com", Name: "svc", Enabled: true, Attributes: map[string]string{"extensionAttribute7": "x"}})
	grp := tenant.AddGroup(graphtest.Group{Name: "exempt", Security: true})
	tenant.AddPolicy(graphtest.Policy{Name: "MFA", State: "enabled", ExcludeGroups: []string{grp}, IncludeLocations: []string{"All"}, ExcludeLocations: []string{loc}})
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"locations": func() error { _, err := c.Locations(ctx); return err },
		"location":  func() error { _, err := c.Location(ctx, loc); return err },
		"policies":  func() error { _, err := c.Policies(ctx); return err },
		"group":     func() error { _, err := c.Group(ctx, grp); return err },
		"user":      func() error { _, err := c.User(ctx, svc, "extensionAttribute7"); return err },
		"put":       func() error { return c.PutRanges(ctx, loc, []netip.Prefix{netip.MustParsePrefix("20.1.1.1/32")}) },
		"add, read and remove": func() error {
			if err := c.AddMember(ctx, grp, svc); err != nil {
				return err
			}
			if _, err := c.Members(ctx, grp); err != nil {
				return err
			}
			return c.RemoveMember(ctx, grp, svc)
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Audits(ctx, noon().Add(-time.Hour), loc); err != nil {
		t.Error(err)
	}
	if judge.judged < 10 {
		t.Errorf("only %d calls were judged", judge.judged)
	}
}
