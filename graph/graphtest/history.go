package graphtest

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

type audit struct {
	at                   time.Time
	activity, actor, app string
	targets              []string
	property, old, fresh string
}

func zero() time.Time { return time.Time{} }

func (t *Tenant) audit(a audit) {
	a.at = t.opts.Now()
	t.audits = append(t.audits, a)
}

// setRanges replaces the ranges of a location, as a PATCH does, and writes history and audit.
func (t *Tenant) setRanges(actor, app string, l *Location, ranges []string) {
	now := t.opts.Now()
	before := l.Ranges
	l.history = append(l.history, version{now, before})
	l.Ranges = ranges
	event := func(r string, added bool) Event {
		return Event{At: now, Actor: actor, App: app, Target: "location:" + l.ID, Entry: canonical(r), Added: added}
	}
	for _, r := range before {
		if !has(ranges, r) {
			t.history = append(t.history, event(r, false))
		}
	}
	for _, r := range ranges {
		if !has(before, r) {
			t.history = append(t.history, event(r, true))
		}
	}
	t.audit(audit{
		activity: "Update named location", actor: actor, app: app, targets: []string{l.ID},
		property: "ipRanges", old: strings.Join(before, ","), fresh: strings.Join(ranges, ","),
	})
}

func (t *Tenant) setMember(actor, app string, g *Group, member string, in bool) {
	activity := "Add member to group"
	g.history = append(g.history, version{t.opts.Now(), slices.Clone(g.members)})
	if in {
		g.members = append(g.members, member)
	} else {
		activity = "Remove member from group"
		g.members = slices.DeleteFunc(g.members, func(m string) bool { return m == member })
	}
	t.history = append(t.history, Event{At: t.opts.Now(), Actor: actor, App: app, Target: "group:" + g.ID, Entry: member, Added: in})
	t.audit(audit{activity: activity, actor: actor, app: app, targets: []string{g.ID, member}})
}

func (t *Tenant) setMFA(actor, app string, u *User, state string) {
	for _, e := range []Event{{Entry: u.mfa()}, {Entry: state, Added: true}} {
		e.At, e.Actor, e.App, e.Target = t.opts.Now(), actor, app, "mfa:"+u.ID
		t.history = append(t.history, e)
	}
	activity := "Enable Strong Authentication"
	if state == "disabled" {
		activity = "Disable Strong Authentication"
	}
	u.MFAState = state
	t.audit(audit{activity: activity, actor: actor, app: app, targets: []string{u.ID}})
}

func (u *User) mfa() string {
	if u.MFAState == "" {
		return "disabled"
	}
	return u.MFAState
}

func canonical(cidr string) string {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return cidr
	}
	return p.Masked().String()
}

func has(ranges []string, cidr string) bool {
	return slices.ContainsFunc(ranges, func(r string) bool { return canonical(r) == canonical(cidr) })
}

// Span is how long an entry stood in a target.
type Span struct {
	Target, Entry string
	From, To      time.Time // To is zero while it stands
	By, Ended     string    // who put it there, and who took it away
}

// History is every change to ranges and members that was accepted, oldest first: what tests judge by.
// It is exact, whatever reads say.
func (t *Tenant) History() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.history)
}

// Spans is the same history by entry: from when to when each stood. What stood there from the beginning is not in it until
// it is put there again.
func (t *Tenant) Spans() []Span {
	var out []Span
	open := map[string]int{}
	for _, e := range t.History() {
		key := e.Target + " " + e.Entry
		if i, is := open[key]; is && !e.Added {
			out[i].To, out[i].Ended = e.At, e.Actor
			delete(open, key)
		} else if !is && e.Added {
			open[key] = len(out)
			out = append(out, Span{Target: e.Target, Entry: e.Entry, From: e.At, By: e.Actor})
		}
	}
	return out
}

// seen is what a read sees of a target: what stands there now, or for a while after a write what stood there before.
func (t *Tenant) seen(now []string, history []version) []string {
	if t.opts.StaleFor > 0 && t.rnd.IntN(2) == 0 {
		for _, v := range history {
			if t.opts.Now().Sub(v.until) < t.opts.StaleFor {
				return v.entries
			}
		}
	}
	return now
}
