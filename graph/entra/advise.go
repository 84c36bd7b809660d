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

// stopped is everything that was found about an account that is stopped. What could not be read is noted in unknown and
// counts as not found.
type stopped struct {
	user      graph.User
	last      graph.SignIn // the sign-in that failed
	failed    bool         // there is one
	log       history
	defaults  bool
	perUser   string
	federated bool
	behaviour string // federatedIdpMfaBehavior
	world     evaluate.Tenant
	zones     []Zone           // that the account is in
	account   evaluate.Account // as it is once it is out of the group of blocked accounts
	blocked   string           // that group's name, if it is in it
	atRisk    bool
	unknown   []string
}

// Advise says what stops an account, and ranks the ways out by what the tenant has. It changes nothing.
func (e *Entra) Advise(ctx context.Context, q approvals.Question) (approvals.Advice, error) {
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return approvals.Advice{}, fmt.Errorf("asking for the time: %w", err)
	}
	if q.Account == "" {
		if q.Account, err = e.accountOf(ctx, q.Correlation, now); err != nil {
			return approvals.Advice{}, err
		}
	}
	u, err := e.account(ctx, approvals.Ask{Account: q.Account})
	if err != nil {
		return approvals.Advice{}, err
	}
	s, err := e.stopped(ctx, q, u, now)
	if err != nil {
		return approvals.Advice{}, err
	}
	out := approvals.Advice{Account: e.person(u), Stopped: s.sentence(q), Seen: s.seen(), Unknown: s.unknown}
	out.Matched = q.Correlation != "" && strings.EqualFold(s.last.Correlation, q.Correlation)
	out.Options = s.ways(e.cfg.Places)
	out.Owner, err = e.owner(ctx, u)
	return out, err
}

// accountOf finds the account of a sign-in by its correlation id.
func (e *Entra) accountOf(ctx context.Context, correlation string, now time.Time) (string, error) {
	if correlation == "" {
		return "", approvals.Refuse(approvals.RefusedInput, "Neither an account nor a correlation id was given.").
			Or("Type `/hallpass advise svc-nx@contoso.com`, or paste the whole error with its Correlation ID.")
	}
	if err := e.reserve(ctx, BucketAudit, approvals.ClassPerson, 1); err != nil {
		return "", err
	}
	q := signInsSince(reach(now))
	q.Correlation, q.Limit = correlation, 20
	found, err := e.cfg.Reader.SignIns(ctx, q)
	if err != nil {
		return "", e.said(ctx, err, BucketAudit, "reading the sign-in log")
	}
	for _, s := range found.List {
		if s.UserID != "" {
			return s.UserID, nil
		}
	}
	return "", approvals.Refuse(approvals.RefusedNotFound, "There is no sign-in with that correlation id in the log.").
		Or("It can take half an hour to appear. Or name the account: `/hallpass advise svc-nx@contoso.com`.")
}

func (e *Entra) stopped(ctx context.Context, q approvals.Question, u graph.User, now time.Time) (stopped, error) {
	s := stopped{user: u}
	note := func(err error, bucket, doing string) error {
		fact, wait := e.unread(ctx, err, bucket, doing)
		s.unknown = append(s.unknown, fact.Why)
		return wait
	}
	var err error
	if s.world, err = e.world(ctx, sharedFor, approvals.ClassPerson); err != nil {
		return s, err
	}
	if s.log, err = e.historyOf(ctx, u.ID, reach(now), approvals.ClassPerson); err != nil {
		return s, err
	}
	if !s.log.Known {
		s.unknown = append(s.unknown, s.log.Why)
		s.log.List = s.log.newest // what stops it now is among them
	}
	s.last, s.failed = s.log.failure(q)
	if s.defaults, err = e.cfg.Reader.SecurityDefaults(ctx); err != nil {
		if err = note(err, BucketDirectory, "reading the security defaults"); err != nil {
			return s, err
		}
	}
	if s.perUser, err = e.cfg.Reader.PerUserMFA(ctx, u.ID); err != nil {
		if err = note(err, BucketDirectory, "reading its per-user MFA state"); err != nil {
			return s, err
		}
	}
	if err := e.federation(ctx, &s, note); err != nil {
		return s, err
	}
	if s.zones, err = e.zonesOf(ctx, u); err != nil {
		return s, err
	}
	if s.account, err = e.evaluated(ctx, u.ID); err != nil {
		return s, err
	}
	if b, set := e.cfg.Places.Blocked(); set && slices.Contains(s.account.Groups, b.Group) {
		s.account.Groups, s.blocked = less(s.account.Groups, []string{b.Group}), b.Title
	}
	facts := approvals.Plan{Facts: approvals.Facts{}}
	err = e.riskFacts(ctx, &facts, u)
	if _, is := errors.AsType[*approvals.Refusal](err); is { // it refuses accounts at risk, and nothing else
		s.atRisk, err = true, nil
	}
	if risk := facts.Facts["account.at_risk"]; err == nil && !s.atRisk && !risk.Known {
		s.unknown = append(s.unknown, risk.Why)
	}
	return s, err
}

