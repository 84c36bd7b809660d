// Package evidence puts together what an auditor asks for: for one request, or for all that were in force in a period, who
// wanted it and why, who said yes, what limits it, what was changed, whether it is used, and how it was taken away, with the
// audit trail of each. A package is signed, and is the same to the byte whenever it is made of the same records.
package evidence
