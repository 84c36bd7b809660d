package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Table is a view as it is exported.
type Table struct {
	Name    string // of the file, without its ending
	Columns []string
	Rows    [][]string
}

// WriteCSV writes the table for a spreadsheet. A cell that a spreadsheet would take for a formula gets a ' in front, which
// the spreadsheet shows as text (OWASP, CSV Injection).
func (t Table) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = literal(cell)
		}
		if err := out.Write(safe); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// literal makes text that no spreadsheet takes for a formula. A full-width sign counts as the sign, and blanks before it
// do not hide it.
func literal(cell string) string {
	lead := strings.TrimLeft(cell, " \u00a0\n")
	if strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") {
		return "'" + cell
	}
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(lead, sign) {
			return "'" + cell
		}
	}
	return cell
}

// WriteJSON writes the table as a list of objects, literally.
func (t Table) WriteJSON(w io.Writer) error {
	list := make([]map[string]string, len(t.Rows))
	for i, row := range t.Rows {
		list[i] = map[string]string{}
		for c, cell := range row {
			list[i][t.Columns[c]] = cell
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(list); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// stamp is a time in an export: RFC 3339 in UTC, or nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// requestsTable is the table of requests.
func requestsTable(rows []*Row) Table {
	t := Table{Name: "requests", Columns: []string{
		"id", "kind", "what", "where", "place", "owner", "team", "requester", "rule", "state", "opened", "applied", "end", "ended", "cause", "stuck", "changed", "last_used", "unused", "word",
	}}
	for _, r := range rows {
		t.Rows = append(t.Rows, []string{
			string(r.ID), string(r.Kind), r.What, r.Where, r.Place, r.Owner, r.Team, r.Requester, r.Rule, string(r.State), stamp(r.Opened), stamp(r.Applied),
			stamp(r.End), stamp(r.Ended), r.Cause, r.Stuck, stamp(r.Changed), stamp(r.Used), strconv.FormatBool(r.Unused), r.Word,
		})
	}
	return t
}
