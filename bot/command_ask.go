package bot

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"hallpass/approvals"
)

// term reads "for …" or "until …".
func (g Grammar) term(p parts) (approvals.Term, error) {
	if p.get("for") != "" && p.get("until") != "" {
		return approvals.Term{}, approvals.Refuse(approvals.RefusedInput, "Say either “for” or “until”, not both.")
	}
	if s := p.get("until"); s != "" {
		until, err := parseUntil(s, g.Zone)
		return approvals.Term{Until: until}, err
	}
	if s := p.get("for"); s != "" {
		d, err := ParseDuration(s)
		return approvals.Term{For: d}, err
	}
	return approvals.Term{}, nil
}

// ask reads a new ask; every mistake is shown together with the command as it should be.
func (g Grammar) ask(c *Command, p parts) error {
	kind := approvals.Kind(c.Verb)
	adopt := c.Verb == "adopt"
	if adopt {
		kind = kindOf(p.words)
	}
	a := approvals.Ask{Kind: kind, Adopt: adopt, Where: strings.ToLower(p.get("in")), Reason: p.because, Ticket: line(p.get("ticket"))}
	var wrong []string
	note := func(err error) {
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	subject := p.head()
	switch kind {
	case approvals.KindIP:
		var err error
		if adopt {
			a.Addresses, err = approvals.ParseEntries(p.words)
		} else {
			a.Addresses, err = approvals.ParseAddresses(p.words)
		}
		note(err)
		if subject == "" {
			subject = "20.50.2.1"
		}
	case approvals.KindAccount:
		a.Account = strings.ToLower(subject)
		if len(p.words) != 1 {
			note(approvals.Refuse(approvals.RefusedInput, "Name one account."))
			subject = cmp.Or(strings.Join(p.words[:min(1, len(p.words))], ""), "svc-nx@contoso.com")
		}
	case approvals.KindApp:
		readApp(&a, p, note)
		subject = cmp.Or(a.App, "agilepoint-nx")
	}
	places := g
	if adopt {
		places = g.written()
	}
	where, err := places.where(&a, p)
	note(err)
	if kind == approvals.KindApp {
		where += typedCredential(p)
	}
	note(g.then(&a, p))
	term, err := g.term(p)
	note(err)
	if err == nil && term.IsZero() {
		note(approvals.Refuse(approvals.RefusedInput, "How long is missing."))
	}
	a.Term = term
	if a.Reason == "" {
		note(approvals.Refuse(approvals.RefusedInput, "The reason is missing."))
	}
	note(bounded("ticket", a.Ticket, maxTicket))
	if p.twice != "" {
		note(approvals.Refuse(approvals.RefusedInput, "“%s” stands twice.", p.twice))
	}
	if len(wrong) > 0 {
		example := "/hallpass " + c.Verb + " " + clip(subject, 200) + where + " " + typed(term) + typedThen(a) + " because " + cmp.Or(clip(line(a.Reason), 200), "AgilePoint NX calls SharePoint")
		return shape(strings.Join(wrong, "\n"), example)
	}
	c.Ask, c.Term = a, term
	return nil
}

// kindOf is the kind of what is taken over: whatever begins with an address or a range is one.
func kindOf(words []string) approvals.Kind {
	_, err := approvals.ParseEntries(words[:min(1, len(words))])
	if err != nil {
		return approvals.KindAccount
	}
	return approvals.KindIP
}

// written is the grammar with those places only that hallpass writes entry by entry, and in which others may have written too:
// no zones, and none in which people do it by hand.
func (g Grammar) written() Grammar {
	return Grammar{Zone: g.Zone, Names: g.Names}
}

// where finds out where an ask goes: an account with addresses into a fenced zone, all else into the one place that is
// named or that there is. It gives how that is typed.
func (g Grammar) where(a *approvals.Ask, p parts) (example string, err error) {
	_, from := p.after["from"]
	_, drop := p.after["drop"]
	if a.Adopt && (from || drop) {
		p.after, from, drop = nil, false, false
		err = approvals.Refuse(approvals.RefusedInput, "What is there already is taken over as it is: “from” and “drop” have no place here.")
	}
	zones, names := g.zones(), g.Names(a.Kind)
	switch {
	case (from || drop) && a.Kind != approvals.KindAccount:
		err = approvals.Refuse(approvals.RefusedInput, "“from” and “drop” belong to `account`; for `ip` the addresses stand right behind it.")
	case drop && !from:
		err = approvals.Refuse(approvals.RefusedInput, "“drop” says from where the account may stop to sign in; “from” has to say from where it goes on.")
	case slices.Contains(g.hands(a.Kind), a.Where) && !from && !drop:
		return " in " + a.Where, nil
	case from:
		return g.zone(a, p)
	case a.Kind == approvals.KindAccount && len(zones) > 0 && (len(names) == 0 || slices.Contains(zones, a.Where)):
		return " from 20.50.2.1", approvals.Refuse(approvals.RefusedInput, "From which addresses does it sign in? It can be exempt from there only.")
	}
	if usual := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == approvals.PlacePerUser }); a.Where == "" && len(usual) == 1 {
		a.Where = usual[0] // per-user MFA is meant only where it is named
	}
	if !slices.Contains(names, a.Where) && err == nil {
		err = noPlace(a.Kind, a.Where, slices.Concat(names, g.hands(a.Kind)))
	}
	where := a.Where
	if !slices.Contains(names, where) && len(names) > 0 {
		where = names[0]
	}
	return " in " + cmp.Or(where, "NAME"), err
}

