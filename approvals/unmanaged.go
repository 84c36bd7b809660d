package approvals

import (
	"net/netip"
	"time"
)

// UnmanagedKind is the kind of an exemption that hallpass does not manage.
type UnmanagedKind string

// The kinds of exemptions that can stand in a tenant without a request.
const (
	UnmanagedRange   UnmanagedKind = "range"    // an address range of a location that is trusted or that policies exclude
	UnmanagedCountry UnmanagedKind = "country"  // a location of countries that policies exclude
	UnmanagedMember  UnmanagedKind = "member"   // an account in a group that policies exclude, directly or through other groups
	UnmanagedUser    UnmanagedKind = "user"     // an account that policies exclude by name
	UnmanagedRole    UnmanagedKind = "role"     // a role that policies exclude
	UnmanagedGuests  UnmanagedKind = "guests"   // kinds of guests that policies exclude
	UnmanagedPerUser UnmanagedKind = "per-user" // an account whose per-user MFA is disabled, where no policy demands MFA of everybody
)

// Place is what kind of thing an exemption of this kind stands in: a location, a group, a policy or a state of the account.
func (k UnmanagedKind) Place() string {
	switch k {
	case UnmanagedRange, UnmanagedCountry:
		return "location"
	case UnmanagedMember:
		return "group"
	case UnmanagedPerUser:
		return "state"
	case UnmanagedUser, UnmanagedRole, UnmanagedGuests:
	}
	return "policy"
}

// Unexcluded says why it is an exemption where no policy excludes it.
func (k UnmanagedKind) Unexcluded() string {
	if k == UnmanagedPerUser {
		return "disabled, and no enabled policy demands MFA of everybody"
	}
	return "trusted, and no enabled policy excludes it"
}

// Otherwise says what to do where it cannot be taken over.
func (k UnmanagedKind) Otherwise() string {
	if k == UnmanagedPerUser {
		return "an administrator enables it again, and who needs it asks for it"
	}
	return "hallpass does not write there; an administrator takes it out"
}

// Unmanaged is an exemption in the tenant that no request of hallpass stands behind.
type Unmanaged struct {
	Kind UnmanagedKind `json:"kind"`
	// Entry is a canonical CIDR, an object id, the id of a role template, or a word of Graph's; Label is it for people.
	Entry string `json:"entry"`
	Label string `json:"label"`
	// Place is the name of the location, the group or, for what a policy excludes itself, the policy; PlaceID its object id.
	Place   string `json:"place"`
	PlaceID string `json:"place_id"`
	// Through are the names of the groups between the place and the account, outermost first.
	Through []string `json:"through,omitempty"`
	// Policies are the names of the enabled policies that let it off. Empty for a trusted location that no policy excludes:
	// the calculation of risk still treats it as safe.
	Policies []string `json:"policies,omitempty"`
	// By is who put it there, At when, as far as the directory audit still knows; it keeps 30 days (7 without a licence).
	By string    `json:"by,omitempty"`
	At time.Time `json:"at,omitzero"`
	// Where is the name, in the rules file, of the location or the exclusion that it stands in; empty if it can be given no
	// owner and no end by a request: hallpass does not write there.
	Where string `json:"where,omitempty"`
	// Expected says why it is meant to be there: an emergency-access account. It is listed and not counted.
	Expected string `json:"expected,omitempty"`
}

// Adopt is the command, without its first word, by which a person asks to take it over; empty if that cannot be done.
func (u Unmanaged) Adopt() string {
	if u.Where == "" {
		return ""
	}
	return "adopt " + u.Label + " in " + u.Where + " for 90d because …"
}

// Ask is the request that takes it over; false if that cannot be done.
func (u Unmanaged) Ask(term Term, reason string) (Ask, bool) {
	a := Ask{Where: u.Where, Adopt: true, Term: term, Reason: reason}
	switch {
	case u.Where == "":
		return a, false
	case u.Kind == UnmanagedRange:
		p, err := netip.ParsePrefix(u.Entry)
		a.Kind, a.Addresses = KindIP, []netip.Prefix{p}
		return a, err == nil
	case u.Kind == UnmanagedMember:
		a.Kind, a.Account = KindAccount, u.Entry
		return a, true
	}
	return a, false
}

// Survey is what one look at the whole tenant found.
type Survey struct {
	At   time.Time   `json:"at"`
	List []Unmanaged `json:"list"`
	// More is how many that count were found and do not stand in the list, which is bounded where it is kept.
	More int `json:"more,omitempty"`
	// Past is how many there were in the weeks before and in this one, oldest first.
	Past []Counted `json:"past,omitempty"`
	// Unknown says what could not be read. With anything in it, the list may lack something.
	Unknown []string `json:"unknown,omitempty"`
}

// Counted is how many exemptions had no request when it was looked last in a week, which begins on a Monday in UTC.
type Counted struct {
	Week  time.Time `json:"week"`
	Count int       `json:"count"`
}

// pastWeeks is how many weeks are remembered.
const pastWeeks = 26

// After is the survey with what was counted before it: one number for each week.
func (s Survey) After(before Survey) Survey {
	now := Counted{Monday(s.At, time.UTC), s.Count()}
	s.Past = append([]Counted(nil), before.Past...)
	if n := len(s.Past); n > 0 && s.Past[n-1].Week.Equal(now.Week) {
		s.Past = s.Past[:n-1]
	}
	s.Past = append(s.Past, now)
	s.Past = s.Past[max(0, len(s.Past)-pastWeeks):]
	return s
}

// Count is how many exemptions nobody answers for: those that are meant to be there are left out.
func (s Survey) Count() int {
	n := s.More
	for _, u := range s.List {
		if u.Expected == "" {
			n++
		}
	}
	return n
}
