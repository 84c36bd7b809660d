package entra

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// maxServiceRanges is how many ranges the trusted IPs of the MFA service settings take (Microsoft's page "Configure Microsoft
// Entra multifactor authentication settings").
const maxServiceRanges = 50

// microsoft365 is the identifier of the relying party trust of AD FS that stands for Entra ID itself.
const microsoft365 = "urn:federation:MicrosoftOnline"

// handOf finds a place that Graph cannot change by its name.
func (e *Entra) handOf(name string) (approvals.ByHand, bool) {
	hands := e.cfg.Places.Hands()
	i := slices.IndexFunc(hands, func(h approvals.ByHand) bool { return h.Name == name })
	if i < 0 {
		return approvals.ByHand{}, false
	}
	return hands[i], true
}

// planByHand plans what Graph cannot change. Hallpass reads what it can, so that nobody is sent to do what changes nothing;
// whether it was done it can never read.
func (e *Entra) planByHand(ctx context.Context, ask approvals.Ask, h approvals.ByHand, p approvals.Plan) (approvals.Plan, error) {
	p.Facts["by_hand"] = truth(true)
	p.Warnings = append(p.Warnings, fmt.Sprintf("Done by hand, by a member of %s, and taken away by hand at its end: hallpass cannot verify either.", h.Group))
	if !h.Kind.Takes(ask.Kind) || ask.Fenced() {
		return p, noSuchAsk(ask, h)
	}
	switch h.Kind {
	case approvals.HandService:
		return e.planService(ctx, ask, h, p)
	case approvals.HandADFS:
		return e.planADFS(ctx, ask, h, p)
	case approvals.HandIntranet:
		return e.planIntranet(ctx, ask, h, p)
	case approvals.HandProduct:
		return e.planProduct(ctx, ask, h, p)
	case approvals.HandSharePoint, approvals.HandExchange, approvals.HandConsent:
	}
	return p, noSuchAsk(ask, h)
}

func noSuchAsk(ask approvals.Ask, h approvals.ByHand) error {
	no := approvals.Refuse(approvals.RefusedInput, "%s takes nothing like that.", h.Title)
	switch {
	case h.Kind.Takes(approvals.KindIP):
		return no.Or("It takes addresses: `/hallpass ip ADDRESS in %s for 30d because …`.", h.Name)
	case h.Kind.Takes(approvals.KindAccount):
		return no.Or("It takes an account: `/hallpass account %s in %s for 30d because …`.", clip(firstWord(ask.Account), 80), h.Name)
	}
	return no.Or("What is granted there belongs to an app registration: `/hallpass app NAME …`.")
}

func firstWord(s string) string {
	if s == "" {
		return "NAME"
	}
	return s
}

// planService puts addresses into the trusted IPs of the MFA service settings.
func (e *Entra) planService(ctx context.Context, ask approvals.Ask, h approvals.ByHand, p approvals.Plan) (approvals.Plan, error) {
	for _, a := range ask.Addresses {
		if !a.Addr().Is4() {
			return p, approvals.Refuse(approvals.RefusedTarget, "%s is IPv6, and the trusted IPs of the MFA service settings are IPv4 only.", a).
				Or("Ask for the IPv4 address that the server goes out with, or for a named location, which takes both.")
		}
	}
	if err := e.room(ctx, ask, h, maxServiceRanges); err != nil {
		return p, err
	}
	p, err := e.planAddresses(ctx, ask, h, p)
	if err != nil {
		return p, err
	}
	p.Warnings = append(
		p.Warnings,
		"For everybody: per-user MFA asks nobody who comes from there, whichever account it is.",
		"Continuous access evaluation does not know these addresses, and Microsoft no longer recommends them; a named location with a policy is the newer way.",
	)
	if n := enabled(p.Policies); n > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("They count as “all trusted locations”: %d enabled policies treat everybody who comes from there as trusted.", n))
	}
	return p, nil
}

// room refuses more entries than the place takes, as far as that is known: what was there before nobody has told hallpass.
func (e *Entra) room(ctx context.Context, ask approvals.Ask, h approvals.ByHand, most int) error {
	held, err := e.cfg.Ledger.ByHand(ctx, h.Target())
	if err != nil {
		return fmt.Errorf("reading what is in %s: %w", h.Name, err)
	}
	all := map[string]bool{}
	for _, entry := range held {
		all[entry] = true
	}
	before := len(all)
	for _, a := range ask.Addresses {
		all[a.String()] = true
	}
	if len(all) > most {
		return approvals.Refuse(approvals.RefusedTarget, "%s takes %d ranges, and hallpass knows of %d in it already: these %d do not fit.", h.Title, most, before, len(ask.Addresses)).
			Or("Ask for a range instead of single addresses, or for a named location, which takes 2000.")
	}
	return nil
}

// planAddresses is what plans of addresses by hand have in common. Policies are those for all trusted locations.
func (e *Entra) planAddresses(ctx context.Context, ask approvals.Ask, h approvals.ByHand, p approvals.Plan) (approvals.Plan, error) {
	for _, a := range ask.Addresses {
		p.Changes = append(p.Changes, approvals.Change{Target: h.Target(), Title: h.Title, Entry: a.String(), Label: a.String(), Hand: &h})
	}
	policies, _, err := shared(ctx, e, sharedPolicies, p.Made.Add(-sharedFor), approvals.ClassPerson, e.cfg.Reader.Policies)
	if err != nil {
		return p, err
	}
	for _, effect := range (evaluate.Tenant{Policies: policies}).Address(graph.Location{ID: h.Name, Trusted: true}) {
		p.Policies = append(p.Policies, approvals.PolicyEffect{ID: effect.Policy.ID, Name: effect.Policy.Name, State: effect.Policy.State, Does: effect.Does})
	}
	if widest := addressFacts(&p, ask.Addresses); widest > 8 {
		p.Warnings = append(p.Warnings, "A wide range: everybody who signs in from it is treated alike.")
	}
	p.Facts["location.trusted"] = truth(true)
	p.Facts["location.policies"] = approvals.Fact{Known: true, Int: enabled(p.Policies)}
	p.Facts["location.ranges"] = approvals.Fact{Why: "what is in " + h.Title + " cannot be read"}
	p.Facts["overlaps"] = approvals.Fact{Why: "what is in " + h.Title + " cannot be read"}
	if err := e.rangeFacts(ctx, &p, ask.Addresses); err != nil {
		return p, err
	}
	return p, e.defaultsFacts(ctx, &p, graph.User{})
}

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
	if err := e.unfencedFacts(ctx, &p, u); err != nil {
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
	if err := e.tenantDefaults(ctx, &p); err != nil {
		return p, err
	}
	p.Warnings = append(p.Warnings, fmt.Sprintf("From any address: whoever knows its password gets into %s.", h.Title))
	return p, nil
}

// unfencedFacts are all facts of a plan for an account in Entra ID that goes neither into a group nor behind a fence.
func (e *Entra) unfencedFacts(ctx context.Context, p *approvals.Plan, u graph.User) error {
	addressFacts(p, nil)
	if err := e.handAccountFacts(ctx, p, u); err != nil {
		return err
	}
	if err := e.defaultsFacts(ctx, p, u); err != nil {
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
