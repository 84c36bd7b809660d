package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
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
	unmanaged, surveyed, err := s.cfg.Surveys.Count(r.Context())
	if err != nil {
		return fmt.Errorf("reading how much is not managed: %w", err)
	}
	o := s.register.Overview(s.cfg.Now(), s.cfg.Zone)
	s.show(w, r, v, http.StatusOK, "overview.html", "Overview", struct {
		Overview

		Chart         chart
		Foreign, Seen int
		Unmanaged     int
		Surveyed      bool
	}{o, endings(o.Weeks), foreign, seen, unmanaged, surveyed})
	return nil
}
