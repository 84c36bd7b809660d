package approvals_test

import (
	"testing"

	"hallpass/approvals"
)

func TestAFingerprintBindsThePairsOfAZoneAndNotTheirNames(t *testing.T) {
	t.Parallel()
	with := func(pairs ...approvals.Pair) string {
		p := plan("203.0.113.7/32", "svc")
		p.Zone = &approvals.Zone{Name: "z", Pairs: pairs}
		return approvals.Fingerprint(p, approvals.Term{}, ruling())
	}
	own := approvals.Pair{Account: "1", Label: "svc@x.com", Address: "203.0.113.7/32"}
	other := approvals.Pair{Account: "2", Label: "svc-b@x.com", Address: "203.0.113.7/32"}
	renamed, moved := own, own
	renamed.Label, moved.Address = "nx@x.com", "203.0.113.8/32"
	if with(own) != with(renamed) || with(own, other) != with(other, own) {
		t.Error("a name, or the order, changes what was decided")
	}
	for name, changed := range map[string]string{"one more": with(own, other), "another address": with(moved), "none": with()} {
		if changed == with(own) {
			t.Errorf("%s: the votes for something else would count", name)
		}
	}
}
