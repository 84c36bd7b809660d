package approvals

import (
	"encoding/json"
	"time"
)

// Commit is everything that one step of a request writes, in one atomic script: the record, its audit entry, its rows
// and the due work. There is no second write that could be missing.
type Commit struct {
	// Request is the next state. Request.Version is the version it was made from; the store writes Version+1 and refuses
	// with ErrConflict if another commit came first.
	Request Request
	// Operation makes a retry of the same commit harmless: a request whose last commit carried the same operation answers
	// as it did then.
	Operation string
	Entry     Entry
	// Rows are all rows that the request shall have from now on; rows of its earlier version that are not among them are
	// dropped. A row that is new, or whose Want changed, raises its target's generation.
	Rows []Row
	// Old are the rows of the version that Request was made from.
	Old []Row
	// Ledger are records of targets that are written in the same step, each with the version that it was made from: what a
	// restored request has in Entra ID is known as ours at no later moment than the request. One that was changed by another
	// step since: ErrConflict.
	Ledger []TargetRecord
	// Due is booked: never later than it stands already.
	Due []Due
	// Claim, if set, must still hold, or the commit is refused with ErrLostClaim.
	Claim *Claim
	// Inbox names the inbox item that this commit carries out; it is deleted and Result is kept for a retry.
	Inbox  string
	Result json.RawMessage
}

// Settlement is everything that one step of converging a target writes.
type Settlement struct {
	// Record is the next state of the target; Record.Version is the version it was made from.
	Record TargetRecord
	// Next is when, and in which lane, the next step is due. Zero: none, unless the generation moved on meanwhile.
	Next Due
	// Wake is booked at once: the requests that have something new to see.
	Wake  []Due
	Claim Claim
}

// Item is something that a person did in chat, stored before it is acknowledged.
type Item struct {
	// ID is the operation id: the same for every delivery of the same act.
	ID       string          `json:"id"`
	Platform string          `json:"platform"` // slack, teams, web
	Body     json.RawMessage `json:"body"`     // the platform-neutral act, as its adapter wrote it
	At       time.Time       `json:"at"`       // when it was stored, by the store's clock
}

// Entry is one line of the audit log.
type Entry struct {
	Request RequestID         `json:"request,omitempty"`
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor"` // object id of a person, or "hallpass"
	Name    string            `json:"name,omitempty"`
	Act     string            `json:"act"` // opened, voted, refused, woke, wrote …
	From    State             `json:"from,omitempty"`
	To      State             `json:"to,omitempty"`
	Detail  map[string]string `json:"detail,omitempty"`
	// Prev is the Hash of the chain's previous entry; Hash is SHA-256 over the entry without Hash, in hex.
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// Query selects requests from the store's indexes.
type Query struct {
	States []State // any of these; empty: all
	// Person selects requests of which this object id is requester or owner.
	Person string
	// EndsBefore selects active requests that end before this time.
	EndsBefore time.Time
	// Voting selects requests with an open round.
	Voting bool
	Limit  int // 0: 100; below 0: all
}
