package web_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot/web"
)

// What is asked for page by page, from orders that are kept while requests come, change and go, must be what all of it put in
// order at once is.
func TestPagesOfATableAreTheWholeTableInItsOrder(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	dice := rand.New(rand.NewPCG(4, 2))
	put := func(n int64) {
		s.mem.request(n, func(r *approvals.Request) {
			r.State = approvals.States()[dice.IntN(len(approvals.States()))]
			r.End = s.mem.now.Add(time.Duration(dice.IntN(40)) * time.Hour)
			r.Owner.Name = fmt.Sprintf("Owner %d", dice.IntN(9))
			r.Owner.Team = []string{"", "Integrations", "Network & Sites"}[dice.IntN(3)]
			r.Ask.Where = fmt.Sprintf("place-%d", dice.IntN(3))
		})
	}
	const most = 1400 // more than are put in order for one page
	for n := range int64(most) {
		put(1001 + n)
	}
	g := web.NewRegister(s.mem)
	for round := range 6 {
		if round > 0 {
			for range 30 {
				put(1001 + dice.Int64N(most+100))
			}
			gone := approvals.MakeRequestID(1001 + dice.Int64N(most))
			s.mem.with(func() {
				delete(s.mem.requests, gone)
				s.mem.lines = append(s.mem.lines, string(gone))
			})
		}
		if err := g.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"", "id", "what", "where", "owner", "team", "state", "opened", "end", "used", "changed"} {
			for _, v := range []web.View{{Sort: key}, {Sort: "-" + key}, {Sort: key, State: "open"}, {Sort: "-" + key, Team: "Integrations"}} {
				if key == "" {
					v.Sort = ""
				}
				var paged []approvals.RequestID
				for v.Page = 1; ; v.Page++ {
					rows, total := g.Select(v, s.mem.now)
					if len(rows) == 0 {
						if total != len(paged) {
							t.Fatalf("%+v: %d in all, and %d on its pages", v, total, len(paged))
						}
						break
					}
					for _, r := range rows {
						paged = append(paged, r.ID)
					}
				}
				var whole []approvals.RequestID
				for _, r := range g.All(v, s.mem.now) {
					whole = append(whole, r.ID)
				}
				if !slices.Equal(paged, whole) {
					t.Fatalf("%+v: the pages and the whole differ", v)
				}
			}
		}
		wheres, _, teams := g.Choices()
		if !slices.Equal(wheres, []string{"place-0", "place-1", "place-2"}) || !slices.Equal(teams, []string{"Integrations", "Network & Sites"}) {
			t.Fatal(wheres, teams)
		}
	}
}
