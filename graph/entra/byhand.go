package entra

import (
	"context"
	"fmt"
	"slices"

	"hallpass/approvals"
)

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
