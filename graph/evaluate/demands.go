package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"hallpass/graph"
)

// Blocks reports whether the policy blocks.
func Blocks(p graph.Policy) bool { return slices.Contains(p.Grants, "block") }

// WantsMFA reports whether the policy cannot be satisfied without a second factor.
func WantsMFA(p graph.Policy) bool {
	wants := slices.Contains(p.Grants, "mfa") || p.Strength != nil && !alone(p.Strength)
	return wants && (p.Operator != "OR" || len(p.Grants)+len(p.TermsOfUse)+len(p.CustomFactors) == 1 || p.Strength != nil && len(p.Grants) == 0)
}

// alone reports whether a password alone satisfies the strength.
func alone(s *graph.Strength) bool { return slices.Contains(s.Allowed, "password") }

// Demands says in words what the policy demands of a sign-in that it is for.
func Demands(p graph.Policy) string {
	if Blocks(p) {
		return "it blocks"
	}
	var list []string
	for _, g := range p.Grants {
		list = append(list, controlName(g))
	}
	if p.Strength != nil {
		list = append(list, "the authentication strength “"+p.Strength.Name+"”")
	}
	if len(p.TermsOfUse) > 0 {
		list = append(list, "terms of use to be accepted")
	}
	if len(p.CustomFactors) > 0 {
		list = append(list, "a custom control")
	}
	joint := " or "
	if p.Operator == "AND" {
		joint = " and "
	}
	out := ""
	if len(list) > 0 {
		out = "it demands " + strings.Join(list, joint)
	}
	if session := sessionWords(p.Session); len(session) > 0 {
		if out != "" {
			out += "; "
		}
		out += "for the session: " + strings.Join(session, ", ")
	}
	if out == "" {
		return "it demands nothing"
	}
	return out
}

func controlName(g string) string {
	names := map[string]string{
		"mfa": "MFA", "compliantDevice": "a compliant device", "domainJoinedDevice": "a joined device", "approvedApplication": "an approved app",
		"compliantApplication": "a protected app", "passwordChange": "a change of password", "riskRemediation": "that its risk is remedied",
	}
	if name, ok := names[g]; ok {
		return name
	}
	return g
}

func sessionWords(s graph.Session) []string {
	var out []string
	if f := s.Frequency; f != nil {
		if f.EveryTime {
			out = append(out, "sign in every time")
		} else {
			out = append(out, fmt.Sprintf("sign in again after %d %s", f.Value, f.Unit))
		}
	}
	if s.PersistentBrowser != "" {
		out = append(out, "persistent browser "+s.PersistentBrowser)
	}
	if s.AppEnforced {
		out = append(out, "restrictions by the application")
	}
	if s.CloudApps != "" {
		out = append(out, "watched by Defender for Cloud Apps")
	}
	if s.TokenProtection {
		out = append(out, "token protection")
	}
	if s.CAE != "" {
		out = append(out, "continuous access evaluation "+s.CAE)
	}
	return out
}

// Stops says in words what of the policy's demands a job without a person cannot satisfy; empty if it can satisfy all.
// A server has no second factor, no managed device as far as Entra ID sees it, and nobody who answers.
func Stops(p graph.Policy) string {
	if Blocks(p) {
		return "blocks it"
	}
	satisfied := p.Strength != nil && alone(p.Strength)
	demands := len(p.Grants) + len(p.TermsOfUse) + len(p.CustomFactors)
	if p.Strength != nil && !satisfied {
		demands++
	}
	if demands > 0 && (!satisfied || p.Operator == "AND") {
		return strings.TrimPrefix(Demands(graph.Policy{Grants: p.Grants, Operator: p.Operator, Strength: p.Strength, TermsOfUse: p.TermsOfUse, CustomFactors: p.CustomFactors}), "it ")
	}
	switch {
	case p.Session.TokenProtection:
		return "demands token protection"
	case p.Session.Frequency != nil && p.Session.Frequency.EveryTime:
		return "demands that somebody signs in every time"
	}
	return ""
}

// Tires says in words what of the policy's session controls stops a stored sign-in after a while, though not a job that
// signs in with its password each time; empty if nothing does.
func Tires(p graph.Policy) string {
	if f := p.Session.Frequency; f != nil && !f.EveryTime {
		return fmt.Sprintf("a stored sign-in ends after %d %s", f.Value, f.Unit)
	}
	return ""
}
