package entra

import (
	"fmt"
	"net/netip"
	"slices"

	"hallpass/approvals"
	"hallpass/graph"
)

// An address is only as good as what stands behind it. The sign-in log names the network of each sign-in by its autonomous system
// number; of the large ones in which addresses are rented, or shared by strangers, the number alone tells.

// network is a network whose addresses are not one organisation's own.
type network struct {
	name string
	// shared: customers who know nothing of each other come from the same addresses. Else they are rented one by one.
	shared bool
}

// networks are the large networks of clouds and hosters, and of proxies, by their autonomous system numbers as the regional
// registries assign them. What is not in it is not known to be one.
func networks() map[int]network {
	out := map[int]network{
		13335: {"Cloudflare", true}, 22616: {"Zscaler", true}, 53813: {"Zscaler", true}, 62044: {"Zscaler", true}, 55256: {"Netskope", true},
		20940: {"Akamai", true}, 54113: {"Fastly", true},
	}
	for name, numbers := range map[string][]int{
		"Microsoft": {8068, 8069, 8075}, "Amazon": {14618, 16509}, "Google": {15169, 396982}, "Oracle": {31898}, "Alibaba": {45102}, "Tencent": {132203},
		"IBM": {36351}, "DigitalOcean": {14061}, "Hetzner": {24940}, "OVH": {16276}, "Linode": {63949}, "Vultr": {20473},
	} {
		for _, n := range numbers {
			out[n] = network{name: name}
		}
	}
	return out
}

// networkFact notes the networks of the addresses, by the numbers that the log gave their sign-ins.
func networkFact(p *approvals.Plan, numbers []int) {
	slices.Sort(numbers)
	numbers = slices.DeleteFunc(slices.Compact(numbers), func(n int) bool { return n == 0 })
	if len(numbers) == 0 {
		p.Facts["networks"] = approvals.Fact{Why: "no sign-in from there whose network is known is in the log"}
		return
	}
	var list []string
	for _, n := range numbers {
		at, known := networks()[n]
		if !known {
			continue
		}
		list = append(list, fmt.Sprintf("%s (AS%d)", at.name, n))
		if at.shared {
			p.Warnings = append(p.Warnings, fmt.Sprintf("Sign-ins from there come out of a network that strangers share: %s (AS%d). Whoever else uses it comes from the same addresses.", at.name, n))
		} else {
			p.Warnings = append(p.Warnings, fmt.Sprintf("Sign-ins from there come from a cloud or hoster: %s (AS%d). Such an address is yours only as long as you rent it.", at.name, n))
		}
	}
	p.Facts["networks"] = words(list)
}

// from are the sign-ins from within the addresses.
func (h history) from(addresses []netip.Prefix) []graph.SignIn {
	return slices.DeleteFunc(slices.Clone(h.List), func(s graph.SignIn) bool {
		p, said := origin(s)
		return !said || !within(addresses, p)
	})
}

// whose says what is not known of the addresses of an account: in which networks they are, and whether it ever got in from them.
// One who picks an address out of a list of failed sign-ins may have picked a stranger's.
func (h history) whose(p *approvals.Plan, ask approvals.Ask) {
	if !h.Known {
		p.Facts["networks"] = approvals.Fact{Why: h.Why}
		return
	}
	var numbers []int
	for _, s := range h.from(ask.Addresses) {
		numbers = append(numbers, s.ASN)
	}
	networkFact(p, numbers)
	for _, a := range ask.Addresses {
		list := h.from([]netip.Prefix{a})
		if len(list) > 0 && every(list, func(s graph.SignIn) bool { return s.Code != 0 }) {
			p.Warnings = append(p.Warnings, fmt.Sprintf("From %s it was stopped every time within 30 days, and never got in: make sure that the address is yours.", approvals.Typed(a)))
		}
	}
}
