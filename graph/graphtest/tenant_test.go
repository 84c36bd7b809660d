package graphtest_test

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/graph"
	"hallpass/graph/graphtest"
	"hallpass/graph/graphtest/contract"
)

// clock is a clock that is pushed.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

type kit struct {
	*graphtest.Tenant
	clock *clock
	app   graphtest.App
	c     *graph.Client
}

func newKit(t *testing.T, o graphtest.Options) kit {
	t.Helper()
	k := kit{clock: &clock{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	o.Now, o.Judge = k.clock.Now, contract.For(t)
	k.Tenant = graphtest.New(o)
	var roles []string
	for _, row := range graph.Calls() {
		roles = append(roles, row.Needs...)
	}
	k.app = k.AddApp(graphtest.App{Name: "hallpass", Roles: roles})
	var err error
	k.c, err = graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: k.Credential(k.app.ID), Transport: k.Transport(), Now: k.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestHistoryIsExactAndSaysWhoseHandItWas(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1})
	loc := k.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.1.1.0/24"}})
	svc := k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	grp := k.AddGroup(graphtest.Group{Name: "exempt", Security: true})
	start := k.clock.now
	step := func(do func() error) {
		k.clock.now = k.clock.now.Add(time.Minute)
		if err := do(); err != nil {
			t.Error(err)
		}
	}
	step(func() error { return k.c.PutRanges(t.Context(), loc, prefixes("20.1.1.0/24", "20.2.2.2/32")) })
	step(func() error { return k.c.AddMember(t.Context(), grp, svc) })
	step(func() error { k.EditRanges("dana", loc, []string{"20.3.3.7/24"}, []string{"20.2.2.2/32"}); return nil })
	step(func() error { return k.c.RemoveMember(t.Context(), grp, svc) })
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	id := k.app.ID
	want := []graphtest.Event{
		{At: at(1), Actor: "hallpass", App: id, Target: "location:" + loc, Entry: "20.2.2.2/32", Added: true},
		{At: at(2), Actor: "hallpass", App: id, Target: "group:" + grp, Entry: svc, Added: true},
		{At: at(3), Actor: "dana", Target: "location:" + loc, Entry: "20.2.2.2/32"},
		{At: at(3), Actor: "dana", Target: "location:" + loc, Entry: "20.3.3.0/24", Added: true},
		{At: at(4), Actor: "hallpass", App: id, Target: "group:" + grp, Entry: svc},
	}
	if diff := cmp.Diff(want, k.History()); diff != "" {
		t.Error(diff)
	}
	spans := []graphtest.Span{
		{Target: "location:" + loc, Entry: "20.2.2.2/32", From: at(1), To: at(3), By: "hallpass", Ended: "dana"},
		{Target: "group:" + grp, Entry: svc, From: at(2), To: at(4), By: "hallpass", Ended: "hallpass"},
		{Target: "location:" + loc, Entry: "20.3.3.0/24", From: at(3), By: "dana"},
	}
	if diff := cmp.Diff(spans, k.Spans()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsRefusedIsNotInTheHistory(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1})
	grp := k.AddGroup(graphtest.Group{Name: "exempt", Security: true})
	dynamic := k.AddGroup(graphtest.Group{Name: "all", Security: true, Dynamic: true})
	svc := k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	for name, call := range map[string]func() error{
		"nobody":          func() error { return k.c.AddMember(t.Context(), grp, "nobody") },
		"by name":         func() error { return k.c.AddMember(t.Context(), grp, "svc@contoso.com") },
		"a dynamic group": func() error { return k.c.AddMember(t.Context(), dynamic, svc) },
		"not in it":       func() error { return k.c.RemoveMember(t.Context(), grp, svc) },
		"no such group":   func() error { return k.c.AddMember(t.Context(), "none", svc) },
	} {
		if err := call(); err == nil || graph.Unknown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	k.Fail(func(r *http.Request) bool { return r.Method == http.MethodPost }, graphtest.Fault{Status: 503})
	if err := k.c.AddMember(t.Context(), grp, svc); !graph.Unknown(err) {
		t.Error(err)
	}
	if got := k.History(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// What failed but happened is in the history: it happened.
func TestWhatFailedButHappenedIsInTheHistory(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]graphtest.Fault{"an error": {Status: 504, Happened: true}, "no answer": {Drop: true, Happened: true}} {
		k := newKit(t, graphtest.Options{Rate: -1})
		grp, svc := k.AddGroup(graphtest.Group{Name: "exempt", Security: true}), k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
		k.Fail(func(r *http.Request) bool { return r.Method == http.MethodPost }, f)
		if err := k.c.AddMember(t.Context(), grp, svc); !graph.Unknown(err) || len(k.History()) != 1 {
			t.Errorf("%s: %v, %v", name, err, k.History())
		}
		k.Heal()
		if err := k.c.AddMember(t.Context(), grp, svc); !graph.IsAlreadyMember(err) {
			t.Errorf("%s: again: %v", name, err)
		}
	}
}

func TestWhatWasJustMadeMayBeUnknownForAWhile(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1, Lag: 10 * time.Second})
	grp, svc := k.AddGroup(graphtest.Group{Name: "exempt", Security: true}), k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	notFound, sourceMissing := 0, 0
	for range 50 {
		if _, err := k.c.User(t.Context(), svc); graph.IsNotFound(err) {
			notFound++
		}
		if err := k.c.AddMember(t.Context(), grp, svc); err != nil && strings.Contains(err.Error(), "source resource object") {
			sourceMissing++
		}
	}
	if notFound == 0 || notFound == 50 || sourceMissing == 0 {
		t.Errorf("%d times 404, %d times 400", notFound, sourceMissing)
	}
	k.clock.now = k.clock.now.Add(10 * time.Second)
	for range 20 {
		if _, err := k.c.User(t.Context(), svc); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadsAreStaleAfterAWriteForAWhile(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1, StaleFor: 5 * time.Second})
	loc := k.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.1.1.1/32"}})
	k.clock.now = k.clock.now.Add(time.Minute)
	if err := k.c.PutRanges(t.Context(), loc, prefixes("20.2.2.2/32")); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for range 50 {
		l, err := k.c.Location(t.Context(), loc)
		if err != nil {
			t.Fatal(err)
		}
		seen[l.Ranges[0]]++
	}
	grp, svc := k.AddGroup(graphtest.Group{Name: "exempt", Security: true}), k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	if err := k.c.AddMember(t.Context(), grp, svc); err != nil {
		t.Fatal(err)
	}
	members := map[int]int{}
	for range 50 {
		m, err := k.c.Members(t.Context(), grp)
		if err != nil {
			t.Fatal(err)
		}
		members[len(m)]++
	}
	if err := k.c.AddMember(t.Context(), grp, svc); !graph.IsAlreadyMember(err) || members[0] == 0 || members[1] == 0 {
		t.Errorf("%v; a write is judged by what is there, and reads saw %v", err, members)
	}
	k.clock.now = k.clock.now.Add(5 * time.Second)
	l, err := k.c.Location(t.Context(), loc)
	if len(seen) != 2 || err != nil || l.Ranges[0] != "20.2.2.2/32" {
		t.Errorf("%v, then %v, %v", seen, l.Ranges, err)
	}
}

func TestTheBudgetOfConditionalAccessIsOneForAllAndSaysNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{})
	svc := k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	calls := []func() error{
		func() error { _, err := k.c.Locations(t.Context()); return err },
		func() error { _, err := k.c.Policies(t.Context()); return err },
		func() error { _, err := k.c.Risk(t.Context(), svc); return err },
		func() error {
			_, err := k.c.WhatIf(t.Context(), graph.Question{UserID: svc, Apps: []string{"a"}})
			return err
		},
	}
	for i, call := range calls {
		if err := call(); err != nil {
			t.Errorf("call %d in its own second: %v", i, err)
		}
		if err := calls[(i+1)%len(calls)](); !graph.IsThrottled(err) {
			t.Errorf("a second call within the second: %v", err)
		}
		k.clock.now = k.clock.now.Add(time.Second)
	}
	if k.Throttled() != len(calls) {
		t.Errorf("%d were throttled", k.Throttled())
	}
}

