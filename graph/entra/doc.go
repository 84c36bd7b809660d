// Package entra joins the Graph client to what the engine needs of a tenant: it plans asks, reads and writes targets,
// names the hand that took something out, and says who people are. It speaks plain values of approvals.
package entra
