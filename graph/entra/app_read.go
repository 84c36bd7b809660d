package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
)

// readApp reads an application: whether it is registered and may sign in, with what, and what another hand has given it. One
// that may not sign in has no permissions, whatever was consented to.
func (e *Entra) readApp(ctx context.Context, t approvals.Target, class approvals.Class) (approvals.Sight, error) {
	if e.cfg.Apps == nil {
		return approvals.Sight{}, noApps()
	}
	if err := e.reserve(ctx, BucketDirectory, class, appCalls); err != nil {
		return approvals.Sight{}, err
	}
	at, err := e.cfg.Now(ctx)
	if err != nil {
		return approvals.Sight{}, fmt.Errorf("asking for the time: %w", err)
	}
	a, err := e.cfg.Reader.MadeApp(ctx, t.ID)
	if graph.IsNotFound(err) {
		return approvals.Sight{At: at}, nil
	}
	if err != nil {
		return approvals.Sight{}, e.said(ctx, err, BucketDirectory, "reading the app registration")
	}
	wanted, err := e.wantedOf(ctx, t)
	if err != nil {
		return approvals.Sight{}, err
	}
	strange, err := e.strange(ctx, a, wanted)
	if err != nil {
		return approvals.Sight{}, err
	}
	if !a.Enabled { // what it may do is of no use to anybody
		strange = slices.DeleteFunc(strange, func(entry string) bool { return strings.HasPrefix(entry, approvals.EntryPermission) })
	}
	entries := append(credentialsOf(a), strange...)
	if a.Principal != "" && a.Enabled {
		entries = append(entries, approvals.EntryRegistered)
	}
	slices.Sort(entries)
	return approvals.Sight{Entries: slices.Compact(entries), At: at, Made: a.AppID}, nil
}

func credentialsOf(a graph.MadeApp) []string {
	var out []string
	for _, c := range a.Certificates {
		out = append(out, certificateEntry(c))
	}
	for _, f := range a.Federated {
		out = append(out, federatedEntry(f))
	}
	return out
}

func certificateEntry(c graph.Certificate) string {
	if len(c.DER) == 0 {
		return approvals.EntryCertificate + "unread, key id " + c.ID
	}
	return approvals.CertificateEntry(c.DER)
}

func federatedEntry(f graph.Federated) string {
	return approvals.Credential{Issuer: f.Issuer, Subject: f.Subject}.Entry()
}

// strange is what nobody approved and no request can want: secrets, owners, and permissions beyond those that were planned.
func (e *Entra) strange(ctx context.Context, a graph.MadeApp, wanted appWanted) ([]string, error) {
	self, err := e.cfg.Apps.Self(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding out under which id hallpass makes app registrations: %w", err)
	}
	var out []string
	for _, s := range a.Secrets {
		out = append(out, approvals.EntrySecret+s.ID)
	}
	for _, o := range less(a.Owners, self) {
		out = append(out, approvals.EntryOwner+o)
	}
	for _, p := range less(a.Granted, wanted.permissions) {
		out = append(out, approvals.EntryPermission+p)
	}
	return out, nil
}

// unarmed refuses to let anything sign in as an application while anything about it is not as it was approved: a secret, an owner,
// a permission or a credential of another hand would be armed with it.
func (e *Entra) unarmed(ctx context.Context, t approvals.Target, a graph.MadeApp, wanted appWanted) error {
	strange, err := e.strange(ctx, a, wanted)
	if err != nil {
		return err
	}
	ours, err := e.cfg.Ledger.Ours(ctx, t)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	for _, entry := range credentialsOf(a) {
		if !ours[entry] {
			strange = append(strange, entry)
		}
	}
	if len(strange) == 0 {
		return nil
	}
	return approvals.Refuse(approvals.RefusedTarget, "The application has what nobody approved (%s), so nothing is let in as it.", clip(strings.Join(strange, ", "), 200)).
		Or("Somebody has to take that away in Entra ID.")
}

// Consent reads what is granted to an application, held against the permissions that were planned.
func (e *Entra) Consent(ctx context.Context, app approvals.Target, permissions []string) (approvals.Consent, error) {
	if err := e.reserve(ctx, BucketDirectory, approvals.ClassReadBack, appCalls); err != nil {
		return approvals.Consent{}, err
	}
	a, err := e.cfg.Reader.MadeApp(ctx, app.ID)
	if err != nil {
		return approvals.Consent{}, e.said(ctx, err, BucketDirectory, "reading what is consented to")
	}
	wanted, err := e.wantedOf(ctx, app)
	if err != nil {
		return approvals.Consent{}, err
	}
	return approvals.Consent{Missing: less(permissions, a.Granted), Wider: less(less(a.Granted, permissions), wanted.permissions)}, nil
}
