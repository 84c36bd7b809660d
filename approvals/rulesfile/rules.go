package rulesfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
)

// limitKeys are the keys that defaults and rules have in common.
func limitKeys() []string {
	return []string{"max", "max_total", "lapse", "nudge", "remind", "apply_within", "undo_within"}
}

// readLimits reads the times of defaults or of a rule; what is not said is as in the fallback.
func readLimits(r *reader, n *yaml.Node, what string, fallback limits) limits {
	return readTimes(r, r.fields(n, what, limitKeys()...), what, fallback)
}

func readTimes(r *reader, v map[string]*yaml.Node, what string, fallback limits) limits {
	l := fallback
	positive := func(key string, old time.Duration) time.Duration {
		d := r.duration(v[key], what+": "+key, old)
		if v[key] != nil && d <= 0 {
			r.add(v[key], "", "%s: %s must be longer than 0", what, key)
			return old
		}
		return d
	}
	l.max = positive("max", l.max)
	l.maxTotal = positive("max_total", l.maxTotal)
	l.lapse = positive("lapse", l.lapse)
	l.applyWithin = positive("apply_within", l.applyWithin)
	l.undoWithin = positive("undo_within", l.undoWithin)
	l.nudge = r.duration(v["nudge"], what+": nudge", l.nudge)
	if v["remind"] != nil {
		l.remind = nil
		for _, n := range r.list(v["remind"], what+": remind") {
			if d := r.duration(n, what+": an entry of remind", 0); d > 0 {
				l.remind = append(l.remind, d)
			}
		}
		slices.SortFunc(l.remind, func(a, b time.Duration) int { return int(b/time.Minute - a/time.Minute) })
		l.remind = slices.Compact(l.remind)
	}
	said := func(a, b string) bool { return v[a] != nil || v[b] != nil }
	if l.max > l.maxTotal && said("max", "max_total") {
		r.add(first(v["max"], v["max_total"]), "", "%s: max is %s, which is longer than max_total, %s",
			what, FormatDuration(l.max), FormatDuration(l.maxTotal))
	}
	if l.nudge >= l.lapse && l.nudge > 0 && said("nudge", "lapse") {
		r.add(first(v["nudge"], v["lapse"]), "nudge: 0 means never", "%s: nudge is %s, but a round lapses after %s already",
			what, FormatDuration(l.nudge), FormatDuration(l.lapse))
	}
	return l
}

func first(nodes ...*yaml.Node) *yaml.Node {
	for _, n := range nodes {
		if n != nil {
			return n
		}
	}
	return &yaml.Node{}
}

func (f *File) readRefusals(r *reader, env *environment, n *yaml.Node) {
	seen := map[string]bool{}
	for i, item := range r.list(n, "refuse") {
		v := r.fields(item, fmt.Sprintf("entry %d of refuse", i+1), "name", "when", "say")
		name := readName(r, item, v["name"], "entry "+strconv.Itoa(i+1)+" of refuse", seen)
		what := fmt.Sprintf("refusal %q", name)
		ref := refusal{name: name}
		if r.need(item, v["when"], what+": when", "a condition") {
			ref.when = env.compile(r, v["when"], what)
		}
		if r.need(item, v["say"], what+": say", "what the person reads: what is wrong, and what to ask for instead") {
			ref.say = strings.TrimSpace(r.text(v["say"], what+": say"))
		}
		f.refusals = append(f.refusals, ref)
	}
}

func readName(r *reader, item, n *yaml.Node, what string, seen map[string]bool) string {
	if !r.need(item, n, what+": name", "a few words; it stands in rulings and in the audit log") {
		return ""
	}
	name := r.text(n, what+": name")
	if seen[name] && name != "" {
		r.add(n, "", "two entries have the name %q", name)
	}
	seen[name] = true
	return name
}

func (f *File) readRules(r *reader, env *environment, n *yaml.Node, defaults limits) {
	items := r.list(n, "rules")
	if len(items) == 0 && n.Kind != yaml.MappingNode {
		r.add(n, "", "the section rules has no rule: everything would be refused")
	}
	seen := map[string]bool{}
	always := ""
	for i, item := range items {
		v := r.fields(item, "rule "+strconv.Itoa(i+1), append(limitKeys(), "name", "when", "approve", "notify", "unfenced", "restore", "ticket", "fence_broken", "by_hand", "attest", "step_up", "account_changed")...)
		name := readName(r, item, v["name"], "rule "+strconv.Itoa(i+1), seen)
		what := fmt.Sprintf("rule %q", name)
		one := rule{name: name, limits: readTimes(r, v, what, defaults)}
		if always != "" {
			r.add(item, "move it up", "%s is never reached: rule %q before it matches everything", what, always)
		}
		if r.need(item, v["when"], what+": when", `a condition; "true" matches everything`) {
			one.when = env.compile(r, v["when"], what)
			if strings.TrimSpace(v["when"].Value) == "true" && always == "" {
				always = name
			}
		}
		one.seats = f.readSeats(r, item, v["approve"], what)
		for _, g := range r.list(v["notify"], what+": notify") {
			one.notify = append(one.notify, f.groupName(r, g, what+": notify"))
		}
		one.flags = flags{
			unfenced:    r.flag(v["unfenced"], what+": unfenced"),
			restore:     r.flag(v["restore"], what+": restore"),
			ticket:      r.oneOf(v["ticket"], what+": ticket", "required", "optional") == "required",
			endUnfenced: r.oneOf(v["fence_broken"], what+": fence_broken", "end", "keep") == "end",
			endChanged:  r.oneOf(v["account_changed"], what+": account_changed", "end", "keep") == "end",
			stepUp:      r.flag(v["step_up"], what+": step_up"),
			byHand:      r.flag(v["by_hand"], what+": by_hand"),
			attestSelf:  r.oneOf(v["attest"], what+": attest", "self", "others") == "self",
		}
		f.rules = append(f.rules, one)
	}
}

func (f *File) readSeats(r *reader, item, n *yaml.Node, what string) []approvals.Seat {
	items := r.list(n, what+": approve")
	if len(items) == 0 && (n == nil || n.Kind == yaml.SequenceNode) {
		r.add(first(n, item), "approve: [{group: NAME, count: 1}]", "%s has no seat: nothing is written without an approval", what)
	}
	var seats []approvals.Seat
	for _, s := range items {
		v := r.fields(s, what+": a seat", "group", "count")
		seat := approvals.Seat{Count: 1}
		if r.need(s, v["group"], what+": the group of a seat", "") {
			seat.Group = f.groupName(r, v["group"], what+": a seat")
			if g, ok := f.Group(seat.Group); ok {
				seat.GroupID = g.ID
			}
		}
		if c := v["count"]; c != nil {
			count, err := strconv.Atoi(c.Value)
			if c.Kind != yaml.ScalarNode || err != nil || count < 1 || count > 20 {
				r.add(c, "", "%s: the count of a seat must be a whole number from 1 to 20", what)
				count = 1
			}
			seat.Count = count
		}
		if slices.ContainsFunc(seats, func(o approvals.Seat) bool { return o.Group == seat.Group && seat.Group != "" }) {
			r.add(s, "raise its count", "%s: the group %q has a seat already", what, seat.Group)
		}
		seats = append(seats, seat)
	}
	return seats
}
