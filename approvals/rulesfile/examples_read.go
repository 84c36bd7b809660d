package rulesfile

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
)

func readExamples(r *reader, f *File, root *yaml.Node) []example {
	top := r.fields(root, "the file", "examples")
	items := r.list(top["examples"], "examples")
	if len(items) == 0 {
		r.add(root, "", "the file has no examples")
	}
	var out []example
	seen := map[string]bool{}
	for i, item := range items {
		v := r.fields(item, "example "+strconv.Itoa(i+1), "name", "ask", "facts", "account_id", "want")
		ex := example{name: readName(r, item, v["name"], "example "+strconv.Itoa(i+1), seen)}
		what := fmt.Sprintf("example %q", ex.name)
		if r.need(item, v["ask"], what+": ask", "") {
			ex.ask = readAsk(r, v["ask"], what)
		}
		ex.plan = approvals.Plan{Kind: ex.ask.Kind, Facts: readFacts(r, v["facts"], what)}
		if v["account_id"] != nil {
			ex.plan.Account.ID = r.id(v["account_id"], what+": account_id")
		}
		if r.need(item, v["want"], what+": want", "rule: NAME, or refuse: REASON") {
			ex.want = readWant(r, f, v["want"], what)
		}
		out = append(out, ex)
	}
	return out
}

func readAsk(r *reader, n *yaml.Node, what string) approvals.Ask {
	v := r.fields(n, what+": ask", "kind", "addresses", "drop", "account", "app", "where", "adopt", "for", "reason", "ticket")
	ask := approvals.Ask{Kind: approvals.Kind(r.oneOf(v["kind"], what+": kind", string(approvals.KindIP), string(approvals.KindAccount), string(approvals.KindApp)))}
	r.need(n, v["kind"], what+": kind", "ip, account or app")
	ask.Addresses, ask.Drop = readPrefixes(r, v["addresses"], what), readPrefixes(r, v["drop"], what)
	if r.need(n, v["for"], what+": for", "how long, as 30d") {
		ask.Term.For = r.duration(v["for"], what+": for", 0)
	}
	if v["adopt"] != nil {
		ask.Adopt = r.flag(v["adopt"], what+": adopt")
	}
	optional := func(key string) string {
		if v[key] == nil {
			return ""
		}
		return r.text(v[key], what+": "+key)
	}
	ask.App = optional("app")
	ask.Account, ask.Where, ask.Reason, ask.Ticket = optional("account"), optional("where"), optional("reason"), optional("ticket")
	return ask
}

func readPrefixes(r *reader, n *yaml.Node, what string) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range r.list(n, what) {
		text := a.Value
		if addr, err := netip.ParseAddr(text); err == nil {
			text = netip.PrefixFrom(addr, addr.BitLen()).String()
		}
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Masked() != p {
			r.add(a, "write 8.8.8.8 or 8.8.8.0/24", "%s: %q is no address", what, a.Value)
			continue
		}
		out = append(out, p)
	}
	return out
}

func readFacts(r *reader, n *yaml.Node, what string) approvals.Facts {
	facts := approvals.Facts{}
	var names []string
	specs := map[string]approvals.FactSpec{}
	for _, spec := range approvals.FactSpecs() {
		names, specs[spec.Name] = append(names, spec.Name), spec
	}
	for _, e := range r.entries(n, what+": facts") {
		name := strings.TrimPrefix(e.key.Value, "plan.")
		spec, ok := specs[name]
		if !ok {
			hint := Meant(name, names)
			if hint == "" {
				hint = "`hallpass rules env` lists them"
			}
			r.add(e.key, hint, "%s: there is no fact %q", what, name)
			continue
		}
		fact := approvals.Fact{Known: true}
		switch spec.Type {
		case approvals.FactInt:
			i, err := strconv.ParseInt(e.value.Value, 10, 64)
			if err != nil {
				r.add(e.value, "", "%s: the fact %s must be a whole number", what, name)
			}
			fact.Int = i
		case approvals.FactBool:
			fact.Bool = r.flag(e.value, what+": the fact "+name)
		case approvals.FactString:
			fact.Text = e.value.Value
		case approvals.FactList:
			for _, item := range r.list(e.value, what+": the fact "+name) {
				fact.List = append(fact.List, item.Value)
			}
		}
		facts[name] = fact
	}
	return facts
}

func readWant(r *reader, f *File, n *yaml.Node, what string) want {
	v := r.fields(n, what+": want", "rule", "approve", "max", "refuse", "says")
	var w want
	if v["rule"] != nil {
		w.rule = r.text(v["rule"], what+": rule")
		var names []string
		for _, one := range f.rules {
			names = append(names, one.name)
		}
		if !slices.Contains(names, w.rule) {
			r.add(v["rule"], Meant(w.rule, names), "%s: the rules file has no rule %q", what, w.rule)
		}
	}
	if v["approve"] != nil {
		w.seats = seatWords(f.readSeats(r, n, v["approve"], what))
	}
	w.max = r.duration(v["max"], what+": max", 0)
	w.refuse = approvals.Reason(r.oneOf(v["refuse"], what+": refuse", string(approvals.RefusedByRule), string(approvals.RefusedUnknown),
		string(approvals.RefusedTooLong), string(approvals.RefusedEmergency), string(approvals.RefusedInput)))
	if v["says"] != nil {
		w.says = r.text(v["says"], what+": says")
	}
	if (w.rule != "" || w.seats != nil || w.max != 0) == (w.refuse != "") || (w.says != "" && w.refuse == "") {
		r.add(n, "", "%s: want either a ruling (rule, approve, max) or a refusal (refuse, says)", what)
	}
	return w
}
