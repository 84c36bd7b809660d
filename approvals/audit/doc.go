// Package audit seals, verifies and carries away the entries of the audit log.
//
// Every entry names the hash of the entry before it in its chain, and its own hash is SHA-256 over everything else in
// it:
//
//	""  <--prev--  opened  <--prev--  voted  <--prev--  woke
//
// A request has one chain; what is refused without a request goes into a chain per day. A changed entry no longer fits
// its own hash, a missing or moved one no longer fits its neighbour's. What a chain alone cannot show is that its newest
// entries were cut off, or that all of it was written anew: for that, keep the hash of the newest entry elsewhere and
// give it to VerifyBetween.
package audit
