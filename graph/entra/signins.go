package entra

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// logReach is how far back sign-ins are looked at; the log keeps no more (Microsoft's page "Microsoft Entra data
// retention", 30 days with P1 or P2).
const logReach = 30 * 24 * time.Hour

// logLimit is how many sign-ins of an account are looked at.
const logLimit = 2000

// reach is since when sign-ins are looked at.
func reach(now time.Time) time.Time { return now.Add(-logReach) }

// signInsSince asks for sign-ins of accounts, with somebody there or not.
func signInsSince(since time.Time) graph.SignInQuery {
	return graph.SignInQuery{Since: since, Kinds: []string{graph.KindInteractive, graph.KindNonInteractive}, Limit: logLimit}
}

// history is what the log says of an account.
type history struct {
	Known bool           `json:"known"`
	Why   string         `json:"why,omitempty"` // it is not known
	List  []graph.SignIn `json:"list"`          // newest first
	// newest are those that were read where there are more than are looked at, newest first.
	newest []graph.SignIn
}

// historyOf reads the account's sign-ins. What cannot be read is not known.
func (e *Entra) historyOf(ctx context.Context, account string, since time.Time, class approvals.Class) (history, error) {
	if err := e.reserve(ctx, BucketAudit, class, 1); err != nil {
		return history{}, err
	}
	h, err := e.readHistory(ctx, account, since)
	if err != nil {
		fact, wait := e.unread(ctx, err, BucketAudit, "reading the sign-in log")
		return history{Why: fact.Why}, wait
	}
	return h, nil
}

// readHistory reads the account's sign-ins; errors are Graph's. More than can be looked at is not known, because nobody can say what
// is missing.
func (e *Entra) readHistory(ctx context.Context, account string, since time.Time) (history, error) {
	q := signInsSince(since)
	q.UserID = account
	found, err := e.cfg.Reader.SignIns(ctx, q)
	switch {
	case err != nil:
		return history{}, err
	case found.More:
		return history{Why: fmt.Sprintf("the account has more than %d sign-ins in 30 days; not all were looked at", len(found.List)), newest: found.List}, nil
	}
	return history{Known: true, List: found.List}, nil
}

// origin is the address that a sign-in came from; false where the log does not say.
func origin(s graph.SignIn) (netip.Prefix, bool) {
	a, err := netip.ParseAddr(s.Address)
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), err == nil
}

// use is an address from which the account got in.
type use struct {
	address netip.Prefix
	apps    []string
	last    time.Time
}

// String is the use for people: address, what was signed in to, and when last.
func (u use) String() string {
	return fmt.Sprintf("%s (%s, last %s)", u.address, strings.Join(u.apps[:min(len(u.apps), 3)], ", "), u.last.UTC().Format("2 Jan 15:04 UTC"))
}

// uses are the addresses from which the account got in, most recent first.
func (h history) uses() []use {
	var out []use
	for _, s := range h.List { // newest first
		p, said := origin(s)
		if s.Code != 0 || !said {
			continue
		}
		i := slices.IndexFunc(out, func(u use) bool { return u.address == p })
		if i < 0 {
			out, i = append(out, use{address: p, last: s.At}), len(out)
		}
		if name := clip(s.App, 60); name != "" && !slices.Contains(out[i].apps, name) {
			out[i].apps = append(out[i].apps, name)
		}
	}
	return out
}

