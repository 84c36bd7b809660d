package entra_test

import (
	"testing"

	"hallpass/graph/graphtest"
)

func TestTheDeputyAnswersForAnAccountWhoseOwnerIsNotThere(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ owners, want string }{
		"the owner is there":     {"ana@contoso.com dana@contoso.com", "ana@contoso.com"},
		"the owner is disabled":  {"off@contoso.com dana@contoso.com", "dana@contoso.com"},
		"the owner is gone":      {"nobody@contoso.com dana@contoso.com", "dana@contoso.com"},
		"the owner is a guest":   {"guest@contoso.com dana@contoso.com", "dana@contoso.com"},
		"both have left":         {"off@contoso.com nobody@contoso.com", ""},
		"nobody was ever named":  {"", ""},
		"an account owns itself": {"svc@contoso.com", ""},
	} {
		k := newKit(t)
		people(k.tenant)
		k.tenant.AddUser(graphtest.User{UPN: "dana@contoso.com", Enabled: true, EmployeeID: "7"})
		k.tenant.ChangeUser(svc, func(u *graphtest.User) { u.Attributes = map[string]string{"extensionAttribute7": row.owners} })
		got, err := k.e.OwnerOf(t.Context(), svc)
		if err != nil || got.UPN != row.want {
			t.Errorf("%s: %q, %v", name, got.UPN, err)
		}
	}
}
