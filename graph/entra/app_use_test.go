package entra_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

func TestWhetherAnApplicationIsUsedStandsInTheLog(t *testing.T) {
	t.Parallel()
	signs := func(before time.Duration, code int) graphtest.SignIn {
		return graphtest.SignIn{At: noon().Add(-before), Kind: "servicePrincipal", Resource: "Microsoft Graph", Code: code, Reason: "a certificate that has ended"}
	}
	var often []graphtest.SignIn
	for i := range 250 {
		often = append(often, signs(time.Duration(i+1)*time.Minute, 700027))
	}
	for name, row := range map[string]struct {
		log    []graphtest.SignIn
		change func(k *kit)
		want   string // of Used
		last   time.Duration
		unread bool
	}{
		"nothing":             {want: "nothing"},
		"it works":            {log: []graphtest.SignIn{signs(3*time.Hour, 0), signs(time.Hour, 0)}, want: "worked 09:00", last: time.Hour},
		"it worked, and then": {log: []graphtest.SignIn{signs(3*time.Hour, 0), signs(time.Hour, 700027)}, want: "worked 09:00", last: 3 * time.Hour},
		"it does not":         {log: []graphtest.SignIn{signs(3*time.Hour, 700027)}, want: "error 700027: a certificate that has ended"},
		"before its time":     {log: []graphtest.SignIn{signs(30*time.Hour, 0)}, want: "nothing"},
		"more than is looked at, and none of it works": {log: often, want: "error 700027", unread: true},
		"no log": {change: func(k *kit) { off("/auditLogs/signIns", graphtest.Fault{Status: 500})(k, k.at0()) }, want: "nothing", unread: true},
		"no app": {change: func(k *kit) {
			k.tenant.Fail(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "uniqueName") }, graphtest.Fault{Status: 500})
		}, want: "nothing", unread: true},
		"not yet a principal": {change: func(k *kit) {
			k.tenant.Meddle(k.tenant.Apps()[len(k.tenant.Apps())-1].ID, func(a *graphtest.App) { a.Principal = "" })
		}, want: "nothing", unread: true},
	} {
		k := appKit(t)
		a := k.tenant.AddApp(graphtest.App{Name: "nx", Unique: "hallpass-contracts-nx"})
		for _, in := range row.log {
			in.Principal = a.Principal
			k.tenant.LogSignIn(in)
		}
		if row.change != nil {
			row.change(k)
		}
		plan := approvals.Plan{Kind: approvals.KindApp, Changes: []approvals.Change{{Target: approvals.AppTarget("contracts", "nx"), Entry: approvals.EntryRegistered}}}
		got, err := k.e.Look(t.Context(), plan, noon().Add(-24*time.Hour))
		text := used(got)
		last := row.last != 0 && got.Last.Equal(noon().Add(-row.last)) || row.last == 0 && got.Last.IsZero()
		if err != nil || !strings.HasPrefix(text, row.want) || !last || got.Read == row.unread {
			t.Errorf("%s: %+v, %q, %v", name, got, text, err)
		}
	}
}
