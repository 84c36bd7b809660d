package graphtest

import (
	"net/netip"
	"time"
)

// Options configures a Tenant.
type Options struct {
	// Now is the tenant's clock.
	Now func() time.Time
	// ID is the tenant's id; generated if empty.
	ID string
	// Rate is how many Conditional Access calls a second it takes, all apps together. 0: one. Below 0: no limit, not
	// for reports either.
	Rate float64
	// StaleFor is how long reads of locations and of members may lag behind a write. Which do is drawn from Seed.
	StaleFor time.Duration
	// AppRoles are application permissions of Microsoft Graph that exist though no app holds them.
	AppRoles []string
	// Lag is how long an object that was just made may be unknown to a read. Which reads do is drawn from Seed.
	Lag time.Duration
	// LogDelay is how long a sign-in takes to appear in the log.
	LogDelay time.Duration
	// LogPage is how many entries of a log are on a page at most, whatever was asked for. 0: a thousand.
	LogPage int
	// Licence is what the tenant has: P2 if empty, P1 or Free.
	Licence string
	Seed    uint64
	// Judge holds every call and its answer against a contract. Optional.
	Judge Judge
}

// The licences.
const (
	P1   = "P1"
	Free = "Free"
)

// User is an account.
type User struct {
	ID, UPN, Mail, Name, EmployeeID, Department string
	Enabled, Guest, Synced                      bool
	Attributes                                  map[string]string // extensionAttribute1 …
	// Methods are the registered authentication methods, beside the password: mobilePhone, fido2 …
	Methods []string
	// ReportedAs is the name by which the report of registered methods has it, which is behind. Empty: its own.
	ReportedAs string
	// MFAState is the per-user MFA state; empty: disabled.
	MFAState string
	// Risk is low, medium or high for an account at risk.
	Risk string
	// Revoked is when its sessions were last revoked.
	Revoked time.Time

	made    time.Time
	deleted time.Time
}

// Group is a group. Members may be users or groups.
type Group struct {
	ID, Name                                            string
	Security, Synced, Dynamic, RoleAssignable, Licensed bool
	// Restricted: it is in a restricted management administrative unit. Application permissions do not reach it; the apps
	// in Administrators hold a role in that unit.
	Restricted     bool
	Administrators []string
	Owners         []string

	members []string
	history []version
	made    time.Time
	deleted time.Time
}

// Location is a named location: of addresses, or of countries if there are any.
type Location struct {
	ID, Name  string
	Trusted   bool
	Ranges    []string
	Countries []string
	Unknown   bool // addresses of no known country count too

	history []version
	deleted time.Time
}

// version is what stood in a target until then.
type version struct {
	until   time.Time
	entries []string
}

// Policy is a Conditional Access policy. Without any inclusion of users or applications it is for all of them; without any
// control it demands MFA.
type Policy struct {
	ID, Name, State              string
	IncludeUsers, ExcludeUsers   []string
	IncludeGroups, ExcludeGroups []string
	IncludeRoles, ExcludeRoles   []string // ids of role templates
	IncludeGuests, ExcludeGuests string   // kinds, with commas
	Workloads                    []string // service principals: then it is for no user

	IncludeApps, ExcludeApps []string
	Actions, AuthContexts    []string // urn:user:registersecurityinfo …
	AppFilter, DeviceFilter  *Filter

	ClientApps                         []string // none: all
	IncludePlatforms, ExcludePlatforms []string
	IncludeLocations, ExcludeLocations []string
	SignInRisk, UserRisk               []string
	InsiderRisk, Flows                 string // values with commas

	Operator      string // none: OR
	Grants        []string
	Strength      string // name of an authentication strength
	TermsOfUse    []string
	CustomFactors []string
	Session       map[string]any // as Graph writes them: signInFrequency …
	// Extra are conditions that did not exist when hallpass was made. Nobody here knows what they mean, and answers that
	// hold them are not judged by a schema.
	Extra map[string]any

	deleted time.Time
}

// Filter is a filter of devices or applications.
type Filter struct{ Mode, Rule string }

// App is an app registration that may sign in.
type App struct {
	ID, Name, Secret string
	Roles            []string
	Owners           []string
	Credentials      []Credential
	// Certificate, DER, is one that it may sign in with; Workload is a token of a workload that it may sign in with.
	Certificate []byte
	Workload    string
	// Principal is the id of its service principal. Empty: AddApp gives it one. Disabled: it cannot sign in.
	Principal string
	Disabled  bool
	// Bare: AddApp gives it no service principal.
	Bare bool
	// Unique is the name by which an app that another one made is looked up; Asks are the ids of the permissions that it asks
	// for.
	Unique    string
	Asks      []string
	Federated []Federated

	object                       string
	made, principalMade, deleted time.Time
}

// ObjectID is the object id of the app registration.
func (a *App) ObjectID() string { return a.object }

// Federated is a federated credential of an app.
type Federated struct{ ID, Name, Issuer, Subject string }

// Credential is a certificate or a secret of an app.
type Credential struct {
	ID     string
	Name   string
	Secret bool
	Ends   time.Time
	Key    []byte // of a certificate: DER
}

// RoleAssignment gives a directory role to a user or to a role-assignable group.
type RoleAssignment struct {
	Principal, Role, Name string // Role is the id of the template
	Scope                 string // empty: the tenant
	Eligible              bool
}

// Domain is a domain of the tenant.
type Domain struct {
	Name      string
	Federated bool
	MFA       string // federatedIdpMfaBehavior; empty: not set
}

// ServiceSettings are the MFA service settings. They count as trusted locations in Conditional Access, too, although no
// named location shows them.
type ServiceSettings struct {
	TrustedIPs []string // IPv4 only, 50 at most
	// SkipIntranet skips MFA for federated users whose token says that they are inside the company's network.
	SkipIntranet bool
}

// SignIn is an entry of the sign-in log.
type SignIn struct {
	At                            time.Time // zero: now
	User, Principal               string    // ids
	App, AppID                    string
	Resource, ResourceID          string
	Client, Protocol, Requirement string
	Address                       netip.Addr
	City, Country                 string
	ASN                           int
	Kind                          string // empty: interactiveUser
	Code                          int
	Reason, Details               string
	Correlation                   string
	Risk                          string
	Policies                      []AppliedPolicy
}

// AppliedPolicy is what a policy did to a sign-in.
type AppliedPolicy struct {
	ID, Name, Result string
	Grants           []string
}

// Event is one accepted change.
type Event struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`         // the app's name, or the hand
	App    string    `json:"app,omitempty"` // the app's id; empty for a hand
	Target string    `json:"target"`        // location:ID or group:ID
	Entry  string    `json:"entry"`         // a canonical range, a member's id, or a per-user MFA state
	Added  bool      `json:"added"`
}

// Fault makes matching calls fail.
type Fault struct {
	Status   int  // 0 with Drop: no answer at all
	Drop     bool // the connection breaks
	Happened bool // the change is made all the same
	Times    int  // how often; 0: until Heal
	// RetryAfter goes along with the answer, if set.
	RetryAfter string
}
