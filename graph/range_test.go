package graph

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestEveryAddressOfARangeBeginsAsTheFilterSays(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"20.50.2.0/24": "20.50.2.", "20.50.2.0/25": "20.50.2.", "20.50.0.0/15": "20.", "20.0.0.0/8": "20.", "2a01:4f8::/48": "2a01:4f8:",
		"2a01:4f8::/32": "2a01:4f8:", "2a01:4f8:0:1::/64": "2a01:4f8:", "2000::/3": "",
	} {
		if got := commonStart(netip.MustParsePrefix(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		b := make([]byte, 4+12*rnd.IntN(2))
		for i := range b {
			if rnd.IntN(3) > 0 {
				b[i] = byte(rnd.Uint32())
			}
		}
		a, _ := netip.AddrFromSlice(b)
		p := netip.PrefixFrom(a, rnd.IntN(a.BitLen()+1))
		if start := commonStart(p); !strings.HasPrefix(a.String(), start) {
			t.Fatalf("%s of %s does not begin with %q", a, p, start)
		}
	}
}
