package rulesfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

// example is one ask with what the rules should say about it.
type example struct {
	name string
	ask  approvals.Ask
	plan approvals.Plan
	want want
}

// want is what an example expects. What is empty may be anything.
type want struct {
	rule   string
	seats  []string // "netsec 1", sorted
	max    time.Duration
	refuse approvals.Reason
	says   string // part of the refusal's text
}

// RunExamples judges the example asks and reports one line for each: ok, or what was expected and what came out. ok is
// false if any differs. The file is YAML:
//
//	examples:
//	  - name: a privileged account is refused
//	    ask: {kind: account, account: svc@example.com, where: crm-mfa, for: 30d, reason: CRM sync, ticket: OPS-1}
//	    facts: {account.privileged: true, fenced: false}   # what is not named is unknown
//	    want: {refuse: rule, says: app registration}
//	  - name: one address for a month
//	    ask: {kind: ip, addresses: [8.8.8.8], where: trusted-servers, for: 30d}
//	    facts: {size: 1, location.trusted: true}
//	    want: {rule: a single address for a short time, approve: [{group: netsec, count: 1}], max: 90d}
//
// refuse is a reason: rule, unknown, too_long, emergency or input. account_id gives the account's object id.
func (f *File) RunExamples(data []byte) (report string, ok bool) {
	r := &reader{}
	root := r.document(data)
	var examples []example
	if root != nil {
		examples = readExamples(r, f, root)
	}
	if len(r.mistakes) > 0 {
		return r.mistakes.sorted().Error() + "\n", false
	}
	var b strings.Builder
	bad := 0
	for _, ex := range examples {
		ruling, err := f.Judge(ex.ask, ex.plan)
		if diffs := ex.want.differs(ruling, err); len(diffs) > 0 {
			bad++
			fmt.Fprintf(&b, "FAIL  %s\n", ex.name)
			for _, d := range diffs {
				fmt.Fprintf(&b, "      %s\n", d)
			}
			continue
		}
		fmt.Fprintf(&b, "ok    %s\n", ex.name)
	}
	fmt.Fprintf(&b, "%d of %d examples are as expected\n", len(examples)-bad, len(examples))
	return b.String(), bad == 0
}

// differs compares a ruling or refusal with what was expected.
func (w want) differs(got approvals.Ruling, err error) []string {
	if err != nil {
		reason, text := refusalOf(err)
		if w.refuse != reason || !strings.Contains(text, w.says) {
			return []string{"want: " + w.String(), fmt.Sprintf("got:  refused (%s): %s", reason, text)}
		}
		return nil
	}
	have := want{rule: got.Rule, seats: seatWords(got.Seats), max: got.Max}
	same := w.refuse == "" && (w.rule == "" || w.rule == have.rule) &&
		(w.seats == nil || slices.Equal(w.seats, have.seats)) && (w.max == 0 || w.max == have.max)
	if same {
		return nil
	}
	return []string{"want: " + w.String(), "got:  " + have.String()}
}

// String is the expectation in words.
func (w want) String() string {
	if w.refuse != "" {
		s := "refused (" + string(w.refuse) + ")"
		if w.says != "" {
			s += ", saying " + strconv.Quote(w.says)
		}
		return s
	}
	var parts []string
	if w.rule != "" {
		parts = append(parts, "rule "+strconv.Quote(w.rule))
	}
	if w.seats != nil {
		parts = append(parts, "seats "+strings.Join(w.seats, ", "))
	}
	if w.max != 0 {
		parts = append(parts, "max "+FormatDuration(w.max))
	}
	return strings.Join(parts, ", ")
}

func seatWords(seats []approvals.Seat) []string {
	words := []string{}
	for _, s := range seats {
		words = append(words, s.Group+" "+strconv.Itoa(s.Count))
	}
	slices.Sort(words)
	return words
}
