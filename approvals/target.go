package approvals

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// TargetKind is the kind of object in Entra ID that hallpass keeps in shape.
type TargetKind string

// The kinds of target.
const (
	TargetLocation TargetKind = "location" // an IP named location; its entries are canonical CIDRs
	TargetGroup    TargetKind = "group"    // an exclusion group; its entries are object ids of users
	// TargetApp is an app registration that hallpass makes; its entries are EntryRegistered and what it signs in with.
	TargetApp TargetKind = "app"
	// TargetMFA is the per-user MFA state of one account; its entry is EntryWas and the state that is put back at the end.
	TargetMFA TargetKind = "mfa"
	// TargetBlock is whether one account is kept out of everything; its entry is EntryUnblocked. Its id is that of the group of
	// blocked accounts, a slash, and that of the account.
	TargetBlock TargetKind = "block"
	// TargetSessions is what is signed in as one account; its entry is EntrySignedIn.
	TargetSessions TargetKind = "sessions"
	// TargetManual is a place that Graph cannot change. It is never converged and has no rows: a person makes the change
	// and says so.
	TargetManual TargetKind = "manual"
)

// PlacePerUser is the name of the place in which accounts are exempted from per-user MFA: `account NAME in per-user-mfa`.
const PlacePerUser = "per-user-mfa"

// EntryWas begins the entry of a per-user MFA state: "was:enforced" stands for one that is disabled and was enforced.
const EntryWas = "was:"

// Target is an object in Entra ID that hallpass keeps in shape, or a place in which people do what Graph cannot.
type Target struct {
	Kind TargetKind `json:"kind"`
	// ID is the Entra object id, for TargetMFA and TargetSessions the account's; for TargetApp the unique name (uniqueName); for
	// TargetBlock two of them, see BlockTarget; for TargetManual the name in the rules file.
	ID string `json:"id"`
}

// String is the key of the target in the store and in metrics: "location:1f6e…".
func (t Target) String() string { return string(t.Kind) + ":" + t.ID }

// ParseTarget reads what String wrote. What people do by hand is no target to it: nothing may converge that.
func ParseTarget(s string) (Target, error) {
	kind, id, ok := strings.Cut(s, ":")
	t := Target{Kind: TargetKind(kind), ID: id}
	if !ok || id == "" || !slices.Contains([]TargetKind{TargetLocation, TargetGroup, TargetApp, TargetMFA, TargetBlock, TargetSessions}, t.Kind) {
		return Target{}, fmt.Errorf("%q is no target: want location:ID, group:ID, mfa:ID, block:GROUP/ID, sessions:ID or app:NAME", s)
	}
	return t, nil
}

// Row is one line of the wanted set of a target: what one change of one request wants of it. A row is written when the
// change is released and dropped when the change is recorded as absent; in between Want turns from true to false.
type Row struct {
	Target  Target    `json:"target"`
	Request RequestID `json:"request"`
	Change  int       `json:"change"` // index into Request.Changes
	Entry   string    `json:"entry"`
	Want    bool      `json:"want"`
	// Gen is the generation of the target that this row's last change raised it to. Set by the store.
	Gen int64 `json:"gen,omitempty"`
}

// Phase is where a target is in its chain of steps.
type Phase string

// The phases of converging.
const (
	PhaseIdle   Phase = ""       // in shape, as far as was read
	PhaseRead   Phase = "read"   // wants to be read before anything else
	PhaseWrite  Phase = "write"  // the difference is known, the ledger is durable, the write may go out
	PhaseVerify Phase = "verify" // written; reads are being counted
)

// EntryRecord is what is known about one entry that hallpass has to do with in one target.
type EntryRecord struct {
	// Want is what the rows of generation TargetRecord.Gen said.
	Want bool `json:"want"`
	// Reads counts successive reads that agreed with Want.
	Reads int `json:"reads,omitempty"`
	// Misses counts successive reads that disagreed after Settled had been true: somebody else's hand, or a stale replica.
	Misses int `json:"misses,omitempty"`
	// Settled says that enough successive reads agreed with Want.
	Settled bool `json:"settled,omitempty"`
	// Vanished says that the entry was settled as present and was then missing in enough successive reads: somebody took
	// it out. It is not put back.
	Vanished bool   `json:"vanished,omitempty"`
	By       string `json:"by,omitempty"` // who took it out, as far as the directory audit says
	// Asked counts the readings of the directory audit that did not say who took it out.
	Asked int `json:"asked,omitempty"`
	// Restored says that it was taken out and put back once, where the rule says so. It is not put back again.
	Restored bool `json:"restored,omitempty"`
	// Ours says that hallpass put, or was about to put, the entry there (the ledger). It is made durable before the write
	// and never unset while the entry can still be there.
	Ours bool `json:"ours,omitempty"`
	// Found says that the entry is ours only because a request took it over: another hand had put it there.
	Found bool `json:"found,omitempty"`
	// Adopted says that only requests want it that took it over: it is never added.
	Adopted bool `json:"adopted,omitempty"`
	// Accepted is when Graph last accepted the write for the present Want.
	Accepted time.Time `json:"accepted,omitzero"`
	// Since is when Want last changed.
	Since time.Time `json:"since,omitzero"`
}

