// Package byhand writes what a person is told who does what Graph cannot: exact steps, or a script, for one task of one
// request, in one place. It is pure: the same request gives the same words.
//
// A script is idempotent. It saves what it finds, prints the difference that it makes, reads back what it made, and prints
// a fingerprint of what it read. The fingerprint is made of the request, the direction, the place and the entries as they
// are there now; hallpass makes the same of what was approved, so what a person pastes shows that this script, of this
// request, ran to its end and found what it was to make. It does not show that nobody changed it a minute later: what is
// done by hand is attested, never verified.
//
// Everything that goes into a script is quoted by one function, which leaves nothing to break out of: what is not plain
// ASCII travels as base64.
package byhand
