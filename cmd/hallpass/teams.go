package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	teamsapp "hallpass/deploy/teams"
)

// teamsPackage writes the app package for Microsoft Teams. It needs no config and no network.
func (p program) teamsPackage(args []string) error {
	fs := flag.NewFlagSet("teams-package", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	appID, host := fs.String("app-id", "", ""), fs.String("host", "", "")
	out := fs.String("out", "hallpass.zip", "")
	const example = "As in: hallpass teams-package -app-id 0f5a4b7e-0000-4000-8000-00000000000b -host hallpass.example.com"
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage{"teams-package: " + err.Error(), example}
	case fs.NArg() > 0:
		return errUsage{fmt.Sprintf("teams-package: %q is too much", fs.Arg(0)), example}
	}
	data, err := teamsapp.Zip(*appID, *host)
	if err != nil {
		return errUsage{"teams-package: " + err.Error(), example}
	}
	if err := p.writeFile(*out, data, 0o644); err != nil { // it holds no secret, and is uploaded by somebody else
		return fmt.Errorf("writing the package: %w", err)
	}
	return p.say("%s is written. Upload it in the Teams admin center; deploy/teams/README.md says how.\n", *out)
}
