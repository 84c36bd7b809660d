package entra

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
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
	s, err := e.accountFacts(ctx, &p, u, true)
	if err != nil {
		return nil, err
	}
	then := r.Round().Plan.Facts
	became := func(fact string) bool {
		return p.Facts[fact].Known && p.Facts[fact].Bool && then[fact].Known && !then[fact].Bool
	}
	if became("account.privileged") {
		out = append(out, approvals.Concern{Word: approvals.ConcernPrivileged, What: u.UPN + " has become privileged: " + strings.Join(p.Facts["account.roles"].List, ", ")})
	}
	if risk := p.Facts["account.at_risk"]; risk.Known && risk.Bool { // who is at risk is never approved
		out = append(out, approvals.Concern{Word: approvals.ConcernRisk, What: u.UPN + " is at risk, says Identity Protection: somebody else may know its password"})
	}
	if became("account.mfa_method") {
		out = append(out, approvals.Concern{Word: approvals.ConcernMethod, What: u.UPN + " has registered a method for MFA while it was exempt: a person may be using it, or somebody else may have enrolled"})
	}
	if !r.Ask.Fenced() {
		return out, nil
	}
	policies, err := e.policyConcerns(ctx, r, s.account(u.ID))
	return append(out, policies...), err
}

// policyConcerns says which policies stop a fenced job by now, or would once they are switched on; of a report-only policy that
// stood on the card the approvers know. Which application it signs in to is left open: a policy that depends on it is not named.
func (e *Entra) policyConcerns(ctx context.Context, r *approvals.Request, account evaluate.Account) ([]approvals.Concern, error) {
	world, err := e.world(ctx, sharedFor, approvals.ClassSweep)
	if err != nil {
		return nil, err
	}
	var out []approvals.Concern
	if without := except(account, r, e.cfg.Places.Zones()); !slices.ContainsFunc(r.Ask.Addresses, func(from netip.Prefix) bool {
		return world.MFA(evaluate.SignIn{Account: without, From: from}).Word != evaluate.No
	}) {
		out = append(out, approvals.Concern{Word: approvals.ConcernNeedless, What: "without it no policy in force would ask " + r.Account.Label() + " for MFA, so nothing needs it any more"})
	}
	note := func(word approvals.ConcernWord, v evaluate.Verdict) {
		c := approvals.Concern{Word: word, What: evaluate.Stops(v.Policy), Policy: v.Policy.ID, Name: v.Policy.Name}
		if v.Answer.Word == evaluate.Yes && c.What != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, from := range r.Ask.Addresses {
		job := world.Job(evaluate.SignIn{Account: account, From: from})
		for _, v := range job.Stopped {
			note(approvals.ConcernStopped, v)
		}
		for _, v := range job.Coming {
			known := func(w string) bool {
				return strings.HasPrefix(w, "Coming") && strings.Contains(w, "“"+v.Policy.Name+"”")
			}
			if !slices.ContainsFunc(r.Round().Plan.Warnings, known) {
				note(approvals.ConcernComing, v)
			}
		}
	}
	return out, nil
}

// except is the account without the zone that the request put it into.
func except(a evaluate.Account, r *approvals.Request, zones []Zone) evaluate.Account {
	for _, z := range zones {
		if planned := r.Round().Plan.Zone; planned != nil && planned.Name == z.Name {
			a.Groups = less(a.Groups, []string{z.Group})
		}
	}
	return a
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
