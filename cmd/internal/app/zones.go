package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"hallpass/graph/entra"
)

// CheckZones looks at every fenced zone and writes what it found; ok is false if the fence of one does not hold.
func CheckZones(ctx context.Context, cfg Config, w io.Writer) (ok bool, err error) {
	err = withCore(ctx, cfg, func(ctx context.Context, core *Core) error {
		reports, err := patient(ctx, core.parts.Store.Now, core.Tenant.CheckZones)
		if err != nil {
			return fmt.Errorf("looking at the zones: %w", err)
		}
		ok, err = WriteZones(w, reports)
		return err
	})
	return ok, err
}

// withCore puts a replica together for one answer to an operator, and takes it apart again.
func withCore(ctx context.Context, cfg Config, do func(ctx context.Context, core *Core) error) error {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	return withCoreFor(ctx, cfg, do)
}

// withCoreFor is withCore for what takes as long as its context allows.
func withCoreFor(ctx context.Context, cfg Config, do func(ctx context.Context, core *Core) error) error {
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		return err
	}
	p, closing, err := parts(ctx, cfg, slog.New(slog.DiscardHandler), metrics)
	if err != nil {
		return err
	}
	defer closing()
	core, err := NewCore(ctx, p)
	if err != nil {
		return err
	}
	return do(ctx, core)
}

// WriteZones writes what a check of the zones found; ok is false if it found anything.
func WriteZones(w io.Writer, reports []entra.ZoneReport) (ok bool, err error) {
	say := func(format string, args ...any) {
		if _, werr := fmt.Fprintf(w, format, args...); werr != nil && err == nil {
			err = fmt.Errorf("writing the report: %w", werr)
		}
	}
	ok = true
	if len(reports) == 0 {
		say("The rules file has no zones. hallpass zone plan prints what to create for one.\n")
	}
	for _, r := range reports {
		if len(r.Found()) == 0 && r.Blocks {
			say("ok      %s: %d are kept out of everything\n", r.Zone.Name, r.Accounts)
			continue
		}
		if len(r.Found()) == 0 {
			say("ok      %s holds: %d accounts, %d addresses\n", r.Zone.Name, r.Accounts, r.Addresses)
			continue
		}
		ok = false
		what := "it holds what hallpass did not put there"
		if len(r.Broken) > 0 {
			what = "nobody is put into it until this is mended"
			if r.Blocks {
				what = "who is in it may get in, and nobody is exempted whom it is to block at the end"
			}
		}
		say("broken  %s: %s\n", r.Zone.Name, what)
		for _, f := range r.Found() {
			say("        %s\n        %s\n", f.What, f.Do)
		}
	}
	return ok, err
}
