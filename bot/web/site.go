package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
)

//go:embed page/*.html page/style.css
var files embed.FS

// policy lets a page load what is served here and nothing else; no script at all, no inline style, no frame around it.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// standingFor is how old what was read of a reviewer's rights may be.
const standingFor = 30 * time.Second

// Config is what a Site is made of. All fields are needed.
type Config struct {
	// Public is the address under which people reach the pages, as https://hallpass.example.com, without a path. Plain http
	// is taken for a loopback address only, which no other machine reaches.
	Public    string
	Login     Login
	Source    Source
	Places    Places
	Surveys   Surveys
	SignIns   SignIns
	Acts      Acts
	Directory Directory
	Notes     Notes
	Keep      Keep
	// Now is the clock of everything stored, Machine that of tokens.
	Now, Machine func() time.Time
	Zone         *time.Location
	Log          *slog.Logger
}

// Site is the pages.
type Site struct {
	cfg       Config
	host      string
	register  *Register
	signIn    *signIn
	templates *template.Template
	voice     bot.Voice

	mu        sync.Mutex // mu guards standings
	standings map[string]standing
}

type standing struct {
	approvals.Standing
	err error
	at  time.Time
}

// New makes a Site. It makes no outside call.
func New(cfg Config) (*Site, error) {
	if cfg.Source == nil || cfg.Places == nil || cfg.Surveys == nil || cfg.SignIns == nil || cfg.Acts == nil || cfg.Directory == nil || cfg.Notes == nil || cfg.Keep == nil ||
		cfg.Now == nil || cfg.Machine == nil || cfg.Zone == nil || cfg.Log == nil || cfg.Login.HTTP == nil || cfg.Login.Issuer == "" ||
		cfg.Login.Tenant == "" || cfg.Login.ClientID == "" {
		return nil, errors.New("web: Config lacks a part")
	}
	if cfg.Login.Key != nil && cfg.Login.Certificate == nil {
		return nil, errors.New("web: Login has a key without its certificate")
	}
	at, err := url.Parse(cfg.Public)
	if err != nil || at.Host == "" || at.Path != "" || at.RawQuery != "" || at.Fragment != "" || at.User != nil {
		return nil, fmt.Errorf("web: %q is no address of the pages; it looks like https://hallpass.example.com", cfg.Public)
	}
	if ip, err := netip.ParseAddr(at.Hostname()); at.Scheme != "https" && (at.Scheme != "http" || err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("web: %s is not https", cfg.Public)
	}
	s := &Site{cfg: cfg, host: at.Host, register: NewRegister(cfg.Source), voice: bot.Voice{Zone: cfg.Zone}, standings: map[string]standing{}}
	s.signIn = &signIn{cfg: cfg.Login, redirect: cfg.Public + "/sign-in/done", now: cfg.Machine}
	if s.templates, err = template.New("").Funcs(s.funcs()).ParseFS(files, "page/*.html"); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return s, nil
}

// Warm reads all requests, so that the first who looks does not wait for it.
func (s *Site) Warm(ctx context.Context) error { return s.register.CatchUp(ctx) }

// Handler serves the pages.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		http.ServeFileFS(w, r, files, "page/style.css")
	})
	mux.Handle("GET /sign-in", s.open(s.beginSignIn))
	mux.Handle("GET /sign-in/done", s.open(s.finishSignIn))
	mux.Handle("GET /signed-out", s.open(s.signedOut))
	mux.Handle("POST /sign-out", s.reviewer(s.signOut))
	mux.Handle("GET /approve/{id}", s.open(s.beginApproval))
	mux.Handle("GET /approve/{id}/decide", s.open(s.decisionPage))
	mux.Handle("POST /approve/{id}/decide", s.open(s.decide))
	mux.Handle("GET /{$}", s.reviewer(s.overviewPage))
	mux.Handle("GET /requests", s.reviewer(s.listPage))
	mux.Handle("GET /requests/{id}", s.reviewer(s.requestPage))
	mux.Handle("GET /requests/{id}/people", s.reviewer(s.peoplePage))
	mux.Handle("POST /requests/{id}/revoke", s.reviewer(s.revoke))
	mux.Handle("POST /requests/{id}/review", s.reviewer(s.review))
	mux.Handle("GET /places", s.reviewer(s.placesPage))
	mux.Handle("GET /unmanaged", s.reviewer(s.unmanagedPage))
	mux.Handle("POST /unmanaged/adopt", s.reviewer(s.adopt))
	mux.Handle("GET /export/{view}", s.reviewer(s.export))
	mux.Handle("/", s.open(func(w http.ResponseWriter, _ *http.Request) error {
		return problem{http.StatusNotFound, "There is no such page", "The address may be incomplete."}
	}))
	return s.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard sets what holds for every answer, and answers under the public name alone: another name could be somebody else's
