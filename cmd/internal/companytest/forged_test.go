package companytest_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
)

// Somebody who can write Redis, and has no key, approves.
func TestSecurityReadsThatSomebodyElseWroteToRedisAndNothingIsApplied(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		s.wait(time.Minute)
		s.says("ana", "ip 20.50.1.9 in trusted-servers for 30d because the partner's exports come from there")
		s.wait(15 * time.Second)
		r := s.state("HP-1001", approvals.StatePending)
		key := "hallpass:{demo}:req:HP-1001"
		s.c.Redis.HSet(key, "data", strings.Replace(s.c.Redis.HGet(key, "data"), `"state":"pending"`, `"state":"approved"`, 1))
		gen, err := s.c.Redis.Incr("hallpass:{demo}:gen:location:"+companytest.Location, 1)
		if err != nil || gen < 1 {
			t.Fatal(gen, err)
		}
		s.c.Redis.HSet("hallpass:{demo}:wants:location:"+companytest.Location, "HP-1001/0", "1|1|20.50.1.9/32")
		now, err := s.c.Store.Now(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		err = s.c.Store.Book(s.ctx,
			approvals.Due{Kind: approvals.DueTarget, Key: "location:" + companytest.Location, Lane: approvals.LaneApply, At: now},
			approvals.Due{Kind: approvals.DueRequest, Key: "HP-1001", Lane: approvals.LaneApply, At: now})
		if err != nil {
			t.Fatal(err)
		}
		s.says("bo", "approve HP-1001") // wakes the workers as well
		s.wait(10 * time.Minute)
		if s.c.Tenant.Has(companytest.Location, "20.50.1.9/32") {
			t.Error("it is in the tenant")
		}
		s.reads("security's alarm", s.card(companytest.ChanSecurity, "request HP-1001").Plain(), "Somebody other than hallpass")
		if got := s.state("HP-1001", approvals.StateEnded); got.Cause == nil || got.Cause.Word != approvals.CauseForged || r.Cause != nil {
			t.Errorf("cause %+v", got.Cause)
		}
	})
}
