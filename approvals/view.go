package approvals

import (
	"net/netip"
	"slices"
	"time"
)

// View is what a target's record says about one change of one request.
type View struct {
	// Verified: the entry was read back often enough since the change was released.
	Verified bool
	// Absent: the entry is not there, read back often enough since the change was withdrawn.
	Absent bool
	// Vanished: the entry was verified and then taken out by another hand, Hand if the directory audit says whose.
	Vanished bool
	Hand     string
	// KeptBy is another live request that wants the same entry: it stays.
	KeptBy RequestID
	// Covered is a wider entry, not ours, that covers this one.
	Covered string
	// Made is the id by which what hallpass made is known elsewhere.
	Made string
	// Accepted is when Graph accepted the last write for the entry.
	Accepted time.Time
	// Problem is the target's last error in words, Since when it holds.
	Problem string
	Since   time.Time
}

// ViewOf works out the view of one change from its target's record and rows, read together. What the record says counts
// only if it was made from rows at least as new as the change's own row.
func ViewOf(rec TargetRecord, rows []Row, id RequestID, change int, entry string) View {
	v := View{Problem: rec.Problem, Since: rec.Since, Made: rec.Made}
	var mine Row
	for _, row := range rows {
		switch {
		case row.Request == id && row.Change == change:
			mine = row
		case row.Entry == entry && row.Want && row.Request != id && v.KeptBy == "":
			v.KeptBy = row.Request
		}
	}
	if mine.Request == "" || rec.Gen < mine.Gen {
		return v
	}
	er := rec.Entries[entry]
	if mine.Want {
		v.Verified = er.Want && er.Settled && !er.Vanished
		v.Vanished = er.Vanished
		v.Hand = er.By
	} else {
		v.Absent = !er.Want && er.Settled
	}
	v.Accepted = er.Accepted
	if !mine.Want && slices.Contains(rec.Foreign, entry) {
		v.Covered = entry // somebody else's now: it stays, and it is not ours to take
		v.Absent = true
	}
	if v.Covered == "" {
		v.Covered = wider(rec.Foreign, entry)
	}
	return v
}

// wider gives an entry that is a strictly wider prefix than this one, if both are prefixes.
func wider(entries []string, entry string) string {
	p, err := netip.ParsePrefix(entry)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		q, err := netip.ParsePrefix(e)
		if err == nil && q.Bits() < p.Bits() && q.Contains(p.Addr()) {
			return e
		}
	}
	return ""
}
