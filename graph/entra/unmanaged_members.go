package entra

import (
	"context"
	"slices"

	"hallpass/approvals"
	"hallpass/graph"
)

// roster is what was read of a group; gone: there is none of that id.
type roster struct {
	name            string
	members, nested []string
	gone            bool
}

// members lists the members of every excluded group.
func (s *Survey) members(ctx context.Context) error {
	var ids []string
	for _, p := range s.world.Policies {
		if p.State == "enabled" {
			ids = append(ids, p.ExcludeGroups...)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		managed, err := s.managed(ctx, approvals.Target{Kind: approvals.TargetGroup, ID: id})
		if err != nil {
			return err
		}
		place := approvals.Unmanaged{Kind: approvals.UnmanagedMember, Place: id, PlaceID: id, Policies: s.excluded[id], Where: s.where(approvals.KindAccount, id)}
		if err := s.group(ctx, id, place, managed, map[string]bool{}); err != nil {
			return err
		}
	}
	return nil
}

// group lists the members of one group, and those of the groups in it. seen are the groups that were entered already: groups
// can be members of each other.
func (s *Survey) group(ctx context.Context, id string, place approvals.Unmanaged, managed, seen map[string]bool) error {
	if seen[id] {
		return nil
	}
	seen[id] = true
	g, err := s.roster(ctx, id)
	if err != nil || g.gone { // a policy may go on naming a group that was deleted; it lets nobody off
		return err
	}
	if place.PlaceID == id {
		place.Place = g.name
	} else {
		place.Through, place.Where = append(slices.Clone(place.Through), g.name), ""
	}
	for _, member := range g.members {
		switch {
		case slices.Contains(g.nested, member) && len(place.Through) >= deepest:
			s.unknown("the group “%s” holds groups more than %d deep", clip(place.Place, 80), deepest)
		case slices.Contains(g.nested, member):
			if err := s.group(ctx, member, place, nil, seen); err != nil {
				return err
			}
		case !managed[member]:
			u := place
			u.Entry = member
			if err := s.account(ctx, &u); err != nil {
				return err
			}
			s.out.List = append(s.out.List, u)
		}
	}
	return nil
}

// roster reads a group, once. One that cannot be read is noted and has nobody in it.
func (s *Survey) roster(ctx context.Context, id string) (roster, error) {
	if g, read := s.groups[id]; read {
		return g, nil
	}
	if err := s.e.reserve(ctx, BucketDirectory, approvals.ClassSweep, 3); err != nil {
		return roster{}, err
	}
	g, err := s.e.cfg.Reader.Group(ctx, id)
	if graph.IsNotFound(err) {
		s.groups[id] = roster{gone: true}
		return s.groups[id], nil
	}
	if err != nil {
		return roster{name: id}, s.unread(ctx, err, "reading the group "+id)
	}
	out := roster{name: g.Name}
	if out.members, err = s.e.cfg.Reader.Members(ctx, id); err != nil {
		return roster{name: g.Name}, s.unread(ctx, err, "reading the members of the group “"+clip(g.Name, 80)+"”")
	}
	if out.nested, err = s.e.cfg.Reader.Nested(ctx, id); err != nil {
		return roster{name: g.Name}, s.unread(ctx, err, "reading the groups in the group “"+clip(g.Name, 80)+"”")
	}
	slices.Sort(out.members)
	s.groups[id] = out
	return out, nil
}

// account names an account for people. One that cannot be read keeps its id.
func (s *Survey) account(ctx context.Context, u *approvals.Unmanaged) error {
	u.Label = u.Entry
	if slices.Contains(s.e.cfg.Places.Emergency(), u.Entry) {
		u.Expected, u.Where = "an emergency-access account", ""
	}
	if name, known := s.names[u.Entry]; known {
		if u.Label = name; name == u.Entry {
			u.Where = ""
		}
		return nil
	}
	if len(s.names) >= namesAtMost {
		return nil
	}
	if err := s.e.reserve(ctx, BucketDirectory, approvals.ClassSweep, 1); err != nil {
		return err
	}
	found, err := s.e.cfg.Reader.User(ctx, u.Entry)
	switch {
	case graph.IsNotFound(err): // a device, an application, or deleted: the id is all there is
		u.Where = ""
	case err != nil:
		return s.unread(ctx, err, "reading the name of the account "+u.Entry)
	default:
		u.Label = found.UPN
	}
	s.names[u.Entry] = u.Label
	return nil
}
