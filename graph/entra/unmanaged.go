package entra

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/graph/evaluate"
)

const (
	// deepest bounds how far groups within groups are followed.
	deepest = 6
	// namesAtMost bounds how many accounts are looked up by name; the others are shown by their ids.
	namesAtMost = 500
)

// Survey is one look at all exemptions of the tenant. It remembers what it has read of groups, accounts and the audit, so
// that Run can be called again when it had to wait for its turn, or when its context ended. It is for one look, by one goroutine.
type Survey struct {
	e      *Entra
	groups map[string]roster
	names  map[string]string
	states map[string]mfaState
	edits  map[approvals.Target][]approvals.Edit

	// What follows begins anew with every Run.
	world    evaluate.Tenant
	excluded map[string][]string // names of the enabled policies that exclude an object, by its id
	out      approvals.Survey
}

// Survey begins a look at everything in the tenant that hallpass does not manage.
func (e *Entra) Survey() *Survey {
	return &Survey{e: e, groups: map[string]roster{}, names: map[string]string{}, states: map[string]mfaState{}, edits: map[approvals.Target][]approvals.Edit{}}
}

// Run lists every exemption in the tenant that hallpass does not manage: address ranges of locations that are trusted or
// excluded, members of excluded groups, what policies exclude by name, and services that per-user MFA does not ask. Only enabled policies count. It changes
// nothing. The error is *approvals.Later, or says that policies or locations could not be read: without them there is no list.
func (s *Survey) Run(ctx context.Context) (approvals.Survey, error) {
	world, err := s.e.world(ctx, sharedFor, approvals.ClassSweep)
	if err != nil {
		return approvals.Survey{}, err
	}
	now, err := s.e.cfg.Now(ctx)
	if err != nil {
		return approvals.Survey{}, fmt.Errorf("asking for the time: %w", err)
	}
	s.world, s.excluded, s.out = world, map[string][]string{}, approvals.Survey{At: now}
	for _, step := range []func(context.Context) error{s.policies, s.locations, s.members, s.perUser, s.history} {
		if err := step(ctx); err != nil {
			return approvals.Survey{}, err
		}
	}
	return s.out, nil
}

// policies notes what enabled policies exclude, and lists what they exclude by name.
func (s *Survey) policies(ctx context.Context) error {
	for _, p := range s.world.Policies {
		if p.State != "enabled" {
			continue
		}
		if len(p.Unmodelled) > 0 {
			s.unknown("the policy “%s” has conditions that hallpass does not know: %s", clip(p.Name, 80), clip(strings.Join(p.Unmodelled, ", "), 120))
		}
		for _, id := range slices.Concat(p.ExcludeGroups, p.ExcludeLocations) {
			s.excluded[id] = append(s.excluded[id], p.Name)
		}
		own := approvals.Unmanaged{Place: p.Name, PlaceID: p.ID, Policies: []string{p.Name}}
		for _, id := range p.ExcludeUsers {
			u := own
			u.Kind, u.Entry = approvals.UnmanagedUser, id
			if id == "GuestsOrExternalUsers" {
				u.Kind, u.Label = approvals.UnmanagedGuests, "all guests and external users"
			} else if err := s.account(ctx, &u); err != nil {
				return err
			}
			s.out.List = append(s.out.List, u)
		}
		for _, id := range p.ExcludeRoles {
			u := own
			u.Kind, u.Entry, u.Label = approvals.UnmanagedRole, id, id
			s.out.List = append(s.out.List, u)
		}
		if g := p.ExcludeGuests; g != nil {
			u := own
			u.Kind, u.Entry, u.Label = approvals.UnmanagedGuests, strings.Join(g.Kinds, ","), strings.Join(g.Kinds, ", ")
			s.out.List = append(s.out.List, u)
		}
	}
	return nil
}