func within(list []netip.Prefix, p netip.Prefix) bool {
	return slices.ContainsFunc(list, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
}

// leftOut are the uses that the addresses do not cover.
func (h history) leftOut(by []netip.Prefix) []use {
	return slices.DeleteFunc(h.uses(), func(u use) bool { return within(by, u.address) })
}

// asked are the sign-ins that the ask is about: those from its addresses, or all if there are none from there.
func (h history) asked(addresses []netip.Prefix) []graph.SignIn {
	if out := h.from(addresses); len(out) > 0 {
		return out
	}
	return h.List
}

// shape are the resources and the kinds of client of sign-ins, as policies name them.
func shape(list []graph.SignIn) (apps, clients []string) {
	for _, s := range list {
		if s.ResourceID != "" && !slices.Contains(apps, s.ResourceID) {
			apps = append(apps, s.ResourceID)
		}
		if c := clientType(s.Client); c != "" && !slices.Contains(clients, c) {
			clients = append(clients, c)
		}
	}
	return apps, clients
}

// clientType is what policies call a client that the log names.
func clientType(client string) string {
	switch client {
	case "":
		return ""
	case "Browser":
		return "browser"
	case "Mobile Apps and Desktop clients":
		return "mobileAppsAndDesktopClients"
	case "Exchange ActiveSync":
		return "exchangeActiveSync"
	}
	return "other" // one of many legacy protocols
}

// The bounds of looking for who else signs in from a range: queries, each of which costs a report, and accounts.
const (
	maxRanges   = 3
	maxAccounts = 500
)

// rangeFacts counts the accounts that signed in from the addresses: everybody whom it concerns. Names stay in the log.
func (e *Entra) rangeFacts(ctx context.Context, p *approvals.Plan, addresses []netip.Prefix) error {
	if len(addresses) > maxRanges {
		p.Facts["range.accounts"] = approvals.Fact{Why: fmt.Sprintf("the log is asked about %d ranges at most", maxRanges)}
		p.Facts["networks"] = p.Facts["range.accounts"]
		return nil
	}
	accounts := map[string]bool{}
	var numbers []int
	for _, a := range addresses {
		found, err := gathered(ctx, e, e.crowds(a, p.Made), crowdWish(a))
		if err != nil {
			if err := e.untold(ctx, p, "networks", err, "reading the sign-in log"); err != nil {
				return err
			}
			p.Facts["range.accounts"] = p.Facts["networks"]
			return nil
		}
		if p.Kind == approvals.KindIP && !found.More && len(found.Addresses) > 0 { // what of a range an account needs, its own log says
			narrower(p, a, found.Addresses)
		}
		numbers = append(numbers, found.Networks...)
		for _, id := range found.Accounts {
			accounts[id] = true
		}
		if found.More && len(accounts) <= maxAccounts {
			networkFact(p, numbers)
			p.Facts["range.accounts"] = approvals.Fact{Why: fmt.Sprintf("there are more than %d sign-ins from there; at least %d accounts", logLimit, len(accounts))}
			return nil
		}
	}
	networkFact(p, numbers)
	p.Facts["range.accounts"] = number(min(len(accounts), maxAccounts+1))
	switch n := len(accounts); {
	case n > maxAccounts:
		p.Warnings = append(p.Warnings, fmt.Sprintf("More than %d accounts signed in from there within 30 days: all of them are concerned.", maxAccounts))
	case n > 1:
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d accounts signed in from there within 30 days: all of them are concerned.", n))
	}
	return nil
}

// fewSeen is how many addresses of a range are so few that the others need not be trusted.
const fewSeen = 2

// narrower says of a range what would do instead, going by the addresses of it that were seen.
func narrower(p *approvals.Plan, a netip.Prefix, seen []string) {
	if a.IsSingleIP() || len(seen) > fewSeen {
		return
	}
	what := "nothing"
	if len(seen) > 0 {
		what = strings.Join(seen, " and ")
	}
	p.Warnings = append(p.Warnings, fmt.Sprintf("Of %s only %s was seen within 30 days: a smaller range would do.", a, what))
}

// crowdFor is how long it is shared who signed in from an address: entries reach the log minutes after the sign-in.
const crowdFor = 5 * time.Minute

// crowd is who signed in from a range: by ids, so that who came from two addresses counts once.
type crowd struct {
	Accounts []string // ids, maxAccounts+1 at most
	Networks []int    // autonomous system numbers
	// Addresses are those of the range that were seen; one more than fewSeen stands for many.
	Addresses []string
	More      bool // not all was looked at
}

func (c *crowd) add(s graph.SignIn) {
	if len(c.Accounts) <= maxAccounts && !slices.Contains(c.Accounts, s.UserID) {
		c.Accounts = append(c.Accounts, s.UserID)
	}
	if len(c.Addresses) <= fewSeen && !slices.Contains(c.Addresses, s.Address) {
		c.Addresses = append(c.Addresses, s.Address)
	}
	if len(c.Networks) <= maxNetworks && s.ASN != 0 && !slices.Contains(c.Networks, s.ASN) {
		c.Networks = append(c.Networks, s.ASN)
	}
}

// maxNetworks is how many networks are remembered of one range.
const maxNetworks = 20

// crowdWish wishes to know who signs in from a range. Only single addresses can be asked for together.
func crowdWish(p netip.Prefix) wish {
	if p.IsSingleIP() {
		return wish{p.String(), p.Addr().String()}
	}
	return wish{name: p.String()}
}

// crowds reads from the log who signed in from addresses.
func (e *Entra) crowds(own netip.Prefix, now time.Time) gathering[crowd] {
	query := signInsSince(reach(now))
	return gathering[crowd]{
		kind: "crowd", doing: "the sign-in log", fresh: crowdFor,
		read: func(ctx context.Context, wishes []wish) (map[string]crowd, error) {
			out := map[string]crowd{}
			q := query
			for _, w := range wishes {
				a, err := netip.ParseAddr(w.text)
				if err != nil {
					continue
				}
				q.Addresses = append(q.Addresses, a)
				out[crowdWish(netip.PrefixFrom(a, a.BitLen())).name] = crowd{}
			}
			found, err := e.cfg.Reader.SignIns(ctx, q)
			if err != nil || found.More { // nobody knows of whom the rest is
				return nil, err
			}
			for _, s := range found.List {
				from, said := origin(s)
				if !said {
					continue
				}
				name := crowdWish(from).name
				c, is := out[name]
				if !is {
					continue
				}
				c.add(s)
				out[name] = c
			}
			return out, nil
		},
		alone: func(ctx context.Context) (crowd, error) {
			q := query
			q.Range = own
			found, err := e.cfg.Reader.SignIns(ctx, q)
			out := crowd{More: found.More}
			for _, s := range found.List {
				out.add(s)
			}
			return out, err
		},
	}
}
