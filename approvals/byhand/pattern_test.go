package byhand_test

import (
	"fmt"
	"net/netip"
	"regexp"
	"testing"

	"hallpass/approvals/byhand"
)

// matcher compiles the pattern of a prefix for the whole of a claim.
func matcher(t *testing.T, p netip.Prefix) *regexp.Regexp {
	t.Helper()
	pattern, ok := byhand.Pattern(p)
	if !ok {
		t.Fatalf("%s has no pattern", p)
	}
	re, err := regexp.Compile(byhand.Claim(pattern))
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	return re
}

// TestAPatternMatchesWhatThePrefixContains goes over every prefix length, with netip as the oracle: the first and the last
// address, those just outside, and every value of the octet in which the prefix ends.
func TestAPatternMatchesWhatThePrefixContains(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"203.0.113.7", "0.0.0.0", "255.255.255.255", "10.99.100.199", "172.16.205.250", "99.9.19.109", "128.127.64.63"} {
		for bits := range 33 {
			p := netip.PrefixFrom(netip.MustParseAddr(base), bits).Masked()
			re := matcher(t, p)
			for _, a := range around(p) {
				if got, want := re.MatchString(a.String()), p.Contains(a); got != want {
					t.Errorf("%s matches %s: %v, want %v (%s)", p, a, got, want, re)
				}
			}
		}
	}
}

// around are addresses that decide whether a pattern is right.
func around(p netip.Prefix) []netip.Addr {
	first := p.Addr().As4()
	last := first
	for i := p.Bits(); i < 32; i++ {
		last[i/8] |= 1 << (7 - i%8)
	}
	out := []netip.Addr{netip.AddrFrom4(first), netip.AddrFrom4(last), netip.AddrFrom4(first).Prev(), netip.AddrFrom4(last).Next()}
	for octet := range 4 {
		for n := range 256 {
			for _, from := range [][4]byte{first, last} {
				from[octet] = byte(n)
				out = append(out, netip.AddrFrom4(from))
			}
		}
	}
	valid := out[:0]
	for _, a := range out {
		if a.IsValid() {
			valid = append(valid, a)
		}
	}
	return valid
}

func TestAPatternMatchesNothingThatOnlyLooksLikeIt(t *testing.T) {
	t.Parallel()
	re := matcher(t, netip.MustParsePrefix("203.0.113.7/32"))
	for value, want := range map[string]bool{
		"203.0.113.7": true, " 203.0.113.7 ": true, "203.0.113.7, 203.0.113.7": true,
		"": false, "203.0.113.70": false, "1203.0.113.7": false, "203.0.113.7.1": false, "203x0y113z7": false, "203.0.113.7,": false,
		"198.51.100.1, 203.0.113.7": false, "203.0.113.7, 198.51.100.1": false, "203.0.113.7\n198.51.100.1": false, "203.0.113.07": false,
	} {
		if got := re.MatchString(value); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	for _, value := range []string{"256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.1000"} {
		if matcher(t, netip.MustParsePrefix("0.0.0.0/0")).MatchString(value) {
			t.Errorf("any address matches %q", value)
		}
	}
}

func TestOfIPv6OnlySingleAddressesHaveAPattern(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2001:db8::7", "2603:1020:206:1::25", "::1", "2001:db8:0:0:1::"} {
		a := netip.MustParseAddr(s)
		re := matcher(t, netip.PrefixFrom(a, 128))
		for _, other := range []netip.Addr{a, a.Next(), a.Prev()} {
			if got, want := re.MatchString(other.String()), other == a; got != want {
				t.Errorf("%s matches %s: %v", s, other, got)
			}
		}
		for bits := range 128 {
			if _, ok := byhand.Pattern(netip.PrefixFrom(a, bits)); ok {
				t.Errorf("%s/%d has a pattern", s, bits)
			}
		}
	}
	for _, p := range []netip.Prefix{{}, netip.PrefixFrom(netip.MustParseAddr("::ffff:203.0.113.7"), 128)} {
		if _, ok := byhand.Pattern(p); ok {
			t.Errorf("%v has a pattern", p)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(uint32(0xCB007107), uint8(32), uint32(0xCB007107))
	f.Add(uint32(0xCB007100), uint8(27), uint32(0xCB00711F))
	f.Fuzz(func(t *testing.T, base uint32, bits uint8, other uint32) {
		addr := func(n uint32) netip.Addr {
			return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		}
		p := netip.PrefixFrom(addr(base), int(bits)%33).Masked()
		re := matcher(t, p)
		for _, a := range []netip.Addr{addr(other), addr(base), addr(base ^ other>>(uint(p.Bits())%32))} {
			if got, want := re.MatchString(a.String()), p.Contains(a); got != want {
				t.Fatalf("%s matches %s: %v, want %v", p, a, got, want)
			}
		}
	})
}

func ExamplePattern() {
	pattern, _ := byhand.Pattern(netip.MustParsePrefix("203.0.113.96/27"))
	fmt.Println(pattern)
	// Output: 203\.0\.113\.(9[6-9]|10[0-9]|11[0-9]|12[0-7])
}
