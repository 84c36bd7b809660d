package entra

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"hallpass/approvals"
	"hallpass/graph"
)

// SignedInFrom says who has signed in from addresses within 30 days, or tried to, most recent first: for reviewers, whom alone the
// names concern. It is read from the log each time, and kept nowhere. more says that not all was looked at.
func (e *Entra) SignedInFrom(ctx context.Context, addresses []netip.Prefix) (list []approvals.SignedIn, more bool, err error) {
	if len(addresses) > maxRanges {
		return nil, false, approvals.Refuse(approvals.RefusedInput, "The sign-in log is asked about %d ranges at most.", maxRanges).Or("Look into the log in Entra ID.")
	}
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("asking for the time: %w", err)
	}
	for _, a := range addresses {
		if err := e.reserve(ctx, BucketAudit, approvals.ClassPerson, 1); err != nil {
			return nil, false, err
		}
		q := signInsSince(reach(now))
		q.Range = a
		found, err := e.cfg.Reader.SignIns(ctx, q)
		if err != nil {
			return nil, false, e.said(ctx, err, BucketAudit, "reading the sign-in log")
		}
		more = more || found.More
		for _, s := range found.List {
			list = signedIn(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b approvals.SignedIn) int { return b.Last.Compare(a.Last) })
	return list, more, nil
}

// signedIn adds a sign-in to those of its account.
func signedIn(list []approvals.SignedIn, s graph.SignIn) []approvals.SignedIn {
	i := slices.IndexFunc(list, func(o approvals.SignedIn) bool { return o.Account == s.UserID })
	if i < 0 {
		i, list = len(list), append(list, approvals.SignedIn{Account: s.UserID, Name: s.UPN})
	}
	o := &list[i]
	o.Times++
	if s.Code == 0 {
		o.GotIn++
	}
	if s.At.After(o.Last) {
		o.Last = s.At
	}
	if s.App != "" && !slices.Contains(o.Apps, s.App) {
		o.Apps = append(o.Apps, s.App)
	}
	if !slices.Contains(o.From, s.Address) {
		o.From = append(o.From, s.Address)
	}
	return list
}