// TargetRecord is the stored state of converging one target. It knows entries, never requests or their order.
type TargetRecord struct {
	Target  Target                 `json:"target"`
	Version int64                  `json:"version"`
	Phase   Phase                  `json:"phase"`
	Gen     int64                  `json:"gen"` // the generation of rows that Entries reflects
	Entries map[string]EntryRecord `json:"entries,omitempty"`
	// Foreign are entries seen that hallpass did not put there.
	Foreign []string `json:"foreign,omitempty"`
	// Seen is the read on which the next write is based. Only in PhaseWrite.
	Seen []string `json:"seen,omitempty"`
	// Based is when the read Seen was started: a write is not based on an old one.
	Based time.Time `json:"based,omitzero"`
	// ReadAfter is the earliest start of the next read that counts: reads are spaced so that they do not count the same
	// stale replica twice.
	ReadAfter time.Time `json:"read_after,omitzero"`
	// Quiet is the time before which nothing is read or written: a write whose outcome nobody knows may still land.
	Quiet time.Time `json:"quiet,omitzero"`
	// Wrote is when the last write was sent, accepted or not.
	Wrote time.Time `json:"wrote,omitzero"`
	// Late are the times of late verifies still to be done after the last write.
	Late []time.Time `json:"late,omitempty"`
	// AskAt is when the directory audit is to be read because of an entry that is missing, or that nobody knows.
	AskAt time.Time `json:"ask_at,omitzero"`
	// Watch are the times around our writes in which the audit is to be searched for another hand. Only where others
	// write too.
	Watch []Window `json:"watch,omitempty"`
	// Raced are edits by other hands found in a window that is looked at once more.
	Raced []Edit `json:"raced,omitempty"`
	// Back are entries of others that a race with our write took away: they are put back, and are not ours.
	Back []string `json:"back,omitempty"`
	// Strangers are foreign entries that are not ours to take away, as far as the audit says. They were reported.
	Strangers []string `json:"strangers,omitempty"`
	// Reports are kept until they were told.
	Reports []Report `json:"reports,omitempty"`
	// Tries counts writes in a row that did not bring agreement; it spaces retries.
	Tries int `json:"tries,omitempty"`
	// Made is the id by which what hallpass made is known elsewhere: the application (client) id of an app registration.
	Made string `json:"made,omitempty"`
	// Problem is the last error in words for people, with the time since when it holds. Empty when all is well.
	Problem string    `json:"problem,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Disowned says that the record is not as hallpass wrote it: nothing may be added because of it. Set by the store.
	Disowned bool `json:"-"`
}

// Window is a time in which a write of ours was under way, and when the directory audit is searched for it.
type Window struct {
	From time.Time `json:"from"` // the read on which the write was based
	To   time.Time `json:"to"`   // when the call was over at the latest
	At   time.Time `json:"at"`
}

// Edit is one act on a target as the directory audit has it.
type Edit struct {
	At   time.Time `json:"at"`
	Hand string    `json:"hand"`          // who did it, for people
	Own  bool      `json:"own,omitempty"` // it was hallpass
	// Added and Removed are canonical entries.
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// ReportWord says what a report is about.
type ReportWord string

// The reports about targets.
const (
	ReportForeign ReportWord = "foreign entries" // in an owned target, put there by another hand
	ReportRace    ReportWord = "written at the same time"
	ReportLost    ReportWord = "lost to a race, put back" // an entry of another hand
	ReportPutBack ReportWord = "taken out, put back"      // an entry of ours, where the rule says so
	ReportForged  ReportWord = "not written by hallpass"  // wanted in the store by another hand; not put there
	ReportOrphan  ReportWord = "orphan found, taken away" // ours by the audit, and no request wants it
	ReportKept    ReportWord = "orphan found"             // the same while hallpass only observes
)

// Report is something about a target that a reviewer has to know.
type Report struct {
	Target  Target     `json:"target"`
	Word    ReportWord `json:"word"`
	Entries []string   `json:"entries"`
	Hand    string     `json:"hand,omitempty"` // who did it, if the directory audit says
	At      time.Time  `json:"at"`
}

// Sight is one read of a target.
type Sight struct {
	Entries []string  `json:"entries"` // canonical, sorted
	At      time.Time `json:"at"`      // when the read was started
	// Made is the application (client) id of an app registration that is there.
	Made string `json:"made,omitempty"`
}

// Has reports whether the entry was seen.
func (s Sight) Has(entry string) bool {
	return slices.Contains(s.Entries, entry)
}

// Write is what converging wants changed in a target. For a location the adapter sends (Seen minus Remove) plus Add as
// one replacement; for a group it adds and removes single members.
type Write struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// Seen is the read on which the write is based.
	Seen []string `json:"seen,omitempty"`
	// Based is when the read Seen was started: a write is not based on an old one.
	Based time.Time `json:"based,omitzero"`
	// Urgent says that something is removed: it goes before additions in every queue.
	Urgent bool `json:"urgent,omitempty"`
}
