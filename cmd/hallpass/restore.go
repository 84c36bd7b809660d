package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"

	"hallpass/approvals/audit"
	"hallpass/cmd/internal/app"
)

// restored brings back what a lost Redis knew.
func (p program) restored(ctx context.Context, args []string) error {
	var file, keyFile string
	var o app.RestoreOptions
	return p.withConfig("restore", args, func(fs *flag.FlagSet) {
		fs.StringVar(&file, "checkpoints", "", "")
		fs.StringVar(&keyFile, "key", "", "")
		fs.BoolVar(&o.Go, "go", false, "")
	}, func(cfg app.Config) error {
		switch {
		case file == "" && keyFile != "":
			return errUsage{"restore: a key alone is not enough", "As in: hallpass restore -checkpoints checkpoints.jsonl -key checkpoints.pub"}
		case file != "":
			data, err := p.readFile(file)
			if err != nil {
				return fmt.Errorf("reading the checkpoints: %w", err)
			}
			if o.Checkpoints, err = audit.ReadSigned(bytes.NewReader(data)); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if len(o.Checkpoints) == 0 {
				return fmt.Errorf("there is no checkpoint in %s", file)
			}
		}
		if keyFile != "" {
			var err error
			if o.Key, err = p.readPublic(keyFile); err != nil {
				return err
			}
		}
		if err := p.restore(ctx, cfg, o, p.stdout); err != nil {
			return err
		}
		if o.Go {
			return p.say("Additions are held until hallpass resume -accept-loss; removals go on.\n")
		}
		return nil
	})
}
