package graphtest

import (
	"errors"
	"net/http"
	"slices"
)

// What others do in the tenant: administrators in the portal, other tools, the directory itself.

// ChangeUser changes an account.
func (t *Tenant) ChangeUser(id string, change func(*User)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.user(id); u != nil {
		change(u)
	}
}

// ChangeGroup changes a group, other than its members.
func (t *Tenant) ChangeGroup(actor, id string, change func(*Group)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.group(id); g != nil {
		change(g)
		t.audit(audit{activity: "Update group", actor: actor, targets: []string{id}})
	}
}

// ChangePolicy changes a policy.
func (t *Tenant) ChangePolicy(actor, id string, change func(*Policy)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.policy(id); p != nil {
		change(p)
		t.audit(audit{activity: "Update conditional access policy", actor: actor, targets: []string{id}})
	}
}

// ChangeLocation changes a location, other than its ranges.
func (t *Tenant) ChangeLocation(actor, id string, change func(*Location)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.location(id); l != nil {
		change(l)
		t.audit(audit{activity: "Update named location", actor: actor, targets: []string{id}})
	}
}

// Join adds a member to a group.
func (t *Tenant) Join(actor, group, member string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.group(group); g != nil && !slices.Contains(g.members, member) {
		t.setMember(actor, "", g, member, true)
	}
}

// Leave removes a member from a group.
func (t *Tenant) Leave(actor, group, member string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.group(group); g != nil && slices.Contains(g.members, member) {
		t.setMember(actor, "", g, member, false)
	}
}

// EditRanges changes the ranges of a location.
func (t *Tenant) EditRanges(actor, id string, add, remove []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.location(id)
	if l == nil {
		return
	}
	next := slices.DeleteFunc(slices.Clone(l.Ranges), func(r string) bool { return slices.Contains(remove, r) })
	t.setRanges(actor, "", l, append(next, add...))
}

// Delete deletes an object; it can be restored. As in the real service a trusted location, or one that a policy refers to,
// is not deleted.
func (t *Tenant) Delete(actor, id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	var activity string
	if u := t.user(id); u != nil {
		u.deleted, activity = now, "Delete user"
	} else if g := t.group(id); g != nil {
		g.deleted, activity = now, "Delete group"
	} else if p := t.policy(id); p != nil {
		p.deleted, activity = now, "Delete conditional access policy"
	} else if l := t.location(id); l != nil {
		if l.Trusted {
			return errors.New("graphtest: a trusted location is not deleted")
		}
		for _, p := range t.policies {
			if p.deleted.IsZero() && (slices.Contains(p.IncludeLocations, id) || slices.Contains(p.ExcludeLocations, id)) {
				return errors.New("graphtest: a policy refers to the location")
			}
		}
		l.deleted, activity = now, "Delete named location"
	} else {
		return errors.New("graphtest: there is no " + id)
	}
	t.audit(audit{activity: activity, actor: actor, targets: []string{id}})
	return nil
}

// Restore brings back what was deleted.
func (t *Tenant) Restore(actor, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range t.users {
		if u.ID == id {
			u.deleted = zero()
		}
	}
	for _, g := range t.groups {
		if g.ID == id {
			g.deleted = zero()
		}
	}
	for _, p := range t.policies {
		if p.ID == id {
			p.deleted = zero()
		}
	}
	for _, l := range t.locations {
		if l.ID == id {
			l.deleted = zero()
		}
	}
	t.audit(audit{activity: "Restore", actor: actor, targets: []string{id}})
}

// Fail makes calls that match fail.
func (t *Tenant) Fail(match func(*http.Request) bool, f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, &fault{match, f})
}

// Heal takes all faults back.
func (t *Tenant) Heal() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

// After does something once, right after the first call that matches was answered, and before its caller sees the answer:
// another hand that comes in between.
func (t *Tenant) After(match func(*http.Request) bool, do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hands = append(t.hands, &hand{match, do})
}

// waiting takes the hands that this call lets loose.
func (t *Tenant) waiting(r *http.Request) []func() {
	var out []func()
	t.hands = slices.DeleteFunc(t.hands, func(h *hand) bool {
		if h.match(r) {
			out = append(out, h.do)
			return true
		}
		return false
	})
	return out
}

// Consent is an administrator's click on "Grant admin consent": the app gets all that it asks for.
func (t *Tenant) Consent(actor, appID string) {
	t.mu.Lock()
	a := t.app(appID)
	var roles []string
	if a != nil {
		for _, name := range t.appRoles() {
			asked := slices.ContainsFunc(a.Asks, func(ask string) bool { _, id := askOf(ask); return id == roleID(name) })
			if asked && !slices.Contains(a.Roles, name) {
				roles = append(roles, name)
			}
		}
	}
	t.mu.Unlock()
	t.Grant(actor, appID, roles...)
}

// SetMFA sets the per-user MFA state of an account by another hand.
func (t *Tenant) SetMFA(actor, user, state string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.user(user); u != nil {
		t.setMFA(actor, "", u, state)
	}
}

// Grant grants permissions to an app, as an administrator's consent does.
func (t *Tenant) Grant(actor, appID string, roles ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.app(appID); a != nil {
		a.Roles = append(a.Roles, roles...)
		t.audit(audit{activity: "Add app role assignment to service principal", actor: actor, targets: []string{a.Principal}})
	}
}

// Meddle lets another hand change an app.
func (t *Tenant) Meddle(appID string, change func(*App)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.app(appID); a != nil {
		change(a)
	}
}
