package app

import (
	"errors"
	"strings"
	"testing"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/evaluate"
)

func TestAReportOfZonesSaysWhatToMend(t *testing.T) {
	t.Parallel()
	for want, reports := range map[string][]entra.ZoneReport{
		"The rules file has no zones.":               nil,
		"ok      a holds: 2 accounts, 1 addresses\n": {{Zone: entra.Zone{Name: "a"}, Accounts: 2, Addresses: 1}},
		"broken  b: nobody is put into it until this is mended\n        the fence is off\n        Switch it on.\n": {
			{Zone: entra.Zone{Name: "a"}}, {Zone: entra.Zone{Name: "b"}, Broken: []evaluate.Finding{{What: "the fence is off", Do: "Switch it on."}}},
		},
		"broken  b: it holds what hallpass did not put there\n        the group holds x\n        Take it out.\n": {
			{Zone: entra.Zone{Name: "b"}, Strange: []evaluate.Finding{{What: "the group holds x", Do: "Take it out."}}},
		},
	} {
		var out strings.Builder
		ok, err := WriteZones(&out, reports)
		if err != nil || !strings.Contains(out.String(), want) || ok != !strings.Contains(want, "broken") {
			t.Errorf("%v, %v:\n%s\ndoes not say %q", ok, err, out.String(), want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestAdviceAsText(t *testing.T) {
	t.Parallel()
	a := approvals.Advice{
		Account: approvals.Person{UPN: "svc@x.com"}, Stopped: "MFA is asked for.", Seen: []approvals.SeenAt{{Address: "20.50.2.1", About: "DE"}}, Unknown: []string{"its risk"},
		Options: []approvals.Option{{Way: approvals.WayApp, Fits: true, Why: "No user."}, {Way: approvals.WayZone, Why: "No zone.", Type: "/hallpass account"}},
	}
	var out strings.Builder
	if err := WriteAdvice(&out, a); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"svc@x.com\nMFA is asked for.\n", "yes app registration", "no  exemption from its addresses only\n    No zone.\n    /hallpass account\n", "    20.50.2.1 (DE)\n", "Not known: its risk\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if err := WriteAdvice(full{}, a); err == nil {
		t.Error("nobody learns that it was not written")
	}
}
