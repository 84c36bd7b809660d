package evaluate

import (
	"slices"

	"hallpass/graph"
)

// Verdict is what one policy does to a sign-in.
type Verdict struct {
	Policy graph.Policy
	Answer Answer
}

// Verdicts gives the policies in force or report-only that are, or may be, for the sign-in.
func (t Tenant) Verdicts(s SignIn) []Verdict {
	var out []Verdict
	for _, p := range t.Policies {
		if p.State != Enabled && p.State != ReportOnly {
			continue
		}
		if a := t.Applies(p, s); a.Word != No {
			out = append(out, Verdict{p, a})
		}
	}
	return out
}

// Runs is whether a job without a person gets in.
type Runs struct {
	// Stopped are the policies in force that certainly stop it.
	Stopped []Verdict
	// Sometimes are those that stop it if what their answers name holds.
	Sometimes []Verdict
	// Unsure are those of which it cannot be said.
	Unsure []Verdict
	// Coming are report-only policies that would stop it once they are switched on.
	Coming []Verdict
}

// Job says whether a job without a person would get in.
func (t Tenant) Job(s SignIn) Runs {
	var out Runs
	for _, v := range t.Verdicts(s) {
		if Stops(v.Policy) == "" && len(v.Policy.Unmodelled) == 0 {
			continue
		}
		switch {
		case v.Policy.State == ReportOnly:
			out.Coming = append(out.Coming, v)
		case v.Answer.Word == Yes:
			out.Stopped = append(out.Stopped, v)
		case v.Answer.Word == If:
			out.Sometimes = append(out.Sometimes, v)
		default:
			out.Unsure = append(out.Unsure, v)
		}
	}
	return out
}

// Blocked reports whether a policy in force certainly blocks the sign-in.
func (t Tenant) Blocked(s SignIn) bool {
	return slices.ContainsFunc(t.Verdicts(s), func(v Verdict) bool {
		return v.Policy.State == Enabled && v.Answer.Word == Yes && Blocks(v.Policy)
	})
}

// MFA says whether the sign-in is asked for MFA by a policy in force.
func (t Tenant) MFA(s SignIn) Answer {
	out := no()
	for _, v := range t.Verdicts(s) {
		if v.Policy.State == Enabled && WantsMFA(v.Policy) {
			out = or(out, v.Answer)
		}
	}
	return out
}

// Address says in words what being in the named location changes under each policy that refers to it, by id or as one of
// all trusted locations.
func (t Tenant) Address(l graph.Location) []Effect {
	var out []Effect
	for _, p := range t.Policies {
		refers := func(list []string) bool {
			return slices.Contains(list, l.ID) || l.Trusted && slices.Contains(list, allTrusted)
		}
		switch {
		case refers(p.ExcludeLocations):
			out = append(out, Effect{p, lifted(p)})
		case refers(p.IncludeLocations):
			out = append(out, Effect{p, imposed(p)})
		}
	}
	return out
}

// Effect is what a change does under one policy, in words.
type Effect struct {
	Policy graph.Policy
	Does   string
}

func lifted(p graph.Policy) string {
	switch {
	case len(p.Unmodelled) > 0:
		return "no longer applies; what it does is not known"
	case Blocks(p):
		return "lifts a block"
	case WantsMFA(p):
		return "skips MFA" + beyond(p)
	case len(p.Grants) > 0 || p.Strength != nil:
		return "no longer applies: " + Demands(p)
	}
	return "changes session control: no longer " + Demands(p)
}

func imposed(p graph.Policy) string {
	switch {
	case len(p.Unmodelled) > 0:
		return "applies; what it does is not known"
	case Blocks(p):
		return "imposes a block"
	case WantsMFA(p):
		return "imposes MFA" + beyond(p)
	case len(p.Grants) > 0 || p.Strength != nil:
		return "applies: " + Demands(p)
	}
	return "changes session control: now " + Demands(p)
}

// beyond adds what a policy demands besides MFA.
func beyond(p graph.Policy) string {
	if len(p.Grants) == 1 && p.Grants[0] == "mfa" && p.Strength == nil && len(sessionWords(p.Session)) == 0 && len(p.TermsOfUse)+len(p.CustomFactors) == 0 {
		return ""
	}
	return " (" + Demands(p) + ")"
}

// Lifted says in words what a policy stops doing for those who are excluded from it.
func Lifted(p graph.Policy) string { return lifted(p) }