// federation reads whether the account signs in elsewhere, and who asks for MFA then.
func (e *Entra) federation(ctx context.Context, s *stopped, note func(error, string, string) error) error {
	_, domain, _ := strings.Cut(s.user.UPN, "@")
	domains, err := e.cfg.Reader.Domains(ctx)
	if err != nil {
		return note(err, BucketDirectory, "reading the domains")
	}
	s.federated = slices.ContainsFunc(domains, func(d graph.Domain) bool { return d.Federated && strings.EqualFold(d.Name, domain) })
	if !s.federated {
		return nil
	}
	f, err := e.cfg.Reader.Federation(ctx, domain)
	if err != nil {
		return note(err, BucketDirectory, "reading how "+domain+" is federated")
	}
	s.behaviour = f.MFA
	return nil
}

// failure is the sign-in that is asked about: the one with the correlation id or the code that was pasted, else the last
// one that failed.
func (h history) failure(q approvals.Question) (graph.SignIn, bool) {
	for _, is := range []func(graph.SignIn) bool{
		func(s graph.SignIn) bool {
			return q.Correlation != "" && strings.EqualFold(s.Correlation, q.Correlation)
		},
		func(s graph.SignIn) bool { return q.Code != 0 && s.Code == q.Code },
		func(s graph.SignIn) bool { return q.Code == 0 && s.Code != 0 },
	} {
		if i := slices.IndexFunc(h.List, is); i >= 0 {
			return h.List[i], h.List[i].Code != 0
		}
	}
	return graph.SignIn{}, false
}

// seen are the addresses at which it was seen, with what is known of each.
func (s stopped) seen() []approvals.SeenAt {
	type place struct {
		first, last time.Time
		country     string
		asn         int
		apps        []string
		got         bool
	}
	places, order := map[string]*place{}, []string{}
	for _, in := range s.log.List {
		addr, err := netip.ParseAddr(in.Address)
		if err != nil {
			continue
		}
		key := addr.Unmap().String()
		p := places[key]
		if p == nil {
			p = &place{last: in.At, country: in.Country, asn: in.ASN}
			places[key], order = p, append(order, key)
		}
		p.first, p.got = in.At, p.got || in.Code == 0
		if app := clip(in.App, 40); app != "" && !slices.Contains(p.apps, app) {
			p.apps = append(p.apps, app)
		}
	}
	var out []approvals.SeenAt
	for _, key := range order {
		p := places[key]
		if len(out) == 8 {
			break
		}
		before := "never got in from there"
		if p.got {
			before = "got in from there before"
		}
		var said []string
		if p.country != "" {
			said = append(said, p.country)
		}
		if p.asn != 0 {
			said = append(said, fmt.Sprintf("network AS%d", p.asn))
			if at, known := networks()[p.asn]; known {
				said = append(said, "of "+at.name)
			}
		}
		said = append(said, p.apps[:min(len(p.apps), 3)]...)
		out = append(out, approvals.SeenAt{Address: key, About: fmt.Sprintf("%s; first %s; %s", strings.Join(said, ", "), p.first.UTC().Format("2 Jan"), before)})
	}
	return out
}

// sprayed reports whether the account was interrupted from so many networks, each time with the right password, that
// somebody else has to know it. Wrong passwords from everywhere say nothing: every account gets those.
func (h history) sprayed() bool {
	networks := map[string]bool{}
	for _, in := range h.List {
		if slices.Contains(mfaCodes(), in.Code) {
			networks[fmt.Sprintf("%d %s", in.ASN, in.Country)] = true
		}
	}
	return len(networks) >= 4
}