// zone reads the addresses of an account. Without a name hallpass picks a free zone.
func (g Grammar) zone(a *approvals.Ask, p parts) (example string, err error) {
	zones := g.zones()
	example = " from " + clip(cmp.Or(p.get("from"), "20.50.2.1"), 200)
	if drop := p.get("drop"); drop != "" {
		example += " drop " + clip(drop, 200)
	}
	if slices.Contains(zones, a.Where) {
		example += " in " + a.Where
	}
	if a.Addresses, err = approvals.ParseAddresses(p.after["from"]); err != nil {
		return example, err
	}
	if a.Drop, err = dropped(a.Addresses, p.after["drop"]); err != nil {
		return example, err
	}
	switch {
	case len(zones) == 0:
		return example, approvals.Refuse(approvals.RefusedInput, "No fenced zone is set up here, so an account cannot be exempt from some addresses only.").
			Or("Ask your administrator for one.")
	case a.Where != "" && !slices.Contains(zones, a.Where):
		return example, approvals.Refuse(approvals.RefusedInput, "There is no zone “%s”. There is: %s. Leave it out, and a free one is picked.", clip(a.Where, 40), strings.Join(zones, ", "))
	}
	return example, nil
}

// dropped reads the addresses from which an account may stop to sign in.
func dropped(from []netip.Prefix, list []string) ([]netip.Prefix, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out, err := approvals.ParseAddresses(list)
	for _, d := range out {
		if slices.ContainsFunc(from, d.Overlaps) {
			return nil, approvals.Refuse(approvals.RefusedInput, "%s cannot both go on and stop.", d)
		}
	}
	return out, err
}

func noPlace(kind approvals.Kind, name string, names []string) error {
	what := "location"
	switch kind {
	case approvals.KindAccount:
		what = "exclusion"
	case approvals.KindApp:
		what = "access for applications"
	case approvals.KindIP:
	}
	if len(names) == 0 {
		return approvals.Refuse(approvals.RefusedInput, "No %s is set up here.", what)
	}
	if name == "" {
		return approvals.Refuse(approvals.RefusedInput, "Into which %s? There is: %s.", what, strings.Join(names, ", "))
	}
	return approvals.Refuse(approvals.RefusedInput, "There is no %s “%s”. There is: %s.", what, clip(name, 40), strings.Join(names, ", "))
}
