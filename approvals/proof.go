package approvals

import "time"

// ProofState is how far the proof of an applied exemption is.
type ProofState string

// The states of a proof.
const (
	ProofAsked ProofState = "asked"    // Entra ID is being asked
	ProofGiven ProofState = "proved"   // it agrees with the prediction
	ProofNone  ProofState = "unproved" // it could not be asked
	ProofLog   ProofState = "log"      // without a fence nothing is predicted, and the log alone tells whether it is used
)

// Proof is what Entra ID said, after a fenced exemption was applied, of how sign-ins would go. It is kept beside the state:
// reads have verified that the entries are there, the proof says that they do what was predicted. Of an application, and of what
// has no fence, it says only whether there are sign-ins.
type Proof struct {
	State ProofState `json:"state"`
	Why   string     `json:"why,omitempty"` // it does not agree, or could not be asked
	Tries int        `json:"tries,omitempty"`
	// Misses counts answers in a row that did not agree. One may come from a replica that is behind.
	Misses int       `json:"misses,omitempty"`
	At     time.Time `json:"at,omitzero"`   // of the last answer; of ProofLog, since when the log is looked into
	Next   time.Time `json:"next,omitzero"` // when to ask, or to look into the log, next
	// Looks counts the looks into the sign-in log; Used is the first sign-in that worked, or else the last that did not.
	Looks int   `json:"looks,omitempty"`
	Used  *Used `json:"used,omitempty"`
	// Looked is when the log was read last, Last the newest sign-in seen that worked.
	Looked time.Time `json:"looked,omitzero"`
	Last   time.Time `json:"last,omitzero"`
}

// Used is the first real sign-in from the addresses that worked; until there is one, the last that did not.
type Used struct {
	Worked bool      `json:"worked"`
	At     time.Time `json:"at"`
	// What was signed in to; Why it was stopped.
	What string `json:"what,omitempty"`
	Why  string `json:"why,omitempty"`
}

// When a proof is asked for again, how many answers that do not agree are believed, and when it is given up.
const (
	proveAgain    = 30 * time.Second
	proveMisses   = 3
	proveAttempts = 20
)

// looks are how long after a proof the sign-in log is looked into, until a sign-in worked. The log is up to half an hour
// behind, and a job may run once a day, or once a week.
func looks() []time.Duration {
	return []time.Duration{10 * time.Minute, 40 * time.Minute, 3 * time.Hour, 12 * time.Hour, 26 * time.Hour, 8 * 24 * time.Hour}
}

// looksApart are looks for what sign-ins of anybody may answer: of an exemption without a fence, and of addresses, the log does not
// say whether it was needed. So nobody waits for the first, and whether it is used is asked a day later.
func looksApart() []time.Duration { return []time.Duration{26 * time.Hour, 8 * 24 * time.Hour} }

// looksOf are those of a request with that proof.
func (r *Request) looksOf(p ProofState) []time.Duration {
	if p == ProofLog && r.Ask.Kind != KindApp {
		return looksApart()
	}
	return looks()
}

// lookWeekly is the time between looks once a sign-in has worked, or the first looks are over: whether it is still used.
const lookWeekly = 7 * 24 * time.Hour

// unusedAfter is how long no sign-in was seen of an exemption that counts as unused.
const unusedAfter = 14 * 24 * time.Hour

// Unused reports whether an exemption in force is not used, as far as the sign-in log was read, and since when nothing was
// seen. What the log does not tell of is not called unused.
func (r *Request) Unused() (since time.Time, is bool) {
	if r.State != StateActive || r.Proof == nil || r.Proof.Looked.IsZero() {
		return time.Time{}, false
	}
	since = r.Applied
	if r.Proof.State == ProofLog && r.Proof.At.After(since) {
		since = r.Proof.At
	}
	if r.Proof.Last.After(since) {
		since = r.Proof.Last
	}
	return since, r.Proof.Looked.Sub(since) >= unusedAfter
}

// SignInsLooked says in words which sign-ins were looked for: "no sign-in …".
func (r *Request) SignInsLooked() string {
	if r.Ask.Kind == KindIP || r.Ask.Fenced() {
		return "from its addresses"
	}
	return "of it"
}

// CauseDisproved is the word of a Cause: the exemption did not do what was predicted, so it was taken back.
const CauseDisproved = "not as predicted"

// Proved is an answer to whether an applied exemption does what was predicted.
type Proved struct {
	// Agrees, or Unknown: it could not be asked. Neither: it does something else. Why says what.
	Agrees, Unknown bool
	Why             string
}

func (Proved) event() {}

// Looked is what a look into the sign-in log found.
type Looked struct {
	// Read: the log could be read.
	Read bool
	// Used is the first sign-in that worked, or else the last that did not; nil if there was none.
	Used *Used
	// Last is the newest sign-in that worked.
	Last time.Time
}

func (Looked) event() {}

// Looking reports whether the log is to be looked into at this moment: has the exemption worked?
func (r *Request) Looking(now time.Time) bool {
	return r.State == StateActive && r.Proof != nil && r.Proof.State != ProofAsked && !r.Proof.Next.IsZero() && !now.Before(r.Proof.Next)
}

// looked records what a look into the log found, and books the next one: soon until a sign-in has worked, then weekly.
func (s *step) looked(e Looked) error {
	if !s.r.Looking(s.now()) {
		return nil
	}
	p := *s.r.Proof
	if e.Used != nil && (p.Used == nil || !p.Used.Worked) {
		p.Used = e.Used
	}
	if e.Last.After(p.Last) {
		p.Last = e.Last
	}
	if e.Read {
		p.Looked = s.now()
	}
	p.Looks++
	p.Next = s.now().Add(lookWeekly)
	if list := s.r.looksOf(p.State); p.Looks < len(list) && (p.Used == nil || !p.Used.Worked) {
		p.Next = s.now().Add(list[p.Looks] - list[p.Looks-1])
	}
	s.r.Proof = &p
	return nil
}

// Proving reports whether the request waits for an answer, and is due to ask at this moment.
func (r *Request) Proving(now time.Time) bool {
	return r.State == StateActive && r.Proof != nil && r.Proof.State == ProofAsked && !now.Before(r.Proof.Next)
}

// prove begins the proof of a fenced exemption, and the looks at whether another is used, once it is active.
func (s *step) prove() {
	switch {
	case s.r.State != StateActive:
	case s.approved().Plan.Zone != nil:
		s.r.Proof = &Proof{State: ProofAsked, Next: s.now()}
	case !s.approved().Plan.outside():
		s.r.Proof = &Proof{State: ProofLog, At: s.now(), Next: s.now().Add(s.r.looksOf(ProofLog)[0])}
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
		p.State, p.Misses, p.Why, p.Next = ProofGiven, 0, "", s.now().Add(looks()[0])
	case e.Unknown && p.Tries >= proveAttempts:
		p.State, p.Next = ProofNone, s.now().Add(looks()[0])
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
