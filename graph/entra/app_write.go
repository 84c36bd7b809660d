package entra

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
)

// writeApp takes away before it adds. Every call is one that may be sent again: what is there already, or gone already, is
// done. What Entra ID does not know everywhere yet is gone on with at the next write.
func (e *Entra) writeApp(ctx context.Context, t approvals.Target, w approvals.Write, class approvals.Class) error {
	if e.cfg.Apps == nil {
		return noApps()
	}
	if err := e.reserve(ctx, BucketDirectory, class, appCalls+3+len(w.Add)+len(w.Remove)); err != nil {
		return err
	}
	a, err := e.cfg.Reader.MadeApp(ctx, t.ID)
	there := !graph.IsNotFound(err)
	if there && err != nil {
		return e.readBefore(ctx, err, BucketDirectory, "reading the app registration before writing")
	}
	if there {
		if a, err = e.endApp(ctx, a, w.Remove); err != nil {
			return err
		}
	}
	if len(w.Add) == 0 {
		return nil
	}
	wanted, err := e.wantedOf(ctx, t)
	if err != nil {
		return err
	}
	if slices.Contains(w.Add, approvals.EntryRegistered) {
		return e.register(ctx, t, a, there, wanted)
	}
	if !there {
		return notYet()
	}
	return e.addCredentials(ctx, t, a, w, wanted)
}

func notYet() *approvals.Refusal {
	return approvals.Refuse(approvals.RefusedTarget, "The app registration was just made, and Entra ID does not know it everywhere yet; hallpass goes on by itself.")
}

// register makes the application and its service principal, as far as they are not there.
func (e *Entra) register(ctx context.Context, t approvals.Target, a graph.MadeApp, there bool, wanted appWanted) error {
	if wanted.name == "" {
		return approvals.Refuse(approvals.RefusedTarget, "No request that was approved stands behind this application.")
	}
	if (!there || !a.Enabled) && e.cfg.Made != nil {
		if err := e.cfg.Made(ctx, t, wanted.keep); err != nil {
			return fmt.Errorf("remembering %s before it is made: %w", t, err)
		}
	}
	if !there {
		ids, err := e.permissionIDs(ctx, wanted.permissions)
		if err != nil {
			return err
		}
		err = e.cfg.Apps.Register(ctx, graph.NewApp{
			Name: wanted.name, Unique: t.ID, Asks: ids, Notes: "Made by hallpass, which ends it. What is changed here by hand is reported to security.",
		})
		if err != nil {
			return e.said(ctx, err, BucketDirectory, "making the app registration")
		}
		if a, err = e.cfg.Reader.MadeApp(ctx, t.ID); err != nil {
			return notYet()
		}
	}
	switch {
	case a.Principal == "":
		err := e.cfg.Apps.AddPrincipal(ctx, a.AppID)
		switch {
		case graph.IsConflict(err):
			return nil
		case graph.IsBadRequest(err) || graph.IsForbidden(err) || graph.IsNotFound(err): // the same answers as for an app that is not there
			return notYet()
		case err != nil:
			return e.said(ctx, err, BucketDirectory, "making the service principal")
		}
	case !a.Enabled: // it was ended and is kept for a while: what it signed in with then is gone
		if err := e.unarmed(ctx, t, a, wanted); err != nil {
			return err
		}
		if err := e.cfg.Apps.EnablePrincipal(ctx, a.AppID, true); err != nil {
			return e.said(ctx, err, BucketDirectory, "enabling the service principal")
		}
	}
	return nil
}

