package entra

import (
	"context"
	"slices"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// perUser lists the known services whose per-user MFA is disabled without a request, where per-user MFA is what asks: it is set
// up in the rules file, and no enabled policy demands MFA of everybody. Graph has no list of states, and to read that of every
// account would take a call for each: so only known services are looked at.
func (s *Survey) perUser(ctx context.Context) error {
	place, set := s.e.cfg.Places.Place(approvals.KindAccount, approvals.PlacePerUser)
	if !set || slices.ContainsFunc(s.world.Policies, func(p graph.Policy) bool {
		return p.State == evaluate.Enabled && evaluate.WantsMFA(p) && slices.Contains(p.IncludeUsers, "All")
	}) {
		return nil
	}
	for _, name := range s.e.cfg.Services {
		state, err := s.perUserState(ctx, name)
		if err != nil {
			return err
		}
		if state.id == "" || !state.disabled {
			continue
		}
		wanted, err := s.e.wanted(ctx, approvals.Target{Kind: approvals.TargetMFA, ID: state.id})
		if err != nil {
			return err
		}
		if len(wanted) == 0 {
			s.out.List = append(s.out.List, approvals.Unmanaged{
				Kind: approvals.UnmanagedPerUser, Entry: state.id, Label: state.upn, Place: place.Title, PlaceID: approvals.PlacePerUser,
			})
		}
	}
	return nil
}

// mfaState is what was read of one account; without an id there is none that can sign in.
type mfaState struct {
	id, upn  string
	disabled bool
}

// perUserState reads an account and its state, once.
func (s *Survey) perUserState(ctx context.Context, name string) (mfaState, error) {
	if known, read := s.states[name]; read {
		return known, nil
	}
	if err := s.e.reserve(ctx, BucketDirectory, approvals.ClassSweep, 2); err != nil {
		return mfaState{}, err
	}
	u, err := s.e.cfg.Reader.User(ctx, name)
	switch {
	case graph.IsNotFound(err), err == nil && !u.Enabled:
		s.states[name] = mfaState{}
		return mfaState{}, nil
	case err != nil:
		return mfaState{}, s.unread(ctx, err, "reading the account "+name)
	}
	state, err := s.e.cfg.Reader.PerUserMFA(ctx, u.ID)
	if err != nil {
		return mfaState{}, s.unread(ctx, err, "reading the per-user MFA state of "+u.UPN)
	}
	s.states[name] = mfaState{u.ID, u.UPN, state == graph.MFADisabled}
	return s.states[name], nil
}
