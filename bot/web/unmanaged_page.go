package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

type unmanagedBody struct {
	approvals.Survey

	Known     bool // somebody looked
	Places    []unmanagedPlace
	Operation string
	Chart     chart
}

// unmanagedPlace is what stands without a request in one location, group or policy.
type unmanagedPlace struct {
	Is, Name string
	Policies []string
	Where    string
	List     []approvals.Unmanaged
}

func (s *Site) unmanagedPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	survey, known, err := s.cfg.Surveys.Survey(r.Context())
	if err != nil {
		return fmt.Errorf("reading what is not managed: %w", err)
	}
	err = s.note(r.Context(), approvals.Entry{Actor: v.Person, Name: v.Name, Act: "looked", Detail: map[string]string{"via": "web", "view": "unmanaged"}})
	if err != nil {
		return err
	}
	s.show(w, r, v, http.StatusOK, "unmanaged.html", "Exempt without a request", unmanagedBody{survey, known, byPlace(survey.List), random(), unmanagedWeeks(survey.Past)})
	return nil
}

// byPlace groups what was found, in the order in which it comes.
func byPlace(list []approvals.Unmanaged) []unmanagedPlace {
	at := map[string]int{}
	var out []unmanagedPlace
	for _, u := range list {
		key := u.PlaceID + " " + u.Place
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, unmanagedPlace{Is: placeIs(u.Kind), Name: u.Place, Policies: u.Policies})
		}
		if u.Where != "" {
			out[i].Where = u.Where
		}
		out[i].List = append(out[i].List, u)
	}
	return out
}

func placeIs(kind approvals.UnmanagedKind) string {
	switch kind {
	case approvals.UnmanagedRange, approvals.UnmanagedCountry:
		return "named location"
	case approvals.UnmanagedMember:
		return "group"
	case approvals.UnmanagedUser, approvals.UnmanagedRole, approvals.UnmanagedGuests:
	}
	return "policy"
}

// adopt asks to take over something of the list, by the engine's own way: it is planned, ruled and voted on like every
// request. What is asked for is taken from the list as it is stored now, not from the form.
func (s *Site) adopt(w http.ResponseWriter, r *http.Request, v *visitor) error {
	why := strings.TrimSpace(r.PostFormValue("reason"))
	operation := r.PostFormValue("operation")
	days, err := strconv.Atoi(r.PostFormValue("days"))
	switch {
	case len(operation) < 26 || len(operation) > 64:
		return problem{http.StatusBadRequest, "That form is damaged", "Nothing was done. Open the page anew and try again."}
	case err != nil || days < 1 || days > 3650:
		return problem{http.StatusBadRequest, "Say for how many days", "Nothing was done. Write a number, like 90."}
	case len(why) < 3 || len(why) > 2000:
		return problem{http.StatusBadRequest, "Say why it may stay so long", "Nothing was done. The reason, 3 to 2,000 characters, is told to those who decide."}
	}
	survey, _, err := s.cfg.Surveys.Survey(r.Context())
	if err != nil {
		return fmt.Errorf("reading what is not managed: %w", err)
	}
	ask, ok := askFor(survey.List, r.PostFormValue("where"), r.PostFormValue("entry"), approvals.Term{For: time.Duration(days) * 24 * time.Hour}, why)
	if !ok {
		return problem{http.StatusNotFound, "That is not in the list any more", "Nothing was done. Look at the list again."}
	}
	// One page holds many forms with one operation: what is taken over makes it the form's own.
	act := approvals.Act{Operation: "web:" + v.Person + ":" + operation + ":" + ask.Where + ":" + r.PostFormValue("entry"), Person: v.Person, Via: "web", At: s.cfg.Now()}
	opened, err := s.cfg.Acts.Open(r.Context(), act, ask)
	refusal, no := errors.AsType[*approvals.Refusal](err)
	later, wait := errors.AsType[*approvals.Later](err)
	switch {
	case no:
		s.cfg.Acts.Refused(r.Context(), act, approvals.VerbAsk, "", refusal)
		if refusal.Reason == approvals.RefusedRights || refusal.Reason == approvals.RefusedIdentity {
			return refusal
		}
		return problem{http.StatusConflict, "It cannot be taken over", refusal.Error()}
	case wait:
		return problem{http.StatusServiceUnavailable, "Entra ID is busy", "Nothing was done (" + later.Why + "). Please send the form again in a minute."}
	case err != nil:
		s.cfg.Log.ErrorContext(r.Context(), "taking over failed", "error", err)
		return problem{http.StatusServiceUnavailable, "It is not known whether that was done", "Look at the requests; if it is not among them, send the form again: it is not done twice."}
	}
	http.Redirect(w, r, "/requests/"+string(opened.ID), http.StatusSeeOther)
	return nil
}

// askFor makes the request that takes over what the list has there.
func askFor(list []approvals.Unmanaged, where, entry string, term approvals.Term, why string) (approvals.Ask, bool) {
	for _, u := range list {
		if u.Where != "" && u.Where == where && u.Entry == entry {
			return u.Ask(term, why)
		}
	}
	return approvals.Ask{}, false
}
