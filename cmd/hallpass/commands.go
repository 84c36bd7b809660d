package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"hallpass/approvals/rulesfile"
	"hallpass/cmd/internal/app"
)

// errUsage says that the program was called wrongly.
type errUsage struct{ what, hint string } //nolint:errname // local, and read with errors.AsType only

// Error joins the parts.
func (e errUsage) Error() string {
	if e.hint == "" {
		return e.what
	}
	return e.what + "\n" + e.hint
}

// errFailed says that everything was said already.
var errFailed = errors.New("failed")

func (p program) run(ctx context.Context, args []string) int {
	err := p.dispatch(ctx, args)
	var wrong errUsage
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(p.stdout, usage)
		return 0
	case errors.As(err, &wrong):
		p.complain("hallpass: %v\nhallpass help lists the commands.\n", wrong)
		return 2
	case errors.Is(err, errFailed):
	default:
		p.complain("hallpass: %v\n", err)
	}
	return 1
}

func (p program) complain(format string, args ...any) {
	_, _ = fmt.Fprintf(p.stderr, format, args...) // nowhere left to complain if it fails
}

func (p program) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage{"say what to do", "To try it without anything else: go run ./cmd/demo"}
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		return flag.ErrHelp
	case "version", "-version", "--version":
		return p.version(rest)
	case "rules":
		return p.rules(rest)
	case "audit":
		return p.audit(ctx, rest)
	case "evidence":
		return p.evidence(ctx, rest)
	case "archive":
		return p.archive(ctx, rest)
	case "remove-all":
		return p.removeAll(rest)
	case "restore":
		return p.restored(ctx, rest)
	case "advise":
		return p.advice(ctx, rest)
	case "steps":
		return p.stepsOf(ctx, rest)
	case "unmanaged":
		return p.unmanaged(ctx, rest)
	case "zone":
		return p.zone(ctx, rest)
	case "teams-package":
		return p.teamsPackage(rest)
	case "serve":
		return p.withConfig(name, rest, nil, func(cfg app.Config) error {
			return p.serve(ctx, cfg, p.logger(cfg))
		})
	case "check":
		return p.withConfig(name, rest, nil, func(cfg app.Config) error { return p.checkAll(ctx, cfg) })
	case "pause":
		var why string
		return p.withConfig(name, rest, because(&why), func(cfg app.Config) error {
			if strings.TrimSpace(why) == "" {
				return errUsage{name + " needs a reason: everybody who asks will read it", `As in: hallpass ` + name + ` -because "incident 4711"`}
			}
			if err := p.pause(ctx, cfg, why); err != nil {
				return err
			}
			return p.say("New exemptions are held back in all replicas. Removals go on. hallpass resume ends it.\n")
		})
	case "resume":
		var accept bool
		return p.withConfig(name, rest, func(fs *flag.FlagSet) { fs.BoolVar(&accept, "accept-loss", false, "") }, func(cfg app.Config) error {
			if err := p.resume(ctx, cfg, accept, p.stdout); err != nil {
				return err
			}
			return p.say("Approved exemptions are applied again.\n")
		})
	}
	known := []string{"serve", "check", "rules", "audit", "evidence", "steps", "zone", "remove-all", "restore", "advise", "teams-package", "unmanaged", "pause", "resume", "version", "help"}
	return errUsage{fmt.Sprintf("there is no command %q", name), rulesfile.Meant(name, known)}
}

func (p program) say(format string, args ...any) error {
	if _, err := fmt.Fprintf(p.stdout, format, args...); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

// because is the flag of a command that needs a reason.
func because(why *string) func(*flag.FlagSet) {
	return func(fs *flag.FlagSet) { fs.StringVar(why, "because", "", "") }
}

// withConfig reads the flags and the config of a command. more, if not nil, declares flags of its own.
func (p program) withConfig(name string, args []string, more func(*flag.FlagSet), do func(cfg app.Config) error) error {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	path := fs.String("config", "hallpass.yaml", "")
	if more != nil {
		more(fs)
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage{name + ": " + err.Error(), ""}
	case fs.NArg() > 0:
		return errUsage{fmt.Sprintf("%s: %q is too much", name, fs.Arg(0)), "Did you mean -config " + fs.Arg(0) + "?"}
	}
	cfg, err := app.LoadConfig(*path, p.getenv, p.readFile)
	if bad, ok := errors.AsType[*app.ConfigError](err); ok {
		p.complain("%v\n", bad)
		return errFailed
	}
	if err != nil {
		return err
	}
	return do(cfg)
}

// logger writes JSON lines to standard error.
func (p program) logger(cfg app.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{Level: level}))
}

func (p program) checkAll(ctx context.Context, cfg app.Config) error {
	ok, err := p.check(ctx, cfg, p.stdout)
	if err != nil {
		return err
	}
	if !ok {
		return errFailed
	}
	return nil
}

func (p program) version(args []string) error {
	if len(args) > 0 {
		return errUsage{"version takes no arguments", ""}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return p.say("hallpass (unknown build)\n")
	}
	version, commit := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = " " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			commit += " (modified)"
		}
	}
	if version == "" {
		version = "(devel)"
	}
	return p.say("hallpass %s%s %s\n", version, commit, info.GoVersion)
}
