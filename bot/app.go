package bot

import (
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/credential"
)

// This file is what is said of app registrations.

// maxCredential bounds what an application signs in with, as it is pasted, in characters.
const maxCredential = 3000

// readApp reads "app NAME in ACCESS with CREDENTIAL".
func readApp(a *approvals.Ask, p parts, note func(error)) {
	name, err := approvals.ParseAppName(p.head())
	note(err)
	a.App = name
	a.Credential, err = credential.Parse(p.get("with"))
	note(err)
}

// typedCredential is how a credential stands in an example: a certificate is never shown back, it is long.
func typedCredential(p parts) string {
	if text := p.get("with"); strings.HasPrefix(text, "https://") {
		return " with " + clip(text, 200)
	}
	return " with -----BEGIN CERTIFICATE----- …"
}

// noPrivateKey refuses a text with a private key in it before anything of it is stored.
func noPrivateKey(text string) error {
	if !credential.HoldsPrivateKey(text) {
		return nil
	}
	_, err := credential.Parse(text)
	return err
}

// appLead says what an application would be.
func (v Voice) appLead(r *approvals.Request, term string) Text {
	t := Text{who(r.Requester), plain(" asks for the app registration "), code(what(r)), plain(" in "), literal(where(r)), plain(", %s", term)}
	if list := permissionsOf(r); len(list) > 0 {
		t = append(t, plain(", with "), literal(strings.Join(list, ", ")))
	}
	return append(t, plain(". No user and no password: it signs in with "), literal(line(r.Ask.Credential.Label())), plain("."))
}

// permissionsOf are the permissions and grants that a request for an application wants, in words.
func permissionsOf(r *approvals.Request) []string {
	var out []string
	for _, c := range r.Round().Plan.Changes {
		switch {
		case c.Hand == nil:
		case c.Consent():
			out = append(out, name(c.Label))
		default:
			_, role, _ := strings.Cut(c.Entry, " ")
			out = append(out, name(role)+" on "+name(c.Hand.Title))
		}
	}
	return out
}

// appActive says of an application in force what is verified and what is a person's word.
func (v Voice) appActive(r *approvals.Request) Text {
	t := Text{plain("Applied: the application is registered, and can sign in.")}
	if by := attesters(r); by != "" {
		t = append(t, plain(" What it may do on sites and mailboxes is attested by "), literal(by), plain(" and not verified."))
	}
	return append(t, plain(" Ends "), v.at(r.End), plain("."))
}

// consentTitle is the title of the card for those who consent.
func consentTitle(r *approvals.Request) string {
	return string(r.ID) + ": consent for " + name(r.Ask.App)
}

// waitsForConsent says whom a request waits for to consent to what.
func waitsForConsent(r *approvals.Request, task approvals.Task) Text {
	t := Text{plain("Not in force yet: an administrator of %s consents to ", task.Place.Group), literal(strings.Join(task.Entries(r), ", "))}
	if task.Taken != nil {
		t = append(t, plain("; "), who(task.Taken.By), plain(" does it"))
	}
	return append(t, plain(". hallpass sees it in Entra ID by itself."))
}

// grants reports whether a task is to give an application something, or to take it away.
func grants(task approvals.Task) bool {
	return task.Place.Kind == approvals.HandSharePoint || task.Place.Kind == approvals.HandExchange
}

// grantVerb is what happens to what an application is granted: "granted on Contracts site".
func grantVerb(task approvals.Task) string {
	if task.Undo {
		return "taken away on " + name(task.Place.Title)
	}
	return "granted on " + name(task.Place.Title)
}

// waitsForGrant says whom a request waits for to give an application its role, or to take it away. At its end the credential
// is gone before anybody is asked, so that what is left opens nothing.
func waitsForGrant(r *approvals.Request, task approvals.Task) Text {
	begins := "Not in force yet: its role has"
	if task.Undo {
		begins = "It can no longer sign in; its role still has"
		for _, c := range r.Changes {
			if c.Target.Kind == approvals.TargetApp && c.Entry == r.Ask.Credential.Entry() && c.State != approvals.ChangeAbsent {
				begins = "It may still sign in for a moment; its role has"
			}
		}
	}
	return append(Text{plain("%s to be %s by hand by ", begins, grantVerb(task))}, doer(task)...)
}

// sayConsent is where a consent is, in the words of people.
func sayConsent(c approvals.Progress) string {
	switch c.State {
	case approvals.ChangeReleased:
		return "waits for an administrator's consent"
	case approvals.ChangeAttested:
		return "consented to, as Entra ID shows"
	case approvals.ChangeAbsent:
		return "goes with the application"
	case approvals.ChangeHeld, approvals.ChangeVerified, approvals.ChangeWithdrawn:
	}
	return "not asked for yet"
}

// strangeApp says what another hand has given an application.
func strangeApp(entries Text) Text {
	t := append(Text{plain("has what nobody approved: ")}, entries...)
	return append(t, plain(". Somebody could sign in as it, or it may do more than was approved. hallpass leaves it alone: take it away in Entra ID, find out who did it, "+
		"and end the request if in doubt."))
}
