package approvals_test

import (
	"slices"
	"testing"

	"hallpass/approvals"
)

func TestFromWhereAnAccountSignsInIsNotForEverybody(t *testing.T) {
	t.Parallel()
	a := approvals.Advice{Owner: person("sam"), Stopped: "MFA", Seen: []approvals.SeenAt{{Address: "203.0.113.7"}}}
	for name, row := range map[string]struct {
		who     approvals.Standing
		matched bool
		sees    bool
	}{
		"anybody": {approvals.Standing{Person: person("ana")}, false, false},
		"who has the correlation id of the failed sign-in": {approvals.Standing{Person: person("ana")}, true, true},
		"the owner": {approvals.Standing{Person: person("sam")}, false, true},
		"security":  {approvals.Standing{Person: person("cleo"), Security: true}, false, true},
	} {
		a.Matched = row.matched
		got := a.For(row.who)
		if slices.Equal(got.Seen, a.Seen) != row.sees || got.Stopped != a.Stopped || row.sees != (len(got.Unknown) == 0) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if nobody := (approvals.Advice{Seen: []approvals.SeenAt{{Address: "x"}}}).For(approvals.Standing{}); len(nobody.Seen) > 0 {
		t.Error("an account without an owner is owned by nobody")
	}
}
