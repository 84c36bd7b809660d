package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// due is something that hallpass will do, in words.
type due struct {
	Key  string    `json:"key"`
	At   time.Time `json:"at"`
	What string    `json:"what"`
	// Busy says that a worker is at it now.
	Busy bool `json:"busy"`
}

// due lists what will be done, soonest first.
func (w *world) due(ctx context.Context, known map[approvals.RequestID]*approvals.Request) ([]due, error) {
	list, err := w.company.Store.DueList(ctx, 50)
	if err != nil {
		return nil, fmt.Errorf("listing due work: %w", err)
	}
	places := map[string]string{}
	held := w.company.Tenant.Snapshot()
	for _, l := range held.Locations {
		places["location:"+l.ID] = l.Name
	}
	for _, g := range held.Groups {
		places["group:"+g.ID] = g.Name
	}
	out := []due{}
	for _, d := range list {
		kind, key, _ := strings.Cut(d.Member, "|")
		line := due{Key: d.Member, At: d.At, Busy: d.Claimed}
		switch approvals.DueKind(kind) {
		case approvals.DueRequest:
			line.What = sayWake(known[approvals.RequestID(key)], key, d.At)
		case approvals.DueTarget:
			if _, account := (approvals.Target{ID: key}).Blocked(); account != "" {
				u, _ := w.company.Tenant.User(account)
				key = u.UPN + ", blocked or not"
			}
			if account, is := strings.CutPrefix(key, string(approvals.TargetSessions)+":"); is {
				u, _ := w.company.Tenant.User(account)
				key = u.UPN + ", signed out or not"
			}
			line.What = cmp.Or(places[key], key) + ": read back and compared"
		case approvals.DueInbox:
			line.What = "What somebody did in chat is carried out"
		case approvals.DueTell:
			line.What = key + ": cards and notices are brought up to date"
		case approvals.DueSchedule:
			line.What = "On schedule: " + key
		default:
			line.What = d.Member
		}
		out = append(out, line)
	}
	slices.SortStableFunc(out, func(a, b due) int { return a.At.Compare(b.At) })
	return out[:min(len(out), showDue)], nil
}

// sayWake says why a request will be looked at.
func sayWake(r *approvals.Request, id string, at time.Time) string {
	if r == nil {
		return id + ": looked at"
	}
	round := r.Round()
	task, byHand := r.Task()
	switch {
	case byHand && !at.Before(approvals.ReminderAt(task)):
		return id + ": " + task.Place.Group + " is reminded to do it by hand"
	case byHand && task.Place.Kind == approvals.HandConsent:
		return id + ": has an administrator consented?"
	case byHand && r.State == approvals.StateApproved:
		return id + ": has somebody made it by hand?"
	case byHand:
		return id + ": has somebody taken it away by hand?"
	case r.Voting() && at.Equal(round.Lapses):
		return id + ": lapses, if nobody decides"
	case r.Voting() && at.Equal(round.NudgeAt):
		return id + ": approvers are nudged"
	case r.State == approvals.StateActive && at.Equal(r.End):
		return id + ": ends; " + what(r) + " is taken away"
	case r.State == approvals.StateActive:
		return id + ": reminder that it ends"
	case r.State == approvals.StateApproved:
		return id + ": is it applied?"
	case r.State == approvals.StateEnding:
		return id + ": is it taken away?"
	}
	return id + ": looked at"
}
