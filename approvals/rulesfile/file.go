package rulesfile

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"hallpass/approvals"
)

// Members is what People.MayAsk says when every enabled member of the tenant may ask.
const Members = "members"

// File is a rules file without mistakes. It never changes and may be used concurrently.
type File struct {
	hash       string
	groups     []Group
	locations  []Place
	exclusions []Place
	zones      []Zone
	hands      []approvals.ByHand
	apps       []approvals.AppAccess
	perUser    *Place // nil: per-user MFA is no way out here
	blocked    *Blocked
	emergency  []string
	people     People
	refusals   []refusal
	rules      []rule
}

// Group is a group of Entra ID that holds seats or is told, and where it is told.
type Group struct {
	Name  string // in the rules file
	ID    string // Entra object id
	Title string // for people
	Slack string // channel id; may be empty
	Teams string // conversation id; may be empty
}

// Place is where an exemption is put: a named location or an exclusion group.
type Place struct {
	Name   string // in the rules file and in commands
	Target approvals.Target
	Title  string // for people
	// Shared says that others write the target too; hallpass then leaves alone what it did not put there.
	Shared bool
}

// Zone is a fenced zone: an exclusion group that the MFA policies exclude, a named location of its own, and two policies
// that keep the group out everywhere else. All ids are Entra object ids.
type Zone struct {
	Name            string // in the rules file and in commands
	Title           string // for people
	Group, Location approvals.Target
	// MFAPolicies exclude the group. FencePolicy blocks it from everywhere but the location; RegistrationPolicy blocks it
	// from registering security information.
	MFAPolicies                     []string
	FencePolicy, RegistrationPolicy string
}

// Blocked is where accounts go when their exemption ends: a group that a policy keeps out of everything.
type Blocked struct {
	Group  approvals.Target
	Policy string // the id of the policy
	Title  string // for people
}

// People says who may do what besides taking seats. Values are names of groups.
type People struct {
	MayAsk   string // Members, or a group
	Security string // reviewers; may be empty
	Adopters string // may make themselves owner of an account that has none; may be empty
}

// refusal is one entry of the section refuse.
type refusal struct {
	name string
	when condition
	say  string
}

// rule is one entry of the section rules.
type rule struct {
	name   string
	when   condition
	seats  []approvals.Seat
	notify []string
	limits limits
	flags  flags
}

// flags are the yes-or-no settings of a rule.
type flags struct {
	unfenced, restore, ticket, endUnfenced, byHand, attestSelf, stepUp, endChanged bool
}

// limits are the times that defaults and rules may set.
type limits struct {
	max, maxTotal, lapse, nudge, applyWithin, undoWithin time.Duration
	remind                                               []time.Duration
}

// builtIn are the limits of a file that sets none.
func builtIn() limits {
	const day = 24 * time.Hour
	return limits{
		max: 90 * day, maxTotal: 365 * day, lapse: 3 * day, nudge: day, applyWithin: day, undoWithin: day,
		remind: []time.Duration{14 * day, 3 * day, day},
	}
}

// hashOf is the hash that stands in every ruling.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Hash is the SHA-256 of the file, in hex.
func (f *File) Hash() string { return f.hash }

// Groups lists the groups in the order of the file.
func (f *File) Groups() []Group { return slices.Clone(f.groups) }

// Group finds a group by its name.
func (f *File) Group(name string) (Group, bool) {
	i := slices.IndexFunc(f.groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		return Group{}, false
	}
	return f.groups[i], true
}

// Locations lists the named locations in the order of the file.
func (f *File) Locations() []Place { return slices.Clone(f.locations) }

// Location finds a named location by its name: what `ip … in NAME` means.
func (f *File) Location(name string) (Place, bool) { return find(f.locations, name) }

// Exclusions lists the exclusion groups in the order of the file.
func (f *File) Exclusions() []Place { return slices.Clone(f.exclusions) }

// Exclusion finds an exclusion group by its name: what `account … in NAME` means.
func (f *File) Exclusion(name string) (Place, bool) { return find(f.exclusions, name) }

func find(places []Place, name string) (Place, bool) {
	i := slices.IndexFunc(places, func(p Place) bool { return p.Name == name })
	if i < 0 {
		return Place{}, false
	}
	return places[i], true
}

// Zones lists the fenced zones in the order of the file.
func (f *File) Zones() []Zone { return slices.Clone(f.zones) }

// ZoneNames lists the names of the zones: what `account … from … in NAME` means.
func (f *File) ZoneNames() []string {
	var names []string
	for _, z := range f.zones {
		names = append(names, z.Name)
	}
	return names
}

// Names lists the names that an ask of this kind can use as its Where, in the order of the file.
func (f *File) Names(kind approvals.Kind) []string {
	var names []string
	if kind == approvals.KindApp {
		for _, a := range f.apps {
			names = append(names, a.Name)
		}
		return names
	}
	places := f.locations
	if kind == approvals.KindAccount {
		places = f.exclusions
	}
	for _, p := range places {
		names = append(names, p.Name)
	}
	if kind == approvals.KindAccount && f.perUser != nil {
		names = append(names, f.perUser.Name)
	}
	return names
}

// PerUser is the place in which accounts are exempted from per-user MFA, and whether the file has it. Each account is a target of
// its own there, so the place has none.
func (f *File) PerUser() (Place, bool) {
	if f.perUser == nil {
		return Place{}, false
	}
	return *f.perUser, true
}

// Blocked is where accounts go when their exemption ends, and whether the file has it.
func (f *File) Blocked() (Blocked, bool) {
	if f.blocked == nil {
		return Blocked{}, false
	}
	return *f.blocked, true
}

// Place finds the place of a target.
func (f *File) Place(t approvals.Target) (Place, bool) {
	all := append(f.Locations(), f.exclusions...)
	for _, z := range f.zones {
		for _, of := range []approvals.Target{z.Location, z.Group} {
			all = append(all, Place{Name: z.Name, Target: of, Title: z.Title})
		}
	}
	i := slices.IndexFunc(all, func(p Place) bool { return p.Target == t })
	if i < 0 {
		return Place{}, false
	}
	return all[i], true
}

// Emergency lists the object ids of the accounts that are never touched.
func (f *File) Emergency() []string { return slices.Clone(f.emergency) }

// People says who may do what besides taking seats.
func (f *File) People() People { return f.people }

// StepUps are the names of the rules under which a yes needs a fresh sign-in.
func (f *File) StepUps() []string {
	var names []string
	for _, r := range f.rules {
		if r.flags.stepUp {
			names = append(names, r.name)
		}
	}
	return names
}

// Seats lists the names of all groups that hold a seat in any rule, sorted.
func (f *File) Seats() []string {
	names := map[string]bool{}
	for _, r := range f.rules {
		for _, s := range r.seats {
			names[s.Group] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
