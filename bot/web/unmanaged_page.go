package web

import (
	"errors"
	"fmt"
	"net/http"

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
	Kind     approvals.UnmanagedKind
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
			out = append(out, unmanagedPlace{Is: u.Kind.Place(), Name: u.Place, Kind: u.Kind, Policies: u.Policies})
		}
		if u.Where != "" {
			out[i].Where = u.Where
		}
		out[i].List = append(out[i].List, u)
	}
	return out
}

// adopt asks to take over something of the list, by the engine's own way: it is planned, ruled and voted on like every
// request. What is asked for is taken from the list as it is stored now, not from the form.
func (s *Site) adopt(w http.ResponseWriter, r *http.Request, v *visitor) error {
	act, err := s.actOf(r, v)
	why := reasonOf(r)
	term, sensible := daysOf(r.PostFormValue("days"))
	switch {
	case err != nil:
		return err
	case !sensible:
		return problem{http.StatusBadRequest, "Say for how many days", "Nothing was done. Write a number, like 90."}
	case len(why) < 3 || len(why) > 2000:
		return problem{http.StatusBadRequest, "Say why it may stay so long", "Nothing was done. The reason, 3 to 2,000 characters, is told to those who decide."}
	}
	survey, _, err := s.cfg.Surveys.Survey(r.Context())
	if err != nil {
		return fmt.Errorf("reading what is not managed: %w", err)
	}
	ask, ok := askFor(survey.List, r.PostFormValue("where"), r.PostFormValue("entry"), approvals.Term{For: term}, why)
	if !ok {
		return problem{http.StatusNotFound, "That is not in the list any more", "Nothing was done. Look at the list again."}
	}
	// One page holds many forms with one operation: what is taken over makes it the form's own.
	act.Operation += ":" + ask.Where + ":" + r.PostFormValue("entry")
	opened, err := s.cfg.Acts.Open(r.Context(), act, ask)
	err = s.answered(r, act, approvals.VerbAsk, "", err, "Look at the requests; if it is not among them, send the form again: it is not done twice.")
	if no, refused := errors.AsType[*approvals.Refusal](err); refused && no.Reason != approvals.RefusedRights && no.Reason != approvals.RefusedIdentity {
		return problem{http.StatusConflict, "It cannot be taken over", no.Error()}
	}
	if err != nil {
		return err
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
