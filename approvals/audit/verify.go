package audit

import (
	"fmt"
	"time"

	"hallpass/approvals"
)

// Damage says what is wrong with a chain.
type Damage string

// The kinds of damage.
const (
	Changed   Damage = "changed"    // the entry does not fit its own hash
	Missing   Damage = "missing"    // one or more entries before it are not there
	Reordered Damage = "re-ordered" // the entry before it stands elsewhere in the chain
	Repeated  Damage = "repeated"   // the entry stands in the chain twice
	CutOff    Damage = "cut off"    // the newest entries are not there
)

// BrokenError says which entry of a chain is the first that does not fit, and how.
type BrokenError struct {
	Index  int // from 0; the length of the chain for CutOff
	Damage Damage
	Entry  approvals.Entry
}

// Error names the entry in words.
func (b *BrokenError) Error() string {
	which := fmt.Sprintf("entry %d (%s by %s at %s)", b.Index+1, b.Entry.Act, b.Entry.Actor, b.Entry.At.UTC().Format(time.RFC3339))
	switch b.Damage {
	case Changed:
		return which + " was changed after it was written"
	case Missing:
		return "one or more entries before " + which + " are missing, or were changed and sealed again"
	case Reordered:
		return which + " does not stand where it was written: the chain was re-ordered"
	case Repeated:
		return which + " stands in the chain twice"
	case CutOff:
		return fmt.Sprintf("the chain was cut off after its %d entries: newer ones are missing", b.Index)
	case Inserted, Rewritten, Forged: // of a whole log, see Finding
	}
	return which + ": " + string(b.Damage)
}

// VerifyBetween checks the entries of one chain by themselves, without the lines around them, which Log wants: entries
// follow the entry whose hash is prev, and the hash of the last is head. An empty prev means the beginning of the chain; an
// empty head means that the end is not known. It returns a *BrokenError that names the first entry that was changed, is
// missing, repeated or re-ordered.
func VerifyBetween(prev, head string, entries []approvals.Entry) error {
	at := map[string]int{prev: -1} // hash -> index of the entry
	for i, e := range entries {
		if hash(e) != e.Hash {
			return &BrokenError{Index: i, Damage: Changed, Entry: e}
		}
		if _, twice := at[e.Hash]; twice {
			return &BrokenError{Index: i, Damage: Repeated, Entry: e}
		}
		at[e.Hash] = i
	}
	want := prev
	for i, e := range entries {
		if e.Prev != want {
			damage := Missing
			if _, elsewhere := at[e.Prev]; elsewhere {
				damage = Reordered
			}
			return &BrokenError{Index: i, Damage: damage, Entry: e}
		}
		want = e.Hash
	}
	if head != "" && want != head {
		last := approvals.Entry{}
		if len(entries) > 0 {
			last = entries[len(entries)-1]
		}
		return &BrokenError{Index: len(entries), Damage: CutOff, Entry: last}
	}
	return nil
}
