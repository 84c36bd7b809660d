package entra

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/approvals/credential"
	"hallpass/graph"
)

// appCalls is how many calls it takes to read an application.
const appCalls = 6

// noApps refuses because the identity that makes app registrations is not there.
func noApps() *approvals.Refusal {
	return approvals.Refuse(approvals.RefusedTarget, "App registrations are not set up here.").
		Or("An administrator gives hallpass an identity for them: `entra.apps` in the configuration.")
}

// planApp plans an app registration: it is registered, an administrator consents to what it asks for, people grant it what it
// needs on single sites and mailboxes, and last of all it gets what it signs in with. Whatever stops on the way, nothing can
// sign in as it before the rest is as it was approved.
func (e *Entra) planApp(ctx context.Context, ask approvals.Ask) (approvals.Plan, error) {
	p, err := e.blank(ctx, ask)
	if err != nil {
		return p, err
	}
	access, ok := e.cfg.Places.App(ask.Where)
	if !ok {
		return p, approvals.Refuse(approvals.RefusedNotFound, "There is no access “%s” for applications.", clip(ask.Where, 40)).
			Or("There is: %s.", strings.Join(e.cfg.Places.Names(approvals.KindApp), ", "))
	}
	if ask.Adopt {
		return p, approvals.Refuse(approvals.RefusedInput, "An app registration cannot be taken over: hallpass may change those only that it made.")
	}
	if e.cfg.Apps == nil {
		return p, noApps()
	}
	days, err := usable(ask.Credential, access, p.Made)
	if err != nil {
		return p, err
	}
	if err := ask.Credential.Outlives(ask.Term.End(p.Made)); err != nil {
		return p, err
	}
	t := approvals.AppTarget(ask.Where, ask.App)
	if err := e.reserve(ctx, BucketDirectory, approvals.ClassPerson, appCalls+2); err != nil {
		return p, err
	}
	ids, err := e.permissionIDs(ctx, access.Permissions)
	if err != nil {
		return p, err
	}
	credentials, err := e.inTheWay(ctx, ask, t, ids)
	if err != nil {
		return p, err
	}
	wanted, err := e.wantedOf(ctx, t)
	if err != nil {
		return p, err
	}
	p.Owner = wanted.owner
	p.Changes = appChanges(ask, access, t)
	addressFacts(&p, nil)
	p.Facts["app.permissions"], p.Facts["app.grants"] = words(access.Permissions), words(grantsOf(access))
	p.Facts["app.credential"] = approvals.Fact{Known: true, Text: kindOf(ask.Credential)}
	p.Facts["app.certificate_days"], p.Facts["app.credentials"] = number(days), number(credentials)
	if err := e.tenantDefaults(ctx, &p); err != nil {
		return p, err
	}
	if len(wanted.permissions)+len(wanted.certificates) > 0 {
		p.Warnings = append(p.Warnings, "There is an application of that name already, and it gets one more credential.")
	}
	if p.ByHand() {
		p.Warnings = append(p.Warnings, "What it gets on sites and mailboxes is granted by hand, and taken away by hand at its end.")
	}
	p.Warnings = append(p.Warnings, fmt.Sprintf("No password and no MFA: whoever holds %s is the application, from anywhere.", holder(ask.Credential)))
	return p, nil
}

func holder(c approvals.Credential) string {
	if len(c.Certificate) > 0 {
		return "the private key"
	}
	return "a token of " + c.Issuer + " for that subject"
}

func kindOf(c approvals.Credential) string {
	if len(c.Certificate) > 0 {
		return "certificate"
	}
	return "federated"
}

func grantsOf(access approvals.AppAccess) []string {
	var out []string
	for _, g := range access.Grants {
		out = append(out, g.Role+" in "+g.Place.Title)
	}
	return out
}

// appChanges are the changes of a plan for an application, the credential last.
func appChanges(ask approvals.Ask, access approvals.AppAccess, t approvals.Target) []approvals.Change {
	out := []approvals.Change{{Target: t, Title: access.Title, Entry: approvals.EntryRegistered, Label: "the application, without credentials"}}
	consent := approvals.ByHand{
		Kind: approvals.HandConsent, Name: "consent-" + t.ID, Title: "consent for " + ask.App, Group: access.Consent, GroupID: access.ConsentID,
	}
	for _, name := range access.Permissions {
		out = append(out, approvals.Change{Target: consent.Target(), Title: consent.Title, Entry: name, Label: name, Hand: &consent})
	}
	for _, g := range access.Grants {
		out = append(out, byhand.Grant(g.Place, t.ID, g.Role))
	}
	return append(out, approvals.Change{Target: t, Title: access.Title, Entry: ask.Credential.Entry(), Label: ask.Credential.Label()})
}

