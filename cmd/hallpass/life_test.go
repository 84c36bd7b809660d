package main

import (
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/cmd/internal/realtest"
)

// TestARequestLivesThroughTheDeathsOfItsProcess lets two requests live and end in a real `hallpass serve` on a real
// redis-server, with everything around it over https and wss. Meanwhile the process is stopped and killed, the socket to
// Slack is cut, and Redis dies and comes back from its disk.
func TestARequestLivesThroughTheDeathsOfItsProcess(t *testing.T) {
	t.Parallel()
	for name, signed := range map[string]bool{"Socket Mode": false, "signed requests": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, realtest.New(t, realtest.Options{Signed: signed, Rate: 5}), signed)
		})
	}
}

func live(t *testing.T, w *realtest.World, signed bool) {
	t.Helper()
	tenant := w.Out.Tenant
	a := w.Start("a")

	w.Says("U0ANA", "ip 20.50.2.1 20.50.2.8/31 in trusted-servers for 3m because AgilePoint NX calls SharePoint")
	w.Reads("U0ANA", "HP-1001 is asked for")
	w.Approves("U0BO", "HP-1001")
	w.Reads("U0BO", "your yes counts")
	if err := a.Stop(); err != nil {
		t.Fatalf("told to stop, it ended with %v\n%s", err, a.Log(10))
	}
	a.Again()
	if tenant.Has(companytest.Location, "20.50.2.1/32") {
		t.Fatal("it was applied with one approval of two")
	}
	w.Approves("U0CLEO", "HP-1001")
	a.Kill()
	a.Again()
	first := w.Request("HP-1001", "active", realtest.In(approvals.StateActive))
	if !tenant.Has(companytest.Location, "20.50.2.1/32") || !tenant.Has(companytest.Location, "20.50.2.8/31") {
		t.Error("active, and not in the tenant")
	}
	w.Shows(companytest.ChanNetsec, "HP-1001", "Applied. Ends")

	// A second one, with an owner, that comes to its end by itself.
	w.Says("U0ANA", "account svc-nx@contoso.com in integrations for 1m because AgilePoint NX")
	w.Reads("U0ANA", "HP-1002 is asked for")
	w.Approves("U0SAM", "HP-1002")
	w.Reads("U0SAM", "your yes counts")

	w.Says("U0ANA", "renew HP-1001 for 30m because the migration is late")
	w.Reads("U0ANA", "the renewal is asked for")
	w.Redis.Kill()
	w.Redis.Restart(t)
	w.Approves("U0BO", "HP-1001")
	w.Approves("U0SAM", "HP-1001")
	w.Request("HP-1001", "renewed", func(r *approvals.Request) bool { return r.End.After(first.End) })

	if !signed {
		if err := w.Out.Slack.CutSockets(); err != nil {
			t.Fatal(err)
		}
		w.Until(time.Minute, "the socket comes back", func() bool { return w.Out.Slack.Connected() == 1 })
	}
	w.Approves("U0BO", "HP-1002")
	w.Approves("U0CLEO", "HP-1002")
	second := w.Request("HP-1002", "active", realtest.In(approvals.StateActive))
	if !tenant.IsMember(companytest.GroupExempt, second.Account.ID) {
		t.Error("active, and not in the group")
	}
	w.Says("U0BO", "revoke HP-1001 because the migration is over")
	a.Kill()
	a.Again()
	w.Request("HP-1001", "ended", realtest.In(approvals.StateEnded))
	w.Request("HP-1002", "ended", realtest.In(approvals.StateEnded))
	w.Shows(companytest.ChanNetsec, "HP-1001", "Taken away and verified")
	w.Shows(companytest.ChanSecurity, "HP-1002", "Taken away and verified")
	judge(t, w)
	for _, channel := range []string{companytest.ChanNetsec, companytest.ChanSecurity} {
		for _, id := range []approvals.RequestID{"HP-1001", "HP-1002"} {
			if err := w.Cards(channel, id); err != nil {
				t.Error(err)
			}
		}
	}
	if got := tenant.Ranges(companytest.Location); len(got) != 1 || got[0] != "52.166.10.0/28" {
		t.Errorf("what others put there is not all that is left: %v", got)
	}
	if err := a.Stop(); err != nil {
		t.Errorf("told to stop, it ended with %v\n%s", err, a.Log(10))
	}
}

// judge holds the tenant's own record and the audit log against the promises.
func judge(t *testing.T, w *realtest.World) realtest.Verdict {
	t.Helper()
	v, err := w.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, found := range map[string][]string{"lost": v.Lost, "done twice": v.Doubled, "applied without approval": v.Unapproved, "alive past the end": v.Late} {
		for _, f := range found {
			t.Errorf("%s: %s", what, f)
		}
	}
	if err := w.Chains(t.Context()); err != nil {
		t.Errorf("the audit log: %v", err)
	}
	return v
}
