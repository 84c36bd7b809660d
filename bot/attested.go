package bot

import (
	"slices"
	"strings"

	"hallpass/approvals"
)

// This file says how sure it is what a request is: verified, or attested, and by whom.

// attesters names those whose word the present state is; empty if all of it was verified.
func attesters(r *approvals.Request) string {
	var out []string
	for _, p := range r.Attesters() {
		out = append(out, name(p.Label()))
	}
	return strings.Join(out, ", ")
}

// stateWord is the state, with how sure it is where that is to be said: "ended (verified)", "ended (attested by Bo)".
func stateWord(r *approvals.Request) Span {
	word := r.Word()
	switch {
	case word == "" || r.State == approvals.StateActive && word == approvals.WordVerified:
		return plain("%s", r.State)
	case word == approvals.WordVerified:
		return plain("%s (%s)", r.State, word)
	}
	return literal(string(r.State) + " (" + line(word) + ")")
}

// briefState is stateWord for everybody: it names nobody.
func briefState(r *approvals.Request) string {
	switch word := r.Word(); {
	case strings.HasPrefix(word, approvals.WordAttested):
		return string(r.State) + " (" + approvals.WordAttested + ")"
	case r.State == approvals.StateEnded && word != "":
		return string(r.State) + " (" + word + ")"
	}
	return string(r.State)
}

// endedByHand says by whose word it is gone, and what of it was verified.
func (v Voice) endedByHand(r *approvals.Request) Text {
	t := Text{plain(" Ended (attested by "), literal(attesters(r)), plain("): taken away by hand, as they said "), v.at(r.Ended), plain("; hallpass cannot verify it.")}
	if slices.ContainsFunc(r.Changes, func(c approvals.Progress) bool { return c.Hand == nil && c.KeptBy == "" }) {
		t = append(t, plain(" What hallpass had written itself is verified as gone."))
	}
	return t
}

// appliedWord says how a request came into force.
func appliedWord(r *approvals.Request) string {
	var by []string
	for _, c := range r.Changes {
		if c.Done != nil && !c.Done.Seen && !slices.Contains(by, name(c.Done.By.Label())) {
			by = append(by, name(c.Done.By.Label()))
		}
	}
	if len(by) == 0 {
		return "applied and verified in Entra ID"
	}
	return "in force, attested by " + strings.Join(by, ", ") + " and not verified"
}

// attestations are what was said of what is done by hand, with its evidence: text by a person, literal.
func (v Voice) attestations(r *approvals.Request) []Text {
	var out []Text
	seen := map[*approvals.Attestation]bool{}
	add := func(a *approvals.Attestation, did, place string) {
		if a == nil || a.Seen || seen[a] {
			return
		}
		seen[a] = true
		t := Text{plain("✎ attested by "), who(a.By), plain(": %s ", did), literal(name(place)), plain(" "), v.at(a.At)}
		if a.Evidence != "" { // a restored request has lost it
			t = append(t, plain(": “"), literal(clip(line(a.Evidence), 300)), plain("”"))
		}
		if len(out) == 0 || out[len(out)-1].String() != t.String() {
			out = append(out, t)
		}
	}
	for _, c := range r.Changes {
		add(c.Done, "put into", c.Title)
	}
	for _, c := range slices.Backward(r.Changes) {
		add(c.Undone, "taken out of", c.Title)
	}
	return out
}
