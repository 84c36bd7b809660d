package rulesfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
)

// Parse reads a rules file. Its error is Mistakes: all of them, each with its place.
func Parse(data []byte) (*File, error) {
	r := &reader{}
	f := &File{hash: hashOf(data)}
	if root := r.document(data); root != nil {
		f.read(r, root)
	}
	if len(r.mistakes) > 0 {
		return nil, r.mistakes.sorted()
	}
	return f, nil
}

// read fills the file from the root node. Groups come first: the other sections name them.
func (f *File) read(r *reader, root *yaml.Node) {
	top := r.fields(root, "the file", "groups", "emergency", "people", "security", "adopters", "defaults",
		"locations", "exclusions", "zones", "blocked", "by_hand", "apps", "per_user_mfa", "refuse", "rules")
	if root.Kind != yaml.MappingNode {
		return
	}
	f.readGroups(r, top["groups"])
	for _, n := range r.list(top["emergency"], "emergency") {
		if id := r.id(n, "an entry of emergency"); id != "" {
			f.emergency = append(f.emergency, id)
		}
	}
	f.readPeople(r, top)
	f.locations = readPlaces(r, top["locations"], "location", approvals.TargetLocation)
	f.exclusions = readPlaces(r, top["exclusions"], "exclusion", approvals.TargetGroup)
	f.readZones(r, top["zones"])
	f.readBlocked(r, top["blocked"])
	f.readHands(r, top["by_hand"])
	f.readApps(r, top["apps"])
	if n := top["per_user_mfa"]; n != nil {
		if other := f.placeOf(approvals.PlacePerUser); other != "" {
			r.add(n, "call it something else", "%s has the name of per-user MFA: `in %s` would mean both", other, approvals.PlacePerUser)
		}
		f.perUser = readPerUser(r, n)
	}
	defaults := readLimits(r, top["defaults"], "defaults", builtIn())
	env, err := newEnv()
	if err != nil {
		r.add(root, "", "conditions cannot be read: %v", err)
		return
	}
	f.readRefusals(r, env, top["refuse"])
	if r.need(root, top["rules"], "the section rules", "without a rule everything is refused") {
		f.readRules(r, env, top["rules"], defaults)
	}
}

func (f *File) readGroups(r *reader, n *yaml.Node) {
	for _, e := range r.entries(n, "groups") {
		what := fmt.Sprintf("group %q", e.key.Value)
		if !isName(e.key.Value) || e.key.Value == Members {
			r.add(e.key, "use a to z, 0 to 9 and -; members means everybody", "%q cannot be the name of a group", e.key.Value)
		}
		v := r.fields(e.value, what, "id", "slack", "teams", "title")
		g := Group{Name: e.key.Value, Title: e.key.Value}
		if r.need(e.key, v["id"], what+": id", "the object id of the group in Entra ID") {
			g.ID = r.id(v["id"], what+": id")
		}
		if v["title"] != nil {
			g.Title = r.text(v["title"], what+": title")
		}
		if v["slack"] != nil {
			g.Slack = r.text(v["slack"], what+": slack")
			if g.Slack != "" && !isSlackChannel(g.Slack) {
				r.add(v["slack"], "its id stands at the bottom of the channel's details and looks like C0123ABCD; # and the name do not work",
					"%s: slack is %q, which is no channel id", what, g.Slack)
			}
		}
		if v["teams"] != nil {
			g.Teams = r.text(v["teams"], what+": teams")
			if g.Teams != "" && !strings.HasPrefix(g.Teams, "19:") {
				r.add(v["teams"], "it looks like 19:…@thread.tacv2", "%s: teams is %q, which is no conversation id", what, g.Teams)
			}
		}
		f.groups = append(f.groups, g)
	}
}

func isSlackChannel(s string) bool { return regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`).MatchString(s) }

func (f *File) readPeople(r *reader, top map[string]*yaml.Node) {
	f.people = People{MayAsk: Members}
	v := r.fields(top["people"], "people", "may_ask")
	if n := v["may_ask"]; n != nil && n.Value != Members {
		f.people.MayAsk = f.groupName(r, n, "people: may_ask", Members)
	}
	if n := top["security"]; n != nil {
		f.people.Security = f.groupName(r, n, "security")
	}
	if n := top["adopters"]; n != nil {
		f.people.Adopters = f.groupName(r, n, "adopters")
	}
}

// groupName gives the name of a group that the file has. also lists other words that could stand there.
func (f *File) groupName(r *reader, n *yaml.Node, what string, also ...string) string {
	name := r.text(n, what)
	if name == "" {
		return ""
	}
	if _, ok := f.Group(name); !ok {
		names := also
		for _, g := range f.groups {
			names = append(names, g.Name)
		}
		r.add(n, Meant(name, names), "%s names the group %q, which is not in the section groups", what, name)
	}
	return name
}

func readPlaces(r *reader, n *yaml.Node, one string, kind approvals.TargetKind) []Place {
	var places []Place
	for _, e := range r.entries(n, one+"s") {
		what := fmt.Sprintf("%s %q", one, e.key.Value)
		if !isName(e.key.Value) {
			r.add(e.key, "use a to z, 0 to 9 and -: people type it", "%q cannot be the name of a %s", e.key.Value, one)
		}
		v := r.fields(e.value, what, "id", "title", "mode")
		p := Place{Name: e.key.Value, Title: e.key.Value, Target: approvals.Target{Kind: kind}}
		if r.need(e.key, v["id"], what+": id", "the object id of the "+objectOf(kind)+" in Entra ID") {
			p.Target.ID = r.id(v["id"], what+": id")
		}
		if v["title"] != nil {
			p.Title = r.text(v["title"], what+": title")
		}
		p.Shared = r.oneOf(v["mode"], what+": mode", "owned", "shared") == "shared"
		same := func(q Place) bool { return q.Target == p.Target && q.Target.ID != "" }
		if i := slices.IndexFunc(places, same); i >= 0 {
			r.add(v["id"], "", "%s has the same id as %q", what, places[i].Name)
		}
		places = append(places, p)
	}
	return places
}

// readPerUser reads the section that makes per-user MFA a way out.
func readPerUser(r *reader, n *yaml.Node) *Place {
	p := &Place{Name: approvals.PlacePerUser, Title: "Per-user MFA"}
	if v := r.fields(n, "per_user_mfa", "title"); v["title"] != nil {
		p.Title = r.text(v["title"], "per_user_mfa: title")
	}
	return p
}

func objectOf(kind approvals.TargetKind) string {
	if kind == approvals.TargetGroup {
		return "exclusion group"
	}
	return "named location"
}
