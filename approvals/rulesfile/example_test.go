package rulesfile_test

import (
	"fmt"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
)

func Example() {
	_, err := rulesfile.Parse([]byte(`
groups:
  netsec: {id: 1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10}
rules:
  - name: small ranges
    when: plan.sise <= 256
    aprove: [{group: netsec}]
`))
	fmt.Println(err)

	file, err := rulesfile.Parse([]byte(`
groups:
  netsec: {id: 1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10}
rules:
  - name: small ranges
    when: plan.size <= 256
    approve: [{group: netsec}]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	ask := approvals.Ask{Kind: approvals.KindIP, Term: approvals.Term{For: 7 * 24 * time.Hour}}
	ruling, err := file.Judge(ask, approvals.Plan{Facts: approvals.Facts{"size": {Known: true, Int: 16}}})
	fmt.Println(ruling.Rule, ruling.Groups(), err)
	// Output:
	// 5:5: rule "small ranges" has no seat: nothing is written without an approval (approve: [{group: NAME, count: 1}])
	// 6:11: rule "small ranges": when: there is nothing called "plan.sise" (did you mean "plan.size"?)
	// 7:5: unknown key "aprove" in rule 1 (did you mean "approve"?)
	// small ranges [netsec] <nil>
}
