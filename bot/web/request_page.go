package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// load reads a request as it is stored now.
func (s *Site) load(r *http.Request) (approvals.Request, error) {
	id, err := approvals.ParseRequestID(r.PathValue("id"))
	if err != nil {
		return approvals.Request{}, problem{http.StatusNotFound, "There is no such request", err.Error()}
	}
	found, err := s.cfg.Source.LoadMany(r.Context(), []approvals.RequestID{id})
	if errors.Is(err, approvals.ErrNotFound) || (err == nil && len(found) == 0) {
		return approvals.Request{}, problem{http.StatusNotFound, "There is no such request", string(id) + " was never opened here, or was archived."}
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
	// Reviewable: it is in force, so that a reviewer can say what becomes of it.
	Reviewable bool
	Ask, LetGo approvals.Verdict
	Unused     *time.Time // since when, if it is
	Operation  string
	Seats      []approvals.Seat
	Hands      string // the groups that do something of it by hand
	Words      []word
}

// word is what somebody said of what is done by hand.
type word struct {
	*approvals.Attestation

	Did, Title string
}

// wordsOf lists every attestation once: one is of several changes as a rule.
func wordsOf(r *approvals.Request) []word {
	var out []word
	add := func(a *approvals.Attestation, did, title string) {
		if a != nil && !slices.ContainsFunc(out, func(w word) bool { return w.At.Equal(a.At) && w.Did == did && w.Title == title && w.By.Is(a.By) }) {
			out = append(out, word{a, did, title})
		}
	}
	for _, c := range r.Changes {
		add(c.Done, "put into", c.Title)
	}
	for _, c := range r.Changes {
		add(c.Undone, "taken out of", c.Title)
	}
	return out
}

type fact struct {
	approvals.FactSpec

	Fact approvals.Fact
	Read bool // a rule read it
}

// factsOf lists all that could be known about what a round is about.
func factsOf(round *approvals.Round) []fact {
	var out []fact
	for _, spec := range approvals.FactSpecs() {
		if spec.Kind == "" || spec.Kind == round.Plan.Kind {
			out = append(out, fact{spec, round.Plan.Facts[spec.Name], slices.Contains(round.Ruling.Read, spec.Name)})
		}
	}
	return out
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
		R: *req, Round: round, Row: rowOf(req, newNames()), Trail: trail, Operation: random(), Seats: round.Ruling.Seats,
		Revocable:  req.State == approvals.StateApproved || req.State == approvals.StateActive,
		Reviewable: req.State == approvals.StateActive, Ask: approvals.VerdictAsk, LetGo: approvals.VerdictLetGo,
		Hands: strings.Join(req.Hands(), " and "), Words: wordsOf(req), Facts: factsOf(round),
	}
	if since, unused := req.Unused(); unused {
		body.Unused = &since
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
	act, err := s.actOf(r, v)
	if err != nil {
		return err
	}
	why := reasonOf(r)
	if len(why) < 3 || len(why) > 2000 {
		return problem{http.StatusBadRequest, "Say why it is revoked", "Nothing was done. The reason, 3 to 2,000 characters, is told to the requester and the owner."}
	}
	_, err = s.cfg.Acts.Revoke(r.Context(), act, req.ID, why)
	if no, refused := errors.AsType[*approvals.Refusal](err); refused && no.Reason == approvals.RefusedState && s.revokedBy(r, v) {
		err = nil // it came twice
	}
	return s.back(w, r, act, approvals.VerbRevoke, req.ID, err, "Look at "+string(req.ID)+" again; if it is still active, revoke it once more.")
}

// review says what becomes of a request in force: its owner is asked, or it is let end.
func (s *Site) review(w http.ResponseWriter, r *http.Request, v *visitor) error {
	req, err := s.load(r)
	if err != nil {
		return err
	}
	act, err := s.actOf(r, v)
	if err != nil {
		return err
	}
	verdict, why := approvals.Verdict(r.PostFormValue("verdict")), reasonOf(r)
	if verdict != approvals.VerdictAsk && verdict != approvals.VerdictLetGo || len(why) > 2000 {
		return damaged()
	}
	act.Operation += ":" + string(verdict) // both buttons stand in one form
	_, err = s.cfg.Acts.Review(r.Context(), act, req.ID, verdict, why)
	return s.back(w, r, act, approvals.VerbReview, req.ID, err, "Look at "+string(req.ID)+" again; if it does not say so, do it once more.")
}

// back returns to the page of a request after an act on it, or says why it was not done.
func (s *Site) back(w http.ResponseWriter, r *http.Request, act approvals.Act, verb approvals.Verb, id approvals.RequestID, err error, then string) error {
	if err := s.answered(r, act, verb, id, err, then); err != nil {
		return err
	}
	http.Redirect(w, r, "/requests/"+string(id), http.StatusSeeOther)
	return nil
}

// revokedBy reports whether the request, as it is now, was revoked by this person.
func (s *Site) revokedBy(r *http.Request, v *visitor) bool {
	now, err := s.load(r)
	return err == nil && now.Cause != nil && now.Cause.Word == approvals.CauseRevoked && now.Cause.By.ID == v.Person
}
