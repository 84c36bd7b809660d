package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// microsoft365 is the identifier of the relying party trust of AD FS that stands for Entra ID itself.
const microsoft365 = "urn:federation:MicrosoftOnline"

// asks says who asks for MFA for a federated domain.
type asks struct {
	behaviour string // federatedIdpMfaBehavior
	adfs      bool
}

func (a asks) String() string {
	behaviour := a.behaviour
	if behaviour == "" {
		behaviour = "not set"
	}
	if a.adfs {
		return "AD FS is what asks for MFA (federatedIdpMfaBehavior is " + behaviour + ")"
	}
	return "Entra ID is what asks for MFA (federatedIdpMfaBehavior is " + behaviour + ")"
}

// whoAsks reads who asks for MFA for the domain. That it cannot be read is a refusal: a plan begins with the answer.
func (e *Entra) whoAsks(ctx context.Context, domain string) (asks, error) {
	domains, err := e.cfg.Reader.Domains(ctx)
	if err != nil {
		return asks{}, e.mustKnow(ctx, err, "reading the domains")
	}
	i := slices.IndexFunc(domains, func(d graph.Domain) bool { return strings.EqualFold(d.Name, domain) })
	switch {
	case i < 0:
		return asks{}, approvals.Refuse(approvals.RefusedTarget, "%s is no domain of this tenant.", domain).Or("Tell the people who keep the rules file.")
	case !domains[i].Federated:
		return asks{}, approvals.Refuse(approvals.RefusedTarget, "%s is managed in Entra ID, so AD FS is never asked: nothing that is changed there would help.", domain).
			Or("Ask for a fenced exemption: `/hallpass account NAME from ADDRESS for 30d because …`, or for a trusted address: `/hallpass ip ADDRESS for 30d because …`.")
	}
	f, err := e.cfg.Reader.Federation(ctx, domain)
	if err != nil {
		return asks{}, e.mustKnow(ctx, err, "reading how "+domain+" is federated")
	}
	return asks{behaviour: f.MFA, adfs: f.MFA == "enforceMfaByFederatedIdp"}, nil
}

// mustKnow refuses because something could not be read without which nothing can be said.
func (e *Entra) mustKnow(ctx context.Context, err error, doing string) error {
	fact, wait := e.unread(ctx, err, BucketDirectory, doing)
	if wait != nil {
		return wait
	}
	return approvals.Refuse(approvals.RefusedUnknown, "Who asks for MFA, Entra ID or AD FS, is not known: %s.", strings.TrimRight(fact.Why, ".")).Or("Try again later.")
}

// planADFS lets addresses past the rules of AD FS that demand MFA.
func (e *Entra) planADFS(ctx context.Context, ask approvals.Ask, h approvals.ByHand, p approvals.Plan) (approvals.Plan, error) {
	for _, a := range ask.Addresses {
		if _, ok := byhand.Pattern(a); !ok {
			return p, approvals.Refuse(approvals.RefusedTarget, "%s is a range of IPv6, and rules of AD FS compare addresses as text: of IPv6 they can name single addresses only.", a).
				Or("Ask for the single addresses that the server goes out with, or for IPv4.")
		}
	}
	who, err := e.whoAsks(ctx, h.Domain)
	if err != nil {
		return p, err
	}
	if slices.Contains(h.Parties, microsoft365) && !who.adfs {
		return p, approvals.Refuse(approvals.RefusedTarget, "For %s %s: a rule in AD FS would change nothing for Microsoft 365.", h.Domain, who).
			Or("Ask for a fenced exemption: `/hallpass account NAME from ADDRESS for 30d because …`, or for a trusted address: `/hallpass ip ADDRESS for 30d because …`.")
	}
	p, err = e.planAddresses(ctx, ask, h, p)
	if err != nil {
		return p, err
	}
	p.Policies = nil // no policy of Entra ID knows of a rule in AD FS
	p.Facts["location.trusted"], p.Facts["location.policies"] = truth(false), number(0)
	first := fmt.Sprintf("For %s %s.", h.Domain, who)
	if !slices.Contains(h.Parties, microsoft365) {
		first = "AD FS itself asks for MFA at these relying parties; Entra ID is not involved."
	}
	p.Warnings = append([]string{first}, p.Warnings...)
	p.Warnings = append(
		p.Warnings,
		"For everybody: AD FS asks nobody for MFA who comes from there, at: "+strings.Join(h.Parties, ", ")+".",
		"AD FS learns the address from a header that its Web Application Proxy sets: whoever reaches AD FS past the proxy can claim to come from there.",
	)
	if slices.Contains(h.Parties, microsoft365) {
		demand, err := e.demanding(ctx, p)
		if err != nil {
			return p, err
		}
		if demand != "" {
			p.Warnings = append(p.Warnings, "Where a policy of Entra ID demands MFA, AD FS is told to ask all the same, whatever its own rules say: "+demand+".")
		}
	}
	return p, nil
}

