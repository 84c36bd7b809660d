package graph_test

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/graph"
	"hallpass/graph/graphtest"
)

// world is a tenant with one of everything.
type world struct {
	*kit
	loc, grp, svc, member string
	m, s                  *graph.Client // the same app, as the identities for per-user MFA and for sessions
	made, bare            graphtest.App // that hallpass made; the second has no service principal
}

func newWorld(t *testing.T, granted ...string) world {
	t.Helper()
	k := newKitOf(t, graphtest.Options{Rate: -1}, granted...)
	w := world{kit: k}
	also := func(as graph.Identity) *graph.Client {
		c, err := graph.New(graph.Config{
			Host: host, Credential: k.tenant.Credential(k.app.ID), Transport: k, Now: noon, Also: as,
			Observe: func(c graph.Call) { k.calls = append(k.calls, c) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	w.m, w.s = also(graph.MFA), also(graph.Sessions)
	w.made = k.tenant.AddApp(graphtest.App{Name: "nx", Unique: "nx", Owners: []string{k.app.Principal}, Federated: []graphtest.Federated{{Name: "aks", Issuer: "https://i.example", Subject: "s"}}})
	w.bare = k.tenant.AddApp(graphtest.App{Name: "bare", Unique: "bare", Owners: []string{k.app.Principal}, Bare: true})
	w.loc = k.tenant.AddLocation(graphtest.Location{Name: "Servers", Ranges: []string{"20.50.2.9/24", "2a01:4f8::/48"}})
	w.svc = k.tenant.AddUser(graphtest.User{UPN: "svc@contoso.com", Mail: "svc@contoso.com", Name: "svc", Enabled: true, Risk: "high", Methods: []string{"mobilePhone"}, Attributes: map[string]string{"extensionAttribute7": "x"}})
	w.member = k.tenant.AddUser(graphtest.User{UPN: "in@contoso.com", Enabled: true})
	w.grp = k.tenant.AddGroup(graphtest.Group{Name: "exempt", Security: true, Owners: []string{w.svc}}, w.member)
	k.tenant.AddGroup(graphtest.Group{Name: "outer", Security: true}, w.grp)
	k.tenant.AddPolicy(graphtest.Policy{Name: "MFA", State: "enabled", ExcludeGroups: []string{w.grp}, IncludeLocations: []string{"All"}, ExcludeLocations: []string{w.loc}, Strength: "Phishing-resistant MFA"})
	k.tenant.AddDomain(graphtest.Domain{Name: "contoso.com", Federated: true, MFA: "enforceMfaByFederatedIdp"})
	k.tenant.AddRole(graphtest.RoleAssignment{Principal: w.svc, Role: "fe930be7-5e62-47db-91af-98c3a49a38b1", Name: "User Administrator"})
	k.tenant.SignIn(graphtest.Attempt{User: w.svc, App: "AgilePoint NX", AppID: "a", ResourceID: "r", Address: netip.MustParseAddr("20.50.2.9"), Client: "other"})
	return w
}

// exercises call what each row of the table stands for.
func exercises() map[string]func(ctx context.Context, w world) error {
	signIns := func(kinds ...string) func(context.Context, world) error {
		return func(ctx context.Context, w world) error {
			_, err := w.c.SignIns(ctx, graph.SignInQuery{UserID: w.svc, Since: noon().Add(-time.Hour), Kinds: kinds})
			return err
		}
	}
	ownApp := func(ctx context.Context, w world) error { _, err := w.c.OwnApp(ctx, w.app.ID); return err }
	roles := func(ctx context.Context, w world) error { _, err := w.c.DirectoryRoles(ctx, w.svc, nil); return err }
	app := func(do func(ctx context.Context, w world, object string) error) func(context.Context, world) error {
		return func(ctx context.Context, w world) error { return do(ctx, w, w.made.ObjectID()) }
	}
	made := func(ctx context.Context, w world) error { _, err := w.c.MadeApp(ctx, w.made.Unique); return err }
	return map[string]func(ctx context.Context, w world) error{
		"GET /applications(uniqueName='{id}')":                made,
		"GET /applications/{id}/federatedIdentityCredentials": made,
		"PATCH /applications(uniqueName='{id}')": func(ctx context.Context, w world) error {
			return w.c.Register(ctx, graph.NewApp{Name: "x", Unique: "x"})
		},
		"PATCH /applications/{id}":  app(func(ctx context.Context, w world, id string) error { return w.c.SetCertificates(ctx, id, nil) }),
		"DELETE /applications/{id}": app(func(ctx context.Context, w world, id string) error { return w.c.Unregister(ctx, id) }),
		"POST /applications/{id}/federatedIdentityCredentials": app(func(ctx context.Context, w world, id string) error {
			return w.c.AddFederated(ctx, id, graph.Federated{Name: "x", Issuer: "https://x.example", Subject: "x"})
		}),
		"DELETE /applications/{id}/federatedIdentityCredentials/{id}": app(func(ctx context.Context, w world, id string) error {
			return w.c.RemoveFederated(ctx, id, w.made.Federated[0].ID)
		}),
		"PATCH /beta/users/{id}/authentication/requirements": func(ctx context.Context, w world) error {
			return w.m.PutPerUserMFA(ctx, w.svc, graph.MFADisabled)
		},
		"POST /users/{id}/revokeSignInSessions": func(ctx context.Context, w world) error { return w.s.RevokeSessions(ctx, w.svc) },
		"POST /servicePrincipals":               func(ctx context.Context, w world) error { return w.c.AddPrincipal(ctx, w.bare.ID) },
		"PATCH /servicePrincipals(appId='{id}')": func(ctx context.Context, w world) error {
			return w.c.EnablePrincipal(ctx, w.made.ID, false)
		},
		"GET /identity/conditionalAccess/namedLocations":      func(ctx context.Context, w world) error { _, err := w.c.Locations(ctx); return err },
		"GET /identity/conditionalAccess/namedLocations/{id}": func(ctx context.Context, w world) error { _, err := w.c.Location(ctx, w.loc); return err },
		"PATCH /identity/conditionalAccess/namedLocations/{id}": func(ctx context.Context, w world) error {
			return w.c.PutRanges(ctx, w.loc, []netip.Prefix{netip.MustParsePrefix("20.1.1.1/32")})
		},
		"GET /identity/conditionalAccess/policies": func(ctx context.Context, w world) error { _, err := w.c.Policies(ctx); return err },
		"POST /identity/conditionalAccess/evaluate": func(ctx context.Context, w world) error {
			_, err := w.c.WhatIf(ctx, graph.Question{UserID: w.svc, Apps: []string{"r"}})
			return err
		},
		"GET /policies/identitySecurityDefaultsEnforcementPolicy": func(ctx context.Context, w world) error { _, err := w.c.SecurityDefaults(ctx); return err },
		"GET /groups/{id}":                      func(ctx context.Context, w world) error { _, err := w.c.Group(ctx, w.grp); return err },
		"GET /groups/{id}/members":              func(ctx context.Context, w world) error { _, err := w.c.Members(ctx, w.grp); return err },
		"GET /groups/{id}/owners":               func(ctx context.Context, w world) error { _, err := w.c.Owners(ctx, w.grp); return err },
		"GET /groups/{id}/transitiveMemberOf":   func(ctx context.Context, w world) error { _, err := w.c.GroupsAbove(ctx, w.grp); return err },
		"POST /groups/{id}/members/$ref":        func(ctx context.Context, w world) error { return w.c.AddMember(ctx, w.grp, w.svc) },
		"DELETE /groups/{id}/members/{id}/$ref": func(ctx context.Context, w world) error { return w.c.RemoveMember(ctx, w.grp, w.member) },
		"GET /users": func(ctx context.Context, w world) error {
			_, err := w.c.UsersByMail(ctx, "svc@contoso.com")
			return err
		},
		"GET /users/{id}": func(ctx context.Context, w world) error {
			_, err := w.c.User(ctx, w.svc, "extensionAttribute7")
			return err
		},
		"POST /users/{id}/checkMemberGroups": func(ctx context.Context, w world) error {
			_, err := w.c.MemberOf(ctx, w.svc, []string{w.grp})
			return err
		},
		"GET /users/{id}/transitiveMemberOf": func(ctx context.Context, w world) error { _, err := w.c.GroupsOf(ctx, w.member); return err },
		"GET /auditLogs/directoryAudits": func(ctx context.Context, w world) error {
			_, err := w.c.Audits(ctx, noon().Add(-time.Hour), w.loc)
			return err
		},
		"GET /auditLogs/signIns":                                         signIns(),
		"GET /beta/auditLogs/signIns":                                    signIns(graph.KindInteractive, graph.KindNonInteractive),
		"GET /roleManagement/directory/roleAssignments":                  roles,
		"GET /roleManagement/directory/roleEligibilityScheduleInstances": roles,
		"GET /reports/authenticationMethods/userRegistrationDetails/{id}": func(ctx context.Context, w world) error {
			_, err := w.c.Registration(ctx, w.svc)
			return err
		},
		"GET /reports/authenticationMethods/userRegistrationDetails": func(ctx context.Context, w world) error {
			_, err := w.c.Registrations(ctx, []string{"svc@contoso.com"})
			return err
		},
		"GET /identityProtection/riskyUsers":      func(ctx context.Context, w world) error { _, _, err := w.c.RiskyUsers(ctx); return err },
		"GET /identityProtection/riskyUsers/{id}": func(ctx context.Context, w world) error { _, err := w.c.Risk(ctx, w.svc); return err },
		"GET /domains": func(ctx context.Context, w world) error { _, err := w.c.Domains(ctx); return err },
		"GET /domains/{id}/federationConfiguration":               func(ctx context.Context, w world) error { _, err := w.c.Federation(ctx, "contoso.com"); return err },
		"GET /servicePrincipals(appId='{id}')":                    ownApp,
		"GET /servicePrincipals(appId='{id}')/appRoleAssignments": ownApp,
		"GET /applications(appId='{id}')":                         ownApp,
		"GET /applications(appId='{id}')/owners":                  ownApp,
		"GET /beta/users/{id}/authentication/requirements":        func(ctx context.Context, w world) error { _, err := w.c.PerUserMFA(ctx, w.svc); return err },
	}
}

func label(row graph.Row) string {
	if row.Beta {
		return row.Method + " /beta" + row.Path
	}
	return row.Method + " " + row.Path
}

// The table of calls is true: each row's call is made, works with exactly the permissions of the row, and is refused
// without any one of them. That there is no call without a row is the guard's work.
func TestEachCallNeedsExactlyThePermissionsOfItsRow(t *testing.T) {
	t.Parallel()
	for _, row := range graph.Calls() {
		t.Run(label(row), func(t *testing.T) {
			t.Parallel()
			call := exercises()[label(row)]
			if call == nil {
				t.Fatal("nothing makes this call")
			}
			w := newWorld(t, row.Needs...)
			if err := call(t.Context(), w); err != nil {
				t.Errorf("with %v: %v", row.Needs, err)
			}
			if !slices.ContainsFunc(w.calls, func(c graph.Call) bool { return c.Method+" "+c.Path == label(row) }) {
				t.Errorf("the call was not made, but %v", w.calls)
			}
			for _, without := range row.Needs {
				granted := slices.DeleteFunc(slices.Clone(row.Needs), func(p string) bool { return p == without })
				if err := call(t.Context(), newWorld(t, granted...)); !graph.IsForbidden(err) {
					t.Errorf("without %s: %v", without, err)
				}
			}
		})
	}
	if len(exercises()) != len(graph.Calls()) {
		t.Errorf("%d exercises for %d rows", len(exercises()), len(graph.Calls()))
	}
}

func TestNoCallNeedsAForbiddenPermission(t *testing.T) {
	t.Parallel()
	for _, row := range graph.Calls() {
		for _, p := range row.Needs {
			if why, is := graph.Forbidden(row.As)[p]; is {
				t.Errorf("%s needs %s: %s", label(row), p, why)
			}
		}
		if row.As == graph.Reader && row.Method != http.MethodGet && !strings.HasSuffix(row.Path, "/evaluate") && !strings.HasSuffix(row.Path, "/checkMemberGroups") {
			t.Errorf("the reader may change something: %s", label(row))
		}
		if row.Why == "" {
			t.Errorf("%s does not say why", label(row))
		}
	}
	for _, as := range []graph.Identity{graph.Reader, graph.Writer, graph.Apps} {
		if _, is := graph.Forbidden(as)["Policy.ReadWrite.AuthenticationMethod"]; !is {
			t.Errorf("the %s may rewrite authentication methods", as)
		}
	}
}

func TestEachNeedOfAnIdentityIsListedOnceAndIsOptionalOnlyIfEveryCallCanDoWithout(t *testing.T) {
	t.Parallel()
	names := func(as graph.Identity) (needed, optional []string) {
		for _, n := range graph.Needs(as) {
			if n.Optional == "" {
				needed = append(needed, n.Permission)
			} else {
				optional = append(optional, n.Permission)
			}
		}
		return needed, optional
	}
	needed, optional := names(graph.Reader)
	if want := []string{"Policy.Read.All", "GroupMember.Read.All", "User.Read.All", "AuditLog.Read.All"}; !slices.Equal(needed, want) {
		t.Errorf("the reader needs %v, want %v", needed, want)
	}
	if want := []string{"RoleManagement.Read.Directory", "IdentityRiskyUser.Read.All", "Domain.Read.All", "Domain-InternalFederation.Read.All", "Application.Read.All"}; !slices.Equal(optional, want) {
		t.Errorf("the reader can do without %v, want %v", optional, want)
	}
	if needed, optional = names(graph.Writer); !slices.Equal(needed, []string{"Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"}) || !slices.Equal(optional, []string{graph.GroupWrite}) {
		t.Errorf("the writer needs %v and can do without %v", needed, optional)
	}
}

// The README's table comes from the code, where the README has a place for it.
func TestTheReadmesPermissionsAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "<!-- permissions -->\n")
	if !found {
		t.Skip("the README has no <!-- permissions --> … <!-- /permissions -->; its table is not held true")
	}
	got, _, _ := strings.Cut(rest, "<!-- /permissions -->")
	if want := graph.PermissionTable(); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("the README's permissions differ; they should read:\n%s", want)
	}
}

func TestAReaderChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, roles()...)
	reader, err := graph.New(graph.Config{Host: host, Credential: w.tenant.Credential(w.app.ID), Transport: w.kit, Now: noon, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	w.sent = nil
	for name, call := range map[string]func() error{
		"a PATCH": func() error {
			return reader.PutRanges(t.Context(), w.loc, []netip.Prefix{netip.MustParsePrefix("20.1.1.1/32")})
		},
		"a POST":   func() error { return reader.AddMember(t.Context(), w.grp, w.svc) },
		"a DELETE": func() error { return reader.RemoveMember(t.Context(), w.grp, w.member) },
	} {
		if err := call(); err == nil || graph.Unknown(err) || len(w.sent) > 0 {
			t.Errorf("%s: %v after %v", name, err, w.sent)
		}
	}
	if _, err := reader.MemberOf(t.Context(), w.svc, []string{w.grp}); err != nil {
		t.Errorf("a question that is a POST: %v", err)
	}
}

func TestEveryPermissionStandsInTheTableOnceForAnIdentity(t *testing.T) {
	t.Parallel()
	table := graph.PermissionTable()
	for _, row := range graph.Calls() {
		for _, p := range row.Needs {
			lines := 0
			for line := range strings.Lines(table) {
				if strings.HasPrefix(line, "| "+string(row.As)+" |") && strings.Contains(line, "`"+p+"`") {
					lines++
				}
			}
			if lines != 1 {
				t.Errorf("%s for the %s stands in %d lines of\n%s", p, row.As, lines, table)
			}
		}
	}
}
