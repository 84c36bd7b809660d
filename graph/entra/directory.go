package entra

import (
	"context"
	"fmt"
	"slices"

	"hallpass/approvals"
	"hallpass/graph"
)

// person is an account as approvals knows it.
func (e *Entra) person(u graph.User) approvals.Person {
	p := approvals.Person{ID: u.ID, Human: u.ID, Name: u.Name, UPN: u.UPN, Team: u.Department, Enabled: u.Enabled, Guest: u.Guest}
	switch e.cfg.Human {
	case "":
	case "employeeId":
		if u.EmployeeID != "" {
			p.Human = "employee:" + u.EmployeeID
		}
	default:
		if v := u.Attributes[e.cfg.Human]; v != "" {
			p.Human = "attribute:" + v
		}
	}
	return p
}

// Standing reads the person now, and which of the named groups they are in. Somebody who does not exist is
// approvals.ErrNotFound; any other error is neither a yes nor a no.
func (e *Entra) Standing(ctx context.Context, personID string, groups []string) (approvals.Standing, error) {
	var s approvals.Standing
	p, err := e.ByID(ctx, personID)
	if err != nil {
		return s, err
	}
	s.Person = p
	names := slices.Clone(groups)
	for _, extra := range []string{e.cfg.Security, e.cfg.MayAsk} {
		if extra != "" && !slices.Contains(names, extra) {
			names = append(names, extra)
		}
	}
	var ids []string
	for _, name := range names {
		if id, ok := e.cfg.Places.GroupID(name); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	var in []string
	if len(ids) > 0 {
		if in, err = e.cfg.Reader.MemberOf(ctx, p.ID, ids); err != nil {
			return s, fmt.Errorf("checking the groups of %s: %w", p.ID, err)
		}
	}
	member := func(name string) bool {
		id, ok := e.cfg.Places.GroupID(name)
		return ok && slices.Contains(in, id)
	}
	for _, name := range groups {
		if member(name) {
			s.Groups = append(s.Groups, name)
		}
	}
	s.Security = e.cfg.Security != "" && member(e.cfg.Security)
	s.MayAsk = p.Enabled && !p.Guest && (e.cfg.MayAsk == "" || member(e.cfg.MayAsk))
	return s, nil
}

// ByID reads a person by object id or user principal name.
func (e *Entra) ByID(ctx context.Context, id string) (approvals.Person, error) {
	u, err := e.cfg.Reader.User(ctx, id, e.cfg.Attributes...)
	if graph.IsNotFound(err) {
		return approvals.Person{}, fmt.Errorf("%s: %w", id, approvals.ErrNotFound)
	}
	if err != nil {
		return approvals.Person{}, fmt.Errorf("reading %s: %w", id, err)
	}
	return e.person(u), nil
}

// ByMail gives every member whose mail or user principal name is this address.
func (e *Entra) ByMail(ctx context.Context, mail string) ([]approvals.Person, error) {
	found, err := e.cfg.Reader.UsersByMail(ctx, mail)
	if err != nil {
		return nil, fmt.Errorf("looking for a mail address: %w", err)
	}
	var out []approvals.Person
	for _, u := range found {
		out = append(out, e.person(u))
	}
	return out, nil
}