func TestARestrictedGroupIsChangedOnlyByWhoHoldsARoleThere(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1})
	svc := k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	closed := k.AddGroup(graphtest.Group{Name: "exempt", Security: true, Restricted: true})
	if err := k.c.AddMember(t.Context(), closed, svc); !graph.IsForbidden(err) {
		t.Errorf("with the tenant-wide permission: %v", err)
	}
	bare := k.AddApp(graphtest.App{Name: "writer"})
	ours := k.AddGroup(graphtest.Group{Name: "exempt too", Security: true, Restricted: true, Administrators: []string{bare.ID}})
	c, err := graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: k.Credential(bare.ID), Transport: k.Transport(), Now: k.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddMember(t.Context(), ours, svc); err != nil {
		t.Errorf("with a role in the unit: %v", err)
	}
	if err := c.RemoveMember(t.Context(), ours, svc); err != nil {
		t.Errorf("with a role in the unit: %v", err)
	}
	role := k.AddGroup(graphtest.Group{Name: "admins", Security: true, RoleAssignable: true})
	if err := k.c.AddMember(t.Context(), role, svc); !graph.IsForbidden(err) {
		t.Errorf("a role-assignable group: %v", err)
	}
}

func TestWhatIsDeletedIsGoneAndComesBack(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1})
	svc := k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	grp := k.AddGroup(graphtest.Group{Name: "exempt", Security: true}, svc)
	loc := k.AddLocation(graphtest.Location{Name: "Servers", Trusted: true, Ranges: []string{"20.1.1.1/32"}})
	pol := k.AddPolicy(graphtest.Policy{Name: "MFA", State: "enabled", IncludeLocations: []string{"All"}, ExcludeLocations: []string{loc}})
	if k.Delete("dana", loc) == nil {
		t.Error("a trusted location was deleted")
	}
	k.ChangeLocation("dana", loc, func(l *graphtest.Location) { l.Trusted = false })
	if k.Delete("dana", loc) == nil {
		t.Error("a location that a policy refers to was deleted")
	}
	for _, id := range []string{pol, loc, svc, grp} {
		if err := k.Delete("dana", id); err != nil {
			t.Error(err)
		}
	}
	if _, err := k.c.User(t.Context(), svc); !graph.IsNotFound(err) {
		t.Error(err)
	}
	if _, err := k.c.Members(t.Context(), grp); !graph.IsNotFound(err) {
		t.Error(err)
	}
	if l, err := k.c.Locations(t.Context()); err != nil || len(l) != 0 {
		t.Error(l, err)
	}
	if p, err := k.c.Policies(t.Context()); err != nil || len(p) != 0 {
		t.Error(p, err)
	}
	k.Restore("dana", grp)
	if m, err := k.c.Members(t.Context(), grp); err != nil || len(m) != 0 {
		t.Errorf("a deleted user is still a member: %v, %v", m, err)
	}
	k.Restore("dana", svc)
	if m, err := k.c.Members(t.Context(), grp); err != nil || !slices.Equal(m, []string{svc}) {
		t.Errorf("%v, %v", m, err)
	}
	if a, err := k.c.Audits(t.Context(), k.clock.now, pol); err != nil || len(a) != 1 || a[0].Activity != "Delete conditional access policy" || a[0].ByUserUPN != "dana" {
		t.Errorf("%+v, %v", a, err)
	}
}

