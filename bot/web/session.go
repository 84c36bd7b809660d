package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"hallpass/approvals"
)

// How long a session lives: without a look at a page, and at most.
const (
	idleFor = 30 * time.Minute
	liveFor = 8 * time.Hour
)

// The names of the cookies. With __Host- a browser takes them from this host alone, over https, for all paths (RFC 6265bis).
const (
	cookieSession = "__Host-hallpass"
	cookieSignIn  = "__Host-hallpass-signin"
	cookieTicket  = "__Host-hallpass-approve"
)

// session is one person signed in with one browser. What they may do is not in it: that is read anew.
type session struct {
	Person string    `json:"person"` // Entra object id
	Name   string    `json:"name"`
	Token  string    `json:"token"` // stands in every form
	Began  time.Time `json:"began"`
	Seen   time.Time `json:"seen"` // within a minute
}

// random is 26 characters that nobody guesses (128 bits or more).
func random() string { return rand.Text() }

// kept is the name under which a thing is stored: a digest, so that what is in the store opens no session.
func kept(kind, id string) string {
	sum := sha256.Sum256([]byte(id))
	return "web-" + kind + ":" + hex.EncodeToString(sum[:])
}

// begin makes a session under an id that nobody had before, whatever the browser sent.
func (s *Site) begin(ctx context.Context, w http.ResponseWriter, who person) error {
	id, now := random(), s.cfg.Now()
	if err := s.keep(ctx, id, session{Person: who.ID, Name: who.Name, Token: random(), Began: now, Seen: now}); err != nil {
		return err
	}
	s.setCookie(w, cookieSession, id, liveFor)
	return nil
}

func (s *Site) keep(ctx context.Context, id string, ses session) error {
	data, err := json.Marshal(ses)
	if err != nil {
		return fmt.Errorf("encoding a session: %w", err)
	}
	left := min(idleFor+time.Minute, ses.Began.Add(liveFor).Sub(s.cfg.Now()))
	if err := s.cfg.Keep.Put(ctx, kept("session", id), data, max(left, time.Second)); err != nil {
		return fmt.Errorf("storing a session: %w", err)
	}
	return nil
}

// session gives the session of a request; false if there is none that still lives.
func (s *Site) session(r *http.Request) (string, session, bool, error) {
	var ses session
	c, err := r.Cookie(cookieSession)
	if err != nil || c.Value == "" {
		return "", ses, false, nil //nolint:nilerr // no cookie is no session
	}
	data, err := s.cfg.Keep.Get(r.Context(), kept("session", c.Value))
	if errors.Is(err, approvals.ErrNotFound) {
		return "", ses, false, nil
	}
	if err != nil {
		return "", ses, false, fmt.Errorf("reading a session: %w", err)
	}
	if err := json.Unmarshal(data, &ses); err != nil {
		return "", ses, false, fmt.Errorf("decoding a session: %w", err)
	}
	now := s.cfg.Now()
	if now.Sub(ses.Seen) > idleFor || now.Sub(ses.Began) > liveFor {
		return "", ses, false, nil
	}
	if now.Sub(ses.Seen) > time.Minute {
		ses.Seen = now
		if err := s.keep(r.Context(), c.Value, ses); err != nil {
			return "", ses, false, err
		}
	}
	return c.Value, ses, true, nil
}

// end ends a session in the store and in the browser.
func (s *Site) end(ctx context.Context, w http.ResponseWriter, id string) error {
	s.setCookie(w, cookieSession, "", -1)
	if _, err := s.cfg.Keep.Drop(ctx, kept("session", id)); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// setCookie sets a cookie, or takes it away if it may not live.
func (s *Site) setCookie(w http.ResponseWriter, name, value string, live time.Duration) {
	age := -1
	if live > 0 {
		age = int(live.Seconds())
	}
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
