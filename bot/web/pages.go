package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// layout is what every page is made of.
type layout struct {
	Title string
	Tab   string
	Me    *visitor
	Body  any
}

// show makes the whole page before a byte of it is sent.
func (s *Site) show(w http.ResponseWriter, r *http.Request, v *visitor, status int, name, title string, body any) {
	var out bytes.Buffer
	tab, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if err := s.templates.ExecuteTemplate(&out, name, layout{title, tab, v, body}); err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "a page could not be made", "page", name, "error", err)
		http.Error(w, "That page could not be made. Nothing was changed.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // whoever asked has gone
}

func (s *Site) overviewPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := s.register.CatchUp(r.Context()); err != nil {
		return err
	}
	places, err := s.cfg.Places.Places(r.Context())
	if err != nil {
		return fmt.Errorf("reading the places: %w", err)
	}
	foreign, seen := 0, 0
	for _, p := range places {
		foreign += len(p.Record.Foreign)
		if p.Record.Version > 0 {
			seen++
		}
	}
	rows, now := s.register.Rows(), s.cfg.Now()
	soon, _ := View{State: string(approvals.StateActive), Sort: "end", Page: 1}.Select(rows, now)
	o := overview(rows, now, s.cfg.Zone)
	s.show(w, r, v, http.StatusOK, "overview.html", "Overview", struct {
		Overview

		Chart         chart
		Soon          []*Row
		Foreign, Seen int
		Total         int
	}{o, chartOf(o.Weeks), soon[:min(len(soon), 8)], foreign, seen, len(rows)})
	return nil
}

func (s *Site) listPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := s.register.CatchUp(r.Context()); err != nil {
		return err
	}
	view := ReadView(r.URL.Query())
	rows := s.register.Rows()
	found, total := view.Select(rows, s.cfg.Now())
	s.show(w, r, v, http.StatusOK, "list.html", "Requests", listBody{
		View: view, Rows: found, Total: total, Pages: max(1, (total+pageSize-1)/pageSize), States: stateFilters(), Choices: choicesOf(rows),
	})
	return nil
}

type listBody struct {
	View         View
	Rows         []*Row
	Total, Pages int
	States       []string
	Choices      choices
}

// choices are the names that stand in the register, to choose from.
type choices struct{ Wheres, Rules []string }

func choicesOf(rows []*Row) choices {
	wheres, rules := map[string]bool{}, map[string]bool{}
	var where, rule string
	for _, r := range rows {
		if r.Where != where {
			where = r.Where
			wheres[where] = true
		}
		if r.Rule != rule {
			rule = r.Rule
			rules[rule] = true
		}
	}
	return choices{sorted(wheres), sorted(rules)}
}

