package entra

import (
	"errors"

	"hallpass/approvals"
	"hallpass/graph"
)

// What is in a target already, put there by another hand, can be taken over: a plan for that writes nothing, and refuses less
// than one for a new exemption. Whatever is wrong with what is there, an owner and an end make it better.

// adoptable refuses to take over what is not there, or is hallpass's own.
func adoptable(what, title string, there, ours bool) error {
	switch {
	case !there:
		return approvals.Refuse(approvals.RefusedNotFound, "%s is not in %s, so there is nothing to take over.", what, title).
			Or("To have it put there ask for it: type `/hallpass` for the form.")
	case ours:
		return approvals.Refuse(approvals.RefusedCovered, "%s in %s is under hallpass already: it has an owner and an end.", what, title).
			Or("To see whose it is: `/hallpass list active`.")
	}
	return nil
}

// tolerate makes a warning of a refusal where an exemption is taken over.
func tolerate(adopt bool, p *approvals.Plan, err error) error {
	no, refused := errors.AsType[*approvals.Refusal](err)
	if !adopt || !refused {
		return err
	}
	p.Warnings = append(p.Warnings, no.What)
	return nil
}

// oddities are what a new exemption would be refused for.
func oddities(u graph.User) []string {
	var out []string
	if u.Guest {
		out = append(out, u.UPN+" is a guest; its own organisation decides on its MFA.")
	}
	if !u.Enabled {
		out = append(out, u.UPN+" is disabled: it cannot sign in at all. Ending this now breaks nothing.")
	}
	if u.EmployeeID != "" {
		out = append(out, u.UPN+" looks like a person's account: it has an employee id. Nobody should be exempted who could answer a prompt.")
	}
	return out
}
