package approvals

import (
	"encoding/json"
	"time"
)

// Act is somebody doing something: who, from where, and the operation id that makes a second delivery harmless.
type Act struct {
	// Operation is the id of the inbox item, the same for every delivery of the same act.
	Operation string
	// Person is the Entra object id of the actor. Rights are read anew when the act is judged.
	Person string
	// Via says where the act came from: platform, workspace, user and message. It goes into votes and the audit log.
	Via string
	// Claim is the claim on the inbox item under which the act is carried out; nil if there is none.
	Claim *Claim
	// At is when the person acted. Answers from the directory may not be older.
	At time.Time
	// Result makes what a retry of the same operation is answered with. Optional.
	Result func(Request) json.RawMessage
}

// Ballot is what a voter says about one round.
type Ballot struct {
	Fingerprint string // of the round that the voter saw
	Choice      Choice
	Shorten     time.Duration // 0: as asked
	Reason      string        // needed for a denial
	// Fresh is the sign-in made for this vote; only the approval page has one.
	Fresh *FreshSignIn
}

// Verb is something that a person can do with a request.
type Verb string

// The verbs.
const (
	VerbAsk     Verb = "ask"
	VerbShow    Verb = "show"    // see all details
	VerbApprove Verb = "approve" // take a seat, or say the owner's yes
	VerbDeny    Verb = "deny"
	VerbCancel  Verb = "cancel"
	VerbRenew   Verb = "renew"
	VerbRevoke  Verb = "revoke"
	VerbHand    Verb = "hand" // change the owner
	VerbTake    Verb = "take" // do by hand what it waits for
	VerbDone    Verb = "done" // say that it was made by hand
	VerbUndone  Verb = "undone"
	VerbReview  Verb = "review" // say as a reviewer what becomes of it
)

// Verbs lists the verbs.
func Verbs() []Verb {
	return []Verb{VerbAsk, VerbShow, VerbApprove, VerbDeny, VerbCancel, VerbRenew, VerbRevoke, VerbHand, VerbTake, VerbDone, VerbUndone, VerbReview}
}