// demanding names the policies in force that demand MFA; empty if none does.
func (e *Entra) demanding(ctx context.Context, p approvals.Plan) (string, error) {
	policies, _, err := shared(ctx, e, sharedPolicies, p.Made.Add(-sharedFor), approvals.ClassPerson, e.cfg.Reader.Policies)
	if err != nil {
		return "", err
	}
	var demand []string
	for _, pol := range policies {
		if pol.State == evaluate.Enabled && evaluate.WantsMFA(pol) {
			demand = append(demand, "“"+clip(pol.Name, 60)+"”")
		}
	}
	return strings.Join(demand[:min(len(demand), 5)], ", "), nil
}

// planIntranet asks for "skip MFA for requests from federated users on my intranet", because of one account.
func (e *Entra) planIntranet(ctx context.Context, ask approvals.Ask, h approvals.ByHand, p approvals.Plan) (approvals.Plan, error) {
	u, err := e.account(ctx, ask)
	if err != nil {
		return p, err
	}
	if _, domain, _ := strings.Cut(u.UPN, "@"); !strings.EqualFold(domain, h.Domain) {
		return p, approvals.Refuse(approvals.RefusedTarget, "%s is not in %s, the domain behind that AD FS: it would still be asked.", u.UPN, h.Domain)
	}
	who, err := e.whoAsks(ctx, h.Domain)
	if err != nil {
		return p, err
	}
	if who.adfs {
		return p, approvals.Refuse(approvals.RefusedTarget, "For %s %s: the setting would change nothing.", h.Domain, who).
			Or("Ask for a rule in AD FS by address, where that is set up: `/hallpass ip ADDRESS in NAME for 30d because …`.")
	}
	p.Account = e.person(u)
	p.Changes = []approvals.Change{{Target: h.Target(), Title: h.Title, Entry: "skip MFA for federated users on the intranet", Label: "skip MFA for federated users on the intranet", Hand: &h}}
	policies, _, err := shared(ctx, e, sharedPolicies, p.Made.Add(-sharedFor), approvals.ClassPerson, e.cfg.Reader.Policies)
	if err != nil {
		return p, err
	}
	for _, effect := range (evaluate.Tenant{Policies: policies}).Address(graph.Location{ID: h.Name, Trusted: true}) {
		p.Policies = append(p.Policies, approvals.PolicyEffect{ID: effect.Policy.ID, Name: effect.Policy.Name, State: effect.Policy.State, Does: effect.Does + ", for federated users on the intranet"})
	}
	if err := e.unfencedFacts(ctx, &p, u, ask); err != nil {
		return p, err
	}
	p.Warnings = append(
		[]string{fmt.Sprintf("For %s %s.", h.Domain, who)}, append(p.Warnings,
			"For ALL federated users of the intranet: none of them is asked for MFA there, whichever account it is.",
			fmt.Sprintf("Such sign-ins count as “all trusted locations”: %d enabled policies treat them as trusted.", enabled(p.Policies)),
			"It does nothing unless the server reaches AD FS by an internal address and AD FS passes “insidecorporatenetwork” through: the steps say how to look.")...,
	)
	p.Owner, err = e.owner(ctx, u)
	return p, err
}
