package app

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals/audit"
)

const (
	someGroup    = "11111111-2222-4333-8444-555555555555"
	someLocation = "66666666-7777-4888-9999-aaaaaaaaaaaa"
	someUser     = "BBBBBBBB-cccc-4ddd-8eee-ffffffffffff"
)

func calls(t *testing.T, live ...audit.Live) []string {
	t.Helper()
	var b strings.Builder
	if err := WriteRemoveAll(&b, audit.Checkpoint{At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Live: live}); err != nil {
		t.Fatal(err)
	}
	script := b.String() // the functions end in one blank line before the first call
	at := strings.LastIndex(script, "\n}\n\n")
	rest := strings.TrimSpace(script[at+len("\n}\n"):])
	if strings.HasPrefix(rest, "#") || rest == "" {
		return nil
	}
	return strings.Split(rest, "\n")
}

func TestTheScriptTakesOutEveryLiveEntryOnce(t *testing.T) {
	t.Parallel()
	got := calls(t,
		audit.Live{Target: "location:" + someLocation, Entry: "203.0.113.7/32", Request: "HP-1"},
		audit.Live{Target: "group:" + someGroup, Entry: someUser, Request: "HP-2"},
		audit.Live{Target: "location:" + someLocation, Entry: "2001:DB8::/48", Request: "HP-3"},
		audit.Live{Target: "location:" + someLocation, Entry: "203.0.113.7/32", Request: "HP-4"},
		audit.Live{Target: "block:" + someGroup + "/" + someUser, Entry: "unblocked", Request: "HP-7"},
		audit.Live{Target: "sessions:" + someGroup, Entry: "signed-in", Request: "HP-8"},
		audit.Live{Target: "mfa:" + someGroup, Entry: "was:enforced", Request: "HP-6"},
		audit.Live{Target: "app:hallpass-contracts-nx", Entry: "registered", Request: "HP-5"},
		audit.Live{Target: "app:hallpass-contracts-nx", Entry: "certificate:51aa", Request: "HP-5"})
	want := []string{
		"Disable-App 'hallpass-contracts-nx'",
		"Add-Blocked '" + someGroup + "' '" + someUser + "'",
		"Remove-Member '" + someGroup + "' '" + strings.ToLower(someUser) + "'",
		"Remove-Ranges '" + someLocation + "' @('203.0.113.7/32', '2001:db8::/48')",
		"Restore-Mfa '" + someGroup + "' 'enforced'",
		"Revoke-Sessions '" + someGroup + "'",
	}
	// The functions end in one blank line before the first call.
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatPeopleDidByHandStandsInCommentsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	evil := "x\nRemove-Item -Recurse /\r\u2028\u0085Remove-Item #> '"
	got := calls(t,
		audit.Live{Target: "group:" + someGroup, Entry: someUser, Request: "HP-2"},
		audit.Live{Target: "manual:adfs", Entry: "203.0.113.7/32", Request: "HP-3"},
		audit.Live{Target: "manual:adfs", Entry: "203.0.113.7/32", Request: "HP-4"},
		audit.Live{Target: "manual:" + evil, Entry: evil, Label: evil, Request: "HP-5"})
	if len(got) != 5 || got[1] != "" || got[3] != `# "adfs": "203.0.113.7/32"` {
		t.Fatalf("%q", got)
	}
	for _, line := range got[2:] {
		if !strings.HasPrefix(line, "# ") || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is no comment, or ends early", line)
		}
	}
	if only := calls(t, audit.Live{Target: "manual:adfs", Entry: "203.0.113.7/32"}); len(only) != 0 {
		t.Errorf("what people did by hand is called: %q", only)
	}
}

func TestNothingInACheckpointBreaksOutOfTheScript(t *testing.T) {
	t.Parallel()
	for _, live := range []audit.Live{
		{Target: "group:" + someGroup, Entry: "x'; Remove-Item -Recurse /; '"},
		{Target: "group:" + someGroup, Entry: someUser + "'"},
		{Target: "group:" + someGroup, Entry: someUser + "\n"},
		{Target: "group:" + someGroup + "/members", Entry: someUser},
		{Target: "group:x'y", Entry: someUser},
		{Target: "block:" + someGroup, Entry: "unblocked"},
		{Target: "block:" + someGroup + "/x'; evil '", Entry: "unblocked"},
		{Target: "policy:" + someGroup, Entry: someUser},
		{Target: "app:hallpass-x'; Remove-Item -Recurse /; '", Entry: "registered"},
		{Target: "app:payroll", Entry: "registered"},
		{Target: "sessions:x'; evil '", Entry: "signed-in"},
		{Target: "mfa:" + someGroup, Entry: "was:off'; Remove-Item; '"},
		{Target: "location:" + someLocation, Entry: "203.0.113.7/32'); evil ('"},
		{Target: "location:" + someLocation, Entry: "fe80::1%'; evil '/128"},
		{Target: "location:" + someLocation, Entry: "203.0.113.7"},
		{Target: "location:" + someLocation, Entry: "$(evil)"},
		{Target: "location:" + someLocation, Entry: ""},
	} {
		var b strings.Builder
		if err := WriteRemoveAll(&b, audit.Checkpoint{Live: []audit.Live{live}}); err == nil || b.Len() > 0 {
			t.Errorf("%+v: %v, wrote %q", live, err, b.String())
		}
	}
	// What people can choose, as a label or an id of a request, does not stand in the script at all.
	got := calls(t, audit.Live{Target: "group:" + someGroup, Entry: someUser, Label: "\n'; evil", Request: "\n'; evil"})
	call := regexp.MustCompile(`^Remove-Member '[0-9a-f-]{36}' '[0-9a-f-]{36}'$`)
	if len(got) != 1 || !call.MatchString(got[0]) {
		t.Errorf("%q", got)
	}
}
