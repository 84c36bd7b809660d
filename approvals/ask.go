package approvals

import (
	"net/netip"
	"time"
)

// Kind is the kind of exemption that an ask wants.
type Kind string

// The kinds of ask.
const (
	KindIP      Kind = "ip"      // public addresses into a named location
	KindAccount Kind = "account" // a service account into an exclusion group
	KindApp     Kind = "app"     // an app registration instead of a service account
)

// Ask is what is wanted: the kind, the subject, where, how long and why. It holds what a person said, before anything
// was looked up.
type Ask struct {
	Kind Kind `json:"kind"`
	// Addresses are canonical prefixes (host bits zero), sorted, without duplicates. For KindIP they are what is trusted;
	// for KindAccount they are where the account may sign in from without MFA, and then it goes into a fenced zone.
	Addresses []netip.Prefix `json:"addresses,omitempty"`
	// Drop are prefixes from which the account signs in today and may stop to. Only for KindAccount with Addresses.
	Drop []netip.Prefix `json:"drop,omitempty"`
	// Account is the user principal name or object id of the service account as typed. Only for KindAccount.
	Account string `json:"account,omitempty"`
	// App is the name of the application. Only for KindApp.
	App string `json:"app,omitempty"`
	// Credential is what the application signs in with. Only for KindApp.
	Credential Credential `json:"credential,omitzero"`
	// Where is the name, in the rules file, of the location (KindIP), the exclusion (KindAccount), the access (KindApp) or the
	// zone (KindAccount with Addresses; empty: hallpass picks a free one).
	Where string `json:"where"`
	// Adopt says that the exemption is in the tenant already, put there by somebody else, and that it is to have an owner
	// and an end like any other. Nothing is written until that end.
	Adopt bool `json:"adopt,omitempty"`
	// Then is what becomes of the account at the end; empty: what is usual here. Only for KindAccount.
	Then Then `json:"then,omitempty"`
	// Term says how long.
	Term Term `json:"term"`
	// Reason says why, in the words of the requester: text by a person, literal everywhere.
	Reason string `json:"reason"`
	// Ticket is a reference into another system. Optional unless a rule demands it.
	Ticket string `json:"ticket,omitempty"`
}

// Fenced reports whether the ask is for an account that may sign in without MFA from its addresses only.
func (a Ask) Fenced() bool { return a.Kind == KindAccount && len(a.Addresses) > 0 }

// Term is how long an exemption is wanted: For a duration that starts when the change is verified, or Until a fixed
// time. Exactly one of the two is set.
type Term struct {
	For   time.Duration `json:"for,omitempty"`
	Until time.Time     `json:"until,omitzero"`
}

// IsZero reports whether nothing was said.
func (t Term) IsZero() bool { return t.For == 0 && t.Until.IsZero() }

// Length is the duration of the term if it began at start.
func (t Term) Length(start time.Time) time.Duration {
	if !t.Until.IsZero() {
		return t.Until.Sub(start)
	}
	return t.For
}

// End is the end of the term if it began at start, before it is moved to a working morning.
func (t Term) End(start time.Time) time.Time {
	if !t.Until.IsZero() {
		return t.Until
	}
	return start.Add(t.For)
}
