// Command demo shows hallpass at work: everything around it is emulated in this one process, and a page lets you be the
// engineer, the approvers and the reviewer, and push the clock.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"hallpass/cmd/internal/companytest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("listen", "", "address of the page, on this machine only; default: 127.0.0.1:8181, or any free port with -emulators")
	only := flags.Bool("emulators", false, "start only the emulated Slack, Teams and Entra ID, for a real hallpass serve, with a page of both chats;"+
		" write their CA, a rules file, a people file and a configuration")
	asJSON := flags.Bool("json", false, "with -emulators: print one line of JSON with every address, token and secret")
	dir := flags.String("dir", "", "with -emulators: where the files go; default: a new temporary folder")
	verbose := flags.Bool("v", false, "log what hallpass does")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if *only {
		return emulators(ctx, cmp.Or(*addr, "127.0.0.1:0"), *dir, *asJSON, stdout)
	}
	level := slog.LevelError
	if *verbose {
		level = slog.LevelInfo
	}
	w, err := newWorld(ctx, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})))
	if err != nil {
		return err
	}
	l, err := listen(ctx, cmp.Or(*addr, "127.0.0.1:8181"))
	if err != nil {
		return err
	}
	review, err := w.company.Pages(ctx, w.now)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "hallpass demo: http://%s\nThe reviewers' pages: %s\nEverything is emulated and in memory. Stop with Ctrl-C.\n", l.Addr(), review.URL); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.company.Core.Run(ctx) })
	g.Go(func() error { return w.tick(ctx) })
	g.Go(func() error { return review.Serve(ctx) })
	g.Go(func() error {
		s, err := newStage(w.company.Slack, w.company.Teams, w.company.Tenant, w.now, w)
		if err != nil {
			return err
		}
		s.review = review.URL
		return serve(ctx, l, s)
	})
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return w.company.Close()
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w (another demo may be running; try -listen 127.0.0.1:0)", err)
	}
	return l, nil
}

// serve answers with the page until the context ends.
func serve(ctx context.Context, l net.Listener, s *stage) error {
	srv := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving the page: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		return srv.Close()
	})
	return g.Wait()
}

// printed is what -emulators prints: everything that a real hallpass is configured with, and the page of both chats, on
// which people act.
type printed struct {
	Page string `json:"page"`
	// Config is a configuration for hallpass serve, with all of the others in it.
	Config string `json:"config_file"`
	*companytest.Outside
}

// emulators starts what a real hallpass needs around it, but Redis. The secrets are made anew each time and good for
// nothing else.
func emulators(ctx context.Context, addr, dir string, asJSON bool, stdout io.Writer) error {
	var err error
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hallpass-emulators-"); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }() // what is left is a CA that nobody trusts
	}
	if dir, err = filepath.Abs(dir); err != nil { // what is written is used from elsewhere
		return fmt.Errorf("finding the folder: %w", err)
	}
	now := time.Now //nolint:forbidigo // here the machine's clock comes in
	out, err := companytest.NewOutside(ctx, dir, companytest.Options{Now: now})
	if err != nil {
		return err
	}
	config, err := writeConfig(dir, out)
	if err != nil {
		return err
	}
	l, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(stdout)
	if !asJSON {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(printed{"http://" + l.Addr().String(), config, out}); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return out.Serve(ctx) })
	g.Go(func() error {
		s, err := newStage(out.Slack, out.Teams, out.Tenant, now, nil)
		if err != nil {
			return err
		}
		return serve(ctx, l, s)
	})
	return g.Wait()
}
