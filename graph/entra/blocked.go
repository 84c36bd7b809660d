package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// What becomes of an account at the end of its exemption is part of the plan: its first change is that the account is not in the
// group of blocked accounts. Taken away, that puts it there. So an account that was blocked before is let in by an approved
// request, and the exemption is gone before the block is written: a block that cannot be written holds nothing up.

// Blocked is the group of accounts that are kept out of everything, and the policy that does it, as the rules file names them.
type Blocked struct{ Group, Policy, Title string }

// then plans what becomes of the account at the end, and notes it as a fact.
func (e *Entra) then(ctx context.Context, ask approvals.Ask, u graph.User, p *approvals.Plan) error {
	b, set := e.cfg.Places.Blocked()
	then := ask.Then
	if then == "" {
		then = approvals.ThenMFA
		if set && !ask.Adopt {
			then = approvals.ThenBlocked
		}
	}
	switch {
	case then.Blocks() && !set:
		return approvals.Refuse(approvals.RefusedTarget, "Accounts cannot be blocked at their end here: no group is set up for that.").
			Or("Ask with `then mfa`. An administrator sets it up: `hallpass zone plan -blocked` prints what to create.")
	case then != approvals.ThenMFA && ask.Adopt:
		return approvals.Refuse(approvals.RefusedInput, "What is taken over is taken away at its end, and nothing more.").Or("Leave `then` out.")
	}
	others, err := e.exempting(ctx, u)
	if err != nil {
		return err
	}
	if then, err = agreed(ask, then, u, others); err != nil {
		return err
	}
	p.Facts["account.then"] = approvals.Fact{Known: true, Text: string(then)}
	if then.Blocks() {
		if err := e.block(ctx, b, u, p); err != nil {
			return err
		}
	}
	return e.signOut(then, u, others, p)
}

// block plans that the account is blocked at the end.
func (e *Entra) block(ctx context.Context, b Blocked, u graph.User, p *approvals.Plan) error {
	wrong, err := e.CheckBlocked(ctx, approvals.ClassPerson)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return approvals.Refuse(approvals.RefusedTarget, "At its end %s could not be blocked: %s.", u.UPN, wrong[0].What).
			Or("An administrator mends it: %s Or ask with `then mfa`.", wrong[0].Do)
	}
	members, err := e.cfg.Reader.Members(ctx, b.Group)
	if err != nil {
		return e.said(ctx, err, BucketDirectory, "reading the group of blocked accounts")
	}
	c := approvals.Change{Target: approvals.BlockTarget(b.Group, u.ID), Title: b.Title, Entry: approvals.EntryUnblocked, Label: u.UPN, Adopt: true}
	if slices.Contains(members, u.ID) {
		c.Adopt = false
		p.Warnings = append(p.Warnings, "The account is blocked from every sign-in now, since an exemption of it ended; this lets it in again.")
	}
	p.Changes = slices.Insert(p.Changes, 0, c)
	return nil
}

// agreed holds what becomes of the account against its other exemptions in force: it has one end. Who said nothing follows them.
func agreed(ask approvals.Ask, then approvals.Then, u graph.User, others []approvals.Request) (approvals.Then, error) {
	for i := range others {
		r := &others[i]
		switch theirs := r.Then(); {
		case theirs == then:
		case ask.Then == "":
			return theirs, nil
		default:
			return then, approvals.Refuse(approvals.RefusedTarget, "%s is exempt by %s as well, and at the end of that it goes on as “%s”: it cannot end in two ways.", u.UPN, r.ID, theirs).
				Or("Ask with `then %s`, or end %s first.", theirs, r.ID)
		}
	}
	return then, nil
}

