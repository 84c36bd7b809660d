package graphtest

import (
	"maps"
	"slices"
)

// Has reports whether the location has the range, whatever its form.
func (t *Tenant) Has(location, cidr string) bool { return has(t.Ranges(location), cidr) }

// Ranges are the ranges of a location now.
func (t *Tenant) Ranges(location string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.location(location); l != nil {
		return slices.Clone(l.Ranges)
	}
	return nil
}

// IsMember reports whether the user is a direct member of the group.
func (t *Tenant) IsMember(group, user string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(group)
	return g != nil && slices.Contains(g.members, user)
}

// User gives an account as it is now, by id or user principal name.
func (t *Tenant) User(id string) (User, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.user(id); u != nil {
		return *u, true
	}
	return User{}, false
}

// Throttled counts the calls that were answered 429.
func (t *Tenant) Throttled() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.throttled
}

// Calls counts the calls by method and path without ids.
func (t *Tenant) Calls() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.calls)
}

// Snapshot is what the tenant holds, for a page that shows it.
type Snapshot struct {
	Locations []PlaceShot `json:"locations"`
	Groups    []PlaceShot `json:"groups"`
	Apps      []PlaceShot `json:"apps"` // those that an app has made
}

// PlaceShot is a location with its ranges, a group with its members' names, or an app with what it may do and signs in with.
type PlaceShot struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Entries []string `json:"entries"`
}

// Snapshot gives what the tenant holds now.
func (t *Tenant) Snapshot() Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := Snapshot{Locations: []PlaceShot{}, Groups: []PlaceShot{}, Apps: []PlaceShot{}}
	for _, l := range t.locations {
		if !l.deleted.IsZero() {
			continue
		}
		out.Locations = append(out.Locations, PlaceShot{l.ID, l.Name, append([]string{}, l.Ranges...)})
	}
	for _, g := range t.groups {
		if !g.deleted.IsZero() {
			continue
		}
		names := []string{}
		for _, m := range g.members {
			if u := t.user(m); u != nil {
				names = append(names, u.UPN)
			}
		}
		out.Groups = append(out.Groups, PlaceShot{g.ID, g.Name, names})
	}
	for _, a := range t.apps {
		if a.Unique != "" && a.deleted.IsZero() {
			out.Apps = append(out.Apps, PlaceShot{a.object, a.Name, a.shown()})
		}
	}
	return out
}

// shown is what an app may do and signs in with, in words.
func (a *App) shown() []string {
	out := []string{}
	if a.Disabled {
		out = append(out, "disabled")
	}
	for _, r := range a.Roles {
		out = append(out, "may "+r)
	}
	for _, k := range a.Credentials {
		kind := "certificate"
		if k.Secret {
			kind = "SECRET"
		}
		out = append(out, kind+" until "+k.Ends.UTC().Format("2 Jan 2006"))
	}
	for _, f := range a.Federated {
		out = append(out, f.Subject+" of "+f.Issuer)
	}
	return out
}
