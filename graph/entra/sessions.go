package entra

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// That an account is signed out everywhere at the end of its exemption is part of the plan, like that it is blocked: its first
// change is that its sessions count. Taken away, that revokes them. It comes last, when the exemption is gone and the block, if
// there is one, is in force, so that nothing signs in again that must not.

// noSessions refuses because the identity that revokes sessions is not there.
func noSessions() *approvals.Refusal {
	return approvals.Refuse(approvals.RefusedTarget, "Sessions are not hallpass's to revoke here.").
		Or("Ask with `then mfa`. An administrator gives hallpass an identity for it: `entra.sessions` in the configuration.")
}

// signOut plans whether the account is signed out everywhere at the end. It is where somebody asks for it, and where the account
// is blocked anyway; but not while another exemption of it would go on without knowing.
func (e *Entra) signOut(then approvals.Then, u graph.User, others []approvals.Request, p *approvals.Plan) error {
	out := then == approvals.ThenSignedOut || then.Blocks() && e.cfg.Sessions != nil
	if len(others) > 0 {
		out = slices.ContainsFunc(others, func(r approvals.Request) bool { return r.SignsOut() })
	}
	switch {
	case !out:
		return nil
	case e.cfg.Sessions == nil:
		return noSessions()
	}
	p.Changes = slices.Insert(p.Changes, 0, approvals.Change{
		Target: approvals.Target{Kind: approvals.TargetSessions, ID: u.ID}, Title: "Sessions", Entry: approvals.EntrySignedIn, Label: u.UPN, Adopt: true,
	})
	p.Warnings = append(p.Warnings, "At its end it is signed out everywhere: a connection that a person signed in, with a stored token, stops until a person signs it in again. A job that has the password signs in anew, if it may.")
	return nil
}

// readSessions reads whether what was signed in as the account still counts. Nothing is asked as long as it is to count.
func (e *Entra) readSessions(ctx context.Context, t approvals.Target, class approvals.Class) (approvals.Sight, error) {
	at, err := e.cfg.Now(ctx)
	if err != nil {
		return approvals.Sight{}, fmt.Errorf("asking for the time: %w", err)
	}
	rows, err := e.cfg.Ledger.Rows(ctx, t)
	if err != nil {
		return approvals.Sight{}, fmt.Errorf("reading what is wanted of %s: %w", t, err)
	}
	there := approvals.Sight{At: at, Entries: []string{approvals.EntrySignedIn}}
	switch {
	case len(rows) == 0: // nobody's business here any more
		return approvals.Sight{At: at}, nil
	case slices.ContainsFunc(rows, func(row approvals.Row) bool { return row.Want }):
		return there, nil
	}
	over, err := e.withdrawn(ctx, rows)
	if err != nil {
		return approvals.Sight{}, err
	}
	if err := e.reserve(ctx, BucketDirectory, class, 1); err != nil {
		return approvals.Sight{}, err
	}
	since, err := e.cfg.Reader.SessionsSince(ctx, t.ID)
	switch {
	case graph.IsNotFound(err): // who is gone is signed in nowhere
		return approvals.Sight{At: at}, nil
	case err != nil:
		return approvals.Sight{}, e.said(ctx, err, BucketDirectory, "reading since when its sessions count")
	case since.Before(over.Truncate(time.Second)): // Entra ID has whole seconds
		return there, nil
	}
	return approvals.Sight{At: at}, nil
}

// withdrawn is when the last of the rows was wanted no more: sessions of before then are to be revoked.
func (e *Entra) withdrawn(ctx context.Context, rows []approvals.Row) (time.Time, error) {
	var last time.Time
	var ids []approvals.RequestID
	for _, row := range rows {
		ids = append(ids, row.Request)
	}
	list, err := e.cfg.Ledger.Requests(ctx, ids)
	if err != nil {
		return last, fmt.Errorf("reading since when its sessions are to be revoked: %w", err)
	}
	for i := range list {
		for _, c := range list[i].Changes {
			if c.SignsOut() && c.State == approvals.ChangeWithdrawn && c.At.After(last) {
				last = c.At
			}
		}
	}
	if last.IsZero() {
		return last, approvals.Refuse(approvals.RefusedTarget, "Since when its sessions are to be revoked is not known: no request that ends says it.")
	}
	return last, nil
}

// writeSessions revokes the sessions of the account. They are never given back.
func (e *Entra) writeSessions(ctx context.Context, t approvals.Target, w approvals.Write, class approvals.Class) error {
	switch {
	case len(w.Remove) == 0:
		return nil
	case e.cfg.Sessions == nil:
		return noSessions()
	case slices.Contains(e.cfg.Places.Emergency(), t.ID):
		return approvals.Refuse(approvals.RefusedEmergency, "That is an emergency-access account; hallpass never touches those.")
	}
	if err := e.reserve(ctx, BucketDirectory, class, 1); err != nil {
		return err
	}
	if err := e.cfg.Sessions.RevokeSessions(ctx, t.ID); err != nil && !graph.IsNotFound(err) {
		return e.said(ctx, err, BucketDirectory, "revoking sessions")
	}
	return nil
}
