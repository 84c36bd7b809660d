package engine

import (
	"maps"
	"slices"
	"time"

	"hallpass/approvals"
)

// This file is the pure half of converging: what a record becomes when rows or a read are folded into it, and what is to
// be written. Nothing here talks to anything.

// perWrite bounds the entries of one write to a group, so that it fits into one lease. A location is one PATCH anyway.
const perWrite = 40

// foldRows brings the record up to the rows of a newer generation.
func foldRows(rec *approvals.TargetRecord, rows []approvals.Row, gen int64, now time.Time, t Timing) {
	if rec.Entries == nil {
		rec.Entries = map[string]approvals.EntryRecord{}
	}
	want, fresh := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		if row.Want {
			want[row.Entry] = true
			fresh[row.Entry] = fresh[row.Entry] || row.Gen > rec.Gen
		}
	}
	for entry := range want {
		if _, ok := rec.Entries[entry]; !ok {
			rec.Entries[entry] = approvals.EntryRecord{Since: now}
		}
	}
	for _, row := range rows { // an entry that was withdrawn before the record ever knew it
		if _, ok := rec.Entries[row.Entry]; !ok {
			rec.Entries[row.Entry] = approvals.EntryRecord{Since: now}
		}
	}
	for entry, er := range rec.Entries {
		if er.Vanished && fresh[entry] { // somebody was given it anew
			er = approvals.EntryRecord{Want: true, Ours: er.Ours, Since: now}
		}
		if er.Want != want[entry] {
			// One that was verified as gone long ago and is there all the same is another hand's by now.
			gone := !er.Want && er.Settled && now.After(rec.Wrote.Add(lateWindow(t)))
			er = approvals.EntryRecord{Want: want[entry], Ours: er.Ours && !gone, Found: er.Found && !gone, Since: now}
		}
		rec.Entries[entry] = er
	}
	rec.Gen = gen
}

// unsettled reports whether any entry still needs reads to agree.
func unsettled(rec *approvals.TargetRecord) bool {
	for _, er := range rec.Entries {
		if !er.Settled && !er.Vanished {
			return true
		}
	}
	return false
}

// doubted reports whether any settled entry was missed by a read and must be looked at again soon. After enough reads the
// directory audit is asked instead.
func doubted(rec *approvals.TargetRecord, t Timing) bool {
	for _, er := range rec.Entries {
		if er.Misses > 0 && er.Misses < t.Reads && !er.Vanished {
			return true
		}
	}
	return false
}

// misses reports whether a location must not be written on this read, because an entry that was verified is not in it: a
// location is replaced as a whole, so that a write based on a stale read would take that entry out. A few reads later it
// is known which it was.
func misses(rec *approvals.TargetRecord, seen []string, t Timing) bool {
	if rec.Target.Kind != approvals.TargetLocation {
		return false
	}
	for entry, er := range rec.Entries {
		if er.Want && er.Settled && !er.Vanished && er.Misses < t.Reads && !slices.Contains(seen, entry) {
			return true
		}
	}
	return false
}

// foldSight counts one read.
func foldSight(rec *approvals.TargetRecord, sight approvals.Sight, t Timing) {
	seen := map[string]bool{}
	for _, entry := range sight.Entries {
		seen[entry] = true
	}
	for entry, er := range rec.Entries {
		switch {
		case er.Vanished:
		case !er.Settled && sight.At.Before(er.Accepted.Add(t.Spacing)): // too soon after its write to count for it
		case er.Want == seen[entry]:
			er.Misses, er.Asked = 0, 0
			if er.Reads++; er.Reads >= t.Reads {
				er.Reads, er.Settled = t.Reads, true
			}
		case er.Want && (er.Settled || er.Adopted): // it was there: a stale replica, or another hand
			er.Misses = min(er.Misses+1, t.Reads)
		case er.Want:
			er.Reads = 0
		case !er.Ours: // somebody else's: not ours to take away, and nothing of ours is left
			er.Reads, er.Settled = t.Reads, true
		case er.Settled && sight.At.After(rec.Wrote.Add(lateWindow(t))):
			er.Ours = false // it came back long after our last write: another hand; reported as foreign, left alone
		default:
			er.Reads, er.Settled = 0, false
		}
		rec.Entries[entry] = er
	}
	rec.Foreign = nil
	for _, entry := range sight.Entries {
		if er, ok := rec.Entries[entry]; !ok || (!er.Want && !er.Ours) {
			rec.Foreign = append(rec.Foreign, entry)
		}
	}
	rec.Strangers = slices.DeleteFunc(rec.Strangers, func(e string) bool { return !seen[e] })
	rec.Back = slices.DeleteFunc(rec.Back, func(e string) bool { return seen[e] })
}

