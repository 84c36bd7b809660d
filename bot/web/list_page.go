package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"hallpass/approvals"
)

func (s *Site) listPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := s.register.CatchUp(r.Context()); err != nil {
		return err
	}
	view := ReadView(r.URL.Query())
	found, total := s.register.Select(view, s.cfg.Now())
	body := listBody{View: view, Rows: found, Total: total, Pages: max(1, (total+pageSize-1)/pageSize), States: stateFilters()}
	body.Wheres, body.Rules, body.Teams = s.register.Choices()
	s.show(w, r, v, http.StatusOK, "list.html", "Requests", body)
	return nil
}

type listBody struct {
	View                 View
	Rows                 []*Row
	Total, Pages         int
	States               []string
	Wheres, Rules, Teams []string // to choose from
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

// table is a view as a table: overview, requests, places, unmanaged, or the audit trail of one request by its id.
func (s *Site) table(r *http.Request, name string) (Table, error) {
	if err := s.register.CatchUp(r.Context()); err != nil {
		return Table{}, err
	}
	switch now := s.cfg.Now(); name {
	case "overview":
		return weeksTable(s.register.Overview(now, s.cfg.Zone)), nil
	case "requests":
		return requestsTable(s.register.All(ReadView(r.URL.Query()), now)), nil
	case "unmanaged":
		survey, _, err := s.cfg.Surveys.Survey(r.Context())
		if err != nil {
			return Table{}, fmt.Errorf("reading what is not managed: %w", err)
		}
		return unmanagedTable(survey), nil
	case "places":
		places, err := s.placeBodies(r)
		return placesTable(places), err
	}
	r.SetPathValue("id", name)
	req, err := s.load(r)
	if err != nil {
		return Table{}, problem{http.StatusNotFound, "There is no such export", "There are overview, requests, places, unmanaged and the trail of a request."}
	}
	trail, err := s.cfg.Source.Trail(r.Context(), req)
	return trailTable(&req, trail), err
}
