package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"hallpass/cmd/internal/app"
)

// archive writes finished requests to a file and takes them out of Redis. Unless it is told to it only says what it would do.
func (p program) archive(ctx context.Context, args []string) error {
	var o app.ArchiveOptions
	var before string
	return p.withConfig("archive", args, func(fs *flag.FlagSet) {
		fs.StringVar(&before, "before", "", "")
		fs.StringVar(&o.File, "to", "", "")
		fs.BoolVar(&o.Go, "go", false, "")
	}, func(cfg app.Config) error {
		const example = "As in: hallpass archive -before 2026-01-01 -to archive-2025.json -go"
		var err error
		if o.Before, err = time.Parse("2006-01-02", before); err != nil {
			return errUsage{fmt.Sprintf("archive: -before is %q, which is no day", before), example}
		}
		if o.Go && o.File == "" {
			return errUsage{"archive: say the file to write to", example}
		}
		done, err := p.toArchive(ctx, cfg, o)
		if err != nil {
			return err
		}
		return p.sayArchived(done, o)
	})
}

func (p program) sayArchived(done app.Archived, o app.ArchiveOptions) error {
	day := o.Before.Format("2 Jan 2006")
	if done.Requests == 0 {
		return p.say("No request was finished before %s.\n", day)
	}
	span := fmt.Sprintf("%d requests that were finished before %s (%s to %s)", done.Requests, day, done.First, done.Last)
	if !o.Go {
		if err := p.say("Would write %s to a file and take them out of Redis. With -to FILE -go it does.\n", span); err != nil {
			return err
		}
	} else if err := p.say("Wrote %s to %s and took them out of Redis. Their audit entries are still there.\nKeep the file: it is the evidence of them. hallpass evidence verify -key KEY %s looks whether it is whole.\n", span, o.File, o.File); err != nil {
		return err
	}
	if len(done.Kept) > 0 {
		var ids []string
		for _, id := range done.Kept {
			ids = append(ids, string(id))
		}
		if err := p.say("Something of these is still due, so they stayed: %s.\n", strings.Join(ids, ", ")); err != nil {
			return err
		}
	}
	if done.Left > 0 {
		return p.say("%d more are as old: run it again, with another file.\n", done.Left)
	}
	return nil
}
