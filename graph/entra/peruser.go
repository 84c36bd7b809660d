package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
)

// noPerUser refuses because the identity that writes per-user MFA states is not there.
func noPerUser() *approvals.Refusal {
	return approvals.Refuse(approvals.RefusedTarget, "Per-user MFA is not hallpass's to change here.").
		Or("An administrator gives hallpass an identity for it: `entra.mfa` in the configuration.")
}

// planPerUser plans that per-user MFA no longer asks one account. The state that it has now stands in the entry, and is put back
// at the end.
func (e *Entra) planPerUser(ctx context.Context, ask approvals.Ask, place Place, p approvals.Plan) (approvals.Plan, error) {
	if e.cfg.MFA == nil {
		return p, noPerUser()
	}
	u, err := e.account(ctx, ask)
	if err != nil {
		return p, err
	}
	target := approvals.Target{Kind: approvals.TargetMFA, ID: u.ID}
	entry, err := e.formerState(ctx, target, u)
	if err != nil {
		return p, err
	}
	p.Account = e.person(u)
	p.Changes = []approvals.Change{{Target: target, Title: place.Title, Entry: entry, Label: u.UPN + ": disabled instead of " + strings.TrimPrefix(entry, approvals.EntryWas)}}
	if err := e.unfencedFacts(ctx, &p, u, ask); err != nil {
		return p, err
	}
	demand, err := e.demanding(ctx, p)
	if err != nil {
		return p, err
	}
	p.Warnings = append(p.Warnings, "From any address: per-user MFA no longer asks whoever knows its password.")
	if demand != "" {
		p.Warnings = append(p.Warnings, "Policies that demand MFA are another matter, and ask all the same where they apply: "+demand+".")
	}
	if err := e.then(ctx, ask, u, &p); err != nil {
		return p, err
	}
	p.Owner, err = e.owner(ctx, u)
	return p, err
}

// formerState is the entry that an exemption of the account has: with the state that hallpass found, or has found before.
func (e *Entra) formerState(ctx context.Context, t approvals.Target, u graph.User) (string, error) {
	rows, err := e.cfg.Ledger.Rows(ctx, t)
	if err != nil {
		return "", fmt.Errorf("reading what is wanted of %s: %w", t, err)
	}
	for _, row := range rows {
		if row.Want {
			return row.Entry, nil
		}
	}
	state, err := e.cfg.Reader.PerUserMFA(ctx, u.ID)
	if err != nil {
		return "", e.said(ctx, err, BucketDirectory, "reading its per-user MFA state")
	}
	if state == graph.MFADisabled {
		return "", approvals.Refuse(approvals.RefusedCovered, "Per-user MFA is disabled for %s already; it is not what asks.", u.UPN).
			Or("See what does: `/hallpass advise %s`.", u.UPN)
	}
	return approvals.EntryWas + state, nil
}

// readPerUser reads whether the account is as its rows want it. That its state is disabled says nothing of what it was before:
// the rows do.
func (e *Entra) readPerUser(ctx context.Context, t approvals.Target, class approvals.Class) (approvals.Sight, error) {
	if err := e.reserve(ctx, BucketDirectory, class, 1); err != nil {
		return approvals.Sight{}, err
	}
	at, err := e.cfg.Now(ctx)
	if err != nil {
		return approvals.Sight{}, fmt.Errorf("asking for the time: %w", err)
	}
	state, err := e.cfg.Reader.PerUserMFA(ctx, t.ID)
	if err != nil {
		return approvals.Sight{}, e.said(ctx, err, BucketDirectory, "reading a per-user MFA state")
	}
	rows, err := e.cfg.Ledger.Rows(ctx, t)
	if err != nil {
		return approvals.Sight{}, fmt.Errorf("reading what is wanted of %s: %w", t, err)
	}
	out := approvals.Sight{At: at}
	if state != graph.MFADisabled {
		return out, nil
	}
	for _, row := range rows {
		if !slices.Contains(out.Entries, row.Entry) {
			out.Entries = append(out.Entries, row.Entry)
		}
	}
	slices.Sort(out.Entries)
	return out, nil
}

// writePerUser disables per-user MFA for the account, or puts the state back that it had.
func (e *Entra) writePerUser(ctx context.Context, t approvals.Target, w approvals.Write, class approvals.Class) error {
	if e.cfg.MFA == nil {
		return noPerUser()
	}
	state := graph.MFADisabled
	if len(w.Add) == 0 {
		former, is := strings.CutPrefix(strings.Join(w.Remove, ""), approvals.EntryWas)
		if !is || len(w.Remove) != 1 || former != graph.MFAEnabled && former != graph.MFAEnforced {
			former = graph.MFAEnforced // it never ends weaker than it may have been
		}
		state = former
	}
	if slices.Contains(e.cfg.Places.Emergency(), t.ID) && state == graph.MFADisabled {
		return approvals.Refuse(approvals.RefusedEmergency, "That is an emergency-access account; hallpass never touches those.")
	}
	if err := e.reserve(ctx, BucketDirectory, class, 1); err != nil {
		return err
	}
	if err := e.cfg.MFA.PutPerUserMFA(ctx, t.ID, state); err != nil {
		if graph.IsNotFound(err) && state != graph.MFADisabled {
			return nil // the account is gone, and its exemption with it
		}
		return e.said(ctx, err, BucketDirectory, "writing a per-user MFA state")
	}
	return nil
}

// perUserWay is the way of the account's own per-user MFA state.
func (s stopped) perUserWay(places Places) approvals.Option {
	o := approvals.Option{Way: approvals.WayPerUser, Where: approvals.PlacePerUser}
	switch why := s.never(); {
	case why != "":
		o.Why = why
	case !s.perUserAsks():
		o.Why = "Per-user MFA does not ask it."
	case !slices.Contains(places.Names(approvals.KindAccount), approvals.PlacePerUser):
		o.Why = "It is not set up here."
	default:
		o.Fits, o.Why = true, "For this account alone; its state is put back at the end. From any address: a rule has to allow it."
		o.Type = "/hallpass account " + s.user.UPN + " in " + approvals.PlacePerUser + " for 30d because …"
	}
	return o
}
