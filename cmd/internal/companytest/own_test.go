package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// told are the messages in security's channel that say this.
func told(s *scene, what string) int {
	n := 0
	for _, m := range s.c.Slack.Messages(companytest.ChanSecurity) {
		if strings.Contains(m.Plain(), what) {
			n++
		}
	}
	return n
}

func TestSecurityIsToldWhenSomebodyGetsAWayToActAsHallpass(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{OwnEvery: time.Hour, SignsOut: true}, func(s *scene) {
		s.wait(3 * time.Hour)
		const begins = "From now on you are told when somebody gets a way to act as hallpass"
		if told(s, begins) != 1 || told(s, "entra.reader and entra.writer is \"hallpass\"") != 1 || told(s, "entra.sessions is \"hallpass sessions\"") != 1 {
			t.Errorf("it is told %d times what is watched", told(s, begins))
		}
		s.c.Tenant.Meddle(s.c.App.ID, func(a *graphtest.App) {
			a.Credentials = append(a.Credentials, graphtest.Credential{ID: "5f1c0000-0000-4000-8000-000000000001", Name: "backup", Secret: true, Ends: time.Now().AddDate(2, 0, 0)})
			a.Federated = append(a.Federated, graphtest.Federated{ID: "f1", Name: "ci", Issuer: "https://token.example", Subject: "repo:mallory"})
			a.Owners = append(a.Owners, "50000000-0000-4000-a000-0000000000ee")
		})
		s.c.Tenant.Grant("mallory@contoso.com", s.c.App.ID, "Mail.Read")
		s.wait(3 * time.Hour)
		for _, want := range []string{"for entra.reader and entra.writer", `a secret "backup"`, `issuer "https://token.example", subject "repo:mallory"`, "an owner (50000000-0000-4000-a000-0000000000ee)", "the permission Mail.Read"} {
			if told(s, want) != 1 {
				t.Errorf("%q is told %d times", want, told(s, want))
			}
		}
		s.wait(24 * time.Hour)
		if told(s, begins) != 1 || told(s, `a secret "backup"`) != 1 {
			t.Error("it is told again")
		}
		s.c.Tenant.Meddle(s.c.App.ID, func(a *graphtest.App) { a.Credentials = a.Credentials[:len(a.Credentials)-1] })
		s.wait(2 * time.Hour)
		s.c.Tenant.Meddle(s.c.App.ID, func(a *graphtest.App) {
			a.Credentials = append(a.Credentials, graphtest.Credential{ID: "5f1c0000-0000-4000-8000-000000000001", Name: "backup", Secret: true, Ends: time.Now().AddDate(2, 0, 0)},
				graphtest.Credential{ID: "5f1c0000-0000-4000-8000-000000000002", Name: "short", Ends: time.Now().AddDate(0, 0, 20)})
		})
		s.wait(5 * time.Hour)
		if told(s, `a secret "backup"`) != 2 {
			t.Error("what went and came back is not told")
		}
		if n := told(s, `has a credential "short" that ends on`); n != 1 {
			t.Errorf("that one ends soon is told %d times", n)
		}
		taken := 0
		for _, key := range s.c.Redis.Keys() { // by somebody who wants to add a credential without being noticed
			if strings.HasSuffix(key, "doc:own:known") && s.c.Redis.Del(key) {
				taken++
			}
		}
		s.wait(2 * time.Hour)
		if taken != 1 || told(s, begins) != 2 {
			t.Errorf("%d were taken out of Redis, and it is told %d times what is watched", taken, told(s, begins))
		}
	})
}
