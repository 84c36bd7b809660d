package entra_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

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

func TestALookIntoTheLog(t *testing.T) {
	t.Parallel()
	at := func(after time.Duration, code int, address string) func(k *kit, z entra.Zone) {
		return logged(code, func(s *graphtest.SignIn) { s.At, s.Address = noon().Add(after), netip.MustParseAddr(address) })
	}
	for name, row := range map[string]struct {
		log  []func(*kit, entra.Zone)
		want string
	}{
		"nothing":              {nil, "nothing"},
		"before it was there":  {[]func(*kit, entra.Zone){at(-3*time.Hour, 0, "20.50.2.1")}, "nothing"},
		"from elsewhere":       {[]func(*kit, entra.Zone){at(-time.Hour, 0, "20.50.2.2")}, "nothing"},
		"the first that works": {[]func(*kit, entra.Zone){at(-time.Hour, 0, "20.50.2.1"), at(-30*time.Minute, 0, "20.50.2.1"), at(-10*time.Minute, 50126, "20.50.2.1")}, "worked 11:00"},
		"the last that failed": {[]func(*kit, entra.Zone){at(-time.Hour, 50076, "20.50.2.1"), at(-30*time.Minute, 50126, "20.50.2.1")}, "its user name or password is wrong"},
		"no log":               {[]func(*kit, entra.Zone){off("/auditLogs/signIns", graphtest.Fault{Status: 500})}, "nothing"},
	} {
		k := fencedKit(t, 1)
		p := k.plan(t, fenced("20.50.2.1/32"))
		for _, entry := range row.log {
			entry(k, k.at0())
		}
		got, err := k.e.Look(t.Context(), p, noon().Add(-2*time.Hour))
		if text := used(got); err != nil || !strings.Contains(text, row.want) {
			t.Errorf("%s: %q, %v; want %q", name, text, err, row.want)
		}
	}
}

func TestALookAtWhatHasNoFence(t *testing.T) {
	t.Parallel()
	by := func(after time.Duration, code int, address string) func(k *kit, _ entra.Zone) {
		return func(k *kit, _ entra.Zone) {
			signsIn(k, func(s *graphtest.SignIn) {
				s.At, s.Code, s.Address = noon().Add(after), code, netip.MustParseAddr(address)
			})
		}
	}
	many := func(code int) func(k *kit, z entra.Zone) {
		return func(k *kit, z entra.Zone) {
			for range 2001 {
				by(-time.Hour, code, "20.50.2.1")(k, z)
			}
		}
	}
	failing := off("/auditLogs/signIns", graphtest.Fault{Status: 500})
	for name, row := range map[string]struct {
		ask  approvals.Ask
		log  []func(*kit, entra.Zone)
		want string
		read bool
	}{
		"an account from anywhere":              {account("svc@contoso.com"), []func(*kit, entra.Zone){by(-time.Hour, 0, "9.9.9.9")}, "worked 11:00", true},
		"an account that MFA stops":             {account("svc@contoso.com"), []func(*kit, entra.Zone){by(-time.Hour, 50076, "9.9.9.9")}, "MFA", true},
		"an account that somebody guesses":      {account("svc@contoso.com"), []func(*kit, entra.Zone){by(-time.Hour, 50126, "9.9.9.9")}, "nothing", true},
		"an account before":                     {account("svc@contoso.com"), []func(*kit, entra.Zone){by(-3*time.Hour, 0, "9.9.9.9")}, "nothing", true},
		"a busy account":                        {account("svc@contoso.com"), []func(*kit, entra.Zone){many(0)}, "worked 11:00", true},
		"an account that is stopped very often": {account("svc@contoso.com"), []func(*kit, entra.Zone){many(50076)}, "MFA", false},
		"an account without a log":              {account("svc@contoso.com"), []func(*kit, entra.Zone){failing}, "nothing", false},
		"an address from there":                 {ip("20.50.2.0/24"), []func(*kit, entra.Zone){by(-time.Hour, 0, "20.50.2.1")}, "worked 11:00", true},
		"the first of two ranges":               {ip("20.50.2.0/24", "20.50.4.0/24"), []func(*kit, entra.Zone){by(-time.Hour, 0, "20.50.2.1"), by(-time.Minute, 0, "20.50.4.1")}, "worked 11:00", true},
		"an address from elsewhere":             {ip("20.50.2.0/24"), []func(*kit, entra.Zone){by(-time.Hour, 0, "9.9.9.9")}, "nothing", true},
		"an address from which nobody gets in":  {ip("20.50.2.0/24"), []func(*kit, entra.Zone){by(-time.Hour, 50076, "20.50.2.1")}, "nothing", true},
		"an address with too many who do not":   {ip("20.50.2.0/24"), []func(*kit, entra.Zone){many(50076)}, "nothing", false},
		"an address without a log":              {ip("20.50.2.0/24"), []func(*kit, entra.Zone){failing}, "nothing", false},
		"more ranges than are looked at":        {ip("20.50.2.0/24", "20.50.4.0/24", "20.50.6.0/24", "20.50.8.0/24"), nil, "nothing", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			people(k.tenant)
			p := k.plan(t, row.ask)
			for _, entry := range row.log {
				entry(k, entra.Zone{})
			}
			got, err := k.e.Look(t.Context(), p, noon().Add(-2*time.Hour))
			if text := used(got); err != nil || !strings.Contains(text, row.want) || got.Read != row.read {
				t.Errorf("%q, %v, %v; want %q", text, got.Read, err, row.want)
			}
		})
	}
}

// used is what a look has found, in words.
func used(l approvals.Looked) string {
	switch {
	case l.Used == nil:
		return "nothing"
	case l.Used.Worked:
		return "worked " + l.Used.At.UTC().Format("15:04")
	}
	return l.Used.Why
}