// lateWindow is how long after our last write an entry that comes back is taken for a late write of ours.
func lateWindow(t Timing) time.Duration {
	window := time.Minute
	for _, late := range t.Late {
		window = max(window, late+5*time.Minute)
	}
	return window
}

// difference is what must be written now, based on a read. What is settled is left alone, whatever a single read says: if
// enough reads miss it, foldSight says what that means. Entries written before and accepted get time to show up in
// reads; entries whose write failed are tried again with growing waits. next is when something held back comes up.
func difference(rec *approvals.TargetRecord, seen []string, now time.Time, t Timing) (w approvals.Write, next time.Time) {
	for _, entry := range slices.Sorted(maps.Keys(rec.Entries)) {
		er := rec.Entries[entry]
		there := slices.Contains(seen, entry)
		if er.Vanished || er.Want == there || er.Settled || (!er.Want && !er.Ours) || er.Want && er.Adopted {
			continue
		}
		at := er.Since
		if !er.Accepted.IsZero() {
			at = er.Accepted.Add(t.Stale)
		} else if rec.Tries > 0 && rec.Wrote.After(er.Since) {
			at = rec.Wrote.Add(min(time.Second<<min(rec.Tries, 5), 30*time.Second))
		}
		if at.After(now) {
			if next.IsZero() || at.Before(next) {
				next = at
			}
			continue
		}
		if er.Want {
			w.Add = append(w.Add, entry)
		} else {
			w.Remove = append(w.Remove, entry)
		}
	}
	for _, entry := range rec.Back {
		if !slices.Contains(seen, entry) {
			w.Add = append(w.Add, entry)
		}
	}
	if rec.Target.Kind == approvals.TargetGroup {
		w.Remove = w.Remove[:min(len(w.Remove), perWrite)]
		w.Add = w.Add[:min(len(w.Add), perWrite-len(w.Remove))]
	}
	w.Urgent = len(w.Remove) > 0
	w.Seen = seen
	return w, next
}

// base is what a write starts from: what was read, with what Graph has accepted from us a moment ago and reads need not show
// yet. A location is replaced as a whole, so that a read that lags behind would undo the write before.
func base(rec *approvals.TargetRecord, seen []string, now time.Time, t Timing) []string {
	out := slices.Clone(seen)
	for _, entry := range slices.Sorted(maps.Keys(rec.Entries)) {
		er := rec.Entries[entry]
		if er.Settled || er.Vanished || !now.Before(er.Accepted.Add(t.Stale)) {
			continue
		}
		switch there := slices.Contains(out, entry); {
		case er.Want && !there:
			out = append(out, entry)
		case !er.Want && there && er.Ours:
			out = slices.DeleteFunc(out, func(e string) bool { return e == entry })
		}
	}
	return out
}

// ledger marks what is about to be written as ours. It is made durable before the write goes out.
func ledger(rec *approvals.TargetRecord, w approvals.Write) {
	for _, entry := range w.Add {
		if er, known := rec.Entries[entry]; known { // else it is somebody else's, put back
			er.Ours, er.Found = true, false
			rec.Entries[entry] = er
		}
	}
}

// counted reports whether reads are being counted for entries other than those of a write.
func counted(rec *approvals.TargetRecord, w approvals.Write) bool {
	for entry, er := range rec.Entries {
		if !er.Settled && !er.Vanished && !er.Accepted.IsZero() && !slices.Contains(w.Add, entry) && !slices.Contains(w.Remove, entry) {
			return true
		}
	}
	return false
}

// accepted notes that Graph took the write.
func accepted(rec *approvals.TargetRecord, w approvals.Write, now time.Time) {
	for _, entry := range slices.Concat(w.Add, w.Remove) {
		if er, known := rec.Entries[entry]; known {
			er.Accepted, er.Reads = now, 0
			rec.Entries[entry] = er
		}
	}
	for _, entry := range rec.Back {
		if slices.Contains(w.Add, entry) && !slices.Contains(rec.Strangers, entry) {
			rec.Strangers = append(rec.Strangers, entry) // the audit will name us; it is theirs all the same
		}
	}
	rec.Back = slices.DeleteFunc(rec.Back, func(e string) bool { return slices.Contains(w.Add, e) }) // once: hallpass never fights
	seen := slices.DeleteFunc(slices.Clone(rec.Seen), func(e string) bool { return slices.Contains(w.Remove, e) })
	rec.Seen = append(seen, w.Add...)
	rec.Tries, rec.Problem, rec.Since = 0, "", time.Time{}
}