// exempting are the requests by which the account is exempt, or is becoming so, in a group.
func (e *Entra) exempting(ctx context.Context, u graph.User) ([]approvals.Request, error) {
	var groups []approvals.Target
	for _, name := range e.cfg.Places.Names(approvals.KindAccount) {
		if place, ok := e.cfg.Places.Place(approvals.KindAccount, name); ok && place.ID != "" {
			groups = append(groups, approvals.Target{Kind: approvals.TargetGroup, ID: place.ID})
		}
	}
	for _, z := range e.cfg.Places.Zones() {
		groups = append(groups, z.groupTarget())
	}
	groups = append(groups, approvals.Target{Kind: approvals.TargetMFA, ID: u.ID})
	var ids []approvals.RequestID
	for _, t := range groups {
		rows, err := e.cfg.Ledger.Rows(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("reading what is wanted of %s: %w", t, err)
		}
		for _, row := range rows {
			if row.Want && (row.Entry == u.ID || t.Kind == approvals.TargetMFA) && !slices.Contains(ids, row.Request) {
				ids = append(ids, row.Request)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := e.cfg.Ledger.Requests(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading the account's other requests: %w", err)
	}
	return list, nil
}

// CheckBlocked says why the group of blocked accounts does not block them; nothing means that it does, or that there is none.
func (e *Entra) CheckBlocked(ctx context.Context, class approvals.Class) ([]evaluate.Finding, error) {
	b, set := e.cfg.Places.Blocked()
	if !set {
		return nil, nil
	}
	world, err := e.world(ctx, sharedFor, class)
	if err != nil {
		return nil, err
	}
	g, err := e.groupAround(ctx, b.Group)
	if err != nil {
		return nil, e.said(ctx, err, BucketDirectory, "reading the group of blocked accounts")
	}
	return world.Unblocked(g, b.Policy), nil
}

// readBlock reads whether the account is out of the group of blocked accounts. Once no request speaks of it that is nobody's
// business here: its owner decides.
func (e *Entra) readBlock(ctx context.Context, t approvals.Target, class approvals.Class) (approvals.Sight, error) {
	if err := e.reserve(ctx, BucketDirectory, class, 2); err != nil {
		return approvals.Sight{}, err
	}
	at, err := e.cfg.Now(ctx)
	if err != nil {
		return approvals.Sight{}, fmt.Errorf("asking for the time: %w", err)
	}
	group, account := t.Blocked()
	members, err := e.cfg.Reader.Members(ctx, group)
	if err != nil {
		return approvals.Sight{}, e.said(ctx, err, BucketDirectory, "reading the group of blocked accounts")
	}
	out := approvals.Sight{At: at}
	if slices.Contains(members, account) {
		return out, nil
	}
	rows, err := e.cfg.Ledger.Rows(ctx, t)
	if err != nil {
		return approvals.Sight{}, fmt.Errorf("reading what is wanted of %s: %w", t, err)
	}
	if len(rows) == 0 {
		return out, nil
	}
	if !slices.ContainsFunc(rows, func(row approvals.Row) bool { return row.Want }) {
		_, err := e.cfg.Reader.User(ctx, account)
		switch {
		case graph.IsNotFound(err): // who is gone signs in no more
			return out, nil
		case err != nil:
			return approvals.Sight{}, e.said(ctx, err, BucketDirectory, "reading an account that is to be blocked")
		}
	}
	out.Entries = []string{approvals.EntryUnblocked}
	return out, nil
}

// writeBlock lets the account in, or blocks it.
func (e *Entra) writeBlock(ctx context.Context, t approvals.Target, w approvals.Write, class approvals.Class) error {
	group, account := t.Blocked()
	if slices.Contains(e.cfg.Places.Emergency(), account) {
		return approvals.Refuse(approvals.RefusedEmergency, "That is an emergency-access account; hallpass never touches those.")
	}
	if len(w.Add) == 0 && e.cfg.Blocks != nil {
		rows, err := e.cfg.Ledger.Rows(ctx, t)
		if err != nil {
			return fmt.Errorf("reading at whose end it is blocked: %w", err)
		}
		for _, row := range rows {
			if err := e.cfg.Blocks(ctx, account, row.Request); err != nil {
				return fmt.Errorf("noting that an account is blocked: %w", err)
			}
		}
	}
	if err := e.reserve(ctx, BucketDirectory, class, 1); err != nil {
		return err
	}
	var err error
	if len(w.Add) > 0 {
		if err = e.cfg.Writer.RemoveMember(ctx, group, account); graph.IsNotFound(err) {
			err = nil // it is not blocked, or is gone
		}
	} else if err = e.cfg.Writer.AddMember(ctx, group, account); graph.IsAlreadyMember(err) {
		err = nil
	}
	if err != nil {
		return e.said(ctx, err, BucketDirectory, "changing the group of blocked accounts")
	}
	return nil
}

// blockedLooked is how many blocked accounts are looked at at once: each is a call.
const blockedLooked = 50

// StillBlocked gives the accounts, by object id, that are in the group of blocked accounts and could sign in otherwise, with their
// names. Who was let in, disabled or deleted is not among them. At most blockedLooked are looked at: those named first, whom hallpass
// remembers that it has blocked, and then whoever else is in the group.
func (e *Entra) StillBlocked(ctx context.Context, first []string) (map[string]string, error) {
	out := map[string]string{}
	b, set := e.cfg.Places.Blocked()
	if !set {
		return out, nil
	}
	if err := e.reserve(ctx, BucketDirectory, approvals.ClassSweep, 1+blockedLooked); err != nil {
		return nil, err
	}
	members, err := e.cfg.Reader.Members(ctx, b.Group)
	if err != nil {
		return nil, e.said(ctx, err, BucketDirectory, "reading the group of blocked accounts")
	}
	remembered := func(id string) bool { return slices.Contains(first, id) }
	others := slices.DeleteFunc(slices.Clone(members), remembered)
	members = append(slices.DeleteFunc(members, func(id string) bool { return !remembered(id) }), others...)
	for _, id := range members[:min(len(members), blockedLooked)] {
		u, err := e.cfg.Reader.User(ctx, id)
		switch {
		case graph.IsNotFound(err):
		case err != nil:
			return nil, e.said(ctx, err, BucketDirectory, "reading a blocked account")
		case u.Enabled:
			out[id] = u.UPN
		}
	}
	return out, nil
}

// blockEdit is what an act in the audit did to whether the account is blocked.
func blockEdit(a graph.Audit, t approvals.Target) (added, removed []string) {
	group, _ := t.Blocked()
	switch entry := []string{approvals.EntryUnblocked}; {
	case !slices.Contains(a.Targets, group):
	case strings.HasPrefix(a.Activity, "Add member"):
		return nil, entry
	case strings.HasPrefix(a.Activity, "Remove member"):
		return entry, nil
	}
	return nil, nil
}

// letIn is the account as the plan leaves it: out of the group of blocked accounts, if the plan says so.
func letIn(p *approvals.Plan, a evaluate.Account) evaluate.Account {
	if c, blocks := p.Blocks(); blocks {
		group, _ := c.Target.Blocked()
		a.Groups = less(a.Groups, []string{group})
	}
	return a
}
