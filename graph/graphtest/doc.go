// Package graphtest is an emulated Entra ID tenant: the Graph calls that hallpass makes and the login host that issues
// tokens for them. It is as hostile as the real one: one call a second for Conditional Access, without saying how long to
// wait; stale reads; answers that fail although it happened; foreign hands. What it does not model it refuses.
//
// It keeps a journal of every entry that was added or removed, by whom and when: what tests judge by.
package graphtest
