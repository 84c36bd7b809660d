package graph_test

import (
	"testing"
	"time"

	"hallpass/graph"
)

func TestSessionsAreRevokedAndSinceWhenTheyCountIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "User.RevokeSessions.All", "User.Read.All")
	if at, err := w.c.SessionsSince(t.Context(), w.svc); err != nil || !at.IsZero() {
		t.Errorf("before: %v, %v", at, err)
	}
	if err := w.s.RevokeSessions(t.Context(), w.svc); err != nil {
		t.Error(err)
	}
	if at, err := w.c.SessionsSince(t.Context(), w.svc); err != nil || !at.Equal(noon().Truncate(time.Second)) {
		t.Errorf("after: %v, %v", at, err)
	}
	if u, _ := w.tenant.User(w.member); !u.Revoked.IsZero() {
		t.Error("somebody else was signed out")
	}
	if err := w.s.RevokeSessions(t.Context(), "nobody@contoso.com"); !graph.IsNotFound(err) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := w.c.SessionsSince(t.Context(), "nobody@contoso.com"); !graph.IsNotFound(err) {
		t.Errorf("nobody: %v", err)
	}
}

// Microsoft's page has 204; the service answers 200 and whether it did.
func TestWhetherSessionsWereRevokedIsAsGraphSays(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer answers
		good   bool
	}{
		"as the page has it": {answers{status: 204}, true},
		"it did":             {answers{status: 200, body: `{"value":true}`}, true},
		"it did not":         {answers{status: 200, body: `{"value":false}`}, false},
		"who knows":          {answers{status: 200, body: `<html>`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := againstAs(t, graph.Sessions, &row.answer).RevokeSessions(t.Context(), "u"); (err == nil) != row.good {
				t.Error(err)
			}
		})
	}
}

func TestOnlyTheIdentityForSessionsRevokesThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "User.RevokeSessions.All")
	for name, c := range map[string]*graph.Client{"the writer": w.c, "that for per-user MFA": w.m} {
		if err := c.RevokeSessions(t.Context(), w.svc); err == nil {
			t.Errorf("%s does", name)
		}
	}
	for _, as := range []graph.Identity{graph.Reader, graph.Writer, graph.Apps, graph.MFA} {
		if _, bad := graph.Forbidden(as)["User.RevokeSessions.All"]; !bad {
			t.Errorf("entra.%s may hold it", as)
		}
	}
}
