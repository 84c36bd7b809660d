package approvals

// ConcernWord says what became of an exempt account, or of who answers for it, after it was approved.
type ConcernWord string

// What can become of them.
const (
	ConcernOwnerLeft  ConcernWord = "owner left"         // disabled or deleted: nobody answers for the exemption
	ConcernGone       ConcernWord = "account deleted"    // the exemption is of no use
	ConcernDisabled   ConcernWord = "account disabled"   // the same, until it is enabled again
	ConcernPrivileged ConcernWord = "account privileged" // it has an Entra role that it did not have
	ConcernRisk       ConcernWord = "account at risk"    // Identity Protection says so
	ConcernMethod     ConcernWord = "account can do MFA" // a method was registered for it while it was exempt
)

// Concern is one such thing.
type Concern struct {
	Word ConcernWord
	What string // in words, with names
}
