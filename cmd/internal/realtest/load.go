package realtest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// Town is a company that asks for many exemptions at once: teams that each have a target of their own, somebody who
// approves for it, and people who ask.
type Town struct {
	Wishes []Wish
	askers []string
	teams  []team
}

// Wish is one exemption that somebody will ask for.
type Wish struct {
	Asker, Approver string // Slack ids
	Text            string // the command
	Account         bool
}

type team struct {
	name, group, target, channel string
	approvers                    []string
	account                      bool
}

// The town's size: four groups and four locations, and people enough that nobody has to act more often than hallpass lets
// one person act.
const (
	eachKind  = 4
	askers    = 20
	approvers = 3 // of each target
)

// Square is the channel in which the town's people type.
const Square = "C0SQUARE"

func guid(kind string, n int) string {
	return fmt.Sprintf("%s-0000-4000-8000-%012x", kind, n)
}

// NewTown plans a town with n wishes: four of five are memberships, the others addresses; each lives for one to three
// minutes. Those that live longest come first, so that many end in the same minutes.
func NewTown(n int, random *rand.Rand) *Town {
	t := &Town{}
	for i := range 2 * eachKind {
		kind := "location"
		if i < eachKind {
			kind = "group"
		}
		t.teams = append(t.teams, team{
			name: fmt.Sprintf("%s-%d", kind, i), group: guid("10000000", i), target: guid("20000000", i), account: i < eachKind,
			channel: fmt.Sprintf("C0TEAM%d", i),
		})
		for j := range approvers {
			t.teams[i].approvers = append(t.teams[i].approvers, fmt.Sprintf("U0APP%c", 'A'+approvers*i+j))
		}
	}
	for i := range askers {
		t.askers = append(t.askers, fmt.Sprintf("U0ASK%c", 'A'+i))
	}
	lives := make([]int, n) // in minutes
	for i := range lives {
		lives[i] = 1 + random.IntN(3)
	}
	slices.SortFunc(lives, func(a, b int) int { return b - a })
	for i := range n {
		w := Wish{Asker: t.askers[i%len(t.askers)], Account: i%5 != 0}
		subject, verb, at := service(i), "account", t.teams[i%eachKind]
		if !w.Account {
			verb, at = "ip", t.teams[eachKind+(i/5)%eachKind]
			subject = fmt.Sprintf("20.%d.%d.%d", 60+i>>16, i>>8&255, i&255)
		}
		w.Approver = at.approvers[i/eachKind%approvers]
		w.Text = fmt.Sprintf("%s %s in %s for %dm because load %d", verb, subject, at.name, lives[i], i)
		t.Wishes = append(t.Wishes, w)
	}
	return t
}

func service(i int) string { return fmt.Sprintf("svc-load-%d@contoso.com", i) }

// objectOf is the object id of a person who asks or approves.
func objectOf(slackID string) string {
	return guid("30000000", int(slackID[len(slackID)-1])+256*int(slackID[3]))
}

// Rules is the town's rules file: one yes of the target's own team is enough.
func (t *Town) Rules() string {
	var b strings.Builder
	b.WriteString("groups:\n")
	for _, x := range t.teams {
		fmt.Fprintf(&b, "  team-%s: {id: %s, slack: %s}\n", x.name, x.group, x.channel)
	}
	b.WriteString("locations:\n")
	for _, x := range t.teams[eachKind:] {
		fmt.Fprintf(&b, "  %s: {id: %s}\n", x.name, x.target)
	}
	b.WriteString("exclusions:\n")
	for _, x := range t.teams[:eachKind] {
		fmt.Fprintf(&b, "  %s: {id: %s}\n", x.name, x.target)
	}
	b.WriteString("rules:\n")
	for _, x := range t.teams {
		fmt.Fprintf(&b, "  - {name: %[1]s, when: 'ask.where == \"%[1]s\"', approve: [{group: team-%[1]s}]%[2]s}\n", x.name, map[bool]string{true: ", unfenced: true"}[x.account])
	}
	return b.String()
}

// Owners are the lines of the owners file: who asks for an account owns it.
func (t *Town) Owners() string {
	var b strings.Builder
	for i, w := range t.Wishes {
		if w.Account {
			fmt.Fprintf(&b, "%s,%s\n", service(i), objectOf(w.Asker))
		}
	}
	return b.String()
}

