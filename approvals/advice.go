package approvals

// Question is what somebody wants advice on: an account, or an error that was pasted.
type Question struct {
	// Account is a user principal name or object id as typed. Optional if there is a correlation id.
	Account string `json:"account,omitempty"`
	// Correlation is the correlation id of the sign-in, and Code the number of the AADSTS error, as pasted. Optional.
	Correlation string `json:"correlation,omitempty"`
	Code        int    `json:"code,omitempty"`
}

// Way is a way out for software that is stopped at signing in.
type Way string

// The ways, best first.
const (
	WayIdentity  Way = "managed identity or federated credential"
	WayApp       Way = "app registration with a certificate"
	WayDelegated Way = "the vendor's OAuth connection"
	WayZone      Way = "exemption from its addresses only"
	WayLocation  Way = "trust in the server's address"
	WayExclusion Way = "exemption from everywhere"
	WayPerUser   Way = "per-user MFA, for the account alone"
	// WayService and what follows are done by people. Each is named only where a place for it is set up.
	WayService  Way = "trusted IPs of the MFA service settings, by hand"
	WayADFS     Way = "a rule in AD FS for its address, by hand"
	WayIntranet Way = "skip MFA for federated users on the intranet, by hand"
)

// Option is one way, with what was found of it in the tenant.
type Option struct {
	Way Way `json:"way"`
	// Fits: it would help, and is possible here. Why says why, or why not.
	Fits bool   `json:"fits"`
	Why  string `json:"why"`
	// Type is the command that asks for it; empty if hallpass has no part in it.
	Type string `json:"type,omitempty"`
	// Where is the place of a way by hand, or the access of an application, by its name in the rules file.
	Where string `json:"where,omitempty"`
}

// Advice is what hallpass has to say of an account that is stopped at signing in.
type Advice struct {
	Account Person `json:"account"`
	Owner   Person `json:"owner"` // zero if none is known
	// Matched: a sign-in of the account has the correlation id that was asked with.
	Matched bool `json:"matched,omitempty"`
	// Stopped says in one sentence what stops it, as far as the log and the tenant say.
	Stopped string `json:"stopped"`
	// Options are all ways, best first.
	Options []Option `json:"options"`
	// Seen are the addresses it was seen at, the newest first. None of them is recommended: who knows whose they are.
	Seen []SeenAt `json:"seen,omitempty"`
	// Unknown is what could not be read, in words.
	Unknown []string `json:"unknown,omitempty"`
}

// SeenAt is an address in the sign-in log of an account.
type SeenAt struct {
	Address string `json:"address"`
	// About says what is known of it: country, network, what was signed in to, since when, and whether it ever got in.
	About string `json:"about"`
}

// String is the address for people, with what is known of it.
func (s SeenAt) String() string { return s.Address + " (" + s.About + ")" }

// For is the advice as this person may see it. From where an account signs in is for its owner, for security, and for
// whoever has the correlation id of the failed sign-in; to others it would be a map.
func (a Advice) For(s Standing) Advice {
	if len(a.Seen) == 0 || s.Security || s.Person.Is(a.Owner) || a.Matched {
		return a
	}
	a.Seen = nil
	a.Unknown = append(append([]string(nil), a.Unknown...), "from where it signs in is shown to its owner and to security, and to who pastes the error with its Correlation ID")
	return a
}

// Best is the best way that fits; false if none does.
func (a Advice) Best() (Option, bool) {
	for _, o := range a.Options {
		if o.Fits {
			return o, true
		}
	}
	return Option{}, false
}
