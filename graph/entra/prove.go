package entra

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// proofApp is the resource that is asked about: a fence is for all of them, so one is as good as another.
const proofApp = "00000003-0000-0ff1-ce00-000000000000" // SharePoint

// question is one sign-in of a proof, with what must come out whatever was predicted.
type question struct {
	what    string
	account evaluate.Account
	from    netip.Addr
	fenced  bool // the fence applies
}

// Prove asks What If three questions about an applied plan for a zone: the account from inside, the account from outside,
// and its owner, as somebody who has nothing to do with it, from inside. For every policy in force What If must agree
// with hallpass's own evaluation, the fence must hold outside and let in inside, and the zone's MFA policies must not
// apply to the account. Each answer was started at or after since.
func (e *Entra) Prove(ctx context.Context, plan approvals.Plan, since time.Time) (approvals.Proved, error) {
	zones := e.cfg.Places.Zones()
	i := slices.IndexFunc(zones, func(z Zone) bool { return plan.Zone != nil && z.Name == plan.Zone.Name })
	if i < 0 {
		return approvals.Proved{Unknown: true, Why: "its zone is not in the rules file any more"}, nil
	}
	questions, err := e.questions(ctx, plan, zones[i], since)
	if err == nil {
		var wrong string
		if wrong, err = e.disproved(ctx, questions, zones[i], since); err == nil && wrong != "" {
			return approvals.Proved{Why: wrong}, nil
		}
	}
	if later, is := errors.AsType[*approvals.Later](err); is {
		return approvals.Proved{}, later
	}
	if err != nil {
		why := "Entra ID did not answer"
		if no, is := errors.AsType[*approvals.Refusal](err); is {
			why = no.What
		} else {
			e.cfg.Log.WarnContext(ctx, "a proof could not be asked for", "error", err)
		}
		return approvals.Proved{Unknown: true, Why: why}, nil
	}
	return approvals.Proved{Agrees: true}, nil
}

func (e *Entra) questions(ctx context.Context, plan approvals.Plan, z Zone, since time.Time) ([]question, error) {
	var inside []netip.Prefix
	for _, c := range plan.Changes {
		if p, err := netip.ParsePrefix(c.Entry); err == nil && c.Target == z.locationTarget() {
			inside = append(inside, p)
		}
	}
	if len(inside) == 0 {
		return nil, errors.New("entra: a plan for a zone has no address")
	}
	locations, _, err := e.locations(ctx, since, approvals.ClassReadBack)
	if err != nil {
		return nil, err
	}
	j := slices.IndexFunc(locations, func(l graph.Location) bool { return l.ID == z.Location })
	if j < 0 {
		return nil, approvals.Refuse(approvals.RefusedTarget, "The zone's location is not in Entra ID any more.")
	}
	outside, err := elsewhere(locations[j])
	if err != nil {
		return nil, err
	}
	account, err := e.evaluated(ctx, plan.Account.ID)
	if err != nil {
		return nil, err
	}
	first := inside[0].Addr()
	list := []question{
		{"from " + first.String(), account, first, false},
		{"from elsewhere (" + outside.String() + ")", account, outside, true},
	}
	if plan.Owner.ID != "" {
		owner, err := e.evaluated(ctx, plan.Owner.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, question{plan.Owner.Label() + " from " + first.String(), owner, first, false})
	}
	return list, nil
}

// elsewhere is a public address that is not in the location.
func elsewhere(l graph.Location) (netip.Addr, error) {
	for _, s := range []string{"8.8.8.8", "1.1.1.1", "9.9.9.9", "208.67.222.222"} {
		a := netip.MustParseAddr(s)
		if evaluate.Inside(l, netip.PrefixFrom(a, a.BitLen())).Word == evaluate.No {
			return a, nil
		}
	}
	return netip.Addr{}, errors.New("entra: the location holds every address that could be outside")
}

// evaluated reads what decides which policies are for an account. Roles that cannot be read are left open.
func (e *Entra) evaluated(ctx context.Context, id string) (evaluate.Account, error) {
	groups, err := e.cfg.Reader.GroupsOf(ctx, id)
	if err != nil {
		return evaluate.Account{}, e.said(ctx, err, BucketDirectory, "reading an account's groups")
	}
	s := standing{groups: groups, groupsKnown: true}
	if roles, err := e.cfg.Reader.DirectoryRoles(ctx, id, groups); err == nil {
		s.roles, s.rolesKnown = roles, true
	}
	return s.account(id), nil
}

// disproved says what does not agree; empty if all does.
func (e *Entra) disproved(ctx context.Context, list []question, z Zone, since time.Time) (string, error) {
	for _, q := range list {
		verdicts, _, err := shared(ctx, e, fmt.Sprintf("What If of %s from %s", q.account.ID, q.from), since, approvals.ClassReadBack, func(ctx context.Context) ([]graph.Verdict, error) {
			return e.cfg.Reader.WhatIf(ctx, graph.Question{
				UserID: q.account.ID, Apps: []string{proofApp}, Address: q.from, Client: "mobileAppsAndDesktopClients", SignInRisk: "none", UserRisk: "none",
			})
		})
		if err != nil {
			return "", err
		}
		locations, _, err := e.locations(ctx, since, approvals.ClassReadBack)
		if err != nil {
			return "", err
		}
		if wrong := q.judge(verdicts, locations, z); wrong != "" {
			return q.what + ": " + wrong, nil
		}
	}
	return "", nil
}

