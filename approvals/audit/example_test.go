package audit_test

import (
	"fmt"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

func Example() {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	opened := audit.Seal("", approvals.Entry{Request: "HP-1042", At: at, Actor: "ana", Act: "opened"})
	voted := audit.Seal(opened.Hash, approvals.Entry{Request: "HP-1042", At: at, Actor: "bo", Act: "voted"})
	fmt.Println(audit.VerifyBetween("", "", []approvals.Entry{opened, voted}))

	voted.Actor = "mallory"
	fmt.Println(audit.VerifyBetween("", "", []approvals.Entry{opened, voted}))
	// Output:
	// <nil>
	// entry 2 (voted by mallory at 2026-03-02T10:00:00Z) was changed after it was written
}
