package app

import (
	"strings"
	"testing"
)

func TestWhatHallpassKnowsStandsBesideWhatEntraHas(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	err := WriteSides(&b, []Side{
		{Target: "group:g1", Entry: "u1", Known: true, There: true, Signed: "HP-1001"},
		{Target: "group:g1", Entry: "u2", There: true, Signed: "HP-1002"},
		{Target: "group:g1", Entry: "u3", There: true},
		{Target: "location:l1", Entry: "203.0.113.7/32", Known: true},
		{Target: "location:l1", Entry: "203.0.113.8/32", Signed: "HP-1003"},
		{Target: "manual:crm", Entry: "svc\nx", ByHand: true, Signed: "HP-1004"},
		{Target: "manual:crm", Entry: "svc-y", ByHand: true, Signed: "HP-1005", Known: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"group:g1", "entry hallpass Entra ID signed last",
		"u1 yes yes HP-1001",
		"u2 - yes HP-1002 LOST: hallpass put it there and no longer knows it; hallpass restore brings it back",
		"u3 - yes not hallpass's, or put there after the last checkpoint",
		"location:l1", "entry hallpass Entra ID signed last",
		"203.0.113.7/32 yes - hallpass knows it; it is not there (yet, or any more)",
		"203.0.113.8/32 - - HP-1003 gone already",
		"manual:crm", "entry hallpass Entra ID signed last",
		"svc x - ? HP-1004 LOST: people put it there by hand and hallpass no longer knows it; somebody has to look",
		"svc-y yes ? HP-1005 by hand: hallpass cannot read it", "",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
}
