package approvals

import (
	"slices"
	"time"
)

// Change is one entry wanted in one target.
type Change struct {
	Target Target `json:"target"`
	Title  string `json:"title"` // the target's name for people
	Entry  string `json:"entry"` // a canonical CIDR, an object id, or an entry of an application
	Label  string `json:"label"` // the entry for people: the CIDR, or the account's UPN
	// Adopt: the entry is in the target already, put there by another hand. It is taken into the ledger and never added: if it
	// is gone when hallpass looks, it stays gone.
	Adopt bool `json:"adopt,omitempty"`
	// Hand is the place of a change that a person makes; nil for one that hallpass makes.
	Hand *ByHand `json:"by_hand,omitempty"`
}

// Consent reports whether the change is an administrator's consent: the one thing that people do and that can be read.
func (c Change) Consent() bool { return c.Hand != nil && c.Hand.Kind == HandConsent }

// Plan is the exact, ordered list of changes that would fulfil an ask, with the facts found while making it.
type Plan struct {
	Kind    Kind     `json:"kind"`
	Changes []Change `json:"changes"`
	// Account is the account that the plan exempts; zero for KindIP.
	Account Person `json:"account,omitzero"`
	// Owner is the owner of the account as the owners file or the directory says, or of an application that another request
	// has made; zero if none is known.
	Owner Person `json:"owner,omitzero"`
	// Facts are what was read from the tenant, by name (see FactSpecs). A fact that is missing is unknown.
	Facts Facts `json:"facts"`
	// Policies says in words what the plan does under each enabled Conditional Access policy that it touches.
	Policies []PolicyEffect `json:"policies,omitempty"`
	// Zone is the fenced zone into which the plan puts the account; nil if there is no fence.
	Zone *Zone `json:"zone,omitempty"`
	// Warnings are red flags for approvers, in words.
	Warnings []string  `json:"warnings,omitempty"`
	Made     time.Time `json:"made"`
}

// outside reports whether what the plan does is for a product that does not sign in through Entra ID: the log has nothing of it.
func (p Plan) outside() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Hand != nil && c.Hand.Kind == HandProduct })
}

// Zone is a fenced zone as one plan uses it. A zone is a cross-product: every account in it gets in from every address
// in it.
type Zone struct {
	Name  string `json:"name"` // in the rules file
	Title string `json:"title"`
	// Pairs are the ways in that the plan stands for: those of its own account, and those that its addresses open to other
	// accounts of the zone or its account to their addresses. Sorted, own account first.
	Pairs []Pair `json:"pairs"`
}

// Pair is one way in: an account and an address from which it signs in without MFA.
type Pair struct {
	Account string `json:"account"` // Entra object id
	Label   string `json:"label"`   // the account's UPN
	Address string `json:"address"` // a canonical prefix
}

// String is the pair for people.
func (p Pair) String() string { return p.Label + " from " + p.Address }

// PolicyEffect is what a plan does under one Conditional Access policy.
type PolicyEffect struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"` // enabled, disabled, enabledForReportingButNotEnforced
	Does  string `json:"does"`  // for example "skips MFA from this address"
}

// Facts are facts by name.
type Facts map[string]Fact

// FactType is the type of a fact in conditions.
type FactType string

// The types of facts.
const (
	FactInt    FactType = "int"
	FactBool   FactType = "bool"
	FactString FactType = "string"
	FactList   FactType = "list" // of strings
)

// Fact is something read from the tenant. One that is not Known never approves.
type Fact struct {
	Known bool     `json:"known"`
	Int   int64    `json:"int,omitempty"`
	Bool  bool     `json:"bool,omitempty"`
	Text  string   `json:"text,omitempty"`
	List  []string `json:"list,omitempty"`
	// Why says, for an unknown fact, why it is not known.
	Why string `json:"why,omitempty"`
}

// FactSpec describes one fact: its name below "plan.", its type and its meaning.
type FactSpec struct {
	Name string
	Type FactType
	Doc  string
	// Kind is the kind of ask that has the fact; empty for all.
	Kind Kind
}

