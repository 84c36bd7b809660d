// Package realtest runs the real program as real processes: several replicas of `hallpass serve` on a real redis-server,
// against the emulated Slack and tenant over https and wss. It is imported by tests only.
//
// Nothing in the program knows that it is tested. Each replica reaches Redis through a port of its own, and everything else
// through a proxy of its own (HTTPS_PROXY), as in a company that has one:
//
//	replica a ── relay a ──┬── redis-server
//	        └─── proxy a ──┼── gate ── emulated Slack and tenant
//	replica b ── relay b ──┤
//	        └─── proxy b ──┘
//
// So relay and gate know who made a call. At each of them a call that changes something is a Point: the replica can be
// killed just before the call goes on, and just after it was carried out and before the answer comes back.
package realtest
