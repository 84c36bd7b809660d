package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"hallpass/bot/teams"
	"hallpass/bot/web"
	"hallpass/graph"
)

// Run serves until the context ends; then it finishes what is in hand.
func Run(ctx context.Context, cfg Config, log *slog.Logger) error {
	reg := prometheus.NewRegistry()
	metrics, err := NewMetrics(reg)
	if err != nil {
		return err
	}
	p, closing, err := parts(ctx, cfg, log, metrics)
	if err != nil {
		return err
	}
	defer closing()
	if err := ready(ctx, cfg, p); err != nil {
		return err
	}
	if err := readyAudit(ctx, cfg, p); err != nil {
		return err
	}
	core, err := NewCore(ctx, p)
	if err != nil {
		return err
	}
	if err := noteRules(ctx, p.Store, p.Rules.Hash()); err != nil {
		return err
	}
	log.InfoContext(ctx, "hallpass starts", "mode", cfg.Mode, "slack", core.Slack != nil, "teams", core.Teams != nil, "rules", p.Rules.Hash())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return core.Run(ctx) })
	g.Go(func() error { return sample(ctx, p, float64(cfg.Entra.BudgetPercent)/100, metrics) })
	if cfg.HTTP.Listen != "" {
		health := Health{Gatherer: reg, Log: log, Ready: func(ctx context.Context) error {
			_, err := p.Store.Now(ctx)
			return err
		}}
		g.Go(func() error { return listen(ctx, cfg.HTTP.Listen, health.Handler()) })
	}
	for addr, handler := range handlers(cfg, core) {
		g.Go(func() error { return listen(ctx, addr, handler) })
	}
	if cfg.Web.Listen != "" {
		site, err := pages(cfg, core)
		if err != nil {
			return err
		}
		g.Go(func() error { return listen(ctx, cfg.Web.Listen, site.Handler()) })
		g.Go(func() error {
			if err := site.Warm(ctx); err != nil { // the first page that is asked for reads again
				log.WarnContext(ctx, "the pages could not read all requests yet", "error", err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// handlers are what is listened for, by address: one address may serve both chats.
func handlers(cfg Config, core *Core) map[string]*http.ServeMux {
	out := map[string]*http.ServeMux{}
	at := func(addr, path string, h http.Handler) {
		if out[addr] == nil {
			out[addr] = http.NewServeMux()
		}
		out[addr].Handle(path, h)
	}
	if core.Slack != nil && cfg.Slack.Mode == "http" {
		at(cfg.Slack.Listen, "/slack/", core.Slack.Handler())
	}
	if core.Teams != nil {
		at(cfg.Teams.Listen, teams.Path, core.Teams.Handler())
	}
	return out
}

// pages makes the reviewers' pages that the configuration wants.
func pages(cfg Config, core *Core) (*web.Site, error) {
	roots, err := pool(string(cfg.Hosts.CAFile))
	if err != nil {
		return nil, err
	}
	l, err := login(cfg, &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	if err != nil {
		return nil, err
	}
	return core.Pages(cfg.Web.PublicURL, l)
}

// ready refuses to start on what would break a promise.
func ready(ctx context.Context, cfg Config, p Parts) error {
	for _, f := range p.Store.Check(ctx) {
		if !f.OK && cfg.Redis.Durability != "relaxed" {
			return fmt.Errorf("%s: %s (or state `durability: relaxed` and accept that acknowledged clicks may be lost)", f.What, f.Do)
		}
	}
	if f := checkStepUp(cfg, p); !f.OK {
		return fmt.Errorf("%s: %s", f.What, f.Do)
	}
	for _, as := range graph.Identities() {
		client := p.client(as)
		if client == nil {
			continue
		}
		roles, err := client.Roles(ctx)
		if err != nil {
			p.Log.WarnContext(ctx, "the permissions of an identity could not be read", "error", err)
			continue
		}
		for _, role := range roles {
			if why, bad := graph.Forbidden(as)[role]; bad {
				return fmt.Errorf("entra.%s holds %s, which hallpass must not hold there: %s. Take it away in Entra ID", as, role, why)
			}
		}
	}
	return nil
}

func listen(ctx context.Context, addr string, handler http.Handler) error {
	srv := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(bounded) // open requests are bounded by the time-outs above
	})
	defer stop()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("listening on %s: %w", addr, err)
	}
	return nil
}
