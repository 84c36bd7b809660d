package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"hallpass/approvals"
)

// Approving with a fresh sign-in is for whoever holds a seat, reviewer or not. It opens no session: the sign-in is good for one
// vote on one request, within some minutes, in the browser that made it.

// ticket is such a sign-in.
type ticket struct {
	Request approvals.RequestID   `json:"request"`
	Person  string                `json:"person"`
	Name    string                `json:"name"`
	Fresh   approvals.FreshSignIn `json:"fresh"`
	Token   string                `json:"token"` // stands in the form
	id      string
}

// beginApproval sends whoever follows the link of a card to sign in. It says nothing about the request.
func (s *Site) beginApproval(w http.ResponseWriter, r *http.Request) error {
	id, err := approvals.ParseRequestID(r.PathValue("id"))
	if err != nil {
		return problem{http.StatusNotFound, "There is no such request", err.Error()}
	}
	return s.sendToSignIn(w, r, underway{Approve: id})
}

// mayDecide makes a ticket of a sign-in that was made for it.
func (s *Site) mayDecide(w http.ResponseWriter, r *http.Request, u underway, who person) error {
	if err := s.signIn.fresh(who, u.Began); err != nil {
		return err
	}
	t := ticket{
		Request: u.Approve, Person: who.ID, Name: who.Name, Token: random(),
		Fresh: approvals.FreshSignIn{At: who.At, Contexts: who.Contexts, Methods: who.Methods, Token: who.Token},
	}
	data, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encoding a ticket: %w", err)
	}
	err = s.note(r.Context(), approvals.Entry{Request: u.Approve, Actor: who.ID, Name: who.Name, Act: "signed in afresh", Detail: map[string]string{"via": "web"}})
	if err != nil {
		return err
	}
	id := random()
	if err := s.cfg.Keep.Put(r.Context(), kept("approve", id), data, approvals.FreshFor); err != nil {
		return fmt.Errorf("storing a ticket: %w", err)
	}
	s.setCookie(w, cookieTicket, id, approvals.FreshFor)
	http.Redirect(w, r, "/approve/"+string(u.Approve)+"/decide", http.StatusSeeOther)
	return nil
}

// ticketOf gives the ticket of this browser for the request in the address, or sends it to sign in.
func (s *Site) ticketOf(r *http.Request) (ticket, error) {
	var t ticket
	again := problem{http.StatusForbidden, "Please sign in again", "A fresh sign-in is good for one vote, within ten minutes. Nothing was done. Follow the link on the card once more."}
	c, err := r.Cookie(cookieTicket)
	if err != nil || c.Value == "" {
		return t, again
	}
	data, err := s.cfg.Keep.Get(r.Context(), kept("approve", c.Value))
	if errors.Is(err, approvals.ErrNotFound) {
		return t, again
	}
	if err != nil {
		return t, fmt.Errorf("reading a ticket: %w", err)
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return t, fmt.Errorf("decoding a ticket: %w", err)
	}
	if string(t.Request) != r.PathValue("id") || s.cfg.Now().Sub(t.Fresh.At) > approvals.FreshFor {
		return t, again
	}
	t.id = c.Value
	return t, nil
}

type decisionBody struct {
	R     approvals.Request
	Round *approvals.Round
	Facts []fact
	Who   ticket
	Lead  string
}

// decisionPage shows exactly what is decided on.
func (s *Site) decisionPage(w http.ResponseWriter, r *http.Request) error {
	t, err := s.ticketOf(r)
	if err != nil {
		return err
	}
	req, details, err := s.cfg.Acts.Get(r.Context(), t.Person, t.Request)
	if err != nil {
		return err
	}
	if !details {
		return approvals.Refuse(approvals.RefusedRights, "%s is shown to those concerned only.", t.Request)
	}
	if !req.Voting() {
		return problem{http.StatusConflict, "Nothing is to be decided", string(req.ID) + " is " + string(req.State) + "."}
	}
	round := req.Round()
	s.show(w, r, nil, http.StatusOK, "approve.html", "Decide on "+string(req.ID), decisionBody{req, round, factsOf(round), t, s.voice.SayLead(&req)})
	return nil
}

// decide takes the vote, with the sign-in that was made for it. The form says which plan was shown.
func (s *Site) decide(w http.ResponseWriter, r *http.Request) error {
	t, err := s.ticketOf(r)
	if err != nil {
		return err
	}
	if !sameToken(r.PostFormValue("token"), t.Token) {
		return problem{http.StatusForbidden, "That form is not from here", "Nothing was done. Open the page anew and try again."}
	}
	ballot := approvals.Ballot{Choice: approvals.Choice(r.PostFormValue("choice")), Fingerprint: r.PostFormValue("fingerprint"), Reason: reasonOf(r), Fresh: &t.Fresh}
	days := strings.TrimSpace(r.PostFormValue("days"))
	shorter, sensible := daysOf(days)
	switch {
	case ballot.Choice != approvals.ChoiceApprove && ballot.Choice != approvals.ChoiceDeny:
		return damaged()
	case len(ballot.Reason) > 2000:
		return problem{http.StatusBadRequest, "The reason is too long", "Nothing was done. At most 2,000 characters fit."}
	case ballot.Choice == approvals.ChoiceDeny && len(ballot.Reason) < 3:
		return problem{http.StatusBadRequest, "Say why it is denied", "Nothing was done. The requester reads it."}
	case days != "" && !sensible:
		return problem{http.StatusBadRequest, "Say for how many days", "Nothing was done. Write a number, or leave it empty: as asked for."}
	case days != "" && ballot.Choice == approvals.ChoiceApprove:
		ballot.Shorten = shorter
	}
	act := approvals.Act{Operation: "web:approve:" + kept("", t.id), Person: t.Person, Via: "web", At: s.cfg.Now()}
	req, err := s.cfg.Acts.Vote(r.Context(), act, t.Request, ballot)
	err = s.answered(r, act, approvals.Verb(ballot.Choice), t.Request, err, "Please send the form again: it does not count twice.")
	if no, refused := errors.AsType[*approvals.Refusal](err); refused {
		return problem{http.StatusConflict, "Nothing was done", no.Error()}
	}
	if err != nil {
		return err
	}
	s.setCookie(w, cookieTicket, "", -1)
	if _, err := s.cfg.Keep.Drop(r.Context(), kept("approve", t.id)); err != nil { // the vote counts; the ticket dies by itself
		s.cfg.Log.WarnContext(r.Context(), "a ticket could not be dropped", "error", err)
	}
	s.show(w, r, nil, http.StatusOK, "voted.html", "Your vote counts", struct {
		R      approvals.Request
		Choice approvals.Choice
		Lead   string
	}{req, ballot.Choice, s.voice.SayLead(&req)})
	return nil
}
