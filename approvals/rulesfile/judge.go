package rulesfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
)

// Judge gives the ruling on a plan and an ask, or *approvals.Refusal. Emergency accounts are refused first, then the
// refusals of the file are judged, all of them, whatever their place; then the first rule that matches is the ruling. A
// condition that cannot be judged, because it fails or because a fact is unknown, refuses: it never falls through.
func (f *File) Judge(ask approvals.Ask, plan approvals.Plan) (approvals.Ruling, error) {
	if err := f.emergencies(ask, plan); err != nil {
		return approvals.Ruling{}, err
	}
	if ask.Term.Length(plan.Made) <= 0 {
		return approvals.Ruling{}, approvals.Refuse(approvals.RefusedInput, "This would end before it begins.").
			Or("Say how long, as in `for 30d`, or a later date.")
	}
	in := inputsOf(ask, plan)
	if err := f.refused(in, ask, plan); err != nil {
		return approvals.Ruling{}, err
	}
	for _, r := range f.rules {
		v := r.when.judge(in)
		if refusal := undecided(fmt.Sprintf("rule %q", r.name), v, ask, plan); refusal != nil {
			return approvals.Ruling{}, refusal
		}
		if !v.holds {
			continue
		}
		if err := f.allows(r, ask, plan); err != nil {
			return approvals.Ruling{}, err
		}
		return f.ruling(r, ask), nil
	}
	return approvals.Ruling{}, approvals.Refuse(approvals.RefusedByRule, "No rule of your organisation allows this exemption.").
		Or("Ask the people who keep the rules file whether there should be one.")
}

// emergencies refuses whatever touches an account on the emergency-access list.
func (f *File) emergencies(ask approvals.Ask, plan approvals.Plan) error {
	ids := []string{plan.Account.ID, ask.Account}
	for _, c := range plan.Changes {
		ids = append(ids, c.Entry)
	}
	for _, id := range ids {
		if slices.Contains(f.emergency, strings.ToLower(id)) {
			return approvals.Refuse(approvals.RefusedEmergency, "This is an emergency-access account; hallpass never touches those.").
				Or("Talk to the people who keep the tenant.")
		}
	}
	return nil
}

// refused judges every refusal of the file. One that holds is a better answer than one that cannot be judged.
func (f *File) refused(in inputs, ask approvals.Ask, plan approvals.Plan) error {
	var open *approvals.Refusal
	for _, ref := range f.refusals {
		v := ref.when.judge(in)
		if v.holds {
			return approvals.Refuse(approvals.RefusedByRule, "%s", ref.say)
		}
		if u := undecided(fmt.Sprintf("refusal %q", ref.name), v, ask, plan); u != nil && open == nil {
			open = u
		}
	}
	if open != nil {
		return open
	}
	return nil
}

// undecided is the refusal for a condition that could not be judged, or nil.
func undecided(what string, v verdict, ask approvals.Ask, plan approvals.Plan) *approvals.Refusal {
	switch {
	case v.err != nil:
		return approvals.Refuse(approvals.RefusedUnknown, "The condition of %s in the rules file failed: %v.", what, v.err).
			Or("Tell the people who keep the rules file.")
	case len(v.unknown) == 0:
		return nil
	}
	for _, spec := range approvals.FactSpecs() {
		name := "plan." + spec.Name
		if name != v.unknown[0] {
			continue
		}
		if spec.Kind != "" && spec.Kind != ask.Kind {
			return approvals.Refuse(approvals.RefusedUnknown, "The %s in the rules file reads %s, which an ask for %s does not have.", what, name, nounOf(ask.Kind)).
				Or("The people who keep the rules file should write ask.kind == %q && before it.", spec.Kind)
		}
		why := plan.Facts[spec.Name].Why
		if why == "" {
			why = "it could not be read from Entra ID"
		}
		return approvals.Refuse(approvals.RefusedUnknown, "The %s needs to know %s (%s), and that is not known: %s.", what, spec.Doc, name, strings.TrimRight(why, ".")).
			Or("Try again later.")
	}
	return approvals.Refuse(approvals.RefusedUnknown, "The %s needs %s, and that is not known.", what, strings.Join(v.unknown, ", "))
}

func nounOf(kind approvals.Kind) string {
	switch kind {
	case approvals.KindAccount:
		return "an account"
	case approvals.KindApp:
		return "an application"
	case approvals.KindIP:
	}
	return "an address"
}

