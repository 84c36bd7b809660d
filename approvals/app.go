package approvals

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// AppAccess is what an app registration may be asked for with, as the rules file names it.
type AppAccess struct {
	Name  string // in the rules file and in commands
	Title string // for people
	// Permissions are application permissions of Microsoft Graph. May be empty: then nothing is consented to.
	Permissions []string
	// Consent is the name in the rules file, ConsentID the Entra object id, of the group whose members consent to them.
	Consent, ConsentID string
	// Grants are what people give the application on single sites and mailboxes, after consent.
	Grants []AppGrant
	// Longest is how long a certificate may be good for; Keep is how long an application that was ended stays disabled before
	// it is deleted.
	Longest, Keep time.Duration
}

// AppGrant is a role that people give an application in a place of the kind HandSharePoint or HandExchange.
type AppGrant struct {
	Place ByHand
	Role  string
}

// Credential is what an app registration signs in with: the public half of a certificate, or a token of Issuer with Subject.
// There is no secret: who has one has it for good, and nobody sees whom it was given to.
type Credential struct {
	Certificate []byte `json:"certificate,omitempty"` // X.509, DER
	Issuer      string `json:"issuer,omitempty"`
	Subject     string `json:"subject,omitempty"`
}

// EntryRegistered is the entry of an application target that stands for the application itself: it is registered, and its
// service principal may sign in.
const EntryRegistered = "registered"

// The beginnings of the other entries of an application target. The last three are never wanted: who finds one has found
// another hand.
const (
	EntryCertificate = "certificate:" // and the SHA-256 of the DER, in hex
	EntryFederated   = "federated:"   // and issuer and subject, with a space between
	EntrySecret      = "secret:"      // and its key id
	EntryOwner       = "owner:"       // and the object id
	EntryPermission  = "permission:"  // and its name: consented to, and not planned
)

// Entry is the entry of an application target that the credential is.
func (c Credential) Entry() string {
	if len(c.Certificate) > 0 {
		return CertificateEntry(c.Certificate)
	}
	return EntryFederated + c.Issuer + " " + c.Subject
}

// CertificateEntry is the entry of a certificate, by its DER.
func CertificateEntry(der []byte) string {
	sum := sha256.Sum256(der)
	return EntryCertificate + hex.EncodeToString(sum[:])
}

// IsZero reports whether none was given.
func (c Credential) IsZero() bool {
	return len(c.Certificate) == 0 && c.Issuer == "" && c.Subject == ""
}

// Parsed is the certificate; nil for a federated credential.
func (c Credential) Parsed() (*x509.Certificate, error) {
	if len(c.Certificate) == 0 {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	return x509.ParseCertificate(c.Certificate)
}

// Outlives refuses an end after that of the certificate: what it would be good for then is nothing.
func (c Credential) Outlives(end time.Time) error {
	cert, err := c.Parsed()
	if err != nil || cert == nil || !cert.NotAfter.Before(end) {
		return err
	}
	return Refuse(RefusedTooLong, "The certificate ends on %s, before that.", cert.NotAfter.UTC().Format("2 Jan 2006")).
		Or("Ask until then, or with a newer certificate: an application can have two at the same time.")
}

// Label is the credential for people: whose certificate, and how `openssl x509 -fingerprint -sha256` begins; or whose tokens.
func (c Credential) Label() string {
	if len(c.Certificate) == 0 {
		return "tokens of " + c.Issuer + " for " + c.Subject
	}
	print := strings.ToUpper(strings.TrimPrefix(c.Entry(), EntryCertificate)[:16])
	var pairs []string
	for i := 0; i < len(print); i += 2 {
		pairs = append(pairs, print[i:i+2])
	}
	label := "certificate " + strings.Join(pairs, ":") + "…"
	if cert, err := c.Parsed(); err == nil && cert.Subject.CommonName != "" {
		return label + " (" + cert.Subject.CommonName + ")"
	}
	return label
}

// The lengths that Entra ID takes (Microsoft's page "federatedIdentityCredential resource type").
const maxFederated = 600

// ParseCredential reads what a person pasted: a certificate as PEM, or its base64 alone; or the issuer (an https address) and
// the subject of a federated credential. A private key is refused in words that say what it means to have pasted it.
func ParseCredential(text string) (Credential, error) {
	text = strings.TrimSpace(text)
	words := strings.Fields(text)
	switch {
	case text == "":
		return Credential{}, Refuse(RefusedInput, "What it signs in with is missing.").
			Or("Paste the public half of a certificate (PEM), or name the issuer and the subject of a federated credential.")
	case HoldsPrivateKey(text):
		return Credential{}, Refuse(RefusedInput, "That holds a PRIVATE KEY. It has been through chat now: make a new key pair, and never use this one.").
			Or("Paste the certificate alone: the part from BEGIN CERTIFICATE to END CERTIFICATE.")
	case strings.HasPrefix(words[0], "https://"):
		return parseFederated(words)
	}
	der, err := certificateIn(text)
	if err != nil {
		return Credential{}, err
	}
	return Credential{Certificate: der}, nil
}

// HoldsPrivateKey reports whether there is a private key in what somebody typed or pasted.
func HoldsPrivateKey(text string) bool { return privateKey().MatchString(text) }

// WithoutPrivateKeys is the text with every private key in it taken out: it is not kept anywhere.
func WithoutPrivateKeys(text string) string {
	return privateKey().ReplaceAllString(text, "-----BEGIN PRIVATE KEY----- (taken out by hallpass) -----END PRIVATE KEY-----")
}

// privateKey finds PEM of a private key, to its end or to the end of the text: one that was cut off is one all the same.
func privateKey() *regexp.Regexp {
	return regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)`)
}

func parseFederated(words []string) (Credential, error) {
	c := Credential{Issuer: words[0], Subject: strings.Join(words[1:], " ")}
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return Credential{}, Refuse(RefusedInput, "The issuer %s is no https address.", short(c.Issuer))
	case c.Subject == "":
		return Credential{}, Refuse(RefusedInput, "The subject is missing: whoever gets a token of that issuer would be the app.").
			Or("Put it behind the issuer, as in `https://token.actions.githubusercontent.com repo:contoso/nx:environment:production`.")
	case strings.ContainsAny(c.Subject, "*?"):
		return Credential{}, Refuse(RefusedInput, "The subject is compared as it stands; %s would never match.", short(c.Subject))
	case len(c.Issuer) > maxFederated || len(c.Subject) > maxFederated:
		return Credential{}, Refuse(RefusedInput, "Issuer and subject are %d characters long at most.", maxFederated)
	}
	return c, nil
}

