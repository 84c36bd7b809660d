// Package contract holds what hallpass asks of Microsoft Graph, and what the emulated tenant answers, against schemas: the
// slice of Microsoft's own v1.0 schema where a copy of it lies beside the repository, and a small schema of ours for what
// that slice leaves out and for beta.
//
// It is apart from graphtest so that the demo, which runs the emulated tenant, need not be built with a validator.
package contract

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// beyond is the schema of what the slice leaves out; its sources are named in it.
//
//go:embed beyond.openapi.json
var beyond []byte

// Slice is the name of the file with the slice of Microsoft's schema.
const Slice = "graph-v1.0-slice.openapi.json"

// Find gives the path of the slice: in the folder that HALLPASS_CONTRACTS names, else in ../shared/contracts beside the
// module. Empty: it is not there.
func Find() string {
	dirs := []string{os.Getenv("HALLPASS_CONTRACTS")} //nolint:forbidigo // where test material lies is the machine's business
	if root := moduleRoot(); root != "" {
		dirs = append(dirs, filepath.Join(root, "..", "shared", "contracts"))
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, Slice)
		if _, err := os.Stat(path); dir != "" && err == nil { //nolint:gosec // whoever runs the tests names the folder
			return path
		}
	}
	return ""
}

func moduleRoot() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// Reporter is told about findings: a testing.TB.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Judge judges exchanges. It implements graphtest.Judge, and is called one exchange at a time.
type Judge struct {
	to     Reporter
	slice  routers.Router // nil: the slice is not there
	own    routers.Router
	judged int
}

// For makes a Judge that reports to a test. Where the slice is not there it says so, and judges by our own schema only.
func For(to Reporter) *Judge {
	to.Helper()
	j := &Judge{to: to}
	s := schemas()
	j.own, j.slice = s.own, s.slice
	switch {
	case s.err != nil:
		to.Errorf("reading the schemas: %v", s.err)
	case s.slice == nil:
		to.Logf("Microsoft's schema does not lie beside the repository: nothing is held against it")
	}
	return j
}

type both struct {
	own, slice routers.Router
	err        error
}

// schemas are read once: that takes longer than most tests.
//
//nolint:gochecknoglobals // the same files for every test of a process
var schemas = sync.OnceValue(func() both {
	own, err := load(beyond)
	path := Find()
	if err != nil || path == "" {
		return both{own: own, err: err}
	}
	data, err := os.ReadFile(path) //nolint:gosec // the path is ours
	if err != nil {
		return both{own: own, err: err}
	}
	slice, err := load(data)
	return both{own, slice, err}
})

func load(data []byte) (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("reading a schema: %w", err)
	}
	return gorillamux.NewRouter(doc)
}

// Judged counts the exchanges that were held against a schema.
func (j *Judge) Judged() int { return j.judged }

// Exchange judges a request and its answer.
func (j *Judge) Exchange(r *http.Request, body []byte, status int, answer []byte) {
	j.to.Helper()
	in, of := j.route(r, body)
	if in == nil {
		if j.slice != nil {
			j.to.Errorf("%s %s has no route in any schema", r.Method, r.URL.Path)
		}
		return
	}
	j.judged++
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		j.to.Errorf("what was sent is not what Graph takes, by %s: %v", of, err)
	}
	header := http.Header{}
	if len(answer) > 0 {
		header.Set("Content-Type", "application/json")
	}
	if status == http.StatusOK || status == http.StatusCreated {
		answer = trimmed(answer)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(answer))}
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		j.to.Errorf("the tenant answers %s %s not as Graph does, by %s: %v", r.Method, r.URL.Path, of, err)
	}
}

// route finds the schema that knows the call: Microsoft's before ours.
func (j *Judge) route(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, string) {
	for _, s := range []struct {
		router routers.Router
		name   string
	}{{j.slice, "Microsoft's schema"}, {j.own, "our own schema"}} {
		if s.router == nil {
			continue
		}
		r := r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		route, params, err := s.router.FindRoute(r)
		if err != nil {
			continue
		}
		return &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: func(context.Context, *openapi3filter.AuthenticationInput) error { return nil }},
		}, s.name
	}
	return nil, ""
}

// trimmed takes away what the schemas do not know of, as the slice's own notes say: annotations of single objects, and
// the authentication strength within a policy.
func trimmed(answer []byte) []byte {
	var v any
	if json.Unmarshal(answer, &v) != nil {
		return answer
	}
	if top, is := v.(map[string]any); is {
		if _, list := top["value"]; !list {
			delete(top, "@odata.context")
		}
	}
	trim(v)
	data, err := json.Marshal(v)
	if err != nil {
		return answer
	}
	return data
}

func trim(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if key == "authenticationStrength" || strings.Contains(key, "@odata.") && !strings.HasPrefix(key, "@odata.") {
				delete(v, key)
				continue
			}
			trim(inner)
		}
	case []any:
		for _, inner := range v {
			trim(inner)
		}
	}
}
