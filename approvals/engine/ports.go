package engine

import (
	"context"
	"encoding/json"
	"time"

	"hallpass/approvals"
)

// Requests stores requests. Every method may be called concurrently from many replicas.
type Requests interface {
	// NextID gives an id that was never given before.
	NextID(ctx context.Context) (approvals.RequestID, error)
	// Load gives the newest stored state, or approvals.ErrNotFound.
	Load(ctx context.Context, id approvals.RequestID) (approvals.Request, error)
	// Commit writes one step, all of it or nothing, durably: when it returns nil the step survives what the
	// configuration promises. It returns the stored version, or one of: approvals.ErrConflict, approvals.ErrLostClaim,
	// approvals.ErrNoWake (nothing was written), approvals.ErrTwin (it is new, and Request.Twin of a live request is the same;
	// nothing was written), approvals.ErrDuplicate (the same operation was committed before; the
	// version is that one's), or an error that wraps approvals.ErrStore (nothing is known: call again with the same
	// Operation).
	Commit(ctx context.Context, c approvals.Commit) (int64, error)
	// Find lists requests, newest first unless ends are asked for: then soonest first.
	Find(ctx context.Context, q approvals.Query) ([]approvals.Request, error)
	// Note appends an entry that belongs to no request's commit to the audit stream. It seals it into the chain of its day:
	// Prev and Hash need not be set.
	Note(ctx context.Context, e approvals.Entry) error
}

// Targets stores the state of converging.
type Targets interface {
	// Target gives the record (zero Version if none yet), all rows, and the present generation, read together.
	Target(ctx context.Context, t approvals.Target) (approvals.TargetRecord, []approvals.Row, int64, error)
	// Settle writes one step of converging under its claim and finishes the claim: the target is booked for Next; or, if
	// Next is zero, it leaves the queue unless its generation is newer than Record.Gen: then it is due at once. Errors as
	// for Commit.
	Settle(ctx context.Context, s approvals.Settlement) error
}

// Queue hands out due work.
type Queue interface {
	// Now is the store's clock: the higher of its time and the highest time committed.
	Now(ctx context.Context) (time.Time, error)
	// Claim gives up to limit members of the lane that are due, each leased to this worker until its lease ends, and the
	// time when the next member of the lane comes due (zero if none). A reply that is lost costs one lease, never work.
	Claim(ctx context.Context, lane approvals.Lane, limit int, lease time.Duration, worker string) ([]approvals.Claim, time.Time, error)
	// Extend gives a claim a new lease, counted from now, and the store's clock of now. A claim that lapsed:
	// approvals.ErrLostClaim.
	Extend(ctx context.Context, c approvals.Claim, lease time.Duration) (approvals.Claim, error)
	// Finish ends a claim. Work booked meanwhile stays booked; again, if not zero, books it too. A request that is not
	// finished cannot leave the queue: approvals.ErrNoWake. A claim that lapsed: approvals.ErrLostClaim.
	Finish(ctx context.Context, c approvals.Claim, again time.Time) error
	// Fail is Finish for work that failed and is tried again: the next claim's Fails is one more. Finish sets it back to 0.
	Fail(ctx context.Context, c approvals.Claim, again time.Time) error
	// Book makes work due, never later than it is booked already, and never touching the lease of a claimed member.
	Book(ctx context.Context, due ...approvals.Due) error
}

// Inbox stores what people did until it is carried out.
type Inbox interface {
	// Put stores the item durably and makes it due at once in the inbox lane. An item whose id is known, waiting or
	// done, is left as it is: then it returns approvals.ErrDuplicate.
	Put(ctx context.Context, item approvals.Item) error
	// Item gives a waiting item, or approvals.ErrNotFound.
	Item(ctx context.Context, id string) (approvals.Item, error)
	// Close removes a waiting item and keeps its result for 7 days, in one step, with the claim's end. It is for acts that
	// change no request. A second Close of the same item is no error.
	Close(ctx context.Context, c approvals.Claim, result json.RawMessage) error
	// Result gives the kept result of an item that was carried out, or approvals.ErrNotFound.
	Result(ctx context.Context, id string) (json.RawMessage, error)
}

// Brakes says whether writes to the tenant are allowed.
type Brakes interface {
	// Paused reports whether new exemptions are held back in all replicas. Removals go on.
	Paused(ctx context.Context) (bool, error)
}

// Entra is what the engine asks of the tenant. Errors: *approvals.Later (nothing happened; try again then),
// *approvals.Unsure (look before anything is repeated), *approvals.Refusal (Entra ID will not take it, in words),
// anything else: it failed and nothing happened.
type Entra interface {
	// Plan reads the tenant and plans the ask, or refuses with *approvals.Refusal.
	Plan(ctx context.Context, ask approvals.Ask) (approvals.Plan, error)
	// Read gives a read of the target that was started at or after fresh. It may be shared with other targets.
	Read(ctx context.Context, t approvals.Target, fresh time.Time, class approvals.Class) (approvals.Sight, error)
	// Write sends one write. Nil means that Graph accepted all of it.
	Write(ctx context.Context, t approvals.Target, w approvals.Write) error
	// Edits gives what the directory audit says was done to the target since then, newest first, by hallpass too.
	Edits(ctx context.Context, t approvals.Target, since time.Time) ([]approvals.Edit, error)
}

// Prover is an Entra that can also be asked whether an applied plan does what was predicted. Optional: without it a fenced
// exemption stays unproved.
type Prover interface {
	// Prove asks Entra ID how sign-ins go now, by answers that were started at or after since. The error is
	// *approvals.Later or nil: everything else is an answer.
	Prove(ctx context.Context, plan approvals.Plan, since time.Time) (approvals.Proved, error)
	// Look finds the first sign-in from the addresses of an applied plan that worked since then, or the last that did not.
	// The error is *approvals.Later or nil, as above.
	Look(ctx context.Context, plan approvals.Plan, since time.Time) (approvals.Looked, error)
}

// Consents is an Entra that can see what an administrator has consented to for an application. Optional: without it a request
// that waits for consent waits until it is not applied in time.
type Consents interface {
	// Consent reads what is granted to the application, held against the permissions that were planned.
	Consent(ctx context.Context, app approvals.Target, permissions []string) (approvals.Consent, error)
}

// Directory says who people are and what they may do, read now.
type Directory interface {
	// Standing reads the person and which of the named groups (names in the rules file) they are in. A person that does
	// not exist is approvals.ErrNotFound. Any other error is neither a yes nor a no.
	Standing(ctx context.Context, personID string, groups []string) (approvals.Standing, error)
}

// Rules judges plans.
type Rules interface {
	// Judge gives the ruling on a plan and an ask, or *approvals.Refusal. A fact that is not known never approves.
	Judge(ask approvals.Ask, plan approvals.Plan) (approvals.Ruling, error)
	// Hash is the SHA-256 of the file in force, in hex.
	Hash() string
}

// Chat brings everything that people see of a request up to date.
type Chat interface {
	// Tell makes every card and notice of the request show its present state. It returns when to look again, or zero.
	// It is called again until it returns nil.
	Tell(ctx context.Context, r approvals.Request) (time.Time, error)
	// Carry carries out an item of the inbox and answers the person. It calls the engine itself; closed reports
	// whether the engine's commit closed the item. An error means: try again later.
	Carry(ctx context.Context, claim approvals.Claim, item approvals.Item) (closed bool, result json.RawMessage, err error)
}
