package approvals

// Person is somebody (or a service account) as the directory describes it at one moment.
type Person struct {
	// ID is the Entra object id.
	ID string `json:"id"`
	// Human is the key under which votes are counted: accounts that share the configured attribute are one human.
	// It is the ID where no attribute is configured or set.
	Human string `json:"human"`
	// Name and UPN are for people to read; nothing is decided by them.
	Name string `json:"name,omitempty"`
	UPN  string `json:"upn,omitempty"`
	// Team is the person's department in Entra ID, for reviewers to find things by; nothing is decided by it.
	Team string `json:"team,omitempty"`
	// Enabled and Guest are the account's status in Entra ID.
	Enabled bool `json:"enabled"`
	Guest   bool `json:"guest,omitempty"`
}

// Is reports whether p and q are the same human. Nobody is the same as an unknown person.
func (p Person) Is(q Person) bool {
	if p.ID == "" || q.ID == "" {
		return false
	}
	return p.ID == q.ID || (p.Human != "" && p.Human == q.Human)
}

// Label is the name to show: the display name, or the UPN, or the id.
func (p Person) Label() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.UPN != "":
		return p.UPN
	}
	return p.ID
}

// Standing is a person together with what was read about their rights at one moment.
type Standing struct {
	Person Person `json:"person"`
	// Groups are the names, as in the rules file, of the groups that the person is a member of, of those asked for.
	Groups []string `json:"groups,omitempty"`
	// Security says that the person is a security reviewer.
	Security bool `json:"security,omitempty"`
	// MayAsk says that the person may open requests.
	MayAsk bool `json:"may_ask,omitempty"`
}
