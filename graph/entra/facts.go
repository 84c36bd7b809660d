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

// accountFacts reads what is to be known of an account whatever is done with it.
func (e *Entra) accountFacts(ctx context.Context, p *approvals.Plan, u graph.User) (standing, error) {
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
		if err := source(ctx, p, u); err != nil {
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

func (e *Entra) riskFacts(ctx context.Context, p *approvals.Plan, u graph.User) error {
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	lists, _, err := shared(ctx, e, sharedRisky, now.Add(-sharedFor), approvals.ClassPerson, e.risky)
	if err == nil && len(lists) == 1 && lists[0].Why != "" {
		p.Facts["account.at_risk"] = approvals.Fact{Why: lists[0].Why}
		return nil
	}
	var risks []graph.Risk
	switch {
	case err == nil && len(lists) == 1 && !lists[0].More:
		risk := graph.Risk{Level: "none", State: "none"}
		if i := slices.IndexFunc(lists[0].Users, func(r graph.RiskyUser) bool { return r.UserID == u.ID }); i >= 0 {
			risk = lists[0].Users[i].Risk
		}
		risks = []graph.Risk{risk}
	case err == nil: // too many are at risk to be read at once
		risks, _, err = shared(ctx, e, "the risk of "+u.ID, now.Add(-sharedFor), approvals.ClassPerson, func(ctx context.Context) ([]graph.Risk, error) {
			risk, err := e.cfg.Reader.Risk(ctx, u.ID)
			return []graph.Risk{risk}, err
		})
	}
	switch {
	case err == nil && len(risks) == 1 && risks[0].AtRisk():
		return approvals.Refuse(approvals.RefusedTarget, "%s is at risk: Identity Protection says %s (%s).", u.UPN, risks[0].State, risks[0].Level).
			Or("Somebody else may know its password. Talk to security before anything is exempted.")
	case err == nil && len(risks) == 1:
		p.Facts["account.at_risk"] = truth(false)
		return nil
	}
	if _, wait := errors.AsType[*approvals.Later](err); wait {
		return err
	}
	why := "Entra ID did not answer when asked for its risk"
	if no, is := errors.AsType[*approvals.Refusal](err); is {
		why = no.What
	}
	p.Facts["account.at_risk"] = approvals.Fact{Why: why}
	return nil
}

// riskList is who is at risk: one list for the plans of all accounts.
type riskList struct {
	Users []graph.RiskyUser
	More  bool   // there are others
	Why   string // nobody knows, and asking again does not help
}

func (e *Entra) risky(ctx context.Context) ([]riskList, error) {
	users, more, err := e.cfg.Reader.RiskyUsers(ctx)
	switch {
	case graph.IsForbidden(err): // a licence or a permission is missing; it is not asked for again for each plan
		var no *approvals.Refusal
		errors.As(e.said(ctx, err, BucketCA, "reading who is at risk"), &no)
		return []riskList{{Why: no.What}}, nil
	case unaskable(err):
		return []riskList{{More: true}}, nil
	}
	return []riskList{{Users: users, More: more}}, err
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
		kind: "methods", fresh: methodsFor,
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
	if _, wait := errors.AsType[*approvals.Later](err); wait {
		return err
	}
	switch {
	case err != nil:
		fact, wait := e.unread(ctx, err, BucketAudit, "reading its registered methods")
		p.Facts["account.mfa_method"] = fact
		return wait
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
	if state != graph.MFADisabled {
		return approvals.Refuse(approvals.RefusedTarget, "Per-user MFA is %s for %s: it is asked for MFA whatever Conditional Access excludes.", state, u.UPN).
			Or("An administrator sets its per-user MFA state to disabled first; the policies then decide.")
	}
	return nil
}

func (e *Entra) defaultsFacts(ctx context.Context, p *approvals.Plan, _ graph.User) error {
	on, err := e.cfg.Reader.SecurityDefaults(ctx)
	if err != nil {
		fact, wait := e.unread(ctx, err, BucketDirectory, "reading the security defaults")
		p.Facts["tenant.security_defaults"] = fact
		return wait
	}
	p.Facts["tenant.security_defaults"] = truth(on)
	if on {
		return approvals.Refuse(approvals.RefusedTarget, "Security defaults are on in this tenant: they ask everybody for MFA and know no exceptions.").
			Or("Use an app registration, which they never ask; or administrators replace them by Conditional Access policies.")
	}
	return nil
}
