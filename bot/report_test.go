package bot

import (
	"fmt"
	"strings"
	"testing"

	"hallpass/approvals"
)

func TestEveryReportSaysWhatWhoAndWhatBecomesOfIt(t *testing.T) {
	t.Parallel()
	for word, want := range map[approvals.ReportWord][]string{
		approvals.ReportForeign: {"did not put there: 198.51.100.1/32", "left alone"},
		approvals.ReportRace:    {"dana@contoso.com wrote it at the same time"},
		approvals.ReportLost:    {"lost what dana@contoso.com had just added", "puts it back"},
		approvals.ReportPutBack: {"dana@contoso.com took out what is still in force", "once"},
		approvals.ReportOrphan:  {"no request wants", "takes it away"},
		approvals.ReportKept:    {"no request wants", "only observes"},
		approvals.ReportForged:  {"somebody other than hallpass: 198.51.100.1/32", "nothing is added"},
	} {
		c := reportCard("Trusted servers", approvals.Report{Word: word, Entries: []string{"198.51.100.1/32"}, Hand: "dana@contoso.com"})
		for _, part := range append(want, "Trusted servers") {
			if !strings.Contains(c.Plain, part) {
				t.Errorf("%s: %q does not say %q", word, c.Plain, part)
			}
		}
	}
}

func TestALongReportNamesTheFirstAndCountsTheRest(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 45 {
		many = append(many, fmt.Sprintf("198.51.100.%d/32", i))
	}
	lead := reportCard("Trusted servers", approvals.Report{Word: approvals.ReportForeign, Entries: many}).Lead.String()
	if !strings.Contains(lead, "198.51.100.19/32 and 25 more") || strings.Contains(lead, "198.51.100.20/32") {
		t.Errorf("it reads %q", lead)
	}
}
