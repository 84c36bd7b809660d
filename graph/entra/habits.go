package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// What an exemption is for shows in the sign-in log: from where the account signs in, to what, with what kind of client. Without a
// fence nobody has to say that when asking, so the plan does.

// habitsFor is how long an account's sign-ins are shared between plans: entries reach the log minutes after the sign-in.
const habitsFor = 5 * time.Minute

// maxHabits is how many different things of one sort a fact lists. Of a list that is cut off a rule could not say “all”.
const maxHabits = 50

// habits reads the sign-ins of accounts, of each of which one of a sort is kept.
func (e *Entra) habits(u graph.User, now time.Time) gathering[history] {
	return gathering[history]{
		kind: "habits", doing: "the sign-in log", fresh: habitsFor,
		read: func(ctx context.Context, wishes []wish) (map[string]history, error) {
			q, out := signInsSince(reach(now)), map[string]history{}
			for _, w := range wishes {
				q.UserIDs = append(q.UserIDs, w.text)
				out[w.text] = history{Known: true}
			}
			found, err := e.cfg.Reader.SignIns(ctx, q)
			if err != nil || found.More { // nobody knows of whom the rest is
				return nil, err
			}
			for _, s := range found.List {
				h := out[s.UserID]
				h.List = append(h.List, s)
				out[s.UserID] = h
			}
			for id, h := range out {
				out[id] = history{Known: true, List: sorts(h.List)}
			}
			return out, nil
		},
		alone: func(ctx context.Context) (history, error) {
			h, err := e.readHistory(ctx, u.ID, reach(now))
			h.List = sorts(h.List)
			return h, err
		},
	}
}

// sorts keeps the newest of sign-ins that differ in nothing that a plan looks at.
func sorts(list []graph.SignIn) []graph.SignIn {
	var out []graph.SignIn
	for _, s := range list { // newest first
		like := func(o graph.SignIn) bool {
			return o.Address == s.Address && o.AppID == s.AppID && o.ResourceID == s.ResourceID && o.Client == s.Client && o.Protocol == s.Protocol &&
				o.Code == s.Code && o.Country == s.Country && o.ASN == s.ASN
		}
		if !slices.ContainsFunc(out, like) {
			out = append(out, graph.SignIn{
				At: s.At, UserID: s.UserID, App: s.App, AppID: s.AppID, Resource: s.Resource, ResourceID: s.ResourceID, Client: s.Client, Protocol: s.Protocol,
				Address: s.Address, Country: s.Country, ASN: s.ASN, Code: s.Code,
			})
		}
	}
	return out
}

// wishForLog says that the plan will want to know how the account signs in: what it has to wait for before, others wait for, too.
func (e *Entra) wishForLog(ctx context.Context, p *approvals.Plan, u graph.User) error {
	_, _, err := wished(ctx, e, e.habits(u, p.Made), wish{u.ID, u.ID}, p.Made)
	return err
}

// logFacts says what the log knows of an account that is to be exempt everywhere, and refuses what an exemption does not help.
func (e *Entra) logFacts(ctx context.Context, p *approvals.Plan, u graph.User, ask approvals.Ask) (history, error) {
	h, err := gathered(ctx, e, e.habits(u, p.Made), wish{u.ID, u.ID})
	if err != nil {
		said, wait := e.unsaid(ctx, err, "reading the sign-in log")
		if wait != nil {
			return h, wait
		}
		h = history{Why: said.Why}
	}
	h.facts(p)
	if err := tolerate(ask.Adopt, p, h.hopeless(u, ask, p.Made)); err != nil {
		return h, err
	}
	// A warning: from anywhere, the only sign-ins may be those of somebody who guesses the password.
	if err := tolerate(true, p, h.otherwise(u, ask)); err != nil {
		return h, err
	}
	p.Warnings = append(p.Warnings, h.doubts(ask, p.Made)...)
	return h, nil
}

// facts notes from where, to what and with what the account signs in. Sign-ins with a wrong password are not its own.
func (h history) facts(p *approvals.Plan) {
	for name, of := range map[string]func(graph.SignIn) string{
		"signins.addresses": func(s graph.SignIn) string { return s.Address },
		"signins.apps":      func(s graph.SignIn) string { return clip(s.App, 60) },
		"signins.clients":   func(s graph.SignIn) string { return s.Client },
		"signins.protocols": func(s graph.SignIn) string { return strings.TrimPrefix(s.Protocol, "none") },
	} {
		if !h.Known {
			p.Facts[name] = approvals.Fact{Why: h.Why}
			continue
		}
		var list []string
		for _, s := range h.List {
			if said := of(s); said != "" && (s.Code == 0 || slices.Contains(mfaCodes(), s.Code)) && !slices.Contains(list, said) {
				list = append(list, said)
			}
		}
		if len(list) > maxHabits {
			p.Facts[name] = approvals.Fact{Why: fmt.Sprintf("there are more than %d", maxHabits)}
			continue
		}
		slices.Sort(list)
		p.Facts[name] = words(list)
	}
}

// fence says of an account that is to be exempt everywhere that it needs few addresses only, where there are fences.
func (e *Entra) fence(p *approvals.Plan, h history, u graph.User) {
	uses := h.uses()
	if len(e.cfg.Places.Zones()) == 0 || len(uses) == 0 || len(uses) > fewSeen {
		return
	}
	var list []string
	for _, u := range uses {
		list = append(list, u.address.Addr().String())
	}
	p.Warnings = append(p.Warnings, fmt.Sprintf("Within 30 days it signed in from %s only. Behind a fence nobody else could use it: `/hallpass account %s from %s for 30d because …`.",
		strings.Join(list, " and "), u.UPN, strings.Join(list, " ")))
}
