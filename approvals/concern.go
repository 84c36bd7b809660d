package approvals

// ConcernWord says what became of an exempt account, of who answers for it, or of the policies around it, after it was approved.
type ConcernWord string

// What can become of them.
const (
	ConcernOwnerLeft  ConcernWord = "owner left"         // disabled or deleted: nobody answers for the exemption
	ConcernGone       ConcernWord = "account deleted"    // the exemption is of no use
	ConcernDisabled   ConcernWord = "account disabled"   // the same, until it is enabled again
	ConcernPrivileged ConcernWord = "account privileged" // it has an Entra role that it did not have
	ConcernRisk       ConcernWord = "account at risk"    // Identity Protection says so
	ConcernMethod     ConcernWord = "account can do MFA" // a method was registered for it while it was exempt
	ConcernStopped    ConcernWord = "stopped"            // a policy that is in force stops the job
	ConcernComing     ConcernWord = "will be stopped"    // a report-only policy would, once it is switched on
	ConcernNeedless   ConcernWord = "needless"           // without the exemption no policy in force would ask for MFA
)

// CauseChanged is the word of a Cause: the account is not as it was when the exemption was approved.
const CauseChanged = "account changed"

// EndsFor reports whether a concern ends the request, by the ruling under which its present end was approved.
func (r *Request) EndsFor(c Concern) bool {
	switch c.Word {
	case ConcernGone, ConcernDisabled, ConcernPrivileged, ConcernRisk, ConcernMethod:
		return r.State == StateActive && r.inForce().EndChanged
	case ConcernOwnerLeft, ConcernStopped, ConcernComing, ConcernNeedless:
	}
	return false
}

// changedAccount ends a request whose account is not as it was, where its rule says so.
func (s *step) changedAccount(e AccountChanged) {
	if s.r.EndsFor(e.Concern) {
		s.end(Cause{Word: CauseChanged, Why: e.Concern.What})
	}
}

// left gives the request to who answers for its account now that its owner has left. Nobody is asked: whoever the operator named
// as deputy, or has made the owner since, answers for it.
func (s *step) left(e OwnerLeft) {
	switch s.r.State {
	case StatePending, StateApproved, StateActive:
		if e.To.Enabled && !e.To.Guest && !e.To.Is(s.r.Account) && !e.To.Is(s.r.Owner) {
			s.give(e.To)
		}
	case StateNone, StateEnding, StateEnded, StateDenied, StateCancelled, StateLapsed:
	}
}

// Concern is one such thing.
type Concern struct {
	Word ConcernWord
	What string // in words, with names
	// Policy is the id of the policy that it is about, Name its name; empty for what is about a person or an account.
	Policy, Name string
}

// Key names the concern: what was told of it once is not told again.
func (c Concern) Key() string {
	if c.Policy == "" {
		return string(c.Word)
	}
	return string(c.Word) + " " + c.Policy
}
