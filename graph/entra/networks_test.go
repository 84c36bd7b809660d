package entra_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

func TestTheNetworksBehindAddressesAreNamed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		asn  int // 0: nothing was seen
		list []string
		says string
	}{
		"a cloud":          {8075, []string{"Microsoft (AS8075)"}, "yours only as long as you rent it"},
		"a shared proxy":   {62044, []string{"Zscaler (AS62044)"}, "Whoever else uses it comes from the same addresses"},
		"a network of one": {3320, nil, ""},
		"nothing seen":     {0, nil, ""},
	} {
		for _, ask := range []approvals.Ask{ip("20.50.2.1/32"), ip("20.50.2.0/28"), fenced("20.50.2.1/32")} {
			k := fencedKit(t, 1)
			if row.asn != 0 {
				logged(0, func(s *graphtest.SignIn) { s.ASN = row.asn })(k, entra.Zone{})
			}
			p := k.plan(t, ask)
			f := p.Facts["networks"]
			if f.Known != (row.asn != 0) || !slices.Equal(f.List, row.list) || !f.Known && f.Why == "" {
				t.Errorf("%s, %s: %+v", name, ask.Kind, f)
			}
			if said := strings.Join(p.Warnings, " "); row.says == "" && (strings.Contains(said, "rent") || strings.Contains(said, "strangers")) || !strings.Contains(said, row.says) {
				t.Errorf("%s, %s: %q", name, ask.Kind, p.Warnings)
			}
		}
	}
}

func TestAnAddressFromWhichItNeverGotInIsARedFlag(t *testing.T) {
	t.Parallel()
	k := fencedKit(t, 1)
	logged(50076, nil)(k, entra.Zone{})
	logged(0, func(s *graphtest.SignIn) { s.Address = netip.MustParseAddr("20.60.2.1") })(k, entra.Zone{})
	const flag = "From 20.50.2.1 it was stopped every time within 30 days, and never got in: make sure that the address is yours."
	p := k.plan(t, fenced("20.50.2.1/32", "20.60.2.1/32"))
	if !slices.Contains(p.Warnings, flag) || strings.Contains(strings.Join(p.Warnings, " "), "From 20.60") {
		t.Errorf("%q", p.Warnings)
	}
	logged(0, nil)(k, entra.Zone{})
	if p := k.plan(t, fenced("20.50.2.1/32", "20.60.2.1/32")); slices.Contains(p.Warnings, flag) {
		t.Errorf("after it got in: %q", p.Warnings)
	}
}
