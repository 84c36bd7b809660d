package rulesfile

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
)

// readZones reads the fenced zones. A zone is sound only if its group and its location serve nothing else, so an id that
// stands anywhere else in the file is a mistake.
func (f *File) readZones(r *reader, n *yaml.Node) {
	taken := f.taken()
	var exempting []func() // read when all fences are known
	for _, e := range r.entries(n, "zones") {
		what := fmt.Sprintf("zone %q", e.key.Value)
		if !isName(e.key.Value) {
			r.add(e.key, "use a to z, 0 to 9 and -: people type it", "%q cannot be the name of a zone", e.key.Value)
		}
		if _, twice := f.Exclusion(e.key.Value); twice {
			r.add(e.key, "call one of them something else", "%s has the name of an exclusion: `in %s` would mean both", what, e.key.Value)
		}
		v := r.fields(e.value, what, "group", "location", "mfa_policies", "fence_policy", "registration_policy", "title")
		z := Zone{Name: e.key.Value, Title: e.key.Value}
		if v["title"] != nil {
			z.Title = r.text(v["title"], what+": title")
		}
		id := func(key, hint string) string {
			if !r.need(e.key, v[key], what+": "+key, hint) {
				return ""
			}
			return taken.claim(r, v[key], r.id(v[key], what+": "+key), what+": "+key)
		}
		z.Group = approvals.Target{Kind: approvals.TargetGroup, ID: id("group", "the object id of a group that is excluded from the MFA policies and used for nothing else")}
		z.Location = approvals.Target{Kind: approvals.TargetLocation, ID: id("location", "the object id of a named location that is not trusted and used for nothing else")}
		z.FencePolicy = id("fence_policy", "the id of the policy that blocks the group from everywhere but the location; `hallpass zone plan` prints it")
		z.RegistrationPolicy = id("registration_policy", "the id of the policy that blocks the group from registering security information; `hallpass zone plan` prints it")
		at := len(f.zones)
		exempting = append(exempting, func() {
			f.zones[at].MFAPolicies = readMFAPolicies(r, e.key, v["mfa_policies"], what, taken)
		})
		f.zones = append(f.zones, z)
	}
	for _, read := range exempting {
		read()
	}
}

// readBlocked reads where accounts go when their exemption ends. The group serves nothing else: who is in it is blocked.
func (f *File) readBlocked(r *reader, n *yaml.Node) {
	if n == nil {
		return
	}
	taken := f.taken()
	v := r.fields(n, "blocked", "group", "policy", "title")
	b := &Blocked{Group: approvals.Target{Kind: approvals.TargetGroup}, Title: "Blocked accounts"}
	if v["title"] != nil {
		b.Title = r.text(v["title"], "blocked: title")
	}
	if r.need(n, v["group"], "blocked: group", "the object id of a group that a policy blocks from everything; `hallpass zone plan -blocked` prints both") {
		b.Group.ID = taken.claim(r, v["group"], r.id(v["group"], "blocked: group"), "blocked: group")
	}
	if r.need(n, v["policy"], "blocked: policy", "the id of the policy that blocks the group from everything") {
		b.Policy = taken.claim(r, v["policy"], r.id(v["policy"], "blocked: policy"), "blocked: policy")
	}
	f.blocked = b
}

// readMFAPolicies reads the policies from which a zone exempts. Zones may have them in common; a policy that is also
// somebody's fence is a mistake.
func readMFAPolicies(r *reader, at, n *yaml.Node, what string, taken ids) []string {
	if !r.need(at, n, what+": mfa_policies", "the ids of the policies that demand MFA and exclude the group") {
		return nil
	}
	items := r.list(n, what+": mfa_policies")
	if len(items) == 0 && n.Kind == yaml.SequenceNode {
		r.add(n, "the ids of the policies that demand MFA and exclude the group", "%s: mfa_policies is empty", what)
	}
	var out []string
	for _, item := range items {
		id := r.id(item, what+": an entry of mfa_policies")
		by, is := taken[id]
		switch {
		case id == "":
		case is:
			r.add(item, "a policy that demands MFA is neither", "%s: %s stands in mfa_policies and is %s as well", what, id, by)
		case slices.Contains(out, id):
			r.add(item, "", "%s: %s stands twice in mfa_policies", what, id)
		default:
			out = append(out, id)
		}
	}
	return out
}

// ids are the object ids that the file uses, each with what it is used for.
type ids map[string]string

// taken are the ids of groups, places and of the zones read so far, which nothing that has to stand alone may use again.
func (f *File) taken() ids {
	out := ids{}
	for _, g := range f.groups {
		out[g.ID] = fmt.Sprintf("group %q", g.Name)
	}
	for _, p := range f.locations {
		out[p.Target.ID] = fmt.Sprintf("location %q", p.Name)
	}
	for _, p := range f.exclusions {
		out[p.Target.ID] = fmt.Sprintf("exclusion %q", p.Name)
	}
	for _, z := range f.zones {
		for key, id := range map[string]string{"group": z.Group.ID, "location": z.Location.ID, "fence_policy": z.FencePolicy, "registration_policy": z.RegistrationPolicy} {
			out[id] = fmt.Sprintf("zone %q: %s", z.Name, key)
		}
	}
	delete(out, "") // of what was a mistake already
	return out
}

// claim takes an id for one use, or reports who has it already.
func (t ids) claim(r *reader, at *yaml.Node, id, what string) string {
	if by, is := t[id]; is {
		r.add(at, "it shares nothing with anything else", "%s is %s, which is %s already", what, id, by)
		return id
	}
	if id != "" {
		t[id] = what
	}
	return id
}
