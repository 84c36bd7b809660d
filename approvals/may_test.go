package approvals_test

import (
	"strings"
	"testing"

	"hallpass/approvals"
)

// TestWhoMayDoWhat goes over role × verb × state, cell by cell. Each row is a verb; each column a state, in the order
// pending, pending before the owner's yes, approved, active, active while renewing, ending, ended, then approved and ending
// while something waits to be done by hand. A cell lists who may: R requester, O owner, A the account, S holds a seat, X
// security, H does it by hand, N nobody special. A requester who holds a seat and does it by hand, and an owner who does,
// are lower-case r and o.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	columns := []string{"pending", "before owner", "approved", "active", "renewing", "ending", "ended", "by hand", "undoing"}
	table := map[approvals.Verb][]string{
		approvals.VerbAsk:     {"", "", "", "", "", "", "", "", ""}, // needs no request: see the test below
		approvals.VerbShow:    {"ROSXro", "ROSXro", "ROSXro", "ROSXro", "ROSXro", "ROSXro", "ROSXro", "ROSXHro", "ROSXHro"},
		approvals.VerbApprove: {"S", "Oo", "", "", "S", "", "", "", ""},
		approvals.VerbDeny:    {"S", "OoS", "", "", "S", "", "", "", ""},
		approvals.VerbCancel:  {"ROro", "ROro", "ROro", "", "ROro", "", "", "ROro", ""},
		approvals.VerbRenew:   {"", "", "", "ROro", "", "", "", "", ""},
		approvals.VerbRevoke:  {"", "", "OSXro", "OSXro", "OSXro", "", "", "OSXro", ""},
		approvals.VerbHand:    {"OXo", "OXo", "OXo", "OXo", "OXo", "OXo", "", "OXo", "OXo"},
		approvals.VerbTake:    {"", "", "", "", "", "", "", "H", "H"},
		approvals.VerbDone:    {"", "", "", "", "", "", "", "H", ""},
		approvals.VerbUndone:  {"", "", "", "", "", "", "", "", "H"},
		approvals.VerbReview:  {"", "", "", "X", "X", "", "", "", ""},
	}
	who := map[rune]approvals.Standing{
		'R': {Person: person("ana")}, 'O': {Person: person("olga")}, 'A': {Person: person("svc"), Groups: []string{"netsec", "hands"}},
		'S': {Person: person("bo"), Groups: []string{"netsec"}}, 'X': {Person: person("sam"), Security: true}, 'N': {Person: person("eve")},
		'r': {Person: person("ana"), Groups: []string{"netsec", "hands"}}, 'o': {Person: person("olga"), Groups: []string{"netsec", "hands"}},
		'H': {Person: person("hank"), Groups: []string{"hands"}},
	}
	for verb, cells := range table {
		for i, cell := range cells {
			r := requestIn(columns[i])
			for letter, standing := range who {
				want := strings.ContainsRune(cell, letter)
				if letter == 'A' && verb == approvals.VerbShow || letter == 'A' && verb == approvals.VerbRevoke {
					want = strings.ContainsRune(cell, 'S') // the account itself may look, and may give back, through its seat
				}
				err := approvals.May(standing, verb, r)
				if got := err == nil; got != want {
					t.Errorf("%s, %s, %c: may %v, want %v (%v)", columns[i], verb, letter, got, want, err)
				}
				if err != nil && len(err.Error()) < 10 {
					t.Errorf("%s, %s, %c: the refusal says nothing: %q", columns[i], verb, letter, err)
				}
				for _, broken := range []func(*approvals.Person){
					func(p *approvals.Person) { p.Enabled = false }, func(p *approvals.Person) { p.Guest = true },
				} {
					s := standing
					broken(&s.Person)
					if approvals.May(s, verb, r) == nil {
						t.Errorf("%s, %s, %c: a disabled account or a guest may", columns[i], verb, letter)
					}
				}
			}
		}
	}
}

func requestIn(column string) *approvals.Request {
	yes := &approvals.Vote{Voter: person("olga")}
	r := &approvals.Request{
		ID: "HP-1", Requester: person("ana"), Owner: person("olga"), Account: person("svc"), State: approvals.StatePending,
		Rounds: []approvals.Round{{AskedBy: person("ana"), Ruling: ruling(), OwnerYes: yes}},
	}
	round := r.Round()
	switch column {
	case "pending":
	case "before owner":
		round.OwnerYes = nil
	case "renewing":
		r.State = approvals.StateActive
	case "by hand", "undoing":
		r.State, round.Outcome = approvals.StateApproved, approvals.OutcomeApproved
		r.Changes = []approvals.Progress{{Change: byHand("x"), State: approvals.ChangeReleased}}
		if column == "undoing" {
			r.State, r.Changes[0].State = approvals.StateEnding, approvals.ChangeWithdrawn
		}
	default:
		r.State = approvals.State(column)
		round.Outcome = approvals.OutcomeApproved
	}
	return r
}

func TestAskingNeedsToBeAmongThoseWhoMay(t *testing.T) {
	t.Parallel()
	if approvals.May(approvals.Standing{Person: person("ana")}, approvals.VerbAsk, nil) == nil {
		t.Error("somebody who may not ask may ask")
	}
	if err := approvals.May(approvals.Standing{Person: person("ana"), MayAsk: true}, approvals.VerbAsk, nil); err != nil {
		t.Error(err)
	}
}
