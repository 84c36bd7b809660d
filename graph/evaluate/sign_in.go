package evaluate

import (
	"net/netip"

	"hallpass/graph"
)

// Account is what decides which policies are for an account.
type Account struct {
	ID string
	// Groups are all groups that it is in, directly and through others; Roles the templates of the Entra roles that it
	// holds. Each is believed only if its Known is set.
	Groups      []string
	GroupsKnown bool
	Roles       []string
	RolesKnown  bool
	Guest       bool
}

// SignIn is a sign-in whose policies are asked for.
type SignIn struct {
	Account Account
	// From is the address or range that it comes from.
	From netip.Prefix
	// Apps are the resources that are signed in to, by app id. Empty: not known, so every one is thought of.
	Apps []string
	// Clients are the kinds of client, as policies name them (browser, mobileAppsAndDesktopClients, exchangeActiveSync,
	// other). Empty: not known.
	Clients []string
	// Action is a user action like urn:user:registersecurityinfo instead of a resource.
	Action string
}

// Tenant is what sign-ins are judged by.
type Tenant struct {
	Policies  []graph.Policy
	Locations []graph.Location
}

// Word is how a condition, or all of them together, is answered.
type Word int

// The answers, weakest last: a conjunction is as strong as its weakest part, and No ends it.
const (
	Yes     Word = iota // it is met
	If                  // it is met only if what Why names holds
	Unknown             // it cannot be said, for the reason in Why
	No                  // it is not met
)

// Answer is a word with its reasons.
type Answer struct {
	Word Word
	// Why are the conditions on which it depends (If), or what could not be read (Unknown), in words for people.
	Why []string
}

func yes() Answer { return Answer{} }

func no() Answer { return Answer{Word: No} }

func when(why string) Answer { return Answer{If, []string{why}} }

func unknown(why string) Answer { return Answer{Unknown, []string{why}} }

func met(is bool) Answer {
	if is {
		return yes()
	}
	return no()
}

// and is the conjunction.
func and(parts ...Answer) Answer {
	out := yes()
	for _, a := range parts {
		switch {
		case a.Word == No:
			return no()
		case a.Word > out.Word:
			out = Answer{a.Word, append([]string(nil), a.Why...)}
		case a.Word == out.Word:
			out.Why = append(out.Why, a.Why...)
		}
	}
	return out
}

// or is the disjunction: one Yes is enough.
func or(parts ...Answer) Answer {
	out := no()
	for _, a := range parts {
		switch {
		case a.Word == Yes:
			return yes()
		case a.Word == No:
		case out.Word == No || a.Word > out.Word: // what cannot be said hides what depends
			out = Answer{a.Word, append([]string(nil), a.Why...)}
		case a.Word == out.Word:
			out.Why = append(out.Why, a.Why...)
		}
	}
	return out
}

// not is the negation. What depends on something depends on it still.
func not(a Answer) Answer {
	switch a.Word {
	case Yes:
		return no()
	case No:
		return yes()
	case If, Unknown:
	}
	return a
}
