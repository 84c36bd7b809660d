package approvals

import "time"

// ProofState is how far the proof of an applied exemption is.
type ProofState string

// The states of a proof.
const (
	ProofAsked ProofState = "asked"    // Entra ID is being asked
	ProofGiven ProofState = "proved"   // it agrees with the prediction
	ProofNone  ProofState = "unproved" // it could not be asked
)

// Proof is what Entra ID said, after a fenced exemption was applied, of how sign-ins would go. It is kept beside the state:
// reads have verified that the entries are there, the proof says that they do what was predicted.
type Proof struct {
	State ProofState `json:"state"`
	Why   string     `json:"why,omitempty"` // it does not agree, or could not be asked
	Tries int        `json:"tries,omitempty"`
	// Misses counts answers in a row that did not agree. One may come from a replica that is behind.
	Misses int       `json:"misses,omitempty"`
	At     time.Time `json:"at,omitzero"`   // of the last answer
	Next   time.Time `json:"next,omitzero"` // when to ask again, while it is asked
}

// When a proof is asked for again, how many answers that do not agree are believed, and when it is given up.
const (
	proveAgain    = 30 * time.Second
	proveMisses   = 3
	proveAttempts = 20
)

// CauseDisproved is the word of a Cause: the exemption did not do what was predicted, so it was taken back.
const CauseDisproved = "not as predicted"

// Proved is an answer to whether an applied exemption does what was predicted.
type Proved struct {
	// Agrees, or Unknown: it could not be asked. Neither: it does something else. Why says what.
	Agrees, Unknown bool
	Why             string
}

func (Proved) event() {}

// Proving reports whether the request waits for an answer, and is due to ask at this moment.
func (r *Request) Proving(now time.Time) bool {
	return r.State == StateActive && r.Proof != nil && r.Proof.State == ProofAsked && !now.Before(r.Proof.Next)
}

// prove begins the proof of a fenced exemption, once it is active.
func (s *step) prove() {
	if s.r.State == StateActive && s.approved().Plan.Zone != nil {
		s.r.Proof = &Proof{State: ProofAsked, Next: s.now()}
	}
}

// proved records an answer. What does something else than was predicted is taken back.
func (s *step) proved(e Proved) error {
	if !s.r.Proving(s.now()) {
		return nil // it ended meanwhile, or was answered already
	}
	p := *s.r.Proof
	p.At, p.Why, p.Next = s.now(), e.Why, s.now().Add(proveAgain)
	p.Tries++
	switch {
	case e.Agrees:
		p.State, p.Misses, p.Why, p.Next = ProofGiven, 0, "", time.Time{}
	case e.Unknown && p.Tries >= proveAttempts:
		p.State, p.Next = ProofNone, time.Time{}
	case e.Unknown:
	default:
		p.Misses++
	}
	s.r.Proof = &p
	if p.Misses >= proveMisses {
		s.end(Cause{Word: CauseDisproved, Why: e.Why})
	}
	return nil
}
