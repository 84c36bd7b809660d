package entra

import (
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// byHand are the ways by hand for which a place is set up. They come last: people have to do them, and to undo them.
func (s stopped) byHand(places Places) []approvals.Option {
	var out []approvals.Option
	for _, h := range places.Hands() {
		switch h.Kind {
		case approvals.HandService:
			out = append(out, s.service(h))
		case approvals.HandADFS:
			out = append(out, s.adfs(h))
		case approvals.HandIntranet:
			out = append(out, s.intranet(h))
		case approvals.HandSharePoint, approvals.HandExchange, approvals.HandConsent, approvals.HandProduct: // belong to an app, or to no sign-in of Entra ID
		}
	}
	return out
}

// perUserAsks reports whether per-user MFA is what asks.
func (s stopped) perUserAsks() bool { return s.perUser != "" && s.perUser != graph.MFADisabled }

// trustedSkips reports whether an enabled policy that demands MFA leaves out all trusted locations.
func (s stopped) trustedSkips() bool {
	return slices.ContainsFunc(s.world.Address(graph.Location{Trusted: true}), func(e evaluate.Effect) bool {
		return e.Policy.State == evaluate.Enabled && strings.HasPrefix(e.Does, "skips MFA")
	})
}

func (s stopped) service(h approvals.ByHand) approvals.Option {
	o := approvals.Option{Way: approvals.WayService, Where: h.Name}
	switch why := s.hopeless(); {
	case why != "":
		o.Why = why
	case !s.perUserAsks():
		o.Why = "Per-user MFA does not ask it; a named location is the newer way."
	default:
		o.Fits = true
		o.Why = "Per-user MFA asks it, and these addresses are what lifts that: for everybody who comes from them. Done by hand, attested and not verified."
		o.Type = "/hallpass ip ADDRESS in " + h.Name + " for 30d because …"
	}
	return o
}

func (s stopped) adfs(h approvals.ByHand) approvals.Option {
	o := approvals.Option{Way: approvals.WayADFS, Where: h.Name}
	_, domain, _ := strings.Cut(s.user.UPN, "@")
	switch why := s.never(); {
	case why != "":
		o.Why = why
	case !s.federated || !strings.EqualFold(domain, h.Domain):
		o.Why = "It does not sign in through that AD FS."
	case !slices.Contains(h.Parties, microsoft365):
		o.Why = "That place is about other relying parties than Microsoft 365: " + strings.Join(h.Parties[:min(len(h.Parties), 3)], ", ") + "."
	case s.behaviour != "enforceMfaByFederatedIdp":
		o.Why = "Entra ID asks for MFA, so a rule in AD FS would change nothing."
	default:
		o.Fits = true
		o.Why = "AD FS asks for MFA. Its rule leaves out the address, for everybody who comes from it, where no policy of Entra ID demands MFA. Done by hand, attested and not verified."
		o.Type = "/hallpass ip ADDRESS in " + h.Name + " for 30d because …"
	}
	return o
}

func (s stopped) intranet(h approvals.ByHand) approvals.Option {
	o := approvals.Option{Way: approvals.WayIntranet, Where: h.Name}
	_, domain, _ := strings.Cut(s.user.UPN, "@")
	switch why := s.hopeless(); {
	case why != "":
		o.Why = why
	case !s.federated || !strings.EqualFold(domain, h.Domain):
		o.Why = "It does not sign in through that AD FS."
	case !s.perUserAsks() && !s.trustedSkips():
		o.Why = "Per-user MFA does not ask it, and no enabled policy leaves out all trusted locations: it would change nothing."
	default:
		o.Fits = true
		o.Why = "If its server is inside: reaches AD FS by an internal name, and AD FS passes “insidecorporatenetwork” through. For ALL federated users, and for every policy on all trusted locations."
		o.Type = "/hallpass account " + s.user.UPN + " in " + h.Name + " for 30d because …"
	}
	return o
}
