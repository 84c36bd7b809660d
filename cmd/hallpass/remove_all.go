package main

import (
	"errors"
	"flag"
	"io"

	"hallpass/cmd/internal/app"
)

// removeAll writes the script that takes everything out by hand. It needs a file of checkpoints and the public key, and
// neither config, store nor network: it is for the day on which there are none.
func (p program) removeAll(args []string) error {
	fs := flag.NewFlagSet("remove-all", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	printing := fs.Bool("print", false, "")
	checkpoints := fs.String("checkpoints", "", "")
	key := fs.String("key", "", "")
	hint := "As in: hallpass remove-all -print -checkpoints checkpoints.jsonl -key checkpoints.pub > remove.ps1"
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage{"remove-all: " + err.Error(), hint}
	case !*printing:
		return errUsage{"remove-all: hallpass only prints what to do; say -print", hint}
	case *checkpoints == "" || *key == "" || fs.NArg() > 0:
		return errUsage{"remove-all wants a file of checkpoints and the key that they are signed with", hint}
	}
	signed, public, err := p.readCheckpoints(*checkpoints, *key)
	if err != nil {
		return err
	}
	if len(signed) == 0 {
		return errors.New("there is no checkpoint in " + *checkpoints)
	}
	newest, err := signed[len(signed)-1].Open(public)
	if err != nil {
		return err
	}
	return app.WriteRemoveAll(p.stdout, newest)
}
