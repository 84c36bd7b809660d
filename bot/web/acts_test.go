package web_test

import (
	"context"

	"hallpass/approvals"
)

// What the pages ask of the engine, in memory.

func (m *memory) Survey(context.Context) (approvals.Survey, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.survey == nil {
		return approvals.Survey{}, false, nil
	}
	return *m.survey, true, nil
}

func (m *memory) Count(ctx context.Context) (int, bool, error) {
	s, known, err := m.Survey(ctx)
	return s.Count(), known, err
}

func (m *memory) Open(_ context.Context, act approvals.Act, ask approvals.Ask) (approvals.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.opens != nil {
		return approvals.Request{}, m.opens
	}
	if m.asked == nil {
		m.asked = map[string]approvals.Ask{}
	}
	m.asked[act.Operation] = ask
	return approvals.Request{ID: "HP-1001"}, nil
}

func (m *memory) Revoke(_ context.Context, act approvals.Act, id approvals.RequestID, why string) (approvals.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.requests[id]
	if r.State != approvals.StateActive {
		return r, approvals.Refuse(approvals.RefusedState, "%s is %s.", id, r.State)
	}
	m.revoked = append(m.revoked, string(id)+" by "+act.Person+": "+why)
	r.State, r.Cause = approvals.StateEnding, &approvals.Cause{Word: approvals.CauseRevoked, By: approvals.Person{ID: act.Person}, At: m.now, Why: why}
	m.requests[id] = r
	m.lines = append(m.lines, string(id))
	return r, nil
}

// acts is the memory as the engine: sessions have a Get of their own.
type acts struct{ *memory }

func (m acts) Get(_ context.Context, person string, id approvals.RequestID) (approvals.Request, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.requests[id]
	if !ok {
		return r, false, approvals.Refuse(approvals.RefusedNotFound, "There is no request %s.", id)
	}
	return r, m.people[person].Person.Enabled, nil
}

// Vote takes a vote as the engine does, as far as the pages can tell.
func (m *memory) Vote(_ context.Context, act approvals.Act, id approvals.RequestID, b approvals.Ballot) (approvals.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stored := m.requests[id]
	r := stored.Clone()
	round := r.Round()
	switch {
	case m.opens != nil:
		return r, m.opens
	case b.Fingerprint != round.Fingerprint:
		return r, approvals.Refuse(approvals.RefusedMoved, "%s has changed since that card was shown.", id)
	case !r.Voting():
		return r, approvals.Refuse(approvals.RefusedState, "%s is %s.", id, r.State)
	}
	round.Votes = append(round.Votes, approvals.Vote{Voter: m.people[act.Person].Person, Choice: b.Choice, Reason: b.Reason, Shorten: b.Shorten, Fresh: b.Fresh})
	if r.State = approvals.StateApproved; b.Choice == approvals.ChoiceDeny {
		r.State, r.Cause = approvals.StateDenied, &approvals.Cause{Word: approvals.CauseDenied, By: m.people[act.Person].Person, Why: b.Reason, At: m.now}
	}
	m.requests[id] = r
	return r, nil
}

func (m *memory) Review(_ context.Context, act approvals.Act, id approvals.RequestID, verdict approvals.Verdict, why string) (approvals.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.requests[id]
	if r.State != approvals.StateActive {
		return r, approvals.Refuse(approvals.RefusedState, "%s is %s.", id, r.State)
	}
	r.Review = &approvals.Review{By: m.people[act.Person].Person, At: m.now, Verdict: verdict, Why: why}
	m.requests[id] = r
	return r, nil
}

func (m *memory) Refused(_ context.Context, act approvals.Act, verb approvals.Verb, _ approvals.RequestID, no *approvals.Refusal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused = append(m.refused, act.Person+" "+string(verb)+": "+string(no.Reason))
}
