// Package audit seals, verifies and carries away the entries of the audit log.
//
// Every entry names the hash of the entry before it in its chain, and its own hash is SHA-256 over everything else in
// it:
//
//	""  <--prev--  opened  <--prev--  voted  <--prev--  woke
//
// A request has one chain; what belongs to no request goes into a chain per day. A changed entry no longer fits its own
// hash, a missing or moved one no longer fits its neighbour's.
//
// All entries together stand as numbered, linked lines in one stream. Log verifies such a stream, from the store or from an
// export. What no chain can show is that all of it was written anew, or that its newest lines were cut off: for that,
// checkpoints over the whole stream are signed and kept outside the store. What is newer than the newest checkpoint is
// only as safe as the store.
package audit
