package approvals

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// AppAccess is what an app registration may be asked for with, as the rules file names it.
type AppAccess struct {
	Name  string // in the rules file and in commands
	Title string // for people
	// Permissions are application permissions of Microsoft Graph or, as SharePoint/NAME, of SharePoint itself. May be empty: then
	// nothing is consented to.
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
	// Name is whose certificate it says it is, and Ends until when it is good: as it stands in the certificate.
	Name    string    `json:"name,omitempty"`
	Ends    time.Time `json:"ends,omitzero"`
	Issuer  string    `json:"issuer,omitempty"`
	Subject string    `json:"subject,omitempty"`
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

// Outlives refuses an end after that of the certificate: what it would be good for then is nothing.
func (c Credential) Outlives(end time.Time) error {
	if len(c.Certificate) == 0 || !c.Ends.Before(end) {
		return nil
	}
	return Refuse(RefusedTooLong, "The certificate ends on %s, before that.", c.Ends.UTC().Format("2 Jan 2006")).
		Or("Ask until then, or with a newer certificate: an application can have two at the same time.")
}

// Label is the credential for people: whose certificate, and how `openssl x509 -fingerprint -sha256` begins; or whose tokens.
func (c Credential) Label() string {
	if len(c.Certificate) == 0 {
		return "tokens of " + c.Issuer + " for " + c.Subject
	}
	begins := strings.ToUpper(strings.TrimPrefix(c.Entry(), EntryCertificate)[:16])
	var pairs []string
	for i := 0; i < len(begins); i += 2 {
		pairs = append(pairs, begins[i:i+2])
	}
	label := "certificate " + strings.Join(pairs, ":") + "…"
	if c.Name != "" {
		label += " (" + c.Name + ")"
	}
	return label
}

// ParseAppName reads the name of an application: it becomes a part of the unique name by which it is found again.
func ParseAppName(s string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	odd := strings.ContainsFunc(name, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	if odd || len(name) < 2 || len(name) > 40 || name[0] == '-' {
		return "", Refuse(RefusedInput, "“%s” cannot be the name of an application.", short(s)).Or("Use 2 to 40 of a to z, 0 to 9 and -, like agilepoint-nx.")
	}
	return name, nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

// AppTarget is the target of an application of that name with that access: its id is the unique name in Entra ID.
func AppTarget(where, name string) Target {
	return Target{Kind: TargetApp, ID: "hallpass-" + where + "-" + name}
}

// PermissionOfSharePoint begins the name of a permission of SharePoint's own API (REST and CSOM), which heeds none of Microsoft
// Graph's.
const PermissionOfSharePoint = "SharePoint/"

// DeniedPermission says why an application permission is never asked for; empty if it may be. With these an application could
// make itself, or somebody, an administrator; or reads and writes what everybody has, where something narrower exists.
func DeniedPermission(name string) string {
	const takes = "who holds it can make itself an administrator"
	switch name = strings.TrimPrefix(name, PermissionOfSharePoint); name {
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
