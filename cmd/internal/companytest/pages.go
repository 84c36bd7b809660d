package companytest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"hallpass/bot/web"
	"hallpass/bot/web/webtest"
	"hallpass/graph/graphtest"
)

// Pages is the reviewers' pages of a Company on loopback, with an emulated login service that signs Sam in.
type Pages struct {
	// URL is where they are, over plain http: only this machine reaches it.
	URL    string
	Issuer *webtest.Issuer

	site         *web.Site
	pages, login net.Listener
}

// Pages opens the listeners of the reviewers' pages. Serve answers on them.
func (c *Company) Pages(ctx context.Context, now func() time.Time) (*Pages, error) {
	p := &Pages{pages: c.pages}
	var config net.ListenConfig
	var err error
	if p.pages == nil {
		if p.pages, err = config.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("listening: %w", err)
		}
	}
	if p.login, err = config.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	p.URL = "http://" + p.pages.Addr().String()
	client, secret := graphtest.NewID(), rand.Text()
	p.Issuer, err = webtest.New(webtest.Options{
		URL: "http://" + p.login.Addr().String(), Tenant: c.Tenant.ID(), ClientID: client, ClientSecret: secret,
		Redirects: []string{p.URL + "/sign-in/done"}, Now: now,
	})
	if err != nil {
		return nil, err
	}
	sam := People()[3]
	p.Issuer.SignInAs(sam.Entra, sam.Name)
	p.site, err = c.Core.Pages(p.URL, web.Login{
		Issuer: p.Issuer.Name(), Tenant: c.Tenant.ID(), ClientID: client, Secret: secret, HTTP: &http.Client{Timeout: 10 * time.Second},
	})
	return p, err
}

// Serve answers until the context ends.
func (p *Pages) Serve(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for l, handler := range map[net.Listener]http.Handler{p.pages: p.site.Handler(), p.login: p.Issuer} {
		srv := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
		g.Go(func() error {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving the pages: %w", err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			return srv.Close()
		})
	}
	return g.Wait()
}
