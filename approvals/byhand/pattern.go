package byhand

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// octet is any number from 0 to 255.
const octet = `(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`

// Pattern is a regular expression that matches the addresses of the prefix, written as .NET writes them, and nothing else.
// It is not anchored: AD FS gives several addresses in one claim. Of IPv6 only single addresses have one: the written form
// of a range has no simple shape.
func Pattern(p netip.Prefix) (string, bool) {
	p = p.Masked()
	if !p.IsValid() || p.Addr().Is4In6() || p.Addr().Zone() != "" {
		return "", false
	}
	if p.Addr().Is6() {
		return regexp.QuoteMeta(p.Addr().String()), p.IsSingleIP()
	}
	var parts []string
	for i, b := range p.Addr().As4() {
		free := min(max(8*(i+1)-p.Bits(), 0), 8) // bits of this octet that are open
		switch free {
		case 0:
			parts = append(parts, strconv.Itoa(int(b)))
		case 8:
			parts = append(parts, octet)
		default:
			parts = append(parts, "("+strings.Join(span(int(b), int(b)|(1<<free-1)), "|")+")")
		}
	}
	return strings.Join(parts, `\.`), true
}

// span gives expressions that together match the numbers from lo to hi, both within 0 to 255: blocks of ten where a whole
// one fits, single numbers else.
func span(lo, hi int) []string {
	var out []string
	for n := lo; n <= hi; {
		end := min(n-n%10+9, hi)
		head := ""
		if n >= 10 {
			head = strconv.Itoa(n / 10)
		}
		switch {
		case n == end:
			out = append(out, strconv.Itoa(n))
		case n%10 == 0 && end%10 == 9:
			out = append(out, head+"[0-9]")
		default:
			out = append(out, head+"["+strconv.Itoa(n%10)+"-"+strconv.Itoa(end%10)+"]")
		}
		n = end + 1
	}
	return out
}

// claim is the pattern for the whole of the claim x-ms-forwarded-client-ip, which may hold several addresses, parted by
// commas: all of them have to be of the prefix, so that nobody gets in by naming an address that is not theirs beside
// their own.
func claim(pattern string) string {
	return `^\s*` + pattern + `(\s*,\s*` + pattern + `)*\s*$`
}
