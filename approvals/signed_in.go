package approvals

import "time"

// SignedIn is an account that the sign-in log has from an address. It names people: it is shown to reviewers only, and not kept.
type SignedIn struct {
	Account string // object id
	Name    string // user principal name
	Apps    []string
	From    []string // addresses
	Times   int      // how often it tried, and how often it got in
	GotIn   int
	Last    time.Time
}