func certificateIn(text string) ([]byte, error) {
	no := Refuse(RefusedInput, "That is no certificate.").Or("Paste it as PEM: from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----. A secret is never taken.")
	// What goes through a chat loses its line ends.
	body := strings.TrimPrefix(text, "-----BEGIN CERTIFICATE-----")
	body = strings.TrimSuffix(strings.TrimSpace(body), "-----END CERTIFICATE-----")
	if strings.Contains(body, "-----") {
		return nil, Refuse(RefusedInput, "There is more than one thing in there.").Or("Paste the one certificate that it signs in with, without its chain.")
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		return nil, no
	}
	if _, err := x509.ParseCertificate(der); err != nil {
		return nil, no
	}
	return der, nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

// ParseAppName reads the name of an application: it becomes a part of the unique name by which it is found again.
func ParseAppName(s string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,39}$`).MatchString(name) {
		return "", Refuse(RefusedInput, "“%s” cannot be the name of an application.", short(s)).Or("Use 2 to 40 of a to z, 0 to 9 and -, like agilepoint-nx.")
	}
	return name, nil
}

// AppTarget is the target of an application of that name with that access: its id is the unique name in Entra ID.
func AppTarget(where, name string) Target {
	return Target{Kind: TargetApp, ID: "hallpass-" + where + "-" + name}
}

// DeniedPermission says why an application permission is never asked for; empty if it may be. With these an application could
// make itself, or somebody, an administrator; or reads and writes what everybody has, where something narrower exists.
func DeniedPermission(name string) string {
	const takes = "who holds it can make itself an administrator"
	switch name {
	case "Directory.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All",
		"Application.ReadWrite.OwnedBy", "User.ReadWrite.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All",
		"PrivilegedAccess.ReadWrite.AzureAD", "PrivilegedAccess.ReadWrite.AzureADGroup", "RoleEligibilitySchedule.ReadWrite.Directory",
		"RoleAssignmentSchedule.ReadWrite.Directory", "DelegatedPermissionGrant.ReadWrite.All", "DeviceManagementConfiguration.ReadWrite.All",
		"Domain.ReadWrite.All", "EntitlementManagement.ReadWrite.All", "Organization.ReadWrite.All":
		return takes
	case "Sites.FullControl.All", "Sites.Manage.All", "Sites.ReadWrite.All", "Sites.Read.All", "Files.ReadWrite.All", "Files.Read.All":
		return "it is for all sites; use Sites.Selected and grant the sites that it needs"
	case "Mail.ReadWrite", "Mail.Read", "Mail.Send", "MailboxSettings.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite", "full_access_as_app":
		return "it is for all mailboxes; grant a role in Exchange for those that it needs"
	}
	if strings.HasPrefix(name, "Policy.ReadWrite.") {
		return takes
	}
	return ""
}

// Consent is what an administrator has consented to for an application, as Entra ID shows it.
type Consent struct {
	// Missing are permissions that were planned and are not granted; Wider are those that are granted and were not planned.
	Missing, Wider []string
}

// Given reports whether exactly what was planned is granted.
func (c Consent) Given() bool { return len(c.Missing)+len(c.Wider) == 0 }
