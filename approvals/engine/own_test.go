package engine_test

import (
	"errors"
	"strings"
	"testing"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

func TestAnAccountThatHasAnOwnerIsTakenOnByNobodyElse(t *testing.T) {
	t.Parallel()
	owners := someOwners{"svc-b": "dana"}
	onStage(t, func(c *engine.Config) { c.Owners, c.Adopters = owners, "netsec" }, func(s *stage) {
		if err := s.e.Own(s.ctx, s.act("bo"), "svc-a"); err != nil || owners["svc-a"] != "bo" {
			t.Fatalf("%v; owners %v", err, owners)
		}
		if err := s.e.Own(s.ctx, s.act("bo"), "svc-a"); err != nil { // a retry
			t.Error(err)
		}
		no, refused := errors.AsType[*approvals.Refusal](s.e.Own(s.ctx, s.act("bo"), "svc-b"))
		if !refused || no.Reason != approvals.RefusedOwner || !strings.Contains(no.Error(), "dana") {
			t.Errorf("refused with %v", no)
		}
		if owners["svc-b"] != "dana" {
			t.Errorf("owned by %s", owners["svc-b"])
		}
	})
}
