package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"golang.org/x/oauth2"

	"hallpass/approvals"
)

func sameToken(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// wayBack gives where somebody goes after the sign-in: to a page of this site that shows something, or to the overview.
// It is put together anew from what was recognised, so that no other place can be written into it.
func wayBack(to string) string {
	u, err := url.Parse(to)
	own := regexp.MustCompile(`^/(requests(/HP-[0-9]{1,15})?|places|unmanaged)?$`)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !own.MatchString(u.Path) {
		return "/"
	}
	if query := u.Query().Encode(); query != "" {
		return u.Path + "?" + query
	}
	return u.Path
}

func (s *Site) beginSignIn(w http.ResponseWriter, r *http.Request) error {
	return s.sendToSignIn(w, r, underway{To: wayBack(r.URL.Query().Get("to"))})
}

// sendToSignIn begins a sign-in in this browser.
func (s *Site) sendToSignIn(w http.ResponseWriter, r *http.Request, u underway) error {
	u.State, u.Nonce, u.Verifier, u.Began = random(), random(), oauth2.GenerateVerifier(), s.cfg.Machine()
	data, err := u.encode()
	if err != nil {
		return fmt.Errorf("encoding a sign-in: %w", err)
	}
	at, err := s.signIn.begin(r.Context(), u)
	if err != nil {
		return err
	}
	id := random()
	if err := s.cfg.Keep.Put(r.Context(), kept("signin", id), data, signInWithin); err != nil {
		return fmt.Errorf("storing a sign-in: %w", err)
	}
	s.setCookie(w, cookieSignIn, id, signInWithin)
	http.Redirect(w, r, at, http.StatusSeeOther)
	return nil
}

// finishSignIn takes each sign-in once, only from the browser that began it.
func (s *Site) finishSignIn(w http.ResponseWriter, r *http.Request) error {
	u, err := s.take(r)
	if err != nil {
		return err
	}
	s.setCookie(w, cookieSignIn, "", -1)
	who, err := s.signIn.finish(r.Context(), u, r.URL.Query())
	if err != nil {
		return err
	}
	if u.Approve != "" {
		return s.mayDecide(w, r, u, who)
	}
	if _, err := s.mayReview(r.Context(), who.ID); err != nil {
		if no, ok := errors.AsType[*approvals.Refusal](err); ok {
			s.cfg.Acts.Refused(r.Context(), approvals.Act{Person: who.ID, Via: "web"}, approvals.VerbShow, "", no)
		}
		return err
	}
	if old, err := r.Cookie(cookieSession); err == nil && old.Value != "" {
		if _, err := s.cfg.Keep.Drop(r.Context(), kept("session", old.Value)); err != nil {
			return fmt.Errorf("ending the session before: %w", err)
		}
	}
	if err := s.note(r.Context(), approvals.Entry{Actor: who.ID, Name: who.Name, Act: "signed in", Detail: map[string]string{"via": "web"}}); err != nil {
		return err
	}
	if err := s.begin(r.Context(), w, who); err != nil {
		return err
	}
	http.Redirect(w, r, u.To, http.StatusSeeOther)
	return nil
}

func (s *Site) take(r *http.Request) (underway, error) {
	var u underway
	c, err := r.Cookie(cookieSignIn)
	if err != nil || c.Value == "" {
		return u, notGood("it was not begun in this browser")
	}
	name := kept("signin", c.Value)
	data, err := s.cfg.Keep.Get(r.Context(), name)
	if errors.Is(err, approvals.ErrNotFound) {
		return u, notGood("it took too long, or was used before")
	}
	if err != nil {
		return u, fmt.Errorf("reading a sign-in: %w", err)
	}
	first, err := s.cfg.Keep.Drop(r.Context(), name)
	if err != nil {
		return u, fmt.Errorf("taking a sign-in: %w", err)
	}
	if !first {
		return u, notGood("it was used before")
	}
	if err := json.Unmarshal(data, &u); err != nil {
		return u, fmt.Errorf("decoding a sign-in: %w", err)
	}
	return u, nil
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := s.end(r.Context(), w, v.id); err != nil {
		return err
	}
	http.Redirect(w, r, "/signed-out", http.StatusSeeOther)
	return nil
}

func (s *Site) signedOut(w http.ResponseWriter, r *http.Request) error {
	s.show(w, r, nil, http.StatusOK, "out.html", "Signed out", nil)
	return nil
}

// note records who did what here.
func (s *Site) note(ctx context.Context, e approvals.Entry) error {
	if err := s.cfg.Notes.Note(ctx, e); err != nil {
		return fmt.Errorf("recording who looked: %w", err)
	}
	return nil
}
