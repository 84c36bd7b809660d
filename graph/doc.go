// Package graph is a Microsoft Graph client for the few calls that hallpass makes. It wraps msgraph-sdk-go, imported by
// sub-package only, behind plain values of its own, and knows nothing of approvals.
//
// There is one table of calls (Calls): what each needs, why, and what stays unknown without it. The guard below everything
// lets through what is in the table, to one host, and nothing else.
//
// The SDK's traps are kept out here, each with a test (traps_test.go): no compression (its retries corrupt compressed
// bodies), no retries (it would repeat a POST), fresh models for every PATCH (a model that came from GET sends nothing).
// What decides on policies is not read through the SDK's models, which turn values that they do not know into others.
//
// What was not said is not read as a no: an answer without its list or its id, a sign-in without an end, a condition that
// nobody here knows, are errors or are named.
package graph
