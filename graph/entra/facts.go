package entra

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// unread says why a source of facts says nothing. Only what has to be waited for is an error: everything else leaves the
// fact unknown, and an unknown fact never approves.
func (e *Entra) unread(ctx context.Context, err error, bucket, doing string) (approvals.Fact, error) {
	said := e.said(ctx, err, bucket, doing)
	if _, wait := errors.AsType[*approvals.Later](said); wait {
		return approvals.Fact{}, said
	}
	if no, is := errors.AsType[*approvals.Refusal](said); is {
		return approvals.Fact{Why: no.What}, nil
	}
	e.cfg.Log.WarnContext(ctx, "a source of facts does not answer", "doing", doing, "error", err)
	return approvals.Fact{Why: "Entra ID did not answer when " + doing}, nil
}

// standing is what decides which policies are for an account.
type standing struct {
	groups                  []graph.Group
	roles                   []graph.Role
	groupsKnown, rolesKnown bool
}

// accountFacts reads what is to be known of an account whatever is done with it. What stands in the way of a new exemption is a
// warning where one is taken over.
func (e *Entra) accountFacts(ctx context.Context, p *approvals.Plan, u graph.User, adopt bool) (standing, error) {
	p.Facts["account.synced"] = truth(u.Synced)
	p.Facts["account.guest"] = truth(u.Guest)
	p.Facts["account.enabled"] = truth(u.Enabled)
	p.Facts["account.person"] = truth(u.EmployeeID != "")
	var s standing
	roles := func(ctx context.Context, p *approvals.Plan, u graph.User) (err error) {
		s, err = e.roleFacts(ctx, p, u)
		return err
	}
	// What may have to wait for its turn comes first: the plan is made from the start then.
	for _, source := range []func(context.Context, *approvals.Plan, graph.User) error{e.riskFacts, e.methodFacts, roles, e.perUserFacts, e.defaultsFacts} {
		if err := tolerate(adopt, p, source(ctx, p, u)); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (e *Entra) roleFacts(ctx context.Context, p *approvals.Plan, u graph.User) (standing, error) {
	unknown := func(err error, doing string) error {
		fact, wait := e.unread(ctx, err, BucketDirectory, doing)
		p.Facts["account.privileged"], p.Facts["account.roles"] = fact, fact
		return wait
	}
	var s standing
	var err error
	if s.groups, err = e.cfg.Reader.GroupsOf(ctx, u.ID); err != nil {
		return s, unknown(err, "reading the account's groups")
	}
	s.groupsKnown = true
	if s.roles, err = e.cfg.Reader.DirectoryRoles(ctx, u.ID, s.groups); err != nil {
		return s, unknown(err, "reading the account's roles")
	}
	s.rolesKnown = true
	var names []string
	for _, r := range s.roles {
		name := r.Name
		if r.Eligible {
			name += " (may activate it)"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	p.Facts["account.privileged"], p.Facts["account.roles"] = truth(len(names) > 0), words(names)
	return s, nil
}

// risky is who is at risk, of whom one read tells.
type risky struct {
	At   map[string]graph.Risk `json:"at"`
	More bool                  `json:"more"` // there may be others, who have to be asked for one by one
	Why  string                `json:"why"`  // nobody knows, and asking again does not help
}

func (e *Entra) whoIsAtRisk(ctx context.Context) ([]risky, error) {
	at, more, err := e.cfg.Reader.RiskyUsers(ctx)
	switch {
	case graph.IsForbidden(err): // a licence or a permission is missing: not each plan has to find out
		no, _ := errors.AsType[*approvals.Refusal](e.said(ctx, err, BucketCA, "reading who is at risk"))
		return []risky{{Why: no.What}}, nil
	case unaskable(err):
		return []risky{{More: true}}, nil
	}
	return []risky{{At: at, More: more}}, err
}

// riskOf gives the risk of an account, or why nobody knows. One read of those at risk serves every plan: a call for each
// would take the tenant's only one of a second from those who change something.
func (e *Entra) riskOf(ctx context.Context, id string) (risk graph.Risk, why string, err error) {
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return risk, "", fmt.Errorf("asking for the time: %w", err)
	}
	all, _, err := shared(ctx, e, sharedRisky, now.Add(-sharedFor), approvals.ClassPerson, e.whoIsAtRisk)
	if err != nil {
		return risk, "", err
	}
	if risk, at := all[0].At[id]; at || !all[0].More {
		return risk, all[0].Why, nil
	}
	one, _, err := shared(ctx, e, "the risk of "+id, now.Add(-sharedFor), approvals.ClassPerson, func(ctx context.Context) ([]graph.Risk, error) {
		risk, err := e.cfg.Reader.Risk(ctx, id)
		return []graph.Risk{risk}, err
	})
	if err != nil {
		return risk, "", err
	}
	return one[0], "", nil
}

func (e *Entra) riskFacts(ctx context.Context, p *approvals.Plan, u graph.User) error {
	risk, why, err := e.riskOf(ctx, u.ID)
	switch {
	case err != nil:
		return e.untold(ctx, p, "account.at_risk", err, "asked for its risk")
	case why != "":
		p.Facts["account.at_risk"] = approvals.Fact{Why: why}
	case risk.AtRisk():
		p.Facts["account.at_risk"] = truth(true)
		return approvals.Refuse(approvals.RefusedTarget, "%s is at risk: Identity Protection says %s (%s).", u.UPN, risk.State, risk.Level).
			Or("Somebody else may know its password. Talk to security before anything is exempted.")
	default:
		p.Facts["account.at_risk"] = truth(false)
	}
	return nil
}

// untold notes that a shared source says nothing. What has to be waited for is an error.
func (e *Entra) untold(ctx context.Context, p *approvals.Plan, fact string, err error, when string) error {
	said, wait := e.unsaid(ctx, err, when)
	if wait != nil {
		return wait
	}
	p.Facts[fact] = said
	return nil
}

// unsaid is the fact that a shared source says nothing of. What has to be waited for is an error.
func (e *Entra) unsaid(ctx context.Context, err error, when string) (approvals.Fact, error) {
	if _, wait := errors.AsType[*approvals.Later](err); wait {
		return approvals.Fact{}, err
	}
	if no, is := errors.AsType[*approvals.Refusal](err); is {
		return approvals.Fact{Why: no.What}, nil
	}
	e.cfg.Log.WarnContext(ctx, "a source of facts does not answer", "when", when, "error", err)
	return approvals.Fact{Why: "Entra ID did not answer when " + when}, nil
}

// methodsFor is how long the report of registered methods is shared: it is up to a day old anyway.
const methodsFor = 10 * time.Minute

// registered is what the report says of an account, if it has it.
type registered struct {
	Listed, MFA bool
}

// methods reads the report for accounts, by their names; it is filed under their ids.
func (e *Entra) methods(u graph.User) gathering[registered] {
	return gathering[registered]{
		kind: "methods", doing: "registered methods", fresh: methodsFor,
		read: func(ctx context.Context, wishes []wish) (map[string]registered, error) {
			var names []string
			for _, w := range wishes {
				names = append(names, w.text)
			}
			found, err := e.cfg.Reader.Registrations(ctx, names)
			out := map[string]registered{}
			for id, r := range found {
				out[id] = registered{Listed: true, MFA: r.MFARegistered}
			}
			return out, err
		},
		alone: func(ctx context.Context) (registered, error) {
			r, err := e.cfg.Reader.Registration(ctx, u.ID)
			if graph.IsNotFound(err) {
				return registered{}, nil
			}
			return registered{Listed: true, MFA: r.MFARegistered}, err
		},
	}
}

func (e *Entra) methodFacts(ctx context.Context, p *approvals.Plan, u graph.User) error {
	r, err := gathered(ctx, e, e.methods(u), wish{u.ID, u.UPN})
	switch {
	case err != nil:
		return e.untold(ctx, p, "account.mfa_method", err, "asked for its registered methods")
	case !r.Listed:
		p.Facts["account.mfa_method"] = approvals.Fact{Why: "the report of registered methods does not have the account"}
	default:
		p.Facts["account.mfa_method"] = truth(r.MFA)
	}
	return nil
}

func (e *Entra) perUserFacts(ctx context.Context, p *approvals.Plan, u graph.User) error {
	state, err := e.cfg.Reader.PerUserMFA(ctx, u.ID)
	if err != nil {
		fact, wait := e.unread(ctx, err, BucketDirectory, "reading its per-user MFA state")
		p.Facts["account.per_user_mfa"] = fact
		return wait
	}
	p.Facts["account.per_user_mfa"] = approvals.Fact{Known: true, Text: state}
	if state == graph.MFADisabled {
		return nil
	}
	no := approvals.Refuse(approvals.RefusedTarget, "Per-user MFA is %s for %s: it is asked for MFA whatever Conditional Access excludes.", state, u.UPN)
	if slices.Contains(e.cfg.Places.Names(approvals.KindAccount), approvals.PlacePerUser) {
		return no.Or("Ask for that first: `/hallpass account %s in %s for 30d because …`; the policies then decide.", u.UPN, approvals.PlacePerUser)
	}
	return no.Or("An administrator sets its per-user MFA state to disabled first; the policies then decide.")
}

func (e *Entra) defaultsFacts(ctx context.Context, p *approvals.Plan, _ graph.User) error {
	if err := e.tenantDefaults(ctx, p); err != nil {
		return err
	}
	if p.Facts["tenant.security_defaults"].Bool {
		return approvals.Refuse(approvals.RefusedTarget, "Security defaults are on in this tenant: they ask everybody for MFA and know no exceptions.").
			Or("Use an app registration, which they never ask; or administrators replace them by Conditional Access policies.")
	}
	return nil
}
