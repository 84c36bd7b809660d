package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
)

// Concerns looks at who answers for a request in force, and at the account that it exempts, and says what was not so when it was
// approved. What cannot be read is no concern. The error is *approvals.Later, or says that Entra ID did not answer.
func (e *Entra) Concerns(ctx context.Context, r *approvals.Request) ([]approvals.Concern, error) {
	out, err := e.ownerConcerns(ctx, r)
	if err != nil || r.Account.ID == "" {
		return out, err
	}
	if err := e.reserve(ctx, BucketDirectory, approvals.ClassSweep, 4); err != nil {
		return nil, err
	}
	u, err := e.cfg.Reader.User(ctx, r.Account.ID, e.cfg.Attributes...)
	if graph.IsNotFound(err) {
		return append(out, approvals.Concern{Word: approvals.ConcernGone, What: r.Account.Label() + " does not exist any more"}), nil
	}
	if err != nil {
		return nil, e.said(ctx, err, BucketDirectory, "reading the account")
	}
	if !u.Enabled {
		return append(out, approvals.Concern{Word: approvals.ConcernDisabled, What: u.UPN + " is disabled"}), nil
	}
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the time: %w", err)
	}
	p := approvals.Plan{Kind: approvals.KindAccount, Made: now, Facts: approvals.Facts{}}
	if _, err := e.accountFacts(ctx, &p, u, true); err != nil {
		return nil, err
	}
	then := r.Round().Plan.Facts
	became := func(fact string) bool { return p.Facts[fact].Known && p.Facts[fact].Bool && then[fact].Known && !then[fact].Bool }
	if became("account.privileged") {
		out = append(out, approvals.Concern{Word: approvals.ConcernPrivileged, What: u.UPN + " has become privileged: " + strings.Join(p.Facts["account.roles"].List, ", ")})
	}
	if risk := p.Facts["account.at_risk"]; risk.Known && risk.Bool { // who is at risk is never approved
		out = append(out, approvals.Concern{Word: approvals.ConcernRisk, What: u.UPN + " is at risk, says Identity Protection: somebody else may know its password"})
	}
	if became("account.mfa_method") {
		out = append(out, approvals.Concern{Word: approvals.ConcernMethod, What: u.UPN + " has registered a method for MFA while it was exempt: a person may be using it, or somebody else may have enrolled"})
	}
	return out, nil
}

func (e *Entra) ownerConcerns(ctx context.Context, r *approvals.Request) ([]approvals.Concern, error) {
	if r.Owner.ID == "" || slices.Contains(e.cfg.Places.Emergency(), r.Owner.ID) {
		return nil, nil
	}
	if err := e.reserve(ctx, BucketDirectory, approvals.ClassSweep, 1); err != nil {
		return nil, err
	}
	owner, err := e.cfg.Reader.User(ctx, r.Owner.ID)
	switch {
	case graph.IsNotFound(err):
		return []approvals.Concern{{Word: approvals.ConcernOwnerLeft, What: "its owner, " + r.Owner.Label() + ", is not in Entra ID any more"}}, nil
	case err != nil:
		return nil, e.said(ctx, err, BucketDirectory, "reading the owner")
	case !owner.Enabled:
		return []approvals.Concern{{Word: approvals.ConcernOwnerLeft, What: "the account of its owner, " + r.Owner.Label() + ", is disabled"}}, nil
	}
	return nil, nil
}