// usable refuses a certificate that Entra ID would not take, or that is longer good than it may be. days is how long it is
// still good for.
func usable(c approvals.Credential, access approvals.AppAccess, now time.Time) (days int, err error) {
	cert, has, err := credential.Certificate(c)
	if err != nil {
		return 0, approvals.Refuse(approvals.RefusedInput, "The certificate cannot be read.").Or("Paste it anew.")
	}
	if !has {
		return 0, nil
	}
	again := "Make a new one, and paste its public half."
	switch {
	case !cert.NotAfter.After(now):
		return 0, approvals.Refuse(approvals.RefusedInput, "The certificate ended on %s.", cert.NotAfter.UTC().Format("2 Jan 2006")).Or("%s", again)
	case cert.NotBefore.After(now.Add(24 * time.Hour)):
		return 0, approvals.Refuse(approvals.RefusedInput, "The certificate begins on %s.", cert.NotBefore.UTC().Format("2 Jan 2006")).Or("Ask then, or make one that is good from now on.")
	case cert.NotAfter.Sub(now) > access.Longest:
		return 0, approvals.Refuse(approvals.RefusedTooLong, "The certificate is good until %s; for %s it may be good for %d days at most.",
			cert.NotAfter.UTC().Format("2 Jan 2006"), access.Title, int(access.Longest.Hours()/24)).Or("%s", again)
	case cert.IsCA && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 && cert.KeyUsage != 0:
		return 0, approvals.Refuse(approvals.RefusedInput, "That is the certificate of an authority, not one that a program signs in with.").Or("Paste the certificate of the program.")
	}
	key, is := cert.PublicKey.(*rsa.PublicKey) // applications sign with PS256 or RS256 (Microsoft's page "Certificate credentials")
	switch {
	case !is:
		return 0, approvals.Refuse(approvals.RefusedInput, "The certificate has a key with which nothing can sign in to Entra ID.").Or("Use RSA with 2048 bits or more.")
	case key.N.BitLen() < 2048:
		return 0, approvals.Refuse(approvals.RefusedInput, "The key of the certificate has %d bits; 2048 are the least.", key.N.BitLen()).Or("%s", again)
	}
	return int(cert.NotAfter.Sub(now).Hours() / 24), nil
}

// permissionIDs finds the ids of application permissions.
func (e *Entra) permissionIDs(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known, err := e.cfg.Reader.AppRoles(ctx)
	if err != nil {
		return nil, e.said(ctx, err, BucketDirectory, "reading which permissions there are")
	}
	var ids []string
	for _, name := range names {
		id := known[name]
		if id == "" {
			return nil, approvals.Refuse(approvals.RefusedTarget, "There is no application permission “%s” here.", clip(name, 80)).
				Or("Tell the people who keep the rules file.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// inTheWay refuses a name that is taken: by an app registration that is not hallpass's, or that asks for something else. It
// gives how many credentials there are already.
func (e *Entra) inTheWay(ctx context.Context, ask approvals.Ask, t approvals.Target, ids []string) (int, error) {
	a, err := e.cfg.Reader.MadeApp(ctx, t.ID)
	if graph.IsNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, e.said(ctx, err, BucketDirectory, "reading the app registration")
	}
	other := "Take another name: `/hallpass app NAME in %s …`."
	own, err := e.ownedByUs(ctx, a)
	switch {
	case err != nil:
		return 0, err
	case !own:
		return 0, approvals.Refuse(approvals.RefusedTarget, "There is an app registration “%s” that hallpass did not make.", a.Name).Or(other, ask.Where)
	case !sameSet(a.Asks, ids):
		return 0, approvals.Refuse(approvals.RefusedTarget, "There is an application %s already, made when “%s” had other permissions.", ask.App, ask.Where).Or(other, ask.Where)
	}
	for _, f := range a.Federated {
		if f.Name == federatedName(ask.Credential) && (f.Issuer != ask.Credential.Issuer || f.Subject != ask.Credential.Subject) {
			return 0, approvals.Refuse(approvals.RefusedTarget, "The application has another federated credential of the name %s.", f.Name).Or(other, ask.Where)
		}
	}
	return len(a.Certificates) + len(a.Federated), nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// ownedByUs reports whether the identity that makes app registrations owns this one: so it made it.
func (e *Entra) ownedByUs(ctx context.Context, a graph.MadeApp) (bool, error) {
	self, err := e.cfg.Apps.Self(ctx)
	if err != nil {
		return false, fmt.Errorf("finding out under which id hallpass makes app registrations: %w", err)
	}
	return slices.Contains(a.Owners, self[0]), nil
}

// keptByDefault is how long an application is kept whose access is not in the rules file any more.
const keptByDefault = 30 * 24 * time.Hour

// appWanted is what live requests want of an application, by the requests that were approved.
type appWanted struct {
	name         string
	owner        approvals.Person
	permissions  []string
	keep         time.Duration     // how long it stays, disabled, after its end
	certificates map[string][]byte // by their entries, DER
}

// wantedOf reads what the live requests behind an application were approved for. What a vote has decided stands in the
// requests and nowhere else: neither the rules file nor Entra ID is asked.
func (e *Entra) wantedOf(ctx context.Context, t approvals.Target) (appWanted, error) {
	out := appWanted{certificates: map[string][]byte{}}
	rows, err := e.cfg.Ledger.Rows(ctx, t)
	if err != nil {
		return out, fmt.Errorf("reading what is wanted of %s: %w", t, err)
	}
	var ids []approvals.RequestID
	for _, row := range rows {
		if row.Want && !slices.Contains(ids, row.Request) {
			ids = append(ids, row.Request)
		}
	}
	requests, err := e.cfg.Ledger.Requests(ctx, ids)
	if err != nil {
		return out, fmt.Errorf("reading who wants something of %s: %w", t, err)
	}
	for _, r := range requests {
		if r.Ask.Kind != approvals.KindApp || r.App() != t {
			continue
		}
		if out.name == "" {
			out.name, out.owner, out.keep = r.Ask.App, r.Owner, keptByDefault
			if access, ok := e.cfg.Places.App(r.Ask.Where); ok {
				out.keep = access.Keep
			}
		}
		for _, c := range r.Changes {
			if c.Consent() && !slices.Contains(out.permissions, c.Entry) {
				out.permissions = append(out.permissions, c.Entry)
			}
		}
		if der := r.Ask.Credential.Certificate; len(der) > 0 {
			out.certificates[approvals.CertificateEntry(der)] = der
		}
	}
	return out, nil
}
