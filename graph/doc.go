// Package graph is a Microsoft Graph client for the few calls that hallpass makes. It wraps msgraph-sdk-go, imported by
// sub-package only, behind plain values of its own, and knows nothing of approvals.
//
// The SDK's traps are kept out here: no compression (its retries corrupt compressed bodies), no retries (it would repeat a
// POST), fresh models for every PATCH (a model that came from GET sends nothing), and a guard below everything that lets
// through only the calls that hallpass makes, to one host.
package graph