// that points here.
func (s *Site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if strings.HasPrefix(s.cfg.Public, "https:") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !strings.EqualFold(r.Host, s.host) {
			http.Error(w, "hallpass answers at "+s.cfg.Public, http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		next.ServeHTTP(w, r)
	})
}

// problem is an error for people.
type problem struct {
	Status      int
	Title, Text string
}

// Error is the text.
func (p problem) Error() string { return p.Title + ". " + p.Text }

// visitor is a reviewer who looks at a page.
type visitor struct {
	session

	id   string
	user approvals.Person
}

// open serves a page to everyone.
func (s *Site) open(page func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := page(w, r); err != nil {
			s.fail(w, r, nil, err)
		}
	})
}

// reviewer serves a page to those who are signed in and are, as the directory said at most half a minute ago, enabled
// members and security reviewers. A form must carry the session's token.
func (s *Site) reviewer(page func(http.ResponseWriter, *http.Request, *visitor) error) http.Handler {
	return s.open(func(w http.ResponseWriter, r *http.Request) error {
		id, ses, ok, err := s.session(r)
		if err != nil {
			return err
		}
		if !ok && r.Method == http.MethodGet {
			http.Redirect(w, r, "/sign-in?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return nil
		}
		if !ok {
			return problem{http.StatusForbidden, "You are signed out", "Nothing was done. Please sign in and try again."}
		}
		if r.Method != http.MethodGet && !sameToken(r.PostFormValue("token"), ses.Token) {
			return problem{http.StatusForbidden, "That form is not from here", "Nothing was done. Open the page anew and try again."}
		}
		who, err := s.mayReview(r.Context(), ses.Person)
		if _, no := errors.AsType[*approvals.Refusal](err); no {
			if dropped := s.end(r.Context(), w, id); dropped != nil {
				return dropped
			}
		}
		if err != nil {
			return err
		}
		v := &visitor{session: ses, id: id, user: who}
		if err := page(w, r, v); err != nil {
			s.fail(w, r, v, err)
		}
		return nil
	})
}

// mayReview gives the person if they may look at the pages, or a Refusal. Any other error is neither a yes nor a no.
func (s *Site) mayReview(ctx context.Context, id string) (approvals.Person, error) {
	who, err := s.standing(ctx, id)
	switch {
	case errors.Is(err, approvals.ErrNotFound):
		return who.Person, approvals.Refuse(approvals.RefusedIdentity, "Your account is not in Entra ID any more.")
	case err != nil:
		return who.Person, fmt.Errorf("reading the standing of a reviewer: %w", err)
	case !who.Person.Enabled:
		return who.Person, approvals.Refuse(approvals.RefusedRights, "Your account is disabled in Entra ID.")
	case who.Person.Guest:
		return who.Person, approvals.Refuse(approvals.RefusedRights, "Guests cannot use hallpass.")
	case !who.Security:
		return who.Person, approvals.Refuse(approvals.RefusedRights, "These pages are for security reviewers.").
			Or("In chat, `/hallpass list mine` shows what concerns you.")
	}
	return who.Person, nil
}

// standing reads a person's standing, at most half a minute old. A failed read is not kept.
func (s *Site) standing(ctx context.Context, id string) (approvals.Standing, error) {
	now := s.cfg.Machine()
	s.mu.Lock()
	kept, ok := s.standings[id]
	s.mu.Unlock()
	if ok && now.Sub(kept.at) < standingFor {
		return kept.Standing, kept.err
	}
	who, err := s.cfg.Directory.Standing(ctx, id, nil)
	if err != nil && !errors.Is(err, approvals.ErrNotFound) {
		return who, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.standings) > 1000 { // only people of the tenant get here, but not all of them need be remembered
		clear(s.standings)
	}
	s.standings[id] = standing{who, err, now}
	return who, err
}

// fail answers with an error page. People read what is for people; everything else is logged.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, v *visitor, err error) {
	var p problem
	refusal, no := errors.AsType[*approvals.Refusal](err)
	switch {
	case errors.As(err, &p):
	case no && refusal.Reason == approvals.RefusedNotFound:
		p = problem{http.StatusNotFound, "There is no such request", refusal.What}
	case no && refusal.Reason == approvals.RefusedState:
		p = problem{http.StatusConflict, "Nothing was done", refusal.What}
	case no:
		p = problem{http.StatusForbidden, "This is not for you", refusal.Error()}
	case errors.Is(err, errSignIn):
		s.cfg.Log.WarnContext(r.Context(), "a sign-in was not accepted", "error", err)
		p = problem{http.StatusForbidden, "The sign-in did not work", "Please try again. If it fails again, tell your administrator at what time it did."}
	default:
		s.cfg.Log.ErrorContext(r.Context(), "a page could not be served", "path", r.URL.Path, "error", err)
		p = problem{http.StatusServiceUnavailable, "That could not be read right now", "Nothing was changed. Please try again in a minute."}
	}
	s.show(w, r, v, p.Status, "problem.html", p.Title, p)
}
