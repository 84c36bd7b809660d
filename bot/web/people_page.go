package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"hallpass/approvals"
)

// peopleShown is how many accounts are listed.
const peopleShown = 500

type peopleBody struct {
	ID        approvals.RequestID
	Addresses []netip.Prefix
	List      []approvals.SignedIn
	// Total is how many there are; More says that the log has more than was looked at.
	Total int
	More  bool
}

// peoplePage names who signs in from the addresses of a request: whom a range concerns. That somebody looks is recorded before
// anything is read, because names of people are shown. Nothing of it is stored.
func (s *Site) peoplePage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	req, err := s.load(r)
	if err != nil {
		return err
	}
	if len(req.Ask.Addresses) == 0 {
		return problem{http.StatusNotFound, string(req.ID) + " has no addresses", "Only of addresses it can be asked who signs in from there."}
	}
	if err := s.note(r.Context(), approvals.Entry{
		Request: req.ID, Actor: v.Person, Name: v.Name, Act: "looked", Detail: map[string]string{"via": "web", "view": "who signs in from there"},
	}); err != nil {
		return err
	}
	list, more, err := s.cfg.SignIns.SignedInFrom(r.Context(), req.Ask.Addresses)
	if no, refused := errors.AsType[*approvals.Refusal](err); refused {
		return problem{http.StatusConflict, "That cannot be read", no.Error()}
	}
	if later, wait := errors.AsType[*approvals.Later](err); wait {
		return problem{http.StatusServiceUnavailable, "Entra ID is busy", later.Why + ". Please look again in a minute."}
	}
	if err != nil {
		return fmt.Errorf("reading who signs in: %w", err)
	}
	s.show(w, r, v, http.StatusOK, "people.html", "Who signs in from there", peopleBody{req.ID, req.Ask.Addresses, list[:min(len(list), peopleShown)], len(list), more})
	return nil
}
