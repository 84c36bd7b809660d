package app

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

func waiting(place approvals.ByHand, entry string) *approvals.Request {
	return &approvals.Request{ID: "HP-7", State: approvals.StateApproved, Changes: []approvals.Progress{{
		Change: approvals.Change{Target: place.Target(), Title: place.Title, Entry: entry, Label: entry, Hand: &place}, State: approvals.ChangeReleased, At: time.Unix(0, 0),
	}}}
}

func TestStepsWithAScriptAreThatScript(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	place := approvals.ByHand{
		Kind: approvals.HandADFS, Name: "adfs", Title: "AD FS", Group: "identity",
		Parties: []string{"urn:x\nRemove-Item C:\\", "urn:y\u2028Remove-Item", "urn:z\rRemove-Item\x1b[2J\u202e"},
	}
	if err := WriteSteps(&b, waiting(place, "20.50.2.1/32")); err != nil {
		t.Fatal(err)
	}
	head, script, ok := strings.Cut(b.String(), "#Requires -Modules ADFS\n")
	if !ok || !strings.Contains(script, "Paste this line to hallpass:") {
		t.Fatalf("no script in\n%s", b.String())
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(head, "\n"), "\n") {
		if !strings.HasPrefix(line, "# ") || strings.ContainsAny(line, "\r\u2028\u2029\u0085\x1b\u202e") {
			t.Errorf("%q is no comment, or ends early", line)
		}
	}
	if !strings.Contains(head, "/hallpass done HP-7 …") {
		t.Errorf("nobody is told what to say afterwards:\n%s", head)
	}
}

func TestStepsWithoutAScriptAreText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	place := approvals.ByHand{Kind: approvals.HandProduct, Name: "crm", Title: "CRM", Group: "crm", Do: []string{"Add it."}, Undo: []string{"Remove it."}}
	r := waiting(place, "svc")
	r.State, r.Changes[0].State = approvals.StateEnding, approvals.ChangeWithdrawn
	if err := WriteSteps(&b, r); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "1. Remove it.") || strings.Contains(got, "#") || !strings.Contains(got, "/hallpass undone HP-7 …") {
		t.Errorf("got\n%s", got)
	}
	r.State = approvals.StateActive
	if err := WriteSteps(&b, r); err == nil || !strings.Contains(err.Error(), "nothing is to be done by hand") {
		t.Errorf("an active request: %v", err)
	}
}