func sorted(set map[string]bool) []string {
	var out []string
	for name := range set {
		if name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// load reads a request as it is stored now.
func (s *Site) load(r *http.Request) (approvals.Request, error) {
	id, err := approvals.ParseRequestID(r.PathValue("id"))
	if err != nil {
		return approvals.Request{}, problem{http.StatusNotFound, "There is no such request", err.Error()}
	}
	found, err := s.cfg.Source.LoadMany(r.Context(), []approvals.RequestID{id})
	if errors.Is(err, approvals.ErrNotFound) || (err == nil && len(found) == 0) {
		return approvals.Request{}, problem{http.StatusNotFound, "There is no such request", string(id) + " was never opened here."}
	}
	if err != nil {
		return approvals.Request{}, fmt.Errorf("loading %s: %w", id, err)
	}
	return found[0], nil
}

type requestBody struct {
	R         approvals.Request
	Round     *approvals.Round
	Row       *Row
	Facts     []fact
	Trail     []approvals.Entry
	Broken    string // what is wrong with the trail
	Cause     string
	Revocable bool
	Operation string
	Seats     []approvals.Seat
}

type fact struct {
	approvals.FactSpec

	Fact approvals.Fact
	Read bool // a rule read it
}

// requestPage shows everything about a request; that somebody looked is recorded before.
func (s *Site) requestPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	req, err := s.load(r)
	if err != nil {
		return err
	}
	trail, err := s.cfg.Source.Trail(r.Context(), req)
	if err != nil {
		return fmt.Errorf("reading the trail of %s: %w", req.ID, err)
	}
	if err := s.note(r.Context(), approvals.Entry{
		Request: req.ID, Actor: v.Person, Name: v.Name, Act: "looked", Detail: map[string]string{"via": "web"},
	}); err != nil {
		return err
	}
	s.show(w, r, v, http.StatusOK, "request.html", string(req.ID), s.bodyOf(&req, trail))
	return nil
}

func (s *Site) bodyOf(req *approvals.Request, trail []approvals.Entry) requestBody {
	round := req.Round()
	body := requestBody{
		R: *req, Round: round, Row: rowOf(req), Trail: trail, Operation: random(), Seats: round.Ruling.Seats,
		Revocable: req.State == approvals.StateApproved || req.State == approvals.StateActive,
	}
	for _, spec := range approvals.FactSpecs() {
		if spec.Kind == "" || spec.Kind == round.Plan.Kind {
			body.Facts = append(body.Facts, fact{spec, round.Plan.Facts[spec.Name], slices.Contains(round.Ruling.Read, spec.Name)})
		}
	}
	if req.Cause != nil {
		body.Cause = s.voice.SayCause(req)
	}
	if err := audit.VerifyBetween("", req.Hash, trail); err != nil {
		body.Broken = err.Error()
	}
	return body
}

// revoke ends a request early, by the engine's own way: rights are judged there anew. The same form sent twice is
// answered as the first time.
func (s *Site) revoke(w http.ResponseWriter, r *http.Request, v *visitor) error {
	req, err := s.load(r)
	if err != nil {
		return err
	}
	back := "/requests/" + string(req.ID)
	why := strings.TrimSpace(r.PostFormValue("reason"))
	operation := r.PostFormValue("operation")
	switch {
	case len(operation) < 26 || len(operation) > 64:
		return problem{http.StatusBadRequest, "That form is damaged", "Nothing was done. Open the page anew and try again."}
	case len(why) < 3 || len(why) > 2000:
		return problem{http.StatusBadRequest, "Say why it is revoked", "Nothing was done. The reason, 3 to 2,000 characters, is told to the requester and the owner."}
	}
	act := approvals.Act{Operation: "web:" + v.Person + ":" + operation, Person: v.Person, Via: "web", At: s.cfg.Now()}
	_, err = s.cfg.Acts.Revoke(r.Context(), act, req.ID, why)
	refusal, no := errors.AsType[*approvals.Refusal](err)
	switch {
	case no && refusal.Reason == approvals.RefusedState && s.revokedBy(r, v):
		// it came twice
	case no:
		s.cfg.Acts.Refused(r.Context(), act, approvals.VerbRevoke, req.ID, refusal)
		return refusal
	case err != nil:
		s.cfg.Log.ErrorContext(r.Context(), "a revocation failed", "request", string(req.ID), "error", err)
		return problem{http.StatusServiceUnavailable, "It is not known whether that was done", "Look at " + string(req.ID) + " again; if it is still active, revoke it once more."}
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// revokedBy reports whether the request, as it is now, was revoked by this person.
func (s *Site) revokedBy(r *http.Request, v *visitor) bool {
	now, err := s.load(r)
	return err == nil && now.Cause != nil && now.Cause.Word == approvals.CauseRevoked && now.Cause.By.ID == v.Person
}

type placeBody struct {
	Place

	Entries []placeEntry
}

type placeEntry struct {
	Entry    string
	Requests []approvals.RequestID
	State    string
	Foreign  bool
}

func (s *Site) placesPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	places, err := s.placeBodies(r)
	if err != nil {
		return err
	}
	s.show(w, r, v, http.StatusOK, "places.html", "Locations and exclusions", places)
	return nil
}

func (s *Site) placeBodies(r *http.Request) ([]placeBody, error) {
	places, err := s.cfg.Places.Places(r.Context())
	if err != nil {
		return nil, fmt.Errorf("reading the places: %w", err)
	}
	var out []placeBody
	for _, p := range places {
		out = append(out, placeBody{p, entriesOf(p)})
	}
	return out, nil
}

// entriesOf lists what is, or is to be, in a place: first what requests want, then what others put there.
func entriesOf(p Place) []placeEntry {
	at := map[string]int{}
	var out []placeEntry
	add := func(entry, state string) int {
		i, known := at[entry]
		if !known {
			i = len(out)
			at[entry] = i
			out = append(out, placeEntry{Entry: entry, State: state})
		}
		return i
	}
	for _, row := range p.Rows {
		rec := p.Record.Entries[row.Entry]
		state := "being put in"
		switch {
		case rec.Vanished:
			state = "taken out by another hand"
		case !row.Want:
			state = "being taken out"
		case rec.Settled && rec.Want:
			state = "verified"
		}
		i := add(row.Entry, state)
		out[i].Requests = append(out[i].Requests, row.Request)
		if row.Want { // one live request is enough to keep it
			out[i].State = state
		}
	}
	for _, entry := range p.Record.Foreign {
		out[add(entry, "not put there by hallpass")].Foreign = true
	}
	slices.SortStableFunc(out, func(a, b placeEntry) int { return cmp.Compare(b2i(a.Foreign), b2i(b.Foreign)) })
	return out
}

// export gives a view as a file. That somebody took it is recorded before.
func (s *Site) export(w http.ResponseWriter, r *http.Request, v *visitor) error {
	name, format, _ := strings.Cut(r.PathValue("view"), ".")
	table, err := s.table(r, name)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	switch format {
	case "csv":
		out.WriteString("\ufeff") // so that Excel reads UTF-8
		err = table.WriteCSV(&out)
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	case "json":
		err = table.WriteJSON(&out)
		w.Header().Set("Content-Type", "application/json")
	default:
		return problem{http.StatusNotFound, "There is no such export", "There are .csv and .json."}
	}
	if err != nil {
		return err
	}
	if err := s.note(r.Context(), approvals.Entry{Actor: v.Person, Name: v.Name, Act: "exported", Detail: map[string]string{
		"via": "web", "view": name, "filter": r.URL.Query().Encode(), "format": format, "rows": strconv.Itoa(len(table.Rows)),
	}}); err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="hallpass-`+table.Name+"."+format+`"`)
	_, _ = out.WriteTo(w) // whoever asked has gone
	return nil
}

// table is a view as a table: overview, requests, places, or the audit trail of one request by its id.
func (s *Site) table(r *http.Request, name string) (Table, error) {
	if err := s.register.CatchUp(r.Context()); err != nil {
		return Table{}, err
	}
	rows, now := s.register.Rows(), s.cfg.Now()
	switch name {
	case "overview":
		return weeksTable(overview(rows, now, s.cfg.Zone)), nil
	case "requests":
		return requestsTable(ReadView(r.URL.Query()).All(rows, now)), nil
	case "places":
		places, err := s.placeBodies(r)
		return placesTable(places), err
	}
	r.SetPathValue("id", name)
	req, err := s.load(r)
	if err != nil {
		return Table{}, problem{http.StatusNotFound, "There is no such export", "There are overview, requests, places and the trail of a request."}
	}
	trail, err := s.cfg.Source.Trail(r.Context(), req)
	return trailTable(&req, trail), err
}