// addCredentials lets something sign in as the application.
func (e *Entra) addCredentials(ctx context.Context, t approvals.Target, a graph.MadeApp, w approvals.Write, wanted appWanted) error {
	if err := e.unarmed(ctx, t, a, wanted); err != nil {
		return err
	}
	certs, changed := a.Certificates, false
	for _, entry := range w.Add {
		if slices.ContainsFunc(certs, func(c graph.Certificate) bool { return certificateEntry(c) == entry }) || slices.ContainsFunc(a.Federated, func(f graph.Federated) bool { return federatedEntry(f) == entry }) {
			continue
		}
		if pair, federated := strings.CutPrefix(entry, approvals.EntryFederated); federated {
			issuer, subject, _ := strings.Cut(pair, " ")
			c := approvals.Credential{Issuer: issuer, Subject: subject}
			err := e.cfg.Apps.AddFederated(ctx, a.ObjectID, graph.Federated{Name: federatedName(c), Issuer: issuer, Subject: subject})
			if err != nil && !graph.IsConflict(err) {
				return e.said(ctx, err, BucketDirectory, "adding the federated credential")
			}
			continue
		}
		der := wanted.certificates[entry]
		if len(der) == 0 {
			return approvals.Refuse(approvals.RefusedTarget, "No request that was approved holds this certificate.")
		}
		certs, changed = append(slices.Clone(certs), graph.Certificate{Name: "hallpass", DER: der}), true
	}
	if !changed {
		return nil
	}
	if err := e.cfg.Apps.SetCertificates(ctx, a.ObjectID, certs); err != nil {
		return e.said(ctx, err, BucketDirectory, "adding the certificate")
	}
	return nil
}

// federatedName is the name of a federated credential in Entra ID, which never changes: by it the same one is not added twice.
func federatedName(c approvals.Credential) string {
	return "hallpass-" + strings.TrimPrefix(approvals.CertificateEntry([]byte(c.Issuer+" "+c.Subject)), approvals.EntryCertificate)[:16]
}

// endApp takes credentials out, and keeps the application from signing in. It gives the application as it is afterwards.
func (e *Entra) endApp(ctx context.Context, a graph.MadeApp, gone []string) (graph.MadeApp, error) {
	var failed []error
	kept := slices.DeleteFunc(slices.Clone(a.Certificates), func(c graph.Certificate) bool { return slices.Contains(gone, certificateEntry(c)) })
	if len(kept) < len(a.Certificates) {
		failed = append(failed, e.cfg.Apps.SetCertificates(ctx, a.ObjectID, kept))
	}
	var rest []graph.Federated
	for _, f := range a.Federated {
		if !slices.Contains(gone, federatedEntry(f)) {
			rest = append(rest, f)
			continue
		}
		if err := e.cfg.Apps.RemoveFederated(ctx, a.ObjectID, f.ID); !graph.IsNotFound(err) {
			failed = append(failed, err)
		}
	}
	if slices.Contains(gone, approvals.EntryRegistered) && a.Principal != "" && a.Enabled {
		failed = append(failed, e.cfg.Apps.EnablePrincipal(ctx, a.AppID, false))
		a.Enabled = false
	}
	if err := errors.Join(failed...); err != nil {
		return a, e.said(ctx, err, BucketDirectory, "ending the application")
	}
	a.Certificates, a.Federated = kept, rest
	return a, nil
}

// DeleteApp deletes an application that was ended: it may not sign in, has nothing to sign in with, and no request wants
// anything of it. It reports whether there is nothing left to delete.
func (e *Entra) DeleteApp(ctx context.Context, t approvals.Target) (bool, error) {
	if e.cfg.Apps == nil {
		return false, noApps()
	}
	if err := e.reserve(ctx, BucketDirectory, approvals.ClassSweep, appCalls+1); err != nil {
		return false, err
	}
	rows, err := e.cfg.Ledger.Rows(ctx, t)
	if err != nil {
		return false, fmt.Errorf("reading what is wanted of %s: %w", t, err)
	}
	a, err := e.cfg.Reader.MadeApp(ctx, t.ID)
	if graph.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, e.said(ctx, err, BucketDirectory, "reading the app registration")
	}
	own, err := e.ownedByUs(ctx, a)
	if err != nil || !own || a.Enabled || len(rows) > 0 || len(credentialsOf(a)) > 0 {
		return false, err
	}
	if err := e.cfg.Apps.Unregister(ctx, a.ObjectID); err != nil && !graph.IsNotFound(err) {
		return false, e.said(ctx, err, BucketDirectory, "deleting the app registration")
	}
	return true, nil
}
