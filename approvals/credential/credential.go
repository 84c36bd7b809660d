// Package credential reads what an application is to sign in with: the public half of a certificate, or the issuer and the subject
// of a federated credential, as people paste them. A private key is refused, and so is a secret.
package credential

import (
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"

	"hallpass/approvals"
)

// The lengths that Entra ID takes (Microsoft's page "federatedIdentityCredential resource type").
const maxFederated = 600

// Parse reads what a person pasted: a certificate as PEM, or its base64 alone; or the issuer (an https address) and
// the subject of a federated credential. A private key is refused in words that say what it means to have pasted it.
func Parse(text string) (approvals.Credential, error) {
	text = strings.TrimSpace(text)
	words := strings.Fields(text)
	switch {
	case text == "":
		return approvals.Credential{}, approvals.Refuse(approvals.RefusedInput, "What it signs in with is missing.").
			Or("Paste the public half of a certificate (PEM), or name the issuer and the subject of a federated credential.")
	case HoldsPrivateKey(text):
		return approvals.Credential{}, approvals.Refuse(approvals.RefusedInput, "That holds a PRIVATE KEY. It has been through chat now: make a new key pair, and never use this one.").
			Or("Paste the certificate alone: the part from BEGIN CERTIFICATE to END CERTIFICATE.")
	case strings.HasPrefix(words[0], "https://"):
		return parseFederated(words)
	}
	cert, err := certificateIn(text)
	if err != nil {
		return approvals.Credential{}, err
	}
	return approvals.Credential{Certificate: cert.Raw, Name: cert.Subject.CommonName, Ends: cert.NotAfter.UTC()}, nil
}

// HoldsPrivateKey reports whether there is a private key in what somebody typed or pasted.
func HoldsPrivateKey(text string) bool { return privateKey().MatchString(text) }

// privateKey finds PEM of a private key, to its end or to the end of the text: one that was cut off is one all the same.
func privateKey() *regexp.Regexp {
	return regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)`)
}

func parseFederated(words []string) (approvals.Credential, error) {
	c := approvals.Credential{Issuer: words[0], Subject: strings.Join(words[1:], " ")}
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return approvals.Credential{}, approvals.Refuse(approvals.RefusedInput, "The issuer %s is no https address.", short(c.Issuer))
	case c.Subject == "":
		return approvals.Credential{}, approvals.Refuse(approvals.RefusedInput, "The subject is missing: whoever gets a token of that issuer would be the app.").
			Or("Put it behind the issuer, as in `https://token.actions.githubusercontent.com repo:contoso/nx:environment:production`.")
	case strings.ContainsAny(c.Subject, "*?"):
		return approvals.Credential{}, approvals.Refuse(approvals.RefusedInput, "The subject is compared as it stands; %s would never match.", short(c.Subject))
	case len(c.Issuer) > maxFederated || len(c.Subject) > maxFederated:
		return approvals.Credential{}, approvals.Refuse(approvals.RefusedInput, "Issuer and subject are %d characters long at most.", maxFederated)
	}
	return c, nil
}

func certificateIn(text string) (*x509.Certificate, error) {
	no := approvals.Refuse(approvals.RefusedInput, "That is no certificate.").Or("Paste it as PEM: from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----. A secret is never taken.")
	// What goes through a chat loses its line ends.
	body := strings.TrimPrefix(text, "-----BEGIN CERTIFICATE-----")
	body = strings.TrimSuffix(strings.TrimSpace(body), "-----END CERTIFICATE-----")
	if strings.Contains(body, "-----") {
		return nil, approvals.Refuse(approvals.RefusedInput, "There is more than one thing in there.").Or("Paste the one certificate that it signs in with, without its chain.")
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		return nil, no
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, no
	}
	return cert, nil
}

// Certificate parses the certificate of a credential; false if it has none.
func Certificate(c approvals.Credential) (cert *x509.Certificate, has bool, err error) {
	if len(c.Certificate) == 0 {
		return nil, false, nil
	}
	cert, err = x509.ParseCertificate(c.Certificate)
	return cert, true, err
}

func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