// FactSpecs lists all facts that a plan can hold.
func FactSpecs() []FactSpec {
	return []FactSpec{
		{"addresses", FactInt, "how many prefixes are asked for", ""},
		{"size", FactInt, "how many addresses the widest prefix holds, at most 2^62", ""},
		{"ipv6", FactBool, "whether any prefix is IPv6", ""},
		{"location.trusted", FactBool, "whether the named location is marked as trusted", KindIP},
		{"location.ranges", FactInt, "how many ranges the named location holds now", KindIP},
		{"location.policies", FactInt, "how many enabled policies refer to the location, by id or by all trusted locations", KindIP},
		{"networks", FactList, "the networks of clouds, hosters and shared proxies that sign-ins from the addresses came from", ""},
		{"range.accounts", FactInt, "how many accounts signed in from the addresses within 30 days; 501 stands for more than 500", KindIP},
		{"by_hand", FactBool, "whether any of it is done by hand: then it is attested by a person, and never verified", ""},
		{"overlaps", FactList, "entries of the location, or of live requests, that overlap the ask", KindIP},
		{"tenant.security_defaults", FactBool, "whether security defaults are on, which know no exemption", ""},
		{"account.privileged", FactBool, "whether the account holds an Entra role", KindAccount},
		{"account.roles", FactList, "the Entra roles that the account holds or may activate", KindAccount},
		{"account.at_risk", FactBool, "whether Identity Protection holds the account to be at risk", KindAccount},
		{"account.mfa_method", FactBool, "whether the account has registered a method for MFA", KindAccount},
		{"account.per_user_mfa", FactString, "the account's per-user MFA state (disabled, enabled or enforced)", KindAccount},
		{"account.synced", FactBool, "whether the account is synchronised from on premises", KindAccount},
		{"account.guest", FactBool, "whether the account is a guest", KindAccount},
		{"account.enabled", FactBool, "whether the account may sign in at all", KindAccount},
		{"account.person", FactBool, "whether the account looks like a person's: it has an employee id or a manager", KindAccount},
		{"signins.addresses", FactList, "addresses from which the account signed in within 30 days, or only MFA kept it from it", KindAccount},
		{"signins.apps", FactList, "applications with which it signed in then", KindAccount},
		{"signins.clients", FactList, "kinds of client with which it signed in then, as the log calls them: Browser, Authenticated SMTP", KindAccount},
		{"signins.protocols", FactList, "protocols by which it signed in then, where the log names one: ropc, deviceCode", KindAccount},
		{factThen, FactString, "what becomes of the account at the end: mfa, signed-out, blocked or disabled", KindAccount},
		{"group.members", FactInt, "how many direct members the exclusion group has now", KindAccount},
		{"group.policies", FactInt, "how many enabled policies exclude the group", KindAccount},
		{"fenced", FactBool, "whether the exemption holds only from named addresses", KindAccount},
		{"app.permissions", FactList, "the application permissions of Microsoft Graph that it would hold, once consented to", KindApp},
		{"app.grants", FactList, "what it would be given by hand on single sites and mailboxes", KindApp},
		{"app.credential", FactString, "what it signs in with: certificate or federated", KindApp},
		{"app.certificate_days", FactInt, "how many days the certificate is still good for; 0 for a federated credential", KindApp},
		{"app.credentials", FactInt, "how many credentials the application has already", KindApp},
		{"zone.name", FactString, "the fenced zone that the account would be in", KindAccount},
		{"zone.new_pairs", FactList, "every way in that the zone opens (an account and an address each, without MFA)", KindAccount},
		{"zone.accounts", FactInt, "how many other accounts are in the zone", KindAccount},
		{"zone.blocked", FactList, "addresses from which the account signed in within 30 days and which the fence will block", KindAccount},
		{"zone.runs", FactBool, "whether the job gets in from its addresses once it is in the zone", KindAccount},
		{"zone.sometimes", FactList, "policies that stop it at times, with what that depends on", KindAccount},
	}
}
