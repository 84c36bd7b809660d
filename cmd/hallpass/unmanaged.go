package main

import (
	"context"
	"flag"

	"hallpass/cmd/internal/app"
)

// unmanaged lists what stands in the tenant without a request.
func (p program) unmanaged(ctx context.Context, args []string) error {
	var asJSON bool
	return p.withConfig("unmanaged", args, func(fs *flag.FlagSet) { fs.BoolVar(&asJSON, "json", false, "") }, func(cfg app.Config) error {
		return p.survey(ctx, cfg, asJSON, p.stdout)
	})
}
