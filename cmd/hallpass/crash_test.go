package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
	"hallpass/cmd/internal/realtest"
)

// crashesAtOnce is how many lives are lived at the same time. In each, a replica is killed once while they start, once
// while the request is asked for, while somebody is refused, while it is approved, while it is applied, and while it is
// taken away.
const crashesAtOnce = 16

// TestTheProgramMayDieBetweenAnyTwoOfItsCalls kills a real process at every kind of commit and of effect, just before it
// goes out and just after it was carried out, with two replicas, and holds the outcome against the four promises.
// HALLPASS_CRASH=all kills at every single occurrence; HALLPASS_CRASH=20m begins no new life after that time.
func TestTheProgramMayDieBetweenAnyTwoOfItsCalls(t *testing.T) {
	t.Parallel()
	lives := 10 // a taste of it
	want := os.Getenv("HALLPASS_CRASH")
	bound, err := time.ParseDuration(want)
	every := want == "all" || err == nil
	if every && err != nil {
		bound = 24 * time.Hour
	}
	switch {
	case every:
		lives = 2000
	case os.Getenv("HALLPASS_REQUIRE") != "":
		lives = 24
	}
	c := &realtest.Coverage{Every: every}
	began := time.Now()
	slots := make(chan struct{}, crashesAtOnce)
	var all sync.WaitGroup
	var unhurt atomic.Int32 // lives in which no new point was met
	for i := range lives {
		slots <- struct{}{}
		if unhurt.Load() >= 4 || every && time.Since(began) > bound { // one of each sort: there is nowhere left to die
			<-slots
			break
		}
		all.Go(func() { // mostly they wait, so more of them run at once than there are processors
			defer func() { <-slots }()
			life := c.Life()
			t.Run(fmt.Sprintf("life %d", i), func(t *testing.T) { crash(t, life, i) })
			if len(life.Kills()) == 0 {
				unhurt.Add(1)
			}
		})
	}
	all.Wait()
	killed, seen := c.Points()
	t.Logf("killed at %d points:\n%s", len(killed), strings.Join(killed, "\n"))
	if len(seen) > 0 {
		t.Logf("not killed at %d points:\n%s", len(seen), strings.Join(seen, "\n"))
	}
	if len(killed) < min(2*lives, 40) {
		t.Errorf("only %d kills in up to %d lives: the points are not seen", len(killed), lives)
	}
}

// crash lets one request live while its replicas die.
func crash(t *testing.T, life *realtest.Life, i int) {
	t.Helper()
	account, natural, keep := i%2 == 1, i%4 >= 2, i%3 == 0
	var backup string
	w := realtest.New(t, realtest.Options{Pass: life.Pass, Prepare: func(out *companytest.Outside) error {
		user, _ := out.Tenant.User("svc-backup@contoso.com")
		backup = user.ID
		out.Tenant.Join("an administrator", companytest.GroupExempt, backup)
		return nil
	}})
	defer func() {
		if t.Failed() {
			t.Logf("killed at %v", life.Kills())
		}
	}()
	life.Stage("start")
	w.Start("a")
	w.Start("b")
	if keep { // the dead are raised at once; otherwise the other one carries on alone
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { w.Keep(ctx) })
		defer done.Wait()
		defer stop()
	}
	stage := func(name string) {
		life.Spare()
		if !keep {
			w.Revive()
		}
		life.Stage(name)
	}
	stage("ask")
	ask := "ip 20.50.2.8/31 in trusted-servers for 1m because AgilePoint"
	if account {
		ask = "account svc-nx@contoso.com in integrations for 1m because AgilePoint"
	}
	w.Says("U0ANA", ask)
	w.Until(2*time.Minute, "a request is there", func() bool { return len(requests(t, w)) > 0 })
	id := requests(t, w)[0].ID
	if account {
		w.Approves("U0SAM", id)
		w.Request(id, "approved by the owner", func(r *approvals.Request) bool { return !r.Rounds[0].NeedsOwner() })
	}
	stage("refuse")
	w.Insists("U0ANA", "approve "+string(id), "You asked for "+string(id))
	stage("approve")
	for n, who := range []string{"U0BO", "U0CLEO"} {
		w.Approves(who, id)
		w.Request(id, fmt.Sprintf("approved by %d", n+1), func(r *approvals.Request) bool {
			return len(r.Rounds[0].Approvals()) > n || r.State != approvals.StatePending
		})
	}
	stage("apply")
	w.Request(id, "active", func(r *approvals.Request) bool { return !r.Applied.IsZero() })
	stage("end")
	if !natural {
		w.Says("U0SAM", "revoke "+string(id)+" because it is over")
	}
	w.Request(id, "ended", realtest.In(approvals.StateEnded))
	for _, channel := range []string{companytest.ChanNetsec, companytest.ChanSecurity, w.Out.Slack.DMChannel("U0ANA")} {
		w.Shows(channel, id, "Taken away and verified")
	}
	life.Spare()
	judge(t, w)
	all := requests(t, w)
	if len(all) != 1 {
		t.Errorf("it was asked for once, and there are %d requests", len(all))
	}
	if voters := all[0].Rounds[0].Approvals(); len(voters) != 2 {
		t.Errorf("two people said yes, and %d votes count", len(voters))
	}
	for _, channel := range []string{companytest.ChanNetsec, companytest.ChanSecurity, w.Out.Slack.DMChannel("U0ANA")} {
		if err := w.Cards(channel, id); err != nil {
			t.Error(err)
		}
	}
	if !w.Out.Tenant.IsMember(companytest.GroupExempt, backup) || !slices.Equal(w.Out.Tenant.Ranges(companytest.Location), []string{"52.166.10.0/28"}) {
		t.Error("what others put there is not what is left")
	}
}

func requests(t *testing.T, w *realtest.World) []approvals.Request {
	t.Helper()
	all, err := w.Store.Find(t.Context(), approvals.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
