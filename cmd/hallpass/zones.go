package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
	"hallpass/cmd/internal/app"
)

// maxZones is how many zones a plan is printed for: each costs two policies, of which a tenant has some 200.
const maxZones = 50

// zone carries out the commands about fenced zones.
func (p program) zone(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage{"zone: say what to do", "hallpass zone check, or hallpass zone plan"}
	}
	switch name, rest := args[0], args[1:]; name {
	case "check":
		return p.withConfig("zone check", rest, nil, func(cfg app.Config) error {
			ok, err := p.zones(ctx, cfg, p.stdout)
			if err == nil && !ok {
				err = errFailed
			}
			return err
		})
	case "plan":
		return p.zonePlan(rest)
	default:
		return errUsage{fmt.Sprintf("there is no command %q", "zone "+name), rulesfile.Meant(name, []string{"check", "plan"})}
	}
}

// zonePlan prints what an administrator creates. It needs no config and no network.
func (p program) zonePlan(args []string) error {
	fs := flag.NewFlagSet("zone plan", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	n := fs.Int("n", 1, "")
	name := fs.String("name", "integrations", "")
	blocked := fs.Bool("blocked", false, "")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage{"zone plan: " + err.Error(), ""}
	case fs.NArg() > 0:
		return errUsage{fmt.Sprintf("zone plan: %q is too much", fs.Arg(0)), "Did you mean -name " + fs.Arg(0) + "?"}
	case *n < 1 || *n > maxZones:
		return errUsage{fmt.Sprintf("zone plan: -n is %d; it must be from 1 to %d", *n, maxZones), ""}
	case !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`).MatchString(*name):
		return errUsage{fmt.Sprintf("zone plan: %q cannot be the name of a zone", *name), "use a to z, 0 to 9 and -"}
	}
	if *blocked {
		return app.WriteBlockedPlan(p.stdout)
	}
	return app.WriteZonePlan(p.stdout, app.ZoneNames(*name, *n))
}

// advice says what stops an account. It takes one argument beside the flags: the account.
func (p program) advice(ctx context.Context, args []string) error {
	const example = "As in: hallpass advise svc-nx@contoso.com"
	if len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") || len(args) > 1 && args[len(args)-2] == "-config" {
		return errUsage{"advise: on which account?", example}
	}
	account := args[len(args)-1]
	return p.withConfig("advise", args[:len(args)-1], nil, func(cfg app.Config) error {
		return p.advise(ctx, cfg, approvals.Question{Account: account}, p.stdout)
	})
}
