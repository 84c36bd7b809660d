package web

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

// weeksTable is the chart of the overview as a table.
func weeksTable(o Overview) Table {
	t := Table{Name: "endings-by-week", Columns: []string{"week", "addresses", "accounts and applications"}}
	for _, w := range o.Weeks {
		t.Rows = append(t.Rows, []string{w.Begins.Format(time.DateOnly), strconv.Itoa(w.IPs), strconv.Itoa(w.Accounts)})
	}
	return t
}

// placesTable is every entry of every place.
func placesTable(places []placeBody) Table {
	t := Table{Name: "places", Columns: []string{"place", "title", "kind", "zone", "entry", "state", "requests"}}
	for _, p := range places {
		for _, e := range p.Entries {
			var ids []string
			for _, id := range e.Requests {
				ids = append(ids, string(id))
			}
			t.Rows = append(t.Rows, []string{p.Name, p.Title, string(p.Kind), strconv.FormatBool(p.Zone), e.Entry, e.State, strings.Join(ids, " ")})
		}
	}
	return t
}

// unmanagedTable is what stands in the tenant without a request.
func unmanagedTable(s approvals.Survey) Table {
	t := Table{Name: "without-a-request", Columns: []string{"kind", "entry", "label", "place", "through", "policies", "by", "at", "where", "expected"}}
	for _, u := range s.List {
		t.Rows = append(t.Rows, []string{
			string(u.Kind), u.Entry, u.Label, u.Place, strings.Join(u.Through, "; "), strings.Join(u.Policies, "; "), u.By, stamp(u.At), u.Where, u.Expected,
		})
	}
	return t
}

// trailTable is the audit trail of a request with everything that its hashes are made from.
func trailTable(r *approvals.Request, trail []approvals.Entry) Table {
	t := Table{Name: string(r.ID), Columns: []string{"request", "at", "actor", "name", "act", "from", "to", "detail", "prev", "hash"}}
	for _, e := range trail {
		detail, err := json.Marshal(e.Detail) // keys sorted
		if err != nil {
			detail = nil
		}
		t.Rows = append(t.Rows, []string{
			string(e.Request), e.At.UTC().Format(time.RFC3339Nano), e.Actor, e.Name, e.Act, string(e.From), string(e.To), string(detail), e.Prev, e.Hash,
		})
	}
	return t
}
