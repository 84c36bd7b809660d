package entra

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// appLooked is how many sign-ins of an application are looked at: the newest say whether it is used.
const appLooked = 200

// lookAtApp looks whether the application of the plan signs in. Which of its credentials it used is not looked at: of two
// requests for one application both count as used.
func (e *Entra) lookAtApp(ctx context.Context, plan approvals.Plan, since time.Time) (approvals.Looked, error) {
	i := slices.IndexFunc(plan.Changes, func(c approvals.Change) bool { return c.Target.Kind == approvals.TargetApp })
	if i < 0 {
		return approvals.Looked{}, nil
	}
	if err := e.reserve(ctx, BucketDirectory, approvals.ClassSweep, appCalls); err != nil {
		return approvals.Looked{}, err
	}
	a, err := e.cfg.Reader.MadeApp(ctx, plan.Changes[i].Target.ID)
	if err != nil {
		_, wait := e.unread(ctx, err, BucketDirectory, "reading the app registration")
		return approvals.Looked{}, wait
	}
	if a.Principal == "" {
		return approvals.Looked{}, nil
	}
	if err := e.reserve(ctx, BucketAudit, approvals.ClassSweep, 1); err != nil {
		return approvals.Looked{}, err
	}
	found, err := e.cfg.Reader.SignIns(ctx, graph.SignInQuery{PrincipalID: a.Principal, Since: since, Kinds: []string{graph.KindPrincipal}, Limit: appLooked})
	if err != nil {
		_, wait := e.unread(ctx, err, BucketAudit, "reading the sign-in log")
		return approvals.Looked{}, wait
	}
	out := approvals.Looked{Read: true}
	for _, in := range found.List { // newest first
		seen(&out, in, in.Resource, func() string { return fmt.Sprintf("error %d: %s", in.Code, clip(in.Reason, 160)) })
	}
	if found.More && out.Last.IsZero() { // an older one may have worked
		out.Read = false
	}
	return out, nil
}
