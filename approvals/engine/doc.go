// Package engine makes requests happen: it loads a request, asks approvals.Step what an event does to it, commits the
// answer, and works off what is due.
//
//	act, time or target ──> load ──> Step ──> commit (record, audit, rows, due work) ──> due work
//	                                                                                       │
//	      ^                                                                                │
//	      └──────────── request, target, inbox item or card comes due <────────────────────┘
//
// Everything outside is reached through the small interfaces of ports.go. What is done is always worked out from the
// present state, never from what woke the worker: doing something twice, or late, or after a crash, is the normal path.
//
// Two kinds of record are moved by workers. A request is moved by its own commits only. A target (a named location, an
// exclusion group) is moved by converging: one worker at a time, short steps, each its own claim with one call to Graph
// at most; it knows which entries are wanted, and never whose or in which order. A request learns from the target's
// record what became of its entries (approvals.ViewOf).
package engine