// allows checks what a matching rule demands beyond its condition.
func (f *File) allows(r rule, ask approvals.Ask, plan approvals.Plan) error {
	if plan.ByHand() && !r.flags.byHand {
		return approvals.Refuse(approvals.RefusedByRule,
			"People would have to do this by hand, and take it away by hand at its end, and the rule %q does not allow what only a person's word stands for.", r.name).
			Or("The people who keep the rules file can allow it with `by_hand: true`, or ask for something that hallpass can change itself.")
	}
	// What is taken over is there already: to refuse it an end because it has no fence would leave it there for ever.
	if ask.Kind == approvals.KindAccount && !r.flags.unfenced && !allByHand(plan) && !ask.Adopt {
		if fenced := plan.Facts["fenced"]; !fenced.Known || !fenced.Bool {
			no := approvals.Refuse(approvals.RefusedByRule,
				"The account could then sign in from anywhere without MFA, and the rule %q does not allow an exemption without a fence.", r.name)
			if len(f.zones) == 0 {
				return no.Or("Ask for an app registration or a managed identity instead.")
			}
			return no.Or("Name the addresses that it signs in from: `/hallpass account %s from ADDRESS for 30d because …`. Better still is an app registration or a managed identity.", clip(ask.Account))
		}
	}
	if err := r.knows(ask, plan); err != nil {
		return err
	}
	if r.flags.ticket && strings.TrimSpace(ask.Ticket) == "" {
		return approvals.Refuse(approvals.RefusedByRule, "The rule %q demands a ticket.", r.name).
			Or("Add it to the ask, as in `ticket OPS-123`.")
	}
	if length := ask.Term.Length(plan.Made); length > r.limits.max {
		longest := FormatDuration(r.limits.max)
		return approvals.Refuse(approvals.RefusedTooLong, "%s is too long: the rule %q allows %s at most.", FormatDuration(length), r.name, longest).
			Or("Ask for `for %s` or less; it can be renewed.", longest)
	}
	return nil
}

// allByHand reports whether nothing of the plan is in Entra ID, where a fence could stand around it.
func allByHand(plan approvals.Plan) bool {
	return plan.ByHand() && !slices.ContainsFunc(plan.Changes, func(c approvals.Change) bool { return c.Hand == nil })
}

// needed are the facts without which nobody can say what a fenced exemption does.
func needed() []string {
	return []string{"tenant.security_defaults", "account.privileged", "account.at_risk", "account.per_user_mfa", "zone.blocked", "zone.runs"}
}

// knows refuses a plan for a fenced account if a needed fact is not known, unless the condition of the rule speaks of it:
// then its author has said, with known(…), what is to be done without it.
func (r rule) knows(ask approvals.Ask, plan approvals.Plan) error {
	if !ask.Fenced() {
		return nil
	}
	for _, name := range needed() {
		speaks := slices.ContainsFunc(r.when.reads, func(v variable) bool { return v.fact == name })
		if fact := plan.Facts[name]; !fact.Known && !speaks {
			return undecided(fmt.Sprintf("rule %q", r.name), verdict{unknown: []string{"plan." + name}}, ask, plan).
				Or("Try again later. If it can never be known here, the people who keep the rules file can let the rule go on without it: !known(plan.%s) || …", name)
		}
	}
	return nil
}

// clip bounds a value for showing it back.
func clip(s string) string {
	runes := []rune(s)
	if len(runes) <= 80 {
		return s
	}
	return string(runes[:79]) + "…"
}

// ruling is what a matching rule says. It names the facts of this kind of ask that stand in the rule and in the refusals.
func (f *File) ruling(r rule, ask approvals.Ask) approvals.Ruling {
	var read []string
	note := func(c condition) {
		for _, v := range c.reads {
			if (v.of == "" || v.of == ask.Kind) && !slices.Contains(read, v.fact) {
				read = append(read, v.fact)
			}
		}
	}
	for _, ref := range f.refusals {
		note(ref.when)
	}
	note(r.when)
	if ask.Kind == approvals.KindAccount && !r.flags.unfenced && !slices.Contains(read, "fenced") {
		read = append(read, "fenced")
	}
	slices.Sort(read)
	ruling := approvals.Ruling{
		Rule:        r.name,
		Seats:       slices.Clone(r.seats),
		Max:         r.limits.max,
		MaxTotal:    r.limits.maxTotal,
		Lapse:       r.limits.lapse,
		Nudge:       r.limits.nudge,
		Remind:      slices.Clone(r.limits.remind),
		ApplyWithin: r.limits.applyWithin,
		Notify:      slices.Clone(r.notify),
		Unfenced:    r.flags.unfenced,
		Restore:     r.flags.restore,
		EndUnfenced: r.flags.endUnfenced,
		StepUp:      r.flags.stepUp,
		EndChanged:  r.flags.endChanged,
		RulesHash:   f.hash,
		Read:        read,
	}
	if r.flags.byHand {
		ruling.UndoWithin, ruling.AttestSelf = r.limits.undoWithin, r.flags.attestSelf
	}
	return ruling
}

// refusalOf gives reason and text of a refusal.
func refusalOf(err error) (reason approvals.Reason, text string) {
	if refusal, ok := errors.AsType[*approvals.Refusal](err); ok {
		return refusal.Reason, refusal.Error()
	}
	return "", err.Error()
}
