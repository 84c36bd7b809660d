// Package approvals decides. It is pure: values in, values out; no I/O, no clock, no context, no logging.
//
// # Words
//
// A request is one exemption from first ask to verified removal. An ask is what is wanted; a plan is the exact, ordered
// list of changes to Entra ID that would fulfil it, with the facts found while making it. A ruling is what the rules
// file says about one plan. A round is one run of voting on a request; a vote is one person's approve or deny in it. A
// change is one entry wanted in one target; a target is an object in Entra ID that hallpass keeps in shape. A row is
// what one change wants of its target; a view is what became of it there. A zone is a fenced place for exempt accounts:
// in a plan for one the addresses come before the account, so that on the way out the account goes first. A proof is what
// Entra ID said, after a fenced exemption was applied, of how sign-ins go then. A change that Graph cannot make is made by
// hand: a task asks the members of a group for it, and an attestation is the word of one of them that it was made, or taken
// away. It is never called verified, has no row, and waits for its turn among the other changes like any of them.
//
// # States
//
// The picture is held against the table in Transitions by a test.
//
//	none ----asked----> pending
//	pending ----quorum----> approved
//	pending ----deny----> denied
//	pending ----cancel----> cancelled
//	pending ----no decision in time----> lapsed
//	approved ----all changes verified----> active
//	approved ----plan changed, nothing written, first time----> pending
//	approved ----plan changed again, or refused by today's rules----> denied
//	approved ----cancel, revoke or not applied in time----> ending
//	active ----end, revoke, taken out, not as predicted or fence broken----> ending
//	ending ----every change absent----> ended
//
// A renewal is a round on an active request: approved, it moves the end; denied or lapsed, the old end stands. Ending
// never goes back.
//
// # Promises
//
//  1. No change without an approval: changes are released only by Step, only after a round was approved by enough
//     different people, and only if the plan made again just before has the fingerprint that they saw.
//  2. No exemption outlives its end: Step looks at the time before it looks at the event.
//  3. Nothing is lost, nothing is done twice: Step returns due work with every state that is not final, and both are
//     committed together.
//  4. Nobody else's work is touched: only entries that a released change wanted, and that the ledger says are ours, are
//     ever taken away.
package approvals
