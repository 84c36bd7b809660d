package entra

import (
	"context"
	"fmt"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// maxServiceRanges is how many ranges the trusted IPs of the MFA service settings take (Microsoft's page "Configure Microsoft
// Entra multifactor authentication settings").
const maxServiceRanges = 50

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
