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

// Row is what the register keeps of one request. A row is never changed, only replaced.
type Row struct {
	// What the pages look at of every row stands together, so that it is read at once.
	State   approvals.State
	Kind    approvals.Kind
	End     time.Time
	Cause   string
	CauseAt time.Time
	Stuck   string
	Unused  bool // going by the sign-in log

	ID        approvals.RequestID
	Number    int64
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
	Ended     time.Time
	Changed   time.Time // of the last thing that happened to it
	Used      time.Time // when a sign-in was last seen that worked; zero: none was, or nobody can know
	text      string    // all that is searched, in lower case
}

// rowOf makes the row of a request.
func rowOf(r *approvals.Request) *Row {
	row := &Row{
		ID: r.ID, Number: numberOf(r.ID), Kind: r.Ask.Kind, What: bot.What(r), Where: r.Ask.Where, Place: bot.Where(r), Owner: r.Owner.Label(), Team: r.Owner.Team,
		Requester: r.Requester.Label(), Rule: r.Round().Ruling.Rule, State: r.State, Word: r.Word(), Opened: r.Opened, Applied: r.Applied, End: r.End,
		Ended: r.Ended, Changed: lastChange(r),
	}
	if r.Proof != nil {
		row.Used = r.Proof.Last
		_, row.Unused = r.Unused()
	}
	if r.Cause != nil {
		row.Cause, row.CauseAt = r.Cause.Word, r.Cause.At
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

// Open reports whether something of the request may be in force, or may come to be.
func (r *Row) Open() bool { return !r.State.Final() }

// Overdue reports whether the request should be gone by now.
func (r *Row) Overdue(now time.Time) bool {
	switch r.State {
	case approvals.StateActive:
		return now.Sub(r.End) > overdueAfter
	case approvals.StateEnding:
		return now.Sub(r.CauseAt) > overdueAfter
	case approvals.StateNone, approvals.StatePending, approvals.StateApproved, approvals.StateEnded, approvals.StateDenied,
		approvals.StateCancelled, approvals.StateLapsed:
	}
	return false
}

// EndsWithin reports whether the request is active and ends within d from now.
func (r *Row) EndsWithin(d time.Duration, now time.Time) bool {
	return r.State == approvals.StateActive && r.End.Sub(now) <= d
}
