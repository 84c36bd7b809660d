// Package graphtest is an emulated Entra ID tenant: the Graph calls that hallpass makes and the login host that issues
// tokens for them. It is as hostile as the real one: one call a second for Conditional Access, without saying how long to
// wait; five reads of a log in ten seconds; stale reads; objects that are unknown right after they were made; logs that
// come late; answers that fail although it happened; foreign hands. What it does not model it refuses.
//
// It demands the permissions that the real one demands, and judges sign-ins and What If by its own evaluation of its
// policies, which shares nothing with the product's.
//
// It keeps an exact history of every entry that was added or removed, by whom and when: what tests judge by. A Judge (see
// the package contract) holds every call and answer against Microsoft's schema.
package graphtest
