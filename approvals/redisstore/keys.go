package redisstore

// All keys begin with hallpass:{TENANT}: and so share one hash slot.
//
//	meta              HASH    high (highest ms ever used), seq and head of the audit stream, fence (claim tokens), ids, paused
//	req:ID            HASH    v, op (of the last commit), state, data (JSON), mac, ix (JSON of its index entries), twin (its field there),
//	                          lines (where its entries stand in the audit stream; missing or short if written by an older version)
//	tgt:TARGET        HASH    v, data (JSON), mac, token (of the claim that settled last)
//	gen:TARGET        STRING  raised with every change of the target's rows
//	wants:TARGET      HASH    "HP-1/0" -> "1|GEN|ENTRY" (1: wanted, 0: withdrawn)
//	in:ID             HASH    item (JSON), mac, at, token (of the call that stored it): an inbox item that waits
//	done:ID           STRING  result of an inbox item; 7 days
//	due:LANE          ZSET    member "kind|key" -> ms due, or end of the lease
//	lanes             HASH    member -> the one lane it stands in
//	claims            HASH    member -> "TOKEN|WORKER|ATTEMPT"
//	again             HASH    member -> "MS|LANE" booked while it was claimed
//	fails             HASH    member -> how often in a row its work failed
//	ix:all            ZSET    request -> its number
//	ix:state:STATE    ZSET    request -> its number
//	ix:person:ID      ZSET    request -> its number, for requester and owner
//	ix:voting         ZSET    request with an open round -> its number
//	ix:end            ZSET    active request -> ms of its end
//	twins             HASH    what a live request wants and for whom (a digest) -> the request
//	notes             HASH    "note:2026-03-02" -> hash of the newest entry of that day's chain
//	audit             STREAM  seq, id, entry (JSON), link
//	budget:NAME       HASH    tokens, at, hold, waitCLASS, used
//	share:NAME        HASH    data, at, mac; with a time to live
//	wish:KIND         ZSET    something that plans wait to know -> ms at which it was wished for; with a time to live
//	doc:SPACE:KEY     HASH    field -> data: cards, bindings, owners
//	seen:DIGEST       STRING  digests of signed requests; with a time to live
const (
	keyMeta  = "meta"
	keyReq   = "req:"
	keyIn    = "in:"
	keyDone  = "done:"
	keyDue   = "due:"
	keyAudit = "audit"
	keyShare = "share:"
	keyWish  = "wish:"
	keyDoc   = "doc:"
	keySeen  = "seen:"
	keyNote  = "note:"
	keyNotes = "notes"
)