// locations lists the ranges of every location that lets somebody off.
func (s *Survey) locations(ctx context.Context) error {
	for _, l := range s.world.Locations {
		by := slices.Clone(s.excluded[l.ID])
		if l.Trusted {
			by = append(by, s.excluded["AllTrusted"]...)
		}
		if len(by) == 0 && !l.Trusted {
			continue
		}
		u := approvals.Unmanaged{Kind: approvals.UnmanagedRange, Place: l.Name, PlaceID: l.ID, Policies: by, Where: s.where(approvals.KindIP, l.ID)}
		if !l.IP {
			u.Kind, u.Entry = approvals.UnmanagedCountry, strings.Join(l.Countries, ",")
			u.Label, u.Where = strings.Join(l.Countries, ", "), ""
			s.out.List = append(s.out.List, u)
			continue
		}
		managed, err := s.managed(ctx, approvals.Target{Kind: approvals.TargetLocation, ID: l.ID})
		if err != nil {
			return err
		}
		for _, entry := range canonical(l.Ranges) {
			if !managed[entry] {
				u.Entry, u.Label = entry, entry
				s.out.List = append(s.out.List, u)
			}
		}
	}
	return nil
}

// where is the name of a target in the rules file, if hallpass may write to it.
func (s *Survey) where(kind approvals.Kind, id string) string {
	for _, name := range s.e.cfg.Places.Names(kind) {
		if p, ok := s.e.cfg.Places.Place(kind, name); ok && strings.EqualFold(p.ID, id) {
			return name
		}
	}
	return ""
}

// managed are the entries of a target that hallpass put there, or that live requests want.
func (s *Survey) managed(ctx context.Context, t approvals.Target) (map[string]bool, error) {
	ours, err := s.e.cfg.Ledger.Ours(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	wanted, err := s.e.wanted(ctx, t)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	maps.Copy(all, ours)
	for _, entry := range wanted {
		all[entry] = true
	}
	return all, nil
}

// history asks the directory audit who put what was found into locations and groups.
func (s *Survey) history(ctx context.Context) error {
	for i := range s.out.List {
		u := &s.out.List[i]
		t := approvals.Target{Kind: approvals.TargetGroup, ID: u.PlaceID}
		switch u.Kind {
		case approvals.UnmanagedRange:
			t.Kind = approvals.TargetLocation
		case approvals.UnmanagedMember:
			if len(u.Through) > 0 {
				continue // it was put into another group
			}
		case approvals.UnmanagedCountry, approvals.UnmanagedUser, approvals.UnmanagedRole, approvals.UnmanagedGuests, approvals.UnmanagedPerUser:
			continue
		}
		list, read := s.edits[t]
		if !read {
			var err error
			list, err = s.e.Edits(ctx, t, s.out.At.Add(-auditReach))
			if _, wait := errors.AsType[*approvals.Later](err); wait || ctx.Err() != nil {
				return err
			}
			if err != nil {
				s.unknown("who put what into “%s”: %s", clip(u.Place, 80), clip(err.Error(), 200))
			}
			s.edits[t] = list
		}
		if i := slices.IndexFunc(list, func(e approvals.Edit) bool { return slices.Contains(e.Added, u.Entry) }); i >= 0 {
			u.By, u.At = list[i].Hand, list[i].At
		}
	}
	return nil
}

// auditReach is how far back the directory audit is asked: 30 days is what a paid licence keeps (Microsoft's page "Microsoft
// Entra data retention").
const auditReach = 30 * 24 * time.Hour

func (s *Survey) unknown(format string, args ...any) {
	if what := fmt.Sprintf(format, args...); !slices.Contains(s.out.Unknown, what) {
		s.out.Unknown = append(s.out.Unknown, what)
	}
}

// unread notes what could not be read. Only what has to be waited for, or the end of the caller's time, is an error.
func (s *Survey) unread(ctx context.Context, err error, doing string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	fact, wait := s.e.unread(ctx, err, BucketDirectory, doing)
	if wait == nil {
		s.unknown("%s: %s", doing, fact.Why)
	}
	return wait
}
