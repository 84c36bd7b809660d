package approvals_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"hallpass/approvals"
)

func TestAddressesAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"20.50.2.1":          "20.50.2.1/32",
		" 20.50.2.7/28 ":     "20.50.2.0/28",
		"2a01:4f8::1":        "2a01:4f8::1/128",
		"2a01:4f8:1::5/48":   "2a01:4f8:1::/48",
		"20.0.0.0/9":         "20.0.0.0/9",
		"10.1.2.3":           "not a public address (private)",
		"100.64.0.1":         "carrier-grade NAT",
		"127.0.0.1":          "loopback",
		"169.254.1.1":        "link-local",
		"224.0.0.1":          "multicast",
		"203.0.113.7":        "documentation",
		"0.0.0.0":            "unspecified",
		"0.0.0.0/0":          "far too wide",
		"20.0.0.0/8":         "far too wide",
		"198.0.0.0/9":        "contains addresses that are not public",
		"::1":                "loopback",
		"fe80::1%eth0":       "zone",
		"fc00::1":            "private",
		"2001:db8::1":        "documentation",
		"2002:1406:201::1":   "6to4",
		"64:ff9b::1406:201":  "NAT64",
		"::ffff:20.50.2.1":   "IPv4 in IPv6",
		"20.50.2":            "is no IP address",
		"20.50.2.1/33":       "is no IP address",
		"020.050.002.001":    "is no IP address",
		"server.contoso.com": "is no IP address",
		"":                   "is no IP address",
	} {
		got, err := approvals.ParseAddress(in)
		if err == nil && got.String() == want {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %q", in, got, err, want)
		}
	}
}

func TestEveryWrongAddressIsReported(t *testing.T) {
	t.Parallel()
	_, err := approvals.ParseAddresses([]string{"10.0.0.1", "20.50.2.1", "x", "20.50.2.0/24"})
	for _, want := range []string{"10.0.0.1", `"x"`, "20.50.2.1/32 is part of 20.50.2.0/24"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not speak of %s", err, want)
		}
	}
	got, err := approvals.ParseAddresses([]string{"20.50.2.1", "20.50.2.1/32"})
	if err != nil || len(got) != 1 {
		t.Errorf("duplicates: %v, %v", got, err)
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("20.50.2.1/28")
	f.Add("2a01:4f8::/32")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := approvals.ParseAddress(s)
		if err != nil {
			if _, ok := errors.AsType[*approvals.Refusal](err); !ok {
				t.Errorf("%q: %v is not for people", s, err)
			}
			return
		}
		if p != p.Masked() || !p.Addr().IsGlobalUnicast() || p.Addr().IsPrivate() {
			t.Errorf("%q became %s", s, p)
		}
		if again, err := approvals.ParseAddress(p.String()); err != nil || again != p {
			t.Errorf("%s does not stay what it is: %v, %v", p, again, err)
		}
	})
}

func TestCoveringComparesRangesAndNotStrings(t *testing.T) {
	t.Parallel()
	p := netip.MustParsePrefix("20.50.2.1/32")
	if got, ok := approvals.Covering([]string{"20.50.2.9/24"}, p); !ok || got != "20.50.2.9/24" {
		t.Errorf("got %q, %v", got, ok)
	}
	if _, ok := approvals.Covering([]string{"20.50.3.0/24"}, p); ok {
		t.Error("another range covers it")
	}
}