// A PATCH replaces the list, and there is no version to check: what comes between read and write is lost.
func TestAnotherHandBetweenReadAndWriteIsOverwritten(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1})
	loc := k.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.1.1.1/32"}})
	k.After(func(r *http.Request) bool { return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, loc) }, func() {
		k.EditRanges("dana", loc, []string{"20.9.9.9/32"}, nil)
	})
	l, err := k.c.Location(t.Context(), loc)
	if err != nil || !slices.Equal(l.Ranges, []string{"20.1.1.1/32"}) || !k.Has(loc, "20.9.9.9/32") {
		t.Fatalf("%v, %v; there is %v", l.Ranges, err, k.Ranges(loc))
	}
	if err := k.c.PutRanges(t.Context(), loc, prefixes("20.1.1.1/32", "20.2.2.2/32")); err != nil || k.Has(loc, "20.9.9.9/32") {
		t.Errorf("%v; there is %v", err, k.Ranges(loc))
	}
	if l, err = k.c.Location(t.Context(), loc); err != nil || len(l.Ranges) != 2 { // the hand came once
		t.Errorf("%v, %v", l.Ranges, err)
	}
}

func TestSignInsReachTheLogLate(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1, LogDelay: 5 * time.Minute})
	svc := k.AddUser(graphtest.User{UPN: "svc@contoso.com", Enabled: true})
	k.SignIn(graphtest.Attempt{User: svc, ResourceID: "sp"})
	q := graph.SignInQuery{UserID: svc, Since: k.clock.now.Add(-time.Hour)}
	before, err := k.c.SignIns(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	k.clock.now = k.clock.now.Add(5 * time.Minute)
	after, err := k.c.SignIns(t.Context(), q)
	if err != nil || len(before.List) != 0 || len(after.List) != 1 {
		t.Errorf("%v, then %v, %v", before.List, after.List, err)
	}
}

func TestATokenEndsAndIsAskedForAgain(t *testing.T) {
	t.Parallel()
	k := newKit(t, graphtest.Options{Rate: -1})
	token, err := k.Credential(k.app.ID).GetToken(context.Background(), tokenOptions())
	if err != nil {
		t.Fatal(err)
	}
	call := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://graph.microsoft.com/v1.0/identity/conditionalAccess/policies", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token.Token)
		resp, err := k.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode
	}
	if got := call(); got != 200 {
		t.Errorf("got %d", got)
	}
	k.clock.now = k.clock.now.Add(time.Hour)
	if got := call(); got != 401 {
		t.Errorf("an hour later: %d", got)
	}
}
