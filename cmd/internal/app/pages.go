package app

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/rulesfile"
	"hallpass/bot/web"
	"hallpass/graph/entra"
)

// What fits together is asserted here, once.
var _ web.Source = (*redisstore.Store)(nil)

// Pages makes the reviewers' pages of this replica. It makes no outside call.
func (c *Core) Pages(public string, login web.Login) (*web.Site, error) {
	p := c.parts
	zone := p.Calendar.Zone
	if zone == nil {
		zone = time.UTC
	}
	return web.New(web.Config{
		Public: public, Login: login, Source: p.Store, Places: seenPlaces{p.Store, p.Rules.File}, Surveys: lastSurvey{p.Store}, SignIns: signIns{c.Tenant, p.Store.Now}, Acts: patientActs{c.Engine, p.Store.Now}, Directory: c.Tenant,
		Notes: notes{p.Store}, Keep: keeper{p.Store, p.Clock}, Now: p.Clock, Machine: p.Now, Zone: zone, Log: p.Log,
	})
}

// signIns asks for a while: whoever opened the page waits for it.
type signIns struct {
	tenant *entra.Entra
	now    func(ctx context.Context) (time.Time, error)
}

// pageWait is how long a page waits for its turn at the sign-in log.
const pageWait = 8 * time.Second

func (s signIns) SignedInFrom(ctx context.Context, addresses []netip.Prefix) ([]approvals.SignedIn, bool, error) {
	type answer struct {
		list []approvals.SignedIn
		more bool
	}
	ctx, cancel := context.WithTimeout(ctx, pageWait)
	defer cancel()
	a, err := patient(ctx, s.now, func(ctx context.Context) (answer, error) {
		list, more, err := s.tenant.SignedInFrom(ctx, addresses)
		return answer{list, more}, err
	})
	return a.list, a.more, err
}

// login is the sign-in of the config.
func login(cfg Config, transport http.RoundTripper) (web.Login, error) {
	l := web.Login{
		Issuer: strings.TrimSuffix(cfg.Hosts.Login, "/") + "/" + cfg.Tenant.ID + "/v2.0", Tenant: cfg.Tenant.ID, ClientID: cfg.Web.ClientID,
		Secret: cfg.Web.ClientSecret.Reveal(), StepUpContext: cfg.Web.StepUpContext,
		HTTP: &http.Client{Transport: transport, Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}
	if cfg.Web.CertificateFile == "" {
		return l, nil
	}
	pair, err := tls.LoadX509KeyPair(string(cfg.Web.CertificateFile), string(cfg.Web.CertificateFile))
	if err != nil {
		return l, fmt.Errorf("web.certificate_file: %w", err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return l, errors.New("web.certificate_file: its key cannot sign")
	}
	l.Key = signer
	if l.Certificate, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
		return l, fmt.Errorf("web.certificate_file: %w", err)
	}
	return l, nil
}

// seenPlaces gives the places of the rules file as converging last saw them.
type seenPlaces struct {
	store *redisstore.Store
	rules func() *rulesfile.File
}

func (s seenPlaces) Places(ctx context.Context) ([]web.Place, error) {
	file := s.rules()
	var out []web.Place
	add := func(kind approvals.Kind, places []rulesfile.Place) error {
		for _, p := range places {
			rec, rows, _, err := s.store.Target(ctx, p.Target)
			if err != nil {
				return err
			}
			out = append(out, web.Place{Kind: kind, Name: p.Name, Title: p.Title, Shared: p.Shared, Record: rec, Rows: rows})
		}
		return nil
	}
	if err := add(approvals.KindIP, file.Locations()); err != nil {
		return nil, err
	}
	if err := add(approvals.KindAccount, file.Exclusions()); err != nil {
		return nil, err
	}
	for _, z := range file.Zones() {
		health, err := loadTold(ctx, s.store, z.Name)
		if err != nil {
			return nil, err
		}
		first := len(out)
		if err := add(approvals.KindAccount, []rulesfile.Place{{Name: z.Name, Title: z.Title, Target: z.Group}}); err != nil {
			return nil, err
		}
		if err := add(approvals.KindIP, []rulesfile.Place{{Name: z.Name, Title: z.Title, Target: z.Location}}); err != nil {
			return nil, err
		}
		for i := range out[first:] {
			out[first+i].Zone, out[first+i].Broken = true, health.Noted
		}
	}
	apps, err := liveApps(ctx, s.store)
	for _, a := range apps {
		err = errors.Join(err, add(approvals.KindApp, []rulesfile.Place{{Name: a.Target.ID, Title: strings.TrimPrefix(a.Target.ID, "hallpass-"), Target: a.Target}}))
	}
	return out, err
}

// asksWithin is how long a page waits for the budget of calls to Graph when something is asked for: people look at it.
const asksWithin = 20 * time.Second

// patientActs is the engine for pages: what has to wait for its turn a moment is waited for.
type patientActs struct {
	*engine.Engine

	now func(ctx context.Context) (time.Time, error)
}

func (p patientActs) Open(ctx context.Context, act approvals.Act, ask approvals.Ask) (approvals.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, asksWithin)
	defer cancel()
	return patient(ctx, p.now, func(ctx context.Context) (approvals.Request, error) { return p.Engine.Open(ctx, act, ask) })
}

func (p patientActs) Vote(ctx context.Context, act approvals.Act, id approvals.RequestID, b approvals.Ballot) (approvals.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, asksWithin)
	defer cancel()
	return patient(ctx, p.now, func(ctx context.Context) (approvals.Request, error) { return p.Engine.Vote(ctx, act, id, b) })
}

// lastSurvey gives what the last look of any replica found.
type lastSurvey struct{ store noted }

func (l lastSurvey) Survey(ctx context.Context) (approvals.Survey, bool, error) {
	return lastListed(ctx, l.store)
}

func (l lastSurvey) Count(ctx context.Context) (int, bool, error) {
	last, known, err := lastCounted(ctx, l.store)
	return last.Count, known, err
}

// notes writes entries that belong to no step of a request.
type notes struct{ store *redisstore.Store }

func (n notes) Note(ctx context.Context, e approvals.Entry) error {
	now, err := n.store.Now(ctx)
	if err != nil {
		return err
	}
	e.At = now
	return n.store.Note(ctx, audit.Seal("", e))
}

// keeper keeps what the pages remember of a browser.
type keeper struct {
	store *redisstore.Store
	now   func() time.Time
}

func (k keeper) Put(ctx context.Context, name string, data []byte, ttl time.Duration) error {
	return k.store.Share(ctx, name, data, k.now(), ttl)
}

func (k keeper) Get(ctx context.Context, name string) ([]byte, error) {
	data, _, err := k.store.Shared(ctx, name)
	return data, err
}

func (k keeper) Drop(ctx context.Context, name string) (bool, error) {
	return k.store.Unshare(ctx, name)
}
