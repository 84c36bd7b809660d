package approvals_test

import (
	"strings"
	"testing"

	"hallpass/approvals"
)

func TestTheNameOfAnApplicationIsOneThatCanBeTyped(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"nx", "AgilePoint-NX", " agilepoint-nx "} {
		if _, err := approvals.ParseAppName(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "x", "-x", "a b", "x'y", strings.Repeat("x", 41), "ä-pp"} {
		if _, err := approvals.ParseAppName(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
