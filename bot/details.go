package bot

import (
	"slices"
	"strings"

	"hallpass/approvals"
)

// Details is everything that those concerned may see of a request.
func (v Voice) Details(r *approvals.Request) Form {
	round := r.Round()
	f := Form{ID: FormDetails, Title: "Details of " + string(r.ID), Intro: []Text{{bold(Headline(r))}, v.lead(r)}}
	add := func(t ...Span) { f.Intro = append(f.Intro, t) }
	add(bold("What it changes, in this order"))
	for _, c := range round.Plan.Changes {
		if c.Blocks() {
			add(plain("• "), code(c.Label), plain(" not in "), literal(name(c.Title)), plain(" until the end; put there then, which blocks it from every sign-in until its owner decides"))
			if round.Plan.Then() == approvals.ThenDisabled {
				add(plain("• "), code(c.Label), plain(" disabled after that by an administrator: hallpass cannot, and reminds security"))
			}
			continue
		}
		if c.SignsOut() {
			add(plain("• "), code(c.Label), plain(" stays signed in until the end; signed out everywhere then, so that stored connections stop until a person signs in again"))
			continue
		}
		add(plain("• "), code(c.Label), plain(" into "), literal(name(c.Title)))
	}
	if len(round.Plan.Warnings) > 0 {
		add(bold("Red flags"))
		for _, w := range round.Plan.Warnings {
			add(plain("• "), literal(clip(w, 300)))
		}
	}
	if z := round.Plan.Zone; z != nil {
		add(bold("Who gets in without MFA, and from where"))
		for _, pair := range z.Pairs[:min(len(z.Pairs), 20)] {
			add(plain("• "), code(clip(pair.String(), 150)))
		}
	}
	if len(round.Plan.Policies) > 0 {
		add(bold("What that does"))
		for _, p := range round.Plan.Policies[:min(len(round.Plan.Policies), 12)] {
			add(plain("• "), literal(name(p.Name)), plain(" (%s): ", p.State), literal(clip(line(p.Does), 200)))
		}
	}
	add(bold("Facts"))
	for _, spec := range approvals.FactSpecs() {
		if spec.Kind != "" && spec.Kind != round.Plan.Kind {
			continue
		}
		add(plain("• %s: ", spec.Doc), literal(clip(sayFact(spec, round.Plan.Facts[spec.Name]), 200)))
	}
	add(bold("Who decides"))
	for _, s := range round.Ruling.Seats {
		add(plain("• %d of %s", s.Count, s.Group))
	}
	add(plain("by the rule “"), literal(name(round.Ruling.Rule)), plain("” of rules %s", clip(round.Ruling.RulesHash, 13)))
	f.Intro = append(f.Intro, v.lines(r)...)
	return f
}

func sayFact(spec approvals.FactSpec, fact approvals.Fact) string {
	if !fact.Known {
		if fact.Why != "" {
			return "unknown: " + fact.Why
		}
		return "unknown"
	}
	switch spec.Type {
	case approvals.FactInt:
		return plain("%d", fact.Int).Text
	case approvals.FactBool:
		if fact.Bool {
			return "yes"
		}
		return "no"
	case approvals.FactString:
		return line(fact.Text)
	case approvals.FactList:
		if len(fact.List) == 0 {
			return "none"
		}
		list := slices.Clone(fact.List)
		return line(strings.Join(list[:min(len(list), 8)], ", "))
	}
	return ""
}

// Row is a request in one line, as lists show it. Those who are not concerned see id, state and end.
func (v Voice) Row(r *approvals.Request, details bool) Text {
	t := Text{bold(string(r.ID)), plain("  %s", briefState(r))}
	if details {
		t = append(t, plain("  "), code(clip(what(r), 80)))
	}
	if !r.End.IsZero() && !r.State.Final() {
		t = append(t, plain("  ends "), v.at(r.End))
	}
	if details && r.Voting() {
		t = append(t, plain("  waits for %s", waitsFor(r)))
	}
	if task, waits := r.Task(); details && waits {
		t = append(t, plain("  to be %s by hand by %s", handVerb(task), task.Place.Group))
	}
	return t
}
