package approvals

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// widestPrefix is the shortest prefix length that Entra ID takes: wider ranges are refused there.
const widestPrefix = 9

// special are ranges that no server on the internet can be seen from. Entra ID sees the public egress address.
func special() []struct{ prefix, why string } {
	return []struct{ prefix, why string }{
		{"0.0.0.0/8", "unspecified"},
		{"10.0.0.0/8", "private"},
		{"100.64.0.0/10", "carrier-grade NAT"},
		{"127.0.0.0/8", "loopback"},
		{"169.254.0.0/16", "link-local"},
		{"172.16.0.0/12", "private"},
		{"192.0.0.0/24", "reserved for protocols"},
		{"192.0.2.0/24", "documentation"},
		{"192.88.99.0/24", "6to4 relay"},
		{"192.168.0.0/16", "private"},
		{"198.18.0.0/15", "benchmarking"},
		{"198.51.100.0/24", "documentation"},
		{"203.0.113.0/24", "documentation"},
		{"224.0.0.0/4", "multicast"},
		{"240.0.0.0/4", "reserved"},
		{"::/128", "unspecified"},
		{"::1/128", "loopback"},
		{"::ffff:0:0/96", "IPv4 in IPv6"},
		{"64:ff9b::/96", "NAT64"},
		{"64:ff9b:1::/48", "NAT64"},
		{"100::/64", "discard-only"},
		{"2001::/32", "Teredo"},
		{"2001:db8::/32", "documentation"},
		{"2002::/16", "6to4"},
		{"3fff::/20", "documentation"},
		{"fc00::/7", "private"},
		{"fe80::/10", "link-local"},
		{"ff00::/8", "multicast"},
	}
}

// ParseAddress reads one public address or CIDR as people type it and gives its canonical prefix: a bare address is a
// prefix of full length, host bits are cleared. What Entra ID could never see is refused with the reason.
func ParseAddress(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, Refuse(RefusedInput, "%q is no IP address.", clip(s, 60)).Or("Type an address like 20.50.2.1 or a range like 20.50.2.0/28.")
		}
		if addr.Zone() != "" {
			return netip.Prefix{}, Refuse(RefusedInput, "%s has a zone; it is no public address.", clip(s, 60))
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	prefix = prefix.Masked()
	for _, r := range special() {
		if no := netip.MustParsePrefix(r.prefix); no.Overlaps(prefix) && no.Bits() <= prefix.Bits() {
			return netip.Prefix{}, Refuse(RefusedInput, "%s is not a public address (%s).", s, r.why).
				Or("Entra ID sees your public egress address, not %s. Ask your network team which address the server leaves from.", prefix.Addr())
		}
	}
	if prefix.Bits() < widestPrefix {
		return netip.Prefix{}, Refuse(RefusedInput, "%s is far too wide: Entra ID takes no range of /8 or wider.", s).Or("Name the addresses of the server.")
	}
	for _, r := range special() {
		if netip.MustParsePrefix(r.prefix).Overlaps(prefix) {
			return netip.Prefix{}, Refuse(RefusedInput, "%s contains addresses that are not public (%s, %s).", s, r.prefix, r.why).
				Or("Name a smaller range.")
		}
	}
	return prefix, nil
}

// ParseEntries reads ranges that stand in Entra ID already, whatever they are, and gives them in canonical form, sorted and
// without duplicates. What is no range at all is refused, every mistake at once.
func ParseEntries(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	var wrong []string
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if addr, bare := netip.ParseAddr(s); bare == nil && addr.Zone() == "" {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%q is no range.", clip(s, 60)))
			continue
		}
		if p = p.Masked(); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	if len(wrong) > 0 {
		return nil, Refuse(RefusedInput, "%s", strings.Join(wrong, "\n")).Or("Type it as it stands in Entra ID, like 20.50.2.0/28.")
	}
	slices.SortFunc(out, netip.Prefix.Compare)
	return out, nil
}

// ParseAddresses reads several addresses and reports every mistake at once. Duplicates are merged; ranges that overlap
// are refused, because one of them would do nothing.
func ParseAddresses(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	var wrong []string
	for _, s := range list {
		p, err := ParseAddress(s)
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, netip.Prefix.Compare)
	for i, p := range out {
		for _, q := range out[i+1:] {
			if p.Overlaps(q) {
				wrong = append(wrong, fmt.Sprintf("%s is part of %s; name one of them.", narrower(p, q), wide(p, q)))
			}
		}
	}
	if len(wrong) > 0 {
		return nil, Refuse(RefusedInput, "%s", strings.Join(wrong, "\n"))
	}
	if len(out) == 0 {
		return nil, Refuse(RefusedInput, "No address was given.").Or("Type an address like 20.50.2.1 or a range like 20.50.2.0/28.")
	}
	return out, nil
}

func wide(p, q netip.Prefix) netip.Prefix {
	if p.Bits() <= q.Bits() {
		return p
	}
	return q
}

func narrower(p, q netip.Prefix) netip.Prefix {
	if wide(p, q) == p {
		return q
	}
	return p
}

// Canonical gives the canonical form of a CIDR as Entra ID may store it, with host bits set or not. What is no CIDR is
// given back as it is, so that it is never lost in a comparison.
func Canonical(cidr string) string {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return cidr
	}
	return p.Masked().String()
}

// Covering gives the entry that contains the whole prefix, if any; the prefix itself counts.
func Covering(entries []string, prefix netip.Prefix) (string, bool) {
	for _, e := range entries {
		q, err := netip.ParsePrefix(e)
		if err == nil && q.Bits() <= prefix.Bits() && q.Masked().Contains(prefix.Addr()) {
			return e, true
		}
	}
	return "", false
}

// Overlapping gives the entries that share addresses with the prefix.
func Overlapping(entries []string, prefix netip.Prefix) []string {
	var out []string
	for _, e := range entries {
		if q, err := netip.ParsePrefix(e); err == nil && q.Overlaps(prefix) {
			out = append(out, e)
		}
	}
	return out
}

// clip bounds a value for showing it back.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

// Typed is a prefix as people type it: one address stands alone.
func Typed(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}
