package rulesfile

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
)

// handKeys are the keys of a place in by_hand that only some kinds have, each with those kinds and what it is.
func handKeys() []handKey {
	return []handKey{
		{"domain", "the federated domain behind which AD FS stands, like contoso.com", []approvals.HandKind{approvals.HandADFS, approvals.HandIntranet}},
		{"relying_parties", "the identifiers of the relying party trusts whose rules are changed", []approvals.HandKind{approvals.HandADFS}},
		{"site", "the address of the site, like https://contoso.sharepoint.com/sites/nx", []approvals.HandKind{approvals.HandSharePoint}},
		{"mailboxes", "the mail addresses of the mailboxes", []approvals.HandKind{approvals.HandExchange}},
		{"do", "the steps, one a line, to exempt an account there", []approvals.HandKind{approvals.HandProduct}},
		{"undo", "the steps, one a line, to take that away again", []approvals.HandKind{approvals.HandProduct}},
	}
}

type handKey struct {
	name, hint string
	kinds      []approvals.HandKind
}

// readHands reads the places that Graph cannot change. Zones, locations and exclusions come first: a name means one place.
func (f *File) readHands(r *reader, n *yaml.Node) {
	for _, e := range r.entries(n, "by_hand") {
		what := fmt.Sprintf("by_hand %q", e.key.Value)
		if !isName(e.key.Value) {
			r.add(e.key, "use a to z, 0 to 9 and -: people type it", "%q cannot be the name of a place", e.key.Value)
		}
		if other := f.nameOf(e.key.Value); other != "" {
			r.add(e.key, "call one of them something else", "%s has the name of %s: `in %s` would mean both", what, other, e.key.Value)
		}
		known := []string{"kind", "title", "group"}
		var kinds []string
		for _, k := range handKeys() {
			known = append(known, k.name)
		}
		for _, k := range approvals.HandKinds() {
			kinds = append(kinds, string(k))
		}
		v := r.fields(e.value, what, known...)
		h := approvals.ByHand{Name: e.key.Value, Title: e.key.Value}
		if v["title"] != nil {
			h.Title = r.text(v["title"], what+": title")
		}
		if r.need(e.key, v["kind"], what+": kind", "one of: "+strings.Join(kinds, ", ")) {
			h.Kind = approvals.HandKind(r.oneOf(v["kind"], what+": kind", kinds...))
		}
		if r.need(e.key, v["group"], what+": group", "the group whose members carry it out, by its name in groups") {
			h.Group = f.groupName(r, v["group"], what+": group")
			if g, ok := f.Group(h.Group); ok {
				h.GroupID = g.ID
			}
		}
		if h.Kind != "" {
			f.readHandKeys(r, e.key, v, what, &h)
		}
		f.hands = append(f.hands, h)
	}
}

func (f *File) readHandKeys(r *reader, at *yaml.Node, v map[string]*yaml.Node, what string, h *approvals.ByHand) {
	values := map[string][]string{}
	for _, k := range handKeys() {
		n := v[k.name]
		switch {
		case !slices.Contains(k.kinds, h.Kind) && n != nil:
			r.add(n, "", "%s: a place of the kind %s has no %s", what, h.Kind, k.name)
		case !slices.Contains(k.kinds, h.Kind):
		case r.need(at, n, what+": "+k.name, k.hint):
			values[k.name] = readHandKey(r, n, what+": "+k.name, k.name)
		}
	}
	first := func(key string) string { return strings.Join(values[key][:min(1, len(values[key]))], "") }
	h.Domain, h.Site = strings.ToLower(first("domain")), first("site")
	h.Parties, h.Mailboxes, h.Do, h.Undo = values["relying_parties"], values["mailboxes"], values["do"], values["undo"]
}

// Bounds of what stands in a place by hand: people read it in chat.
const (
	maxHandItems = 30
	maxHandText  = 500
)

func readHandKey(r *reader, n *yaml.Node, what, key string) []string {
	if key == "domain" || key == "site" {
		s := r.text(n, what)
		if s != "" && !wellFormed(key, s) {
			r.add(n, handHint(key), "%s is %q", what, s)
		}
		return []string{s}
	}
	items := r.list(n, what)
	if len(items) == 0 && n.Kind == yaml.SequenceNode {
		r.add(n, "", "%s is empty", what)
	}
	if len(items) > maxHandItems {
		r.add(n, "", "%s has %d entries; %d at most", what, len(items), maxHandItems)
		items = items[:maxHandItems]
	}
	var out []string
	for _, item := range items {
		s := strings.TrimSpace(r.text(item, "an entry of "+what))
		switch {
		case s == "":
			continue
		case len(s) > maxHandText:
			r.add(item, "", "an entry of %s is longer than %d bytes", what, maxHandText)
		case !wellFormed(key, s):
			r.add(item, handHint(key), "an entry of %s is %q", what, s)
		case slices.Contains(out, s):
			r.add(item, "", "%s: %q stands twice", what, s)
		default:
			out = append(out, s)
		}
	}
	return out
}

// wellFormed reports whether a value is what its key wants. What goes into scripts is quoted there in any case.
func wellFormed(key, s string) bool {
	switch key {
	case "domain":
		return regexp.MustCompile(`^([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$`).MatchString(s)
	case "site":
		u, err := url.Parse(s)
		return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
	case "mailboxes":
		return regexp.MustCompile(`^[A-Za-z0-9._%+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$`).MatchString(s)
	case "relying_parties", "do", "undo":
		return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' })
	}
	return true
}

func handHint(key string) string {
	for _, k := range handKeys() {
		if k.name == key {
			return k.hint
		}
	}
	return ""
}

// nameOf says what has the name already, or is empty.
func (f *File) nameOf(name string) string {
	if name == approvals.PlacePerUser {
		return "per-user MFA"
	}
	return f.placeOf(name)
}

// placeOf is nameOf for the places that the file names itself.
func (f *File) placeOf(name string) string {
	if _, is := f.Location(name); is {
		return "a location"
	}
	if _, is := f.Exclusion(name); is {
		return "an exclusion"
	}
	if slices.Contains(f.ZoneNames(), name) {
		return "a zone"
	}
	return ""
}

// Hands lists the places that Graph cannot change, in the order of the file.
func (f *File) Hands() []approvals.ByHand { return slices.Clone(f.hands) }

// ByHand finds a place that Graph cannot change by its name.
func (f *File) ByHand(name string) (approvals.ByHand, bool) {
	i := slices.IndexFunc(f.hands, func(h approvals.ByHand) bool { return h.Name == name })
	if i < 0 {
		return approvals.ByHand{}, false
	}
	return f.hands[i], true
}

// HandNames lists the names of the places by hand that an ask of this kind can be put into.
func (f *File) HandNames(kind approvals.Kind) []string {
	var names []string
	for _, h := range f.hands {
		if h.Kind.Takes(kind) {
			names = append(names, h.Name)
		}
	}
	return names
}
