package rulesfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
)

// readApps reads what app registrations may be asked for with. It comes after the places by hand, which its grants name.
func (f *File) readApps(r *reader, n *yaml.Node) {
	const day = 24 * time.Hour
	for _, e := range r.entries(n, "apps") {
		what := fmt.Sprintf("apps %q", e.key.Value)
		if !isName(e.key.Value) {
			r.add(e.key, "use a to z, 0 to 9 and -: people type it", "%q cannot be the name of an access", e.key.Value)
		}
		v := r.fields(e.value, what, "title", "permissions", "consent", "grants", "longest", "keep")
		a := approvals.AppAccess{Name: e.key.Value, Title: e.key.Value}
		if v["title"] != nil {
			a.Title = r.text(v["title"], what+": title")
		}
		a.Permissions = readPermissions(r, v["permissions"], what)
		switch {
		case len(a.Permissions) > 0 && r.need(e.key, v["consent"], what+": consent", "the group whose members consent to the permissions, by its name in groups"):
			a.Consent = f.groupName(r, v["consent"], what+": consent")
			if g, ok := f.Group(a.Consent); ok {
				a.ConsentID = g.ID
			}
		case len(a.Permissions) == 0 && v["consent"] != nil:
			r.add(v["consent"], "", "%s: without permissions there is nothing to consent to", what)
		}
		a.Grants = f.readGrants(r, v["grants"], what)
		if len(a.Permissions)+len(a.Grants) == 0 {
			r.add(e.key, "name permissions, grants, or both", "%s: an application that may do nothing is no way out", what)
		}
		a.Longest, a.Keep = r.duration(v["longest"], what+": longest", 397*day), r.duration(v["keep"], what+": keep", 30*day)
		if a.Longest <= 0 || a.Keep < 0 {
			r.add(e.key, "", "%s: longest must be longer than 0, and keep no less than 0", what)
		}
		f.apps = append(f.apps, a)
	}
}

func readPermissions(r *reader, n *yaml.Node, what string) []string {
	var out []string
	for _, item := range r.list(n, what+": permissions") {
		name := r.text(item, "an entry of "+what+": permissions")
		why := approvals.DeniedPermission(name)
		switch {
		case name == "":
		case !regexp.MustCompile(`^[A-Za-z-]+(\.[A-Za-z-]+)+$`).MatchString(strings.TrimPrefix(name, approvals.PermissionOfSharePoint)):
			r.add(item, "an application permission of Microsoft Graph, like Sites.Selected, or of SharePoint itself, like SharePoint/Sites.Selected", "%s: %q is no permission", what, name)
		case why != "":
			r.add(item, why, "%s: %s is never given", what, name)
		case slices.Contains(out, name):
			r.add(item, "", "%s: %s stands twice", what, name)
		default:
			out = append(out, name)
		}
	}
	return out
}

// readGrants reads roles by place: `contracts-site: write`.
func (f *File) readGrants(r *reader, n *yaml.Node, what string) []approvals.AppGrant {
	var out []approvals.AppGrant
	for _, e := range r.entries(n, what+": grants") {
		place, ok := f.ByHand(e.key.Value)
		role := r.text(e.value, what+": grants: "+e.key.Value)
		switch {
		case !ok:
			var names []string
			for _, h := range f.hands {
				names = append(names, h.Name)
			}
			r.add(e.key, Meant(e.key.Value, names), "%s: there is no place %q in by_hand", what, e.key.Value)
		case place.Kind == approvals.HandSharePoint && role != "read" && role != "write":
			r.add(e.value, "read or write", "%s: %q is no role on a site", what, role)
		case place.Kind == approvals.HandExchange && !regexp.MustCompile(`^Application [A-Za-z.]+$`).MatchString(role):
			r.add(e.value, "an application role, like Application Mail.Send", "%s: %q is no role on mailboxes", what, role)
		case place.Kind != approvals.HandSharePoint && place.Kind != approvals.HandExchange:
			r.add(e.key, "places of the kinds sharepoint and exchange", "%s: nothing is granted in a place of the kind %s", what, place.Kind)
		default:
			out = append(out, approvals.AppGrant{Place: place, Role: role})
		}
	}
	return out
}

// Apps lists what app registrations may be asked for with, in the order of the file.
func (f *File) Apps() []approvals.AppAccess { return slices.Clone(f.apps) }

// App finds an access by its name: what `app NAME in ACCESS` means.
func (f *File) App(name string) (approvals.AppAccess, bool) {
	i := slices.IndexFunc(f.apps, func(a approvals.AppAccess) bool { return a.Name == name })
	if i < 0 {
		return approvals.AppAccess{}, false
	}
	return f.apps[i], true
}
