package entra

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
)

// planProduct exempts an account in a product that does not sign in through Entra ID. The account is the product's: that
// Entra ID has one of the same name is looked up all the same, so that nobody's own and no emergency account is exempted.
func (e *Entra) planProduct(ctx context.Context, ask approvals.Ask, h approvals.ByHand, p approvals.Plan) (approvals.Plan, error) {
	u, err := e.account(ctx, ask)
	no, refused := errors.AsType[*approvals.Refusal](err)
	switch {
	case refused && no.Reason == approvals.RefusedNotFound:
		for _, name := range []string{"synced", "guest", "person", "privileged", "at_risk", "mfa_method"} {
			p.Facts["account."+name] = truth(false)
		}
		p.Facts["account.enabled"] = approvals.Fact{Why: "the account is not in Entra ID"}
		p.Facts["account.per_user_mfa"] = approvals.Fact{Known: true, Text: graph.MFADisabled}
		p.Facts["account.roles"] = words(nil)
		p.Warnings = append(p.Warnings, "The account is not in Entra ID: nothing is known of it, and who asks answers for it.")
	case err != nil:
		return p, err
	default:
		p.Account = e.person(u)
		if err := e.handAccountFacts(ctx, &p, u); err != nil {
			return p, err
		}
		if p.Owner, err = e.owner(ctx, u); err != nil {
			return p, err
		}
	}
	p.Changes = []approvals.Change{{Target: h.Target(), Title: h.Title, Entry: strings.ToLower(ask.Account), Label: ask.Account, Hand: &h}}
	addressFacts(&p, nil)
	handFacts(&p)
	history{Why: "it does not sign in there through Entra ID"}.facts(&p)
	if err := e.tenantDefaults(ctx, &p); err != nil {
		return p, err
	}
	p.Warnings = append(p.Warnings, fmt.Sprintf("From any address: whoever knows its password gets into %s.", h.Title))
	return p, nil
}

// unfencedFacts are all facts of a plan for an account in Entra ID that goes neither into a group nor behind a fence.
func (e *Entra) unfencedFacts(ctx context.Context, p *approvals.Plan, u graph.User, ask approvals.Ask) error {
	addressFacts(p, nil)
	if err := e.wishForLog(ctx, p, u); err != nil {
		return err
	}
	if err := e.handAccountFacts(ctx, p, u); err != nil {
		return err
	}
	if err := e.defaultsFacts(ctx, p, u); err != nil {
		return err
	}
	if _, err := e.logFacts(ctx, p, u, ask); err != nil {
		return err
	}
	handFacts(p)
	return nil
}

// handAccountFacts are the facts of an account in Entra ID that is exempted by hand. That per-user MFA asks it is no
// hindrance: what is done by hand is what lifts it, or has nothing to do with it.
func (e *Entra) handAccountFacts(ctx context.Context, p *approvals.Plan, u graph.User) error {
	p.Facts["account.synced"], p.Facts["account.guest"] = truth(u.Synced), truth(u.Guest)
	p.Facts["account.enabled"], p.Facts["account.person"] = truth(u.Enabled), truth(u.EmployeeID != "")
	if _, err := e.roleFacts(ctx, p, u); err != nil {
		return err
	}
	if err := e.riskFacts(ctx, p, u); err != nil {
		return err
	}
	if err := e.methodFacts(ctx, p, u); err != nil {
		return err
	}
	err := e.perUserFacts(ctx, p, u)
	if _, refused := errors.AsType[*approvals.Refusal](err); refused && p.Facts["account.per_user_mfa"].Known {
		return nil
	}
	return err
}

// tenantDefaults reads whether security defaults are on, for a product to which they mean nothing.
func (e *Entra) tenantDefaults(ctx context.Context, p *approvals.Plan) error {
	if _, read := p.Facts["tenant.security_defaults"]; read {
		return nil
	}
	on, err := e.cfg.Reader.SecurityDefaults(ctx)
	if err != nil {
		fact, wait := e.unread(ctx, err, BucketDirectory, "reading the security defaults")
		p.Facts["tenant.security_defaults"] = fact
		return wait
	}
	p.Facts["tenant.security_defaults"] = truth(on)
	return nil
}

// handFacts are the facts of an account for which there is neither a group nor a fence.
func handFacts(p *approvals.Plan) {
	p.Facts["account.then"] = approvals.Fact{Known: true, Text: string(approvals.ThenMFA)}
	p.Facts["group.members"], p.Facts["group.policies"], p.Facts["fenced"] = number(0), number(0), truth(false)
	for _, name := range []string{"zone.name", "zone.new_pairs", "zone.accounts", "zone.blocked", "zone.runs", "zone.sometimes"} {
		p.Facts[name] = approvals.Fact{Why: "there is no fence here"}
	}
}
