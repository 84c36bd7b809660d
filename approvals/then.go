package approvals

import (
	"slices"
	"strings"
	"time"
)

// Then is what becomes of an account when its exemption ends.
type Then string

// What may become of an account.
const (
	ThenMFA       Then = "mfa"        // MFA is asked of it again; nobody answers, but somebody who knows its password can try
	ThenSignedOut Then = "signed-out" // the same, and what is signed in as it has to sign in again: stored connections stop
	ThenBlocked   Then = "blocked"    // it is blocked from every sign-in, until its owner decides
	// ThenDisabled blocks it too, and says that an administrator is to disable it: hallpass has no permission for that, because it
	// would reach every account.
	ThenDisabled Then = "disabled"
)

// Blocks reports whether the account is blocked at the end.
func (t Then) Blocks() bool { return t == ThenBlocked || t == ThenDisabled }

// Thens are the words for what may become of an account.
func Thens() []Then { return []Then{ThenBlocked, ThenDisabled, ThenSignedOut, ThenMFA} }

// factThen is the fact that says what becomes of the account.
const factThen = "account.then"

// Undecided is an account that is blocked since its exemption ended, and of which its owner has not decided what becomes.
type Undecided struct {
	Label   string
	Request RequestID // at whose end it was blocked; empty if that is not known, and then nothing else is
	// Disable says that it was to be disabled.
	Disable bool
	Owner   Person
	Since   time.Time
}

// CauseBlocked is the word of a Cause: another hand blocked the account.
const CauseBlocked = "account blocked"

// EntryUnblocked is the entry of an account that is not in the group of blocked accounts. It is wanted while the account is
// exempt, so that taking it away, at the end, blocks the account.
const EntryUnblocked = "unblocked"

// EntrySignedIn is the entry of an account whose sessions count. It is wanted while the account is exempt, so that taking it away,
// at the end, revokes them.
const EntrySignedIn = "signed-in"

// BlockTarget is the target of an account that is blocked when its exemption ends.
func BlockTarget(group, account string) Target {
	return Target{Kind: TargetBlock, ID: group + "/" + account}
}

// Blocked gives the group of blocked accounts and the account of a TargetBlock.
func (t Target) Blocked() (group, account string) {
	group, account, _ = strings.Cut(t.ID, "/")
	return group, account
}

// Blocks reports whether the account is blocked from every sign-in when the change is taken away.
func (c Change) Blocks() bool { return c.Target.Kind == TargetBlock }

// SignsOut reports whether the account's sessions are revoked when the change is taken away.
func (c Change) SignsOut() bool { return c.Target.Kind == TargetSessions }

// Then is what becomes of the account at the end of the plan; empty for a plan that is not for one.
func (p Plan) Then() Then { return Then(p.Facts[factThen].Text) }

// AtEnd reports whether the change is about what becomes of the account, rather than about its exemption.
func (c Change) AtEnd() bool { return c.Blocks() || c.SignsOut() }

// SignsOut reports whether the plan revokes the account's sessions at the end.
func (p Plan) SignsOut() bool { return slices.ContainsFunc(p.Changes, Change.SignsOut) }

// Blocks gives the change of the plan that blocks the account at the end, if there is one.
func (p Plan) Blocks() (Change, bool) {
	i := slices.IndexFunc(p.Changes, Change.Blocks)
	if i < 0 {
		return Change{}, false
	}
	return p.Changes[i], true
}

// Then is what becomes of the account at the end; empty for a request that is not for one.
func (r *Request) Then() Then {
	switch {
	case r.Ask.Kind != KindAccount:
		return ""
	case slices.ContainsFunc(r.Changes, func(c Progress) bool { return c.Blocks() }):
		if r.Round().Plan.Then() == ThenDisabled || r.Ask.Then == ThenDisabled { // what was restored has no facts
			return ThenDisabled
		}
		return ThenBlocked
	case r.SignsOut():
		return ThenSignedOut
	}
	return ThenMFA
}

// SignsOut reports whether the account's sessions are revoked at the end of the request.
func (r *Request) SignsOut() bool {
	return slices.ContainsFunc(r.Changes, func(c Progress) bool { return c.SignsOut() })
}

// SignedOut reports whether the account's sessions were revoked when the request ended; they were not if it was never exempt, or
// if another request keeps it so.
func (r *Request) SignedOut() bool {
	i := slices.IndexFunc(r.Changes, func(c Progress) bool { return c.SignsOut() })
	return i >= 0 && r.State == StateEnded && !r.Applied.IsZero() && r.Changes[i].KeptBy == ""
}

// Blocked gives the change by whose removal the account is blocked since the request ended; false if it is not, because it was
// never exempt or another request keeps it so.
func (r *Request) Blocked() (Change, bool) {
	i := slices.IndexFunc(r.Changes, func(c Progress) bool { return c.Blocks() })
	if i < 0 || r.State != StateEnded || r.Applied.IsZero() && r.Changes[i].Adopt || r.Changes[i].KeptBy != "" {
		return Change{}, false
	}
	return r.Changes[i].Change, true
}
