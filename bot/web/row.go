package web

import (
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
)

// overdueAfter is how long after its end a request may still be on its way out before it counts as overdue.
const overdueAfter = 5 * time.Minute

// Row is what the register keeps of one request to show it. A row is never changed, only replaced.
type Row struct {
	ID        approvals.RequestID
	Number    int64
	Kind      approvals.Kind
	State     approvals.State
	What      string
	Where     string // the name in the rules file
	Place     string // the target's name for people
	Owner     string
	Team      string // the owner's, when the owner was read last
	Requester string
	Rule      string
	Word      string // how sure the state is: verified, or attested by whom; empty where nothing is
	Opened    time.Time
	Applied   time.Time
	End       time.Time
	Ended     time.Time
	Cause     string
	CauseAt   time.Time
	Stuck     string
	Changed   time.Time // of the last thing that happened to it
	Used      time.Time // when a sign-in was last seen that worked; zero: none was, or nobody can know
	Unused    bool      // going by the sign-in log
	text      string    // all that is searched, in lower case
}

// rowOf makes the row of a request, with the copies of names that are kept.
func rowOf(r *approvals.Request, n *names) *Row {
	row := &Row{
		ID: r.ID, Number: numberOf(r.ID), Kind: approvals.Kind(n.once(string(r.Ask.Kind))), State: approvals.State(n.once(string(r.State))),
		What: bot.What(r), Where: n.once(r.Ask.Where), Place: n.once(bot.Where(r)), Owner: n.once(r.Owner.Label()), Team: n.once(r.Owner.Team),
		Requester: n.once(r.Requester.Label()), Rule: n.once(r.Round().Ruling.Rule), Word: n.once(r.Word()), Opened: r.Opened, Applied: r.Applied,
		End: r.End, Ended: r.Ended, Changed: lastChange(r),
	}
	if r.Proof != nil {
		row.Used = r.Proof.Last
		_, row.Unused = r.Unused()
	}
	if r.Cause != nil {
		row.Cause, row.CauseAt = n.once(r.Cause.Word), r.Cause.At
	}
	if r.Stuck != nil {
		row.Stuck = r.Stuck.Why
	}
	row.text = strings.ToLower(strings.Join([]string{string(row.ID), row.What, row.Place, row.Owner, row.Team, row.Requester, r.Ask.Reason, r.Ask.Ticket}, "\n"))
	return row
}

// numberOf is the number in an id; 0 for what is no id.
func numberOf(id approvals.RequestID) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(string(id), "HP-"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// lastChange is the latest time that stands in a request.
func lastChange(r *approvals.Request) time.Time {
	at := r.Opened
	later := func(t time.Time) {
		if t.After(at) {
			at = t
		}
	}
	later(r.Applied)
	later(r.Ended)
	if r.Cause != nil {
		later(r.Cause.At)
	}
	if r.Stuck != nil {
		later(r.Stuck.Since)
	}
	for _, c := range r.Changes {
		later(c.At)
	}
	for _, round := range r.Rounds {
		later(round.Opened)
		later(round.Closed)
		for _, v := range round.Votes {
			later(v.At)
		}
	}
	return at
}

// Overdue reports whether the request should be gone by now.
func (r *Row) Overdue(now time.Time) bool {
	k := key{state: placeIn(approvals.States(), r.State), end: r.End.UnixMilli(), causeAt: r.CauseAt.UnixMilli()}
	return k.Overdue(now)
}
