package main

import (
	"context"
	"strings"

	"hallpass/approvals"
	"hallpass/cmd/internal/app"
)

// stepsOf prints what has to be done by hand for a request. It takes one argument beside the flags: the request.
func (p program) stepsOf(ctx context.Context, args []string) error {
	const example = "As in: hallpass steps HP-1042 > hallpass-hp-1042.ps1"
	if len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") || len(args) > 1 && args[len(args)-2] == "-config" {
		return errUsage{"steps: of which request?", example}
	}
	id, err := approvals.ParseRequestID(args[len(args)-1])
	if err != nil {
		return errUsage{"steps: " + err.Error(), example}
	}
	return p.withConfig("steps", args[:len(args)-1], nil, func(cfg app.Config) error { return p.steps(ctx, cfg, id, p.stdout) })
}
