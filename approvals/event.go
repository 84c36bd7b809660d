package approvals

// Event is something that happened to a request. The events are the types of this file.
//
//sumtype:decl
type Event interface{ event() }

// Opened makes a new request out of an ask that was planned and ruled.
type Opened struct {
	ID        RequestID
	Ask       Ask
	Requester Person
	Owner     Person
	Plan      Plan
	Ruling    Ruling
}

// Voted is a vote, judged as to rights by May with a standing read after the click.
type Voted struct {
	Vote        Vote
	Fingerprint string
	// Standings are the groups of everyone who voted before, read anew, by object id. A voter who is missing, or has no
	// group left, no longer counts.
	Standings map[string][]string
}

// Cancelled takes a request back before it is applied.
type Cancelled struct {
	By  Person
	Why string
}

// Revoked ends an approved or active request early.
type Revoked struct {
	By  Person
	Why string
}

// RenewAsked opens a round for a later end.
type RenewAsked struct {
	By     Person
	Term   Term
	Reason string
	Plan   Plan
	Ruling Ruling
}

// Handed gives the request another owner.
type Handed struct {
	By Person
	To Person
}

// Replanned is the plan made and ruled again just before the first change is released.
type Replanned struct {
	Plan   Plan
	Ruling Ruling
	// Refusal, if set, says that the plan is not possible or not allowed any more.
	Refusal *Refusal
}

// Held says that nothing may be written now: hallpass is paused, or only observes.
type Held struct {
	Why     string
	Observe bool
}

// Woke is the passing of time, with what the targets of the request's changes look like now.
type Woke struct {
	Views []View // by index of Request.Changes; may be shorter
}

// TaskTaken says that somebody does by hand what the request waits for.
type TaskTaken struct{ By Person }

// Attested is a person's word that what the request waits for was made, or taken away, by hand.
type Attested struct {
	By Person
	// Undo: it was taken away.
	Undo     bool
	Evidence string
	// Expect is the fingerprint that the evidence has to hold; empty if the steps print none.
	Expect string
	Via    string
}

// Consented is what an administrator has consented to of what a request waits for, as Entra ID shows it.
type Consented struct {
	Consent Consent
	Views   []View // as in Woke
}

// FenceBroken says that the fence of a zone does not hold.
type FenceBroken struct {
	Zone string // its name in the rules file
	Why  string // what is wrong with it
}

// OwnerLeft says that the owner of a request is not there any more, and who answers for its account now.
type OwnerLeft struct{ To Person }

// AccountChanged says that the account of a request is not as it was when the request was approved.
type AccountChanged struct{ Concern Concern }

// Reviewed is what a reviewer says of a request in force.
type Reviewed struct {
	By      Person
	Verdict Verdict
	Why     string // optional
}

func (Opened) event()     {}
func (Voted) event()      {}
func (Cancelled) event()  {}
func (Revoked) event()    {}
func (RenewAsked) event() {}
func (Handed) event()     {}
func (Replanned) event()  {}
func (Held) event()       {}
func (Woke) event()       {}

func (FenceBroken) event() {}
func (Reviewed) event()    {}

func (OwnerLeft) event()      {}
func (AccountChanged) event() {}
func (TaskTaken) event()      {}
func (Consented) event()      {}
func (Attested) event()       {}
