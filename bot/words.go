package bot

import (
	"time"

	"hallpass/approvals"
)

// What names what a request exempts: its addresses or its account.
func What(r *approvals.Request) string { return what(r) }

// Where names the location or the exclusion that a request is about.
func Where(r *approvals.Request) string { return where(r) }

// WaitsFor says whose word an open round waits for.
func WaitsFor(r *approvals.Request) string { return waitsFor(r) }

// SayDuration is a duration as people read it.
func SayDuration(d time.Duration) string { return sayDuration(d) }

// SayTerm is a term as people read it.
func SayTerm(t approvals.Term, zone *time.Location) string { return sayTerm(t, zone) }

// SayFact is a fact as people read it.
func SayFact(spec approvals.FactSpec, fact approvals.Fact) string { return sayFact(spec, fact) }

// SayProgress says where a change of a request is.
func SayProgress(r *approvals.Request, c approvals.Progress) string { return sayProgress(r, c) }

// SayLead is the one sentence that says what a request is and where it stands.
func (v Voice) SayLead(r *approvals.Request) string { return v.lead(r).String() }

// SayCause says why a request ended or is ending.
func (v Voice) SayCause(r *approvals.Request) string { return v.cause(r).String() }