func (q question) judge(verdicts []graph.Verdict, locations []graph.Location, z Zone) string {
	sign := evaluate.SignIn{Account: q.account, From: netip.PrefixFrom(q.from, q.from.BitLen()), Apps: []string{proofApp}, Clients: []string{"mobileAppsAndDesktopClients"}}
	inZone := slices.ContainsFunc(q.account.Groups, func(id string) bool { return id == z.Group })
	fence := false
	for _, v := range verdicts {
		if v.Policy.State != evaluate.Enabled {
			continue
		}
		must := (evaluate.Tenant{Locations: locations}).Applies(v.Policy, sign).Word
		if v.Policy.ID == z.Fence {
			fence, must = true, word(q.fenced)
		}
		if inZone && slices.Contains(z.MFA, v.Policy.ID) {
			must = evaluate.No
		}
		switch {
		case must == evaluate.Yes && !v.Applies:
			return "“" + v.Policy.Name + "” should apply (" + evaluate.Demands(v.Policy) + ") and does not"
		case must == evaluate.No && v.Applies:
			return "“" + v.Policy.Name + "” should not apply and does: " + evaluate.Demands(v.Policy)
		}
	}
	if !fence && q.fenced {
		return "the fence is not in force"
	}
	return ""
}

func word(is bool) evaluate.Word {
	if is {
		return evaluate.Yes
	}
	return evaluate.No
}

// Look finds the first sign-in that worked since then; without one, the last that did not, and what stopped it. Of a fenced
// exemption and of addresses those from there count, of other accounts and of an application those from anywhere. What cannot be
// read has found nothing. Nobody waits for it: who asks for something comes first.
func (e *Entra) Look(ctx context.Context, plan approvals.Plan, since time.Time) (approvals.Looked, error) {
	var inside []netip.Prefix
	for _, c := range plan.Changes {
		if p, err := netip.ParsePrefix(c.Entry); err == nil {
			inside = append(inside, p)
		}
	}
	switch plan.Kind {
	case approvals.KindApp:
		return e.lookAtApp(ctx, plan, since)
	case approvals.KindIP:
		return e.lookAtAddresses(ctx, inside, since)
	case approvals.KindAccount:
	}
	log, err := e.historyOf(ctx, plan.Account.ID, since, approvals.ClassSweep)
	if err != nil {
		return approvals.Looked{}, err
	}
	var out approvals.Looked
	for _, in := range append(log.List, log.newest...) { // newest first; only one of them holds any
		from, said := origin(in)
		switch {
		case !said || in.At.Before(since),
			plan.Zone != nil && !within(inside, from),
			plan.Zone == nil && in.Code != 0 && !slices.Contains(mfaCodes(), in.Code): // from anywhere somebody guesses its password
			continue
		}
		seen(&out, in, in.App, func() string {
			return strings.TrimSuffix(stopped{last: in, failed: true}.sentence(approvals.Question{}), ".")
		})
	}
	out.Read = log.Known || !out.Last.IsZero() // else an older one may have worked
	return out, nil
}

// lookAtAddresses looks whether anybody signs in from there. That somebody does not get in is theirs, and nothing of the addresses.
func (e *Entra) lookAtAddresses(ctx context.Context, addresses []netip.Prefix, since time.Time) (approvals.Looked, error) {
	out := approvals.Looked{Read: len(addresses) <= maxRanges}
	for _, a := range addresses[:min(len(addresses), maxRanges)] {
		if err := e.reserve(ctx, BucketAudit, approvals.ClassSweep, 1); err != nil {
			return approvals.Looked{}, err
		}
		q := signInsSince(since)
		q.Range, q.Limit = a, appLooked
		found, err := e.cfg.Reader.SignIns(ctx, q)
		if err != nil {
			_, wait := e.unread(ctx, err, BucketAudit, "reading the sign-in log")
			return approvals.Looked{}, wait
		}
		for _, in := range found.List { // newest first
			if in.Code == 0 {
				seen(&out, in, in.App, nil)
			}
		}
		if found.More && out.Last.IsZero() { // an older one may have worked
			out.Read = false
		}
	}
	return out, nil
}

// seen adds a sign-in to what a look has found. They come newest first: the first that worked replaces all later ones, and of
// those that did not the last is kept.
func seen(out *approvals.Looked, in graph.SignIn, what string, why func() string) {
	switch {
	case in.Code == 0:
		if out.Used == nil || !out.Used.Worked || in.At.Before(out.Used.At) {
			out.Used = &approvals.Used{Worked: true, At: in.At, What: clip(what, 80)}
		}
		if in.At.After(out.Last) {
			out.Last = in.At
		}
	case out.Used == nil:
		out.Used = &approvals.Used{At: in.At, What: clip(what, 80), Why: why()}
	}
}
