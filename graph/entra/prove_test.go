package entra_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"hallpass/approvals"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
)

func TestAProof(t *testing.T) {
	t.Parallel()
	evaluating := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/evaluate") }
	for name, row := range map[string]struct {
		change func(k *kit, z entra.Zone)
		want   string // agrees, later, unknown: … or what is wrong
	}{
		"as predicted": {nil, "agrees"},
		"the fence is off": {func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.State = "disabled" })
		}, "from elsewhere (8.8.8.8): the fence is not in force"},
		"the fence only reports": {func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.State = "enabledForReportingButNotEnforced" })
		}, "the fence is not in force"},
		"the fence leaves it out": {func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.Fence, func(p *graphtest.Policy) { p.ExcludeUsers = []string{svc} })
		}, "should apply (it blocks) and does not"},
		"its address is gone": {func(k *kit, z entra.Zone) { k.tenant.EditRanges("dana", z.Location, nil, []string{"20.50.2.1/32"}) }, "from 20.50.2.1: “zone-a fence” should not apply and does: it blocks"},
		"MFA is demanded again": {func(k *kit, z entra.Zone) {
			k.tenant.ChangePolicy("dana", z.MFA[0], func(p *graphtest.Policy) { p.ExcludeGroups = nil })
		}, "“MFA” should not apply and does: it demands MFA"},
		"no permission": {func(k *kit, _ entra.Zone) { k.tenant.Fail(evaluating, graphtest.Fault{Status: 403}) }, "unknown: hallpass lacks the permission"},
		"no answer":     {func(k *kit, _ entra.Zone) { k.tenant.Fail(evaluating, graphtest.Fault{Drop: true}) }, "unknown: Entra ID did not answer"},
		"slow down":     {func(k *kit, _ entra.Zone) { k.tenant.Fail(evaluating, graphtest.Fault{Status: 429}) }, "later"},
		"groups unknown": {func(k *kit, _ entra.Zone) {
			k.tenant.Fail(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/transitiveMemberOf") }, graphtest.Fault{Status: 500})
		}, "unknown: Entra ID did not answer"},
		"no budget":        {func(k *kit, _ entra.Zone) { k.o.empty = true }, "later"},
		"the zone is gone": {func(k *kit, _ entra.Zone) { k.o.zones = nil }, "unknown: its zone is not in the rules file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := fencedKit(t, 1)
			p := k.plan(t, fenced("20.50.2.1/32"))
			k.holds("HP-1", p)
			if row.change != nil {
				row.change(k, k.at0())
			}
			got, err := k.e.Prove(t.Context(), p, noon())
			text := got.Why
			switch later, is := errors.AsType[*approvals.Later](err); {
			case is:
				text = "later"
			case err != nil || later != nil:
				t.Fatal(err)
			case got.Unknown:
				text = "unknown: " + got.Why
			case got.Agrees:
				text = "agrees"
			}
			if !strings.Contains(text, row.want) {
				t.Errorf("%q, want %q", text, row.want)
			}
		})
	}
}