// Settle puts the town's people, groups, locations and accounts into the emulators.
func (t *Town) Settle(out *companytest.Outside) error {
	people, err := os.OpenFile(out.PeopleFile, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("adding people: %w", err)
	}
	person := func(id string) {
		name := strings.ToLower(id)
		out.Slack.AddUser(slacktest.User{ID: id, Name: name, RealName: name, Email: name + "@contoso.com"})
		out.Tenant.AddUser(graphtest.User{ID: objectOf(id), UPN: name + "@contoso.com", Name: name, Enabled: true, EmployeeID: id})
		if _, e := fmt.Fprintf(people, "%s,%s,%s\n", out.TeamID, id, objectOf(id)); e != nil {
			err = cmp.Or(err, e)
		}
	}
	for _, id := range t.askers {
		person(id)
	}
	for _, x := range t.teams {
		var ids []string
		for _, who := range x.approvers {
			person(who)
			ids = append(ids, objectOf(who))
		}
		out.Slack.AddChannel(slacktest.Channel{ID: x.channel, Name: "approvals-" + x.name}, x.approvers...)
		out.Tenant.AddGroup(graphtest.Group{ID: x.group, Name: "team of " + x.name, Security: true}, ids...)
		if x.account {
			out.Tenant.AddGroup(graphtest.Group{ID: x.target, Name: x.name, Security: true})
		} else {
			out.Tenant.AddLocation(graphtest.Location{ID: x.target, Name: x.name, Ranges: []string{"52.166.10.0/28"}})
		}
	}
	all := slices.Clone(t.askers)
	for _, x := range t.teams {
		all = append(all, x.approvers...)
	}
	out.Slack.AddChannel(slacktest.Channel{ID: Square, Name: "square"}, all...)
	for i, w := range t.Wishes {
		if w.Account {
			out.Tenant.AddUser(graphtest.User{UPN: service(i), Name: service(i), Enabled: true})
		}
	}
	return cmp.Or(err, people.Close())
}

// Ask lets the asker ask for a wish, again and again until hallpass takes it, and gives the id of the request.
func (w *World) Ask(ctx context.Context, wish Wish) (approvals.RequestID, error) {
	_, reason, _ := strings.Cut(wish.Text, " because ")
	if err := w.Try(ctx, wish.Asker, Square, wish.Text); err != nil {
		return "", err
	}
	var id approvals.RequestID
	var looked time.Time
	err := Wait(ctx, 14*time.Minute, func() bool { // an act waits that long for Entra ID's budget
		if time.Since(looked) < time.Second/2 { //nolint:forbidigo // many people look at the same time, and looking costs what is measured
			return false
		}
		looked = time.Now() //nolint:forbidigo // as above
		mine, err := w.Store.Find(ctx, approvals.Query{Person: objectOf(wish.Asker), States: []approvals.State{approvals.StatePending}, Limit: 5000})
		if err != nil {
			return false
		}
		if i := slices.IndexFunc(mine, func(r approvals.Request) bool { return r.Ask.Reason == reason }); i >= 0 {
			id = mine[i].ID
		}
		return id != ""
	})
	if err != nil {
		return "", fmt.Errorf("asked for and never opened: %s", wish.Text)
	}
	return id, nil
}

// Killer kills one replica every 20 to 40 seconds and starts it again, until the context ends; but never a second time in
// the last minute of any request's life. It gives how often it killed, and how often it let that be.
func (w *World) Killer(ctx context.Context, random *rand.Rand) (kills, spared int) {
	var last time.Time
	for n := 0; ; n++ {
		_ = Wait(ctx, 20*time.Second+time.Duration(random.Int64N(int64(20*time.Second))), func() bool { return false })
		if ctx.Err() != nil {
			return kills, spared
		}
		now := time.Now() //nolint:forbidigo // real processes live by real time
		twice := func(r approvals.Request) bool {
			end := r.End
			if r.Cause != nil && r.Cause.At.Before(end) {
				end = r.Cause.At
			}
			return !end.IsZero() && last.After(end.Add(-time.Minute)) && now.Before(end.Add(time.Second))
		}
		active, err := w.Store.Find(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}, Limit: 5000})
		if err != nil || slices.ContainsFunc(active, twice) {
			spared++
			continue
		}
		all := w.all()
		r := all[n%len(all)]
		r.Kill()
		kills, last = kills+1, now
		if err := r.again(ctx); err != nil && ctx.Err() == nil {
			w.tb.Errorf("replica %s: %v\n%s", r.Name, err, r.Log(20))
			return kills, spared
		}
	}
}
