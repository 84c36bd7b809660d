package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"hallpass/approvals"
)

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
	s.show(w, r, v, http.StatusOK, "places.html", "Locations, exclusions, zones and applications", places)
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
